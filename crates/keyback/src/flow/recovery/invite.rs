//! An administrator invites the owner of an account that has no password yet, again.

use crate::flow::events::Caller;
use crate::flow::recovery::invitation::{
    Counted, InvitationOrder, InvitationSettings, Invited, draft,
};
use crate::flow::recovery::turn::Turn;
use crate::model::account::Account;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::ports::{Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::{accounts, recoveries};

/// Why nobody was invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// There is no such account.
    #[error("no such account")]
    NotFound,
    /// The account has a password: its owner needs a recovery, if anything.
    #[error("the account has a password")]
    AlreadySetUp,
    /// The account is disabled and could do nothing with it.
    #[error("the account is disabled")]
    Disabled,
    /// The store or the randomness failed. A link may have been issued.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Issues an invitation, which replaces the previous challenge. Administrators have no limit here.
///
/// # Errors
/// As [`InviteError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &InvitationSettings,
    id: &AccountId,
    order: InvitationOrder,
    by: &Caller,
    reason: Option<String>,
) -> Result<Invited, InviteError> {
    let store = cx.store();
    let (found, recovery) = futures::join!(accounts::find(store, id), recoveries::find(store, id));
    let account = found?.ok_or(InviteError::NotFound)?;
    check(&account)?;
    let recovery = recovery?.unwrap_or_default();
    let still_wanted = |account: &Account, _: &_| check(account).is_ok();
    let turn = Turn::take(cx, account, recovery, still_wanted).await?;
    let Some(turn) = turn else {
        // The account has changed while others had their turns.
        let found = accounts::find(store, id).await?;
        check(&found.ok_or(InviteError::NotFound)?)?;
        return Err(Unavailable::Store("timed out waiting for the account".to_owned()).into());
    };
    let mut batch = Batch::default();
    let counted = Counted {
        day: turn.claim.day,
        attempts: turn.attempts_before,
    };
    let drafted = draft(cx, settings, order, &turn.account, counted, &mut batch)?;
    batch.event(by.event(cx, EventType::AccountInvited, id, reason)?);
    let issue = &settings.issue;
    let (claim, epoch) = (turn.claim, turn.account.epoch);
    let invited = drafted.insert(&mut batch, &issue.keyring, id, epoch, |challenge| {
        let before = turn.recovery;
        before.with_issued(challenge, None, claim, &issue.rules)
    })?;
    batch.in_turn(turn.until);
    batch.commit(cx).await?;
    Ok(invited)
}

fn check(account: &Account) -> Result<(), InviteError> {
    if account.credential.is_some() {
        return Err(InviteError::AlreadySetUp);
    }
    if account.disabled {
        return Err(InviteError::Disabled);
    }
    Ok(())
}
