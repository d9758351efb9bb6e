//! Whether a token can set a password, and for which account. Does not use the token up.

use std::time::Duration;

use serde::Serialize;

use crate::flow::recovery::live_token::find_live;
use crate::flow::{Refusal, within};
use crate::model::client_address::ClientAddress;
use crate::model::email_address::EmailAddress;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::token::Token;
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;
use crate::store::limiter::{self, NamedLimit};
use crate::store::tokens;

/// Why a token is not described.
#[derive(Debug, thiserror::Error)]
pub enum CheckTokenError {
    /// The token is wrong, expired, used, replaced or unknown: the answer does not say which.
    #[error("not a good token")]
    InvalidToken,
    /// Limited, or an outage.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Unavailable> for CheckTokenError {
    fn from(outage: Unavailable) -> Self {
        Self::Refused(outage.into())
    }
}

/// What a valid token is for. Its holder could set the password, so nothing here is secret from them.
#[derive(Debug)]
pub struct CheckedToken {
    /// The account's address, in its stored spelling.
    pub email: EmailAddress,
    /// How long the token stays valid, unless it is used or replaced.
    pub expires_in: Duration,
    /// Why a new password is needed.
    pub reason: ChangeReason,
}

/// Why a new password is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ChangeReason {
    /// The user or an administrator started a recovery.
    Recovery,
    /// An administrator invited the owner of an account without a password.
    Invitation,
    /// The password with which the user signed in must be changed.
    MustChange,
}

/// Looks the token up, in two round trips in any case. These calls are counted apart from resets, so that opening a
/// link does not use up the calls for resetting.
///
/// `token` is `None` if there is none in the text given.
///
/// # Errors
/// As [`CheckTokenError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    limit: Limit,
    token: Option<Token>,
    client: ClientAddress,
) -> Result<CheckedToken, CheckTokenError> {
    let named = NamedLimit {
        name: "reset-password-check",
        limit,
    };
    let token = token.map_or_else(|| Token::generate(cx.env.random()), Ok)?;
    let (stored, counted) = futures::join!(
        tokens::find(cx.store(), token.reference()),
        limiter::count(cx, keyring, named, client),
    );
    within(counted?.exceeded)?;
    let stored = stored?;
    let live = find_live(cx, keyring, &token, stored.as_ref()).await?;
    let (live, stored) = live.zip(stored).ok_or(CheckTokenError::InvalidToken)?;
    let reason = match stored.serial {
        Some(_) if live.is_invitation => ChangeReason::Invitation,
        Some(_) => ChangeReason::Recovery,
        None => ChangeReason::MustChange,
    };
    Ok(CheckedToken {
        email: live.account.email,
        expires_in: stored.expires_at.since(cx.now),
        reason,
    })
}
