//! Bulk jobs: one action on many accounts.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::account::Account;
use crate::model::event::{Actor, Event, EventType};
use crate::model::id::{AccountId, BulkJobId};

mod filter;

pub use filter::BulkFilter;

/// The most failures that a job lists. It counts all.
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
    /// What a job does with each account.
    BulkAction {
        /// Requires another password at the next sign-in.
        RequireChange = "require-change",
        /// Ends all sessions.
        SignOut = "sign-out",
        /// Disables the account.
        Disable = "disable",
        /// Sends a recovery mail.
        Recover = "recover",
    }
);
words!(
    /// What a job is doing.
    BulkState {
        /// The courier works it.
        Running = "running",
        /// An administrator stopped it.
        Stopped = "stopped",
        /// All accounts had their turn.
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

    /// Whether `event`, which came after the job began, keeps the job from the account: what the job would do is done, or was
    /// decided against.
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

/// Which accounts a job is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BulkScope {
    /// Those that were named, in the order of their naming.
    Ids,
    /// Those that match, in the order of their creation.
    Filter(BulkFilter),
}

/// An account with which the job could do nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkFailure {
    /// The account that could not be changed.
    pub user_id: AccountId,
    /// Why, in our words.
    pub detail: String,
}

/// What became of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BulkOutcome {
    /// The account was changed, with an event.
    Done,
    /// There was nothing to do.
    Skipped,
    /// Nothing could be done, for this reason.
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
    /// When it was ordered. What is decided about an account later stands.
    pub created_at: Timestamp,
    /// When it last went on.
    pub updated_at: Timestamp,
    /// What it is doing.
    pub state: BulkState,
    /// The place of the last account: in the list of ids, or of all accounts.
    pub last: i64,
    /// The place up to which all accounts had their turn.
    pub cursor: i64,
    /// How many accounts it is about; `None` as long as that is not known.
    pub total: Option<u64>,
    /// How many were changed.
    pub done: u64,
    /// With how many there was nothing to do.
    pub skipped: u64,
    /// With how many nothing could be done.
    pub failed: u64,
    /// The first of those.
    pub failures: Vec<BulkFailure>,
    /// In how many runs the next account could not be worked.
    pub tries: u32,
}

impl BulkJob {
    /// The job after the account at `place` had its turn at `now`.
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

    /// The job once it is over. If all accounts had their turn, those that it was about at its beginning and no longer when
    /// it came to them count as skipped.
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

    /// Whether the job is about `account`.
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
