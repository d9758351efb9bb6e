//! An administrator starts a recovery: by email, or with the code and the link returned, to read out to the user.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::events::Caller;
use crate::flow::recovery::issue::{Issue, IssueSettings, issue};
use crate::flow::recovery::turn::Turn;
use crate::mail::message::Requester;
use crate::model::code::Code;
use crate::model::event::EventType;
use crate::model::id::{AccountId, ChallengeId};
use crate::model::lifetimes::ChallengeSettings;
use crate::model::token::Token;
use crate::ports::{Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries};

/// An administrator's order to start a recovery.
#[derive(Debug, Clone)]
pub struct Order {
    /// Whether to email the code and the link; otherwise they are returned.
    pub deliver: bool,
    /// How long the link lives; `None` for the same lifetime as one that a user requests. The code never lives longer
    /// than its default: six digits are too weak for a day.
    pub expires_in: Option<Duration>,
    /// Why, for the event.
    pub reason: Option<String>,
}

/// The recovery that was started, and its secrets if they are to be returned.
#[derive(Debug)]
pub struct Started {
    /// The public name of the request.
    pub challenge_id: ChallengeId,
    /// The secrets, if they are not emailed.
    pub secrets: Option<(Code, Token)>,
    /// When the link stops working.
    pub expires_at: Timestamp,
    /// When the code stops working.
    pub code_expires_at: Timestamp,
}

/// Why no recovery was started.
#[derive(Debug, thiserror::Error)]
pub enum StartRecoveryError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// The account is disabled and could do nothing with it.
    #[error("the account is disabled")]
    Disabled,
    /// The store or the randomness failed. A code and a link may have been issued.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Issues a challenge, which replaces the previous one. Administrators have no limit here, but what they issue counts
/// against the limits of the user.
///
/// # Errors
/// As [`StartRecoveryError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &IssueSettings,
    id: &AccountId,
    order: Order,
    by: &Caller,
) -> Result<Started, StartRecoveryError> {
    let store = cx.store();
    let (found, recovery) = futures::join!(accounts::find(store, id), recoveries::find(store, id));
    let account = found?.ok_or(StartRecoveryError::NotFound)?;
    if account.disabled {
        return Err(StartRecoveryError::Disabled);
    }
    let recovery = recovery?.unwrap_or_default();
    let turn = Turn::take(cx, account, recovery, |account, _| !account.disabled).await?;
    let turn = turn.ok_or(StartRecoveryError::Disabled)?;
    let challenge_id = ChallengeId::generate(cx.env.random())?;
    let own = settings.lifetimes;
    let lifetimes = ChallengeSettings {
        code: order
            .expires_in
            .map_or(own.code, |asked| asked.min(own.code)),
        link: order.expires_in.unwrap_or(own.link),
        ..own
    };
    let to_issue = Issue {
        challenge_id: &challenge_id,
        lifetimes,
        requested_at: cx.now,
        request: None,
        requested_by: Requester::Administrator,
        asker: None,
        locale: None,
        event: by.event(cx, EventType::RecoveryRequested, id, order.reason)?,
        deliver: order.deliver,
        link_only: false,
        counts: true,
    };
    let mut batch = Batch::default();
    let issued = issue(cx, settings, to_issue, turn, &mut batch)?;
    batch.commit(cx).await?;
    Ok(Started {
        challenge_id,
        secrets: (!order.deliver).then_some((issued.code, issued.link)),
        expires_at: cx.now.plus(lifetimes.link),
        code_expires_at: cx.now.plus(lifetimes.code),
    })
}
