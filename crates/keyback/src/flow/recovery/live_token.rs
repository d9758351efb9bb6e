//! A token that can set a password, and its account.

use crate::model::account::Account;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::model::recovery::Recovery;
use crate::model::token::{PasswordFingerprint, Token, TokenPurpose, TokenRecord};
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;
use crate::store::recoveries::{self, Claim};
use crate::store::{accounts, tokens};

/// A valid token, and the account whose password it resets.
pub(super) struct LiveToken {
    pub(super) account: Account,
    pub(super) claim: Claim,
    /// The language that the recovery was asked for in.
    pub(super) locale: Option<Locale>,
    /// Whether the token belongs to an invitation.
    pub(super) is_invitation: bool,
    /// The password that must be changed.
    pub(super) replaces: Option<PasswordFingerprint>,
}

/// The account for a token that is valid and unused; `None` for any other, after the same calls to the store.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn find_live<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    token: &Token,
    stored: Option<&TokenRecord>,
) -> Result<Option<LiveToken>, Unavailable> {
    const PURPOSES: [TokenPurpose; 2] = [TokenPurpose::Link, TokenPurpose::Reset];
    let store = cx.store();
    let account_id = stored.map_or_else(AccountId::placeholder, |it| it.account_id.clone());
    let claim = match stored {
        // The link shares its claim with the code of the same email.
        Some(TokenRecord {
            purpose: TokenPurpose::Link,
            serial: Some(serial),
            ..
        }) => recoveries::claim_of(serial),
        _ => tokens::claim_of(token.reference()),
    };
    let (account, recovery, claimed) = futures::join!(
        accounts::find(store, &account_id),
        recoveries::find(store, &account_id),
        claim.is_taken(store),
    );
    let (recovery, claimed) = (recovery?, claimed?);
    let (Some(account), Some(stored)) = (account?, stored) else {
        return Ok(None);
    };
    let conditions = [
        stored.accepts(token, &PURPOSES, keyring, account.epoch, cx.now),
        !is_superseded(stored, recovery.as_ref()),
        !claimed,
        !account.disabled,
    ];
    let challenge = recovery.and_then(|recovery| recovery.challenge);
    let of_recovery = challenge.filter(|_| stored.serial.is_some());
    let live = LiveToken {
        account,
        claim,
        is_invitation: of_recovery.as_ref().is_some_and(|it| it.is_invitation),
        locale: of_recovery.and_then(|challenge| challenge.locale),
        replaces: stored.replaces.clone(),
    };
    Ok(conditions.into_iter().all(|holds| holds).then_some(live))
}

/// Whether a newer challenge has invalidated the token.
fn is_superseded(stored: &TokenRecord, recovery: Option<&Recovery>) -> bool {
    let challenge = recovery.and_then(|recovery| recovery.challenge.as_ref());
    match (&stored.serial, challenge) {
        (Some(serial), Some(challenge)) => *serial != challenge.serial,
        (Some(_), None) => true,
        (None, _) => false,
    }
}
