//! Setting a new password with a link token or a reset token: validate, claim, write.

use crate::flow::passwords::{UsersChange, check_password, hashing, set_by_user};
use crate::flow::recovery::live_token::{LiveToken, find_live};
use crate::flow::{Refusal, within};
use crate::mail::message::MailBranding;
use crate::model::account::Account;
use crate::model::breach::BreachCheck;
use crate::model::client_address::ClientAddress;
use crate::model::hashing_gate::Place;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::measured::Measured;
use crate::model::password::{Password, PasswordHash};
use crate::model::password_policy::{PasswordRules, PasswordViolation};
use crate::model::token::Token;
use crate::ports::{Clock, Env, Unavailable};
use crate::store::batch::Batch;
use crate::store::claim::{Claimant, Claimed};
use crate::store::cx::Cx;
use crate::store::lease::Lease;
use crate::store::limiter::{self, NamedLimit};
use crate::store::recoveries::Claim;
use crate::store::{accounts, tokens};

/// How many passwords one token may have refused. A person never needs 30. An attacker who probes the policy or guesses the
/// current password needs a new email for every 30 guesses.
const MAX_REFUSED: i64 = 30;

/// Why the password was not set.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// The token is wrong, expired, used, replaced or unknown: the answer does not say which.
    #[error("not a good token")]
    InvalidToken,
    /// The token is valid, but the password is refused. The token stays valid.
    #[error("the password is refused")]
    PasswordRejected(Vec<PasswordViolation>),
    /// As `PasswordRejected`, for the thirtieth time: the token is used up.
    #[error("the password is refused, and the token with it")]
    LastPasswordRejected(Vec<PasswordViolation>),
    /// The token may be used up, and it is unknown whether the password was stored: a new request may be needed.
    #[error("not known to be stored after the token was used: {0}")]
    StartAgain(Unavailable),
    /// Limited, or an outage. The token is still valid, and nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Unavailable> for ResetPasswordError {
    fn from(outage: Unavailable) -> Self {
        Self::Refused(outage.into())
    }
}

/// What a reset checks, and how its email looks.
#[derive(Debug)]
pub struct ResetSettings {
    /// How emails present the app.
    pub branding: MailBranding,
    /// Verifies the token, names the client in a counter, and seals the email about the change.
    pub keyring: Keyring,
    /// Which passwords may be set.
    pub rules: PasswordRules,
    /// How many calls a client may make.
    pub limit: Limit,
}

/// The password to set.
#[derive(Debug)]
pub struct Order {
    /// What allows it; `None` if the text given cannot be a token.
    pub token: Option<Token>,
    /// The new password, not checked against the policy yet.
    pub new_password: Password,
    /// Whether to end all sessions.
    pub sign_out_everywhere: bool,
}

/// Sets the password: at most six round trips. Hashes only if the token is valid and the policy accepts the password:
/// once to store it, and before that once to compare it with the current one, unless the token's record has a
/// fingerprint of that.
///
/// # Errors
/// As [`ResetPasswordError`] says.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &ResetSettings,
    order: &Order,
    client: ClientAddress,
) -> Result<(), ResetPasswordError> {
    let place = hashing::enter(cx.env)?;
    let store = cx.store();
    let named = NamedLimit {
        name: "reset-password",
        limit: settings.limit,
    };
    let token = match &order.token {
        Some(token) => token.clone(),
        None => Token::generate(cx.env.random())?,
    };
    let (stored, counted) = futures::join!(
        tokens::find(store, token.reference()),
        limiter::count(cx, &settings.keyring, named, client),
    );
    within(counted?.exceeded)?;
    let stored = stored?;
    let live = find_live(cx, &settings.keyring, &token, stored.as_ref()).await?;
    let live = live.ok_or(ResetPasswordError::InvalidToken)?;
    let checked = match check(cx, settings, &place, &token, &live, &order.new_password).await? {
        Ok(checked) => checked,
        Err(violations) => return Err(refuse(cx, &token, &live.claim, violations).await),
    };
    let hash = hash_or_count(cx, &place, &token, &live.claim, &order.new_password).await?;
    drop(place);

    // Hashing and the breach check take time, during which an administrator may have changed the account.
    let name = accounts::lease_name(&live.account.id);
    let (held, again) = Lease::wait_and_read(cx, &name, async |cx| {
        find_live(cx, &settings.keyring, &token, stored.as_ref()).await
    })
    .await?;
    let again = again.ok_or(ResetPasswordError::InvalidToken)?;
    // Checked before the token is used up, so that it stays valid if the lease has ended.
    held.check(cx.env.clock().now())?;
    let (claim, account) = (again.claim, again.account.clone());
    let change = UsersChange {
        hash,
        checked,
        client,
        sign_out_everywhere: order.sign_out_everywhere,
        locale: again.locale,
    };
    let ResetSettings {
        branding, keyring, ..
    } = settings;
    let mut batch = set_by_user(cx, branding, keyring, again.account, change)?;
    batch.under(held);
    claim_and_write(cx, &claim, &account, batch).await
}

