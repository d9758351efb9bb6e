//! An administrator starts a recovery: by mail, or with code and link in hand, to read out to the user.

use std::time::Duration;

use crate::flow::accounts;
use crate::flow::afterwards::Afterwards;
use crate::flow::caller::Caller;
use crate::flow::recover::{self, Issue, RecoverSettings};
use crate::mail::message::Requester;
use crate::model::code::Code;
use crate::model::event::EventType;
use crate::model::id::{AccountId, ChallengeId};
use crate::model::recovery::Recovery;
use crate::model::timestamp::Timestamp;
use crate::model::token::Token;
use crate::ports::{Clock, Env, Outage};
use crate::settings::Lifetimes;
use crate::store::lease::Lease;
use crate::store::{keys, record};

/// The administrator's order.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Whether to mail code and link; otherwise they are returned.
    pub deliver: bool,
    /// How long code and link live; `None` for as long as those that a user asks for.
    pub expires_in: Option<Duration>,
}

/// What was started.
#[derive(Debug)]
pub struct Started {
    /// The name of the request.
    pub challenge_id: ChallengeId,
    /// The secrets, if they are not mailed.
    pub secrets: Option<(Code, Token)>,
    /// When the link stops working.
    pub expires_at: Timestamp,
}

/// Why none was started.
#[derive(Debug, thiserror::Error)]
pub enum StartRecoveryError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// The account is disabled and could do nothing with it.
    #[error("the account is disabled")]
    Disabled,
    /// Something outside failed.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// Issues a challenge, which kills the one before. No limit holds an administrator back, but what is issued counts
/// against those of the user.
///
/// # Errors
/// As [`StartRecoveryError`] says.
pub async fn run<E: Env>(
    env: &E,
    settings: &RecoverSettings,
    id: &AccountId,
    order: Order,
    by: &Caller,
) -> Result<(Started, Afterwards), StartRecoveryError> {
    let started = start(env, settings, id, order, by);
    Lease::hold(env, &recover::lease_name(id), started).await
}

/// Issues the challenge, under the lease on the account's recovery.
async fn start<E: Env>(
    env: &E,
    settings: &RecoverSettings,
    id: &AccountId,
    order: Order,
    by: &Caller,
) -> Result<(Started, Afterwards), StartRecoveryError> {
    let store = env.store();
    let recovery_key = keys::recovery(id);
    let (found, recovery) = futures::join!(
        accounts::find_by_id(store, id),
        record::find::<Recovery>(store, &recovery_key),
    );
    let found = found?.ok_or(StartRecoveryError::NotFound)?;
    if found.account.disabled {
        return Err(StartRecoveryError::Disabled);
    }
    let now = env.clock().now();
    let challenge_id = ChallengeId::generate(env.random())?;
    let own = settings.lifetimes;
    let lifetimes = Lifetimes {
        code: order.expires_in.unwrap_or(own.code),
        link: order.expires_in.unwrap_or(own.link),
        ..own
    };
    let issue = Issue {
        challenge_id: &challenge_id,
        lifetimes,
        requested_at: now,
        requested_by: Requester::Administrator,
        locale: None,
        event: by.event(env, EventType::RecoveryRequested, id, None)?,
        deliver: order.deliver,
    };
    let recovery = recovery?.unwrap_or_default();
    let issued = recover::issue(env, settings, issue, &found, recovery, now).await?;
    let started = Started {
        challenge_id,
        secrets: (!order.deliver).then_some((issued.code, issued.link)),
        expires_at: now.plus(lifetimes.link),
    };
    Ok((started, Afterwards::work(issued.entry)))
}
