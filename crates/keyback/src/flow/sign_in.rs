//! Is this password right, and must it be changed?

use std::time::Duration;

use crate::flow::accounts::{self, AccountWithCredential};
use crate::flow::afterwards::Afterwards;
use crate::flow::rehash::Rehash;
use crate::flow::{Refusal, within};
use crate::model::client_address::ClientAddress;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::imported_hash::ImportedHash;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::password::Password;
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::settings::{ResetTokenLifetime, SignInLimit};
use crate::store::limiter::{self, NamedLimit};
use crate::store::{keys, record};

/// Wrong passwords for one account, from wherever they come: NIST SP 800-63B-4 §3.2.2 allows 100 in a row.
const ACCOUNT_LIMIT: NamedLimit = NamedLimit {
    name: "sign-in-account",
    limit: Limit::new(100, 3_600),
};

/// Who signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// By address.
    Email(EmailAddress),
    /// By id.
    Id(AccountId),
}

/// Why nobody signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong, unknown, disabled or without a password: nobody is told which.
    #[error("not a good password")]
    InvalidCredentials(Afterwards),
    /// The password is right and has stopped working.
    #[error("an expired password")]
    Expired(Afterwards),
    /// Limited, or an outage.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Outage> for SignInError {
    fn from(outage: Outage) -> Self {
        Self::Refused(outage.into())
    }
}

/// A right password.
#[derive(Debug)]
pub struct SignedIn {
    /// Whose.
    pub account_id: AccountId,
    /// The credential epoch; sessions begun under an older one must end.
    pub credential_epoch: u64,
    /// Set if the password must be changed first.
    pub password_change: Option<PasswordChange>,
}

/// The right to set a new password in place of one that must be changed.
#[derive(Debug)]
pub struct PasswordChange {
    /// A reset token.
    pub token: Token,
    /// How long it lives.
    pub expires_in: Duration,
}

/// A refusal takes a whole number of these where accounts came with hashes made elsewhere, which take up to a second each:
/// so it does not tell whose hash was looked at.
const REFUSAL_STEP: Duration = Duration::from_secs(1);

/// Checks the password: at most four round trips and one hashing, whoever is asked for. The first right sign-in after a
/// hash made elsewhere takes one hashing more.
///
/// # Errors
/// As [`SignInError`] says.
pub async fn run<E: Env>(
    env: &E,
    keyring: &Keyring,
    lifetime: ResetTokenLifetime,
    limit: SignInLimit,
    who: &Who,
    password: &Password,
    client: ClientAddress,
) -> Result<(SignedIn, Afterwards), SignInError> {
    let store = env.store();
    let now = env.clock().now();
    let named = NamedLimit {
        name: "sign-in",
        limit: limit.0,
    };
    let foreign_hashes = keys::foreign_hashes().into();
    let (counted, id, has_foreign) = futures::join!(
        limiter::count(store, keyring, named, client, now),
        find_id(store, who),
        store.exists(&foreign_hashes),
    );
    let (counted, has_foreign) = (counted?, has_foreign?);
    within(counted.exceeded)?;
    let mut afterwards = Afterwards::forget(counted.opened);

    let (found, imported) = find(store, who, &id?).await?;
    let subject = subject(who, found.as_ref());
    let by_account =
        limiter::count_subject(store, keyring, ACCOUNT_LIMIT, subject.as_bytes(), now).await?;
    if let Some(opened) = by_account.opened {
        afterwards.forget_at(opened.key, opened.ends_at);
    }
    within(by_account.exceeded)?;
    let credential = found.as_ref().and_then(|found| found.credential.as_ref());
    let hash = credential.and_then(|credential| credential.current_hash(imported.as_ref()));
    let verified = password.verify(hash);
    let admitted = match (&found, credential) {
        (Some(found), Some(credential)) if verified && !found.account.disabled => {
            Some((found, credential))
        }
        _ => None,
    };
    let Some((found, credential)) = admitted else {
        if has_foreign {
            let clock = env.clock();
            let taken = clock.now().since(now);
            clock.sleep(rest_of_step(taken)).await;
        }
        return Err(SignInError::InvalidCredentials(afterwards));
    };
    if credential.is_expired(now) {
        return Err(SignInError::Expired(afterwards));
    }
    afterwards.give_back(by_account.counter);
    let account_id = found.account.id.clone();
    let stand_in = credential.hash.stand_in();
    if hash.is_some_and(|hash| password.needs_rehash(hash)) {
        // Stored after the answer, and not by all means: the next sign-in would do it.
        if let Ok(hash) = password.hash(env.random()) {
            afterwards.rehash(Rehash {
                account_id: account_id.clone(),
                stand_in,
                imported,
                hash,
            });
        }
    } else if imported.is_some_and(|it| it.of != stand_in) {
        // A newer password was set since.
        afterwards.delete(keys::imported_hash(&account_id).into());
    }
    let password_change = if found.must_change() {
        let token = Token::generate(env.random())?;
        let expires_at = now.plus(lifetime.0);
        let token_record = TokenRecord {
            purpose: TokenPurpose::Reset,
            account_id: account_id.clone(),
            epoch: found.epoch(),
            serial: None,
            digest: token.digest(keyring, TokenPurpose::Reset),
            expires_at,
            replaces: Some(token.mark(password)),
        };
        let key = keys::token(token.reference());
        store
            .set_many(vec![(key.clone(), record::encode(&token_record)?)])
            .await?;
        let gone_at = expires_at.plus(super::recover::AFTERLIFE);
        afterwards.forget_at(key.into(), gone_at);
        afterwards.forget_at(keys::token_claim(token.reference()).into(), gone_at);
        Some(PasswordChange {
            token,
            expires_in: lifetime.0,
        })
    } else {
        None
    };
    let signed_in = SignedIn {
        account_id,
        credential_epoch: found.epoch(),
        password_change,
    };
    Ok((signed_in, afterwards))
}

/// How long to wait for the next whole step, `taken` after the beginning.
fn rest_of_step(taken: Duration) -> Duration {
    let step = REFUSAL_STEP.as_nanos();
    let into_step = taken.as_nanos().checked_rem(step).unwrap_or_default();
    let rest = u64::try_from(step.saturating_sub(into_step)).unwrap_or_default();
    Duration::from_nanos(rest)
}

/// What wrong passwords are counted by: the account and its epoch, or the name that no account has. With a new epoch,
/// after a recovery, the count begins anew: nobody can be locked out for good by others' guesses.
fn subject(who: &Who, found: Option<&AccountWithCredential>) -> String {
    match (found, who) {
        (Some(found), _) => format!("{} {}", found.account.id, found.epoch()),
        (None, Who::Email(email)) => email.as_str().to_owned(),
        (None, Who::Id(id)) => id.to_string(),
    }
}

async fn find_id(store: &impl KeyValue, who: &Who) -> Result<AccountId, Outage> {
    match who {
        Who::Email(email) => accounts::find_id(store, email).await,
        Who::Id(id) => Ok(id.clone()),
    }
}

/// The account, and what stands beside its credential. One that nobody has takes the same calls to the store.
async fn find(
    store: &impl KeyValue,
    who: &Who,
    id: &AccountId,
) -> Result<(Option<AccountWithCredential>, Option<ImportedHash>), Outage> {
    let imported_key = keys::imported_hash(id);
    let (found, imported) = futures::join!(
        accounts::find_by_id(store, id),
        record::find(store, &imported_key),
    );
    let found = found?.filter(|found| match who {
        Who::Email(email) => found.account.email == *email,
        Who::Id(_) => true,
    });
    Ok((found, imported?))
}