/// The result of the breach check, or why the password may not be set.
///
/// # Errors
/// [`Unavailable::Overloaded`].
async fn check<E: Env>(
    cx: &Cx<'_, E>,
    settings: &ResetSettings,
    place: &Place,
    token: &Token,
    live: &LiveToken,
    password: &Password,
) -> Result<Result<Option<BreachCheck>, Vec<PasswordViolation>>, Unavailable> {
    let same = || Ok(Err(vec![PasswordViolation::SameAsCurrent]));
    let credential = live.account.credential.as_ref();
    if let Some(current) = &live.replaces {
        // A temporary password with a blank at its end is still the temporary one.
        let read = credential.map(|credential| credential.read(password));
        let mut spellings = [Some(password), read.as_ref()].into_iter().flatten();
        if spellings.any(|it| *current == token.fingerprint(it)) {
            return same();
        }
    }
    let email = &live.account.email;
    let checked = match check_password(cx.env, &settings.rules, password, email).await {
        Ok(checked) => checked,
        Err(violations) => return Ok(Err(violations)),
    };
    // A link has no fingerprint of the current password, which must not be set again: somebody else may know it.
    let current = credential.filter(|_| live.replaces.is_none());
    if let Some(current) = current {
        let read = current.read(password);
        if hashing::verify(cx.env, place, &read, Some(&current.hash)).await? {
            return same();
        }
    }
    Ok(Ok(checked))
}

/// Counts the refused password, and says whether it was the last.
async fn refuse<E: Env>(
    cx: &Cx<'_, E>,
    token: &Token,
    claim: &Claim,
    violations: Vec<PasswordViolation>,
) -> ResetPasswordError {
    match count_refusal(cx, token, claim).await {
        Ok(true) => ResetPasswordError::LastPasswordRejected(violations),
        Ok(false) => ResetPasswordError::PasswordRejected(violations),
        Err(error) => error,
    }
}

/// The hash to store. If the gate has no room left for it, the answer reveals that the password is not the current one,
/// so this counts as a refused password.
///
/// # Errors
/// The reason why there is no hash.
async fn hash_or_count<E: Env>(
    cx: &Cx<'_, E>,
    place: &Place,
    token: &Token,
    claim: &Claim,
    password: &Password,
) -> Result<PasswordHash, ResetPasswordError> {
    let outage = match hashing::hash(cx.env, place, password).await {
        Ok(hash) => return Ok(hash),
        Err(outage) => outage,
    };
    if count_refusal(cx, token, claim).await? {
        Err(ResetPasswordError::StartAgain(outage))
    } else {
        Err(outage.into())
    }
}

/// Counts a refused password. The last one allowed uses the token up. Returns whether it did.
///
/// # Errors
/// An outage of the count leaves the token valid. After one of its claim, the token may be used up.
async fn count_refusal<E: Env>(
    cx: &Cx<'_, E>,
    token: &Token,
    claim: &Claim,
) -> Result<bool, ResetPasswordError> {
    let number = tokens::count_refusal(cx.store(), token).await?;
    let is_used_up = number >= MAX_REFUSED;
    if is_used_up {
        cx.env.meter().note(&Measured::Limit("refused-passwords"));
        let cancelled = claim.cancel(cx.store()).await;
        cancelled.map_err(ResetPasswordError::StartAgain)?;
    }
    Ok(is_used_up)
}

/// Uses the token up and then writes the new password: of two requests with the token, only one writes.
async fn claim_and_write<E: Env>(
    cx: &mut Cx<'_, E>,
    claim: &Claim,
    account: &Account,
    batch: Batch,
) -> Result<(), ResetPasswordError> {
    let env = cx.env;
    let (claimed, numbered) = futures::join!(claim.take(env, Claimant::Token), batch.number(cx));
    match claimed {
        Claimed::Won => {}
        Claimed::Lost => return Err(ResetPasswordError::InvalidToken),
        Claimed::Unknown(outage) => return Err(ResetPasswordError::StartAgain(outage)),
    }
    let numbered = numbered.map_err(ResetPasswordError::StartAgain)?;
    let epoch = numbered.epoch_of(account);
    match numbered.commit(cx).await {
        Ok(_) => Ok(()),
        // The follow-up work is on the agenda, and any instance can take it after a minute.
        Err(_) if is_stored(cx, &account.id, epoch).await => Ok(()),
        Err(outage) => Err(ResetPasswordError::StartAgain(outage)),
    }
}

/// Whether the account is stored at `epoch`, after the store failed to confirm that.
async fn is_stored<E: Env>(cx: &Cx<'_, E>, id: &AccountId, epoch: u64) -> bool {
    let found = accounts::find(cx.store(), id).await;
    matches!(found, Ok(Some(account)) if account.epoch == epoch)
}
