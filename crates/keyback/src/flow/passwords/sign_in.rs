//! Is this password right, and must it be changed?

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::passwords::authenticate::{Authenticated, authenticate};
use crate::flow::passwords::hashing;
use crate::model::account::Account;
use crate::model::base_url::BaseUrl;
use crate::model::client_address::ClientAddress;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::password::Password;
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::cx::{BreachQuestion, Cx, Rehash};
use crate::store::recoveries::AFTERLIFE;
use crate::store::sign_ins::SignIn;
use crate::store::tokens;

pub use crate::flow::passwords::authenticate::{SignInError, Who};

/// The result of a correct password.
#[derive(Debug)]
pub struct SignedIn {
    /// The account that signed in.
    pub account_id: AccountId,
    /// The credential epoch; sessions begun under an older one must end.
    pub credential_epoch: u64,
    /// Set if the password must be changed first.
    pub password_change: Option<PasswordChange>,
}

/// The right to set a new password in place of one that must be changed.
#[derive(Debug)]
pub struct PasswordChange {
    /// A reset token that accepts any password except the current one.
    pub token: Token,
    /// How long it lives.
    pub expires_in: Duration,
}

/// Settings for signing in.
#[derive(Debug)]
pub struct SignInSettings {
    /// Names clients and accounts in counters, and digests the token for a required change.
    pub keyring: Keyring,
    /// How long the token of a password that must be changed lives.
    pub lifetime: Duration,
    /// How many calls a client may make.
    pub limit: Limit,
    /// The list of breached passwords in which to look for a right one; `None` to skip that.
    pub breach_list: Option<BaseUrl>,
}

/// Checks the password in at most four round trips, or five where it must be changed, and one hashing, for known and unknown
/// accounts alike. A foreign hash is computed twice if the password is not in NFC, and the first right sign-in hashes the
/// password anew.
///
/// # Errors
/// As [`SignInError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &SignInSettings,
    who: &Who,
    password: &Password,
    client: ClientAddress,
) -> Result<SignedIn, SignInError> {
    let SignInSettings { keyring, limit, .. } = settings;
    let right = authenticate(cx, keyring, *limit, who, password, client).await?;
    let Authenticated {
        account,
        hash,
        password,
        last_sign_in,
        place,
    } = right;
    let sign_in = SignIn::after(last_sign_in, &account, cx.now);
    cx.deferred.signed_in = sign_in.map(|it| (account.id.clone(), it));
    if password.needs_rehash(&hash) {
        // Stored after the answer. It may be lost: the next sign-in would do it.
        let new = hashing::hash(cx.env, &place, &password).await;
        cx.deferred.rehash = new.ok().map(|new| Rehash {
            account_id: account.id.clone(),
            old: hash,
            new,
        });
    }
    drop(place);
    let password_change = if account.must_change() {
        Some(give_token(cx, settings, &account, &password).await?)
    } else {
        cx.deferred.breach_check = settings.breach_list.clone().map(|list| BreachQuestion {
            account_id: account.id.clone(),
            epoch: account.epoch,
            password,
            list,
            keyring: keyring.clone(),
        });
        None
    };
    Ok(SignedIn {
        account_id: account.id,
        credential_epoch: account.epoch,
        password_change,
    })
}

/// Stores the token that sets a password in place of one that must be changed.
async fn give_token<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &SignInSettings,
    account: &Account,
    password: &Password,
) -> Result<PasswordChange, Unavailable> {
    let token = Token::generate(cx.env.random())?;
    let expires_in = settings.lifetime;
    let expires_at: Timestamp = cx.now.plus(expires_in);
    let stored = TokenRecord {
        purpose: TokenPurpose::Reset,
        account_id: account.id.clone(),
        epoch: account.epoch,
        serial: None,
        digest: token.digest(&settings.keyring, TokenPurpose::Reset),
        expires_at,
        replaces: Some(token.fingerprint(password)),
        cancelled: false,
    };
    let mut batch = Batch::default();
    tokens::insert(&mut batch, &token, &stored)?;
    tokens::expire(&mut batch, &token, expires_at.plus(AFTERLIFE));
    // One commit for the token and its deletion, since nothing else would delete it.
    batch.commit(cx).await?;
    Ok(PasswordChange { token, expires_in })
}
