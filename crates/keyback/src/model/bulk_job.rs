//! Bulk jobs: one action on many accounts.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::event::{Actor, Event, EventType};
use crate::model::id::{AccountId, BulkJobId};

mod filter;

pub use filter::BulkFilter;

/// The most failures that a job lists. All of them are counted.
const LISTED_FAILURES: usize = 100;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $text)] $word,)+
        }

        impl $name {
            /// The word in the HTTP contract.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)+ }
            }
        }
    };
}
words!(
    /// The action of a bulk job.
    BulkAction {
        /// Requires another password at the next sign-in.
        RequireChange = "require-change",
        /// Ends all sessions.
        SignOut = "sign-out",
        /// Disables the account.
        Disable = "disable",
        /// Sends a recovery email.
        Recover = "recover",
    }
);
words!(
    /// The state of a bulk job.
    BulkState {
        /// The courier is working on it.
        Running = "running",
        /// An administrator stopped it.
        Stopped = "stopped",
        /// All accounts are done.
        Done = "done",
    }
);

impl BulkAction {
    /// The action that `text` names.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = [
            Self::RequireChange,
            Self::SignOut,
            Self::Disable,
            Self::Recover,
        ];
        all.into_iter().find(|action| action.as_str() == text)
    }

    /// Whether `event`, which happened after the job began, exempts the account: the action has already been done, or
    /// was decided against.
    #[must_use]
    pub fn is_settled_by(self, event: &Event) -> bool {
        match self {
            Self::RequireChange => matches!(
                event.kind,
                EventType::PasswordChanged | EventType::PasswordChangeLifted
            ),
            Self::SignOut => event.kind == EventType::SessionsRevoked,
            Self::Disable => event.kind == EventType::AccountEnabled,
            Self::Recover => matches!(
                event.kind,
                EventType::PasswordChanged | EventType::RecoveryRequested
            ),
        }
    }

    /// Changes `account` and names the event; `None` if there is nothing to change. A recovery changes no account.
    #[must_use]
    pub fn apply(self, account: &mut Account) -> Option<EventType> {
        match self {
            Self::RequireChange => {
                let credential = account.credential.as_mut();
                let credential = credential.filter(|credential| !credential.must_change)?;
                credential.must_change = true;
                Some(EventType::PasswordChangeRequired)
            }
            Self::SignOut => Some(EventType::SessionsRevoked),
            Self::Disable if account.disabled => None,
            Self::Disable => {
                account.disabled = true;
                Some(EventType::AccountDisabled)
            }
            Self::Recover => None,
        }
    }
}

/// Which accounts a job covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BulkScope {
    /// The listed accounts, in the order given.
    Ids,
    /// The accounts that match, in order of creation.
    Filter(BulkFilter),
}

/// An account that the job could not process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkFailure {
    /// The account that could not be changed.
    pub user_id: AccountId,
    /// Why, in our words.
    pub detail: String,
}

/// The outcome for one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkOutcome {
    /// The account was changed, with an event.
    Done,
    /// There was nothing to do.
    Skipped,
    /// The action failed, for this reason.
    Failed(&'static str),
}

/// A job and its progress, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkJob {
    /// Unique id, part of the URL of its progress.
    pub id: BulkJobId,
    /// The change that it makes to each account.
    pub action: BulkAction,
    /// The accounts to change.
    pub scope: BulkScope,
    /// The administrator who started it; the cause of its events.
    pub actor: Actor,
    /// The administrator's masked address, such as `203.0.*.*`.
    pub from: String,
    /// Why, for the events.
    pub reason: Option<String>,
    /// When it was ordered. Later decisions about an account take precedence.
    pub created_at: Timestamp,
    /// When it last made progress.
    pub updated_at: Timestamp,
    /// What it is doing.
    pub state: BulkState,
    /// The position of the last account: in the list of ids, or in the list of all accounts.
    pub last: i64,
    /// The position up to which all accounts have been processed.
    pub cursor: i64,
    /// How many accounts it covers; `None` until that is known.
    pub total: Option<u64>,
    /// How many were changed.
    pub done: u64,
    /// How many needed no change.
    pub skipped: u64,
    /// How many failed.
    pub failed: u64,
    /// Details of the first failures.
    pub failures: Vec<BulkFailure>,
    /// How many runs could not process the next account.
    pub tries: u32,
}

impl BulkJob {
    /// The job after the account at `place` was processed at `now`.
    #[must_use]
    pub fn after(
        mut self,
        place: i64,
        account: &AccountId,
        outcome: BulkOutcome,
        now: Timestamp,
    ) -> Self {
        self.cursor = place;
        self.tries = 0;
        self.updated_at = now;
        let count = match outcome {
            BulkOutcome::Done => &mut self.done,
            BulkOutcome::Skipped => &mut self.skipped,
            BulkOutcome::Failed(detail) => {
                if self.failures.len() < LISTED_FAILURES {
                    self.failures.push(BulkFailure {
                        user_id: account.clone(),
                        detail: detail.to_owned(),
                    });
                }
                &mut self.failed
            }
        };
        *count = count.saturating_add(1);
        self
    }

    /// The job once it is over. When all accounts have been processed, those that no longer matched when their turn
    /// came count as skipped.
    #[must_use]
    pub fn ended(mut self, state: BulkState, now: Timestamp) -> Self {
        self.state = state;
        self.updated_at = now;
        if state == BulkState::Done {
            let changed = self.done.saturating_add(self.failed);
            let gone = self.total.unwrap_or_default().saturating_sub(changed);
            self.skipped = self.skipped.max(gone);
            self.total = Some(changed.saturating_add(self.skipped));
        }
        self
    }

    /// Whether the job covers `account`.
    #[must_use]
    pub fn is_about(&self, account: &Account) -> bool {
        match &self.scope {
            BulkScope::Ids => true,
            BulkScope::Filter(filter) => filter.matches(account),
        }
    }
}

#[cfg(test)]
mod tests;
