//! An administrator sends a user a link for choosing another password. The limits and the cooldown of the account
//! apply, as for emails that users request themselves.

use crate::base::timestamp::Timestamp;
use crate::flow::events::Caller;
use crate::flow::recovery::issue::{Issue, IssueSettings, issue};
use crate::flow::recovery::turn::Turn;
use crate::mail::message::Requester;
use crate::model::account::Account;
use crate::model::email_address::EmailAddress;
use crate::model::event::EventType;
use crate::model::id::ChallengeId;
use crate::model::recovery::{IssueRules, Recovery, Use};
use crate::ports::{Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries};

/// Why no link was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendLinkError {
    /// No account has the address.
    #[error("no such account")]
    NotFound,
    /// The account is disabled and could do nothing with it.
    #[error("the account is disabled")]
    Disabled,
    /// An email went out less than `cooldown_seconds` ago.
    #[error("the last email is too recent")]
    Cooldown,
    /// `limit_account` is used up.
    #[error("too many emails")]
    Paused,
    /// The store or the randomness failed. A link may have been issued.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Replaces the challenge by one without a code, and emails its link. Counts against the account's limits.
///
/// # Errors
/// As [`SendLinkError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &IssueSettings,
    email: &EmailAddress,
    by: &Caller,
) -> Result<(), SendLinkError> {
    let store = cx.store();
    let found = accounts::find_by_email(store, email).await?;
    let account = found.ok_or(SendLinkError::NotFound)?;
    let id = account.id.clone();
    let recovery = recoveries::find(store, &id).await?.unwrap_or_default();
    let state = recoveries::find_use(cx.env, recovery.challenge.as_ref()).await?;
    let (rules, now) = (&settings.rules, cx.now);
    check(&account, &recovery, state, rules, now)?;
    let earlier = recovery.serial().cloned();
    let is_wanted = |account: &Account, recovery: &Recovery| {
        let state = recovery.use_since(earlier.as_ref(), state);
        check(account, recovery, state, rules, now).is_ok()
    };
    // `None` if another request had its turn first: its email is on its way.
    let turn = Turn::take(cx, account, recovery, is_wanted).await?;
    let turn = turn.ok_or(SendLinkError::Cooldown)?;
    let challenge_id = ChallengeId::generate(cx.env.random())?;
    let to_issue = Issue {
        challenge_id: &challenge_id,
        lifetimes: settings.lifetimes,
        requested_at: now,
        request: None,
        requested_by: Requester::Administrator,
        asker: None,
        locale: None,
        event: by.event(cx, EventType::RecoveryRequested, &id, None)?,
        deliver: true,
        link_only: true,
        counts: true,
    };
    let mut batch = Batch::default();
    issue(cx, settings, to_issue, turn, &mut batch)?;
    batch.commit(cx).await?;
    Ok(())
}

/// Whether a link may be sent now. There is no cooldown once the last email was used, or after another credential
/// event.
fn check(
    account: &Account,
    recovery: &Recovery,
    state: Use,
    rules: &IssueRules,
    now: Timestamp,
) -> Result<(), SendLinkError> {
    if account.disabled {
        return Err(SendLinkError::Disabled);
    }
    let challenge = recovery.challenge.as_ref();
    let is_of_use =
        state != Use::Used && challenge.is_none_or(|challenge| challenge.epoch == account.epoch);
    if is_of_use && recovery.is_cooling(rules, now) {
        return Err(SendLinkError::Cooldown);
    }
    match recovery.paused_until(rules, None, now) {
        Some(_) => Err(SendLinkError::Paused),
        None => Ok(()),
    }
}
