//! Is this password right, and must it be changed?

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::{Refusal, within};
use crate::model::account::Account;
use crate::model::client_address::ClientAddress;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::limit::{Limit, LimitExceeded};
use crate::model::password::{Password, PasswordHash};
use crate::model::token::{Token, TokenPurpose, TokenRecord};
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::accounts::{self, Candidates};
use crate::store::batch::Batch;
use crate::store::cx::{Cx, Rehash};
use crate::store::limiter::{self, Counted, NamedLimit};
use crate::store::recoveries::AFTERLIFE;
use crate::store::sign_in_locks::{self, SignInLock};
use crate::store::sign_ins::{self, SignIn};
use crate::store::tokens;

/// Wrong passwords for one account from one network: NIST SP 800-63B-4 §3.2.2 allows 100 in a row. The owner, on another
/// network, is not refused for them.
const NETWORK_LIMIT: NamedLimit = NamedLimit {
    name: "sign-in-account",
    limit: Limit::new(100, 3_600),
};
/// Wrong passwords for one account from all networks together. Whoever has many of them can lock its owner out, who then has
/// a recovery, and an administrator who unlocks.
pub(in crate::flow) const ACCOUNT_LIMIT: NamedLimit = NamedLimit {
    name: "sign-in-account-all",
    limit: Limit::new(1_000, 3_600),
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
    InvalidCredentials,
    /// The password is right and has stopped working.
    #[error("an expired password")]
    Expired,
    /// Limited, or an outage.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Unavailable> for SignInError {
    fn from(outage: Unavailable) -> Self {
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

/// What checking a password needs to know.
#[derive(Debug)]
pub struct SignInSettings {
    /// The keys.
    pub keyring: Keyring,
    /// How long the token of a password that must be changed lives.
    pub lifetime: Duration,
    /// How many calls a client may make.
    pub limit: Limit,
}

/// Checks the password: at most four round trips and one hashing, whoever is asked for. The first right sign-in after a
/// hash made elsewhere takes one hashing more.
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
    let store = cx.store();
    let keyring = &settings.keyring;
    let named = NamedLimit {
        name: "sign-in",
        limit: settings.limit,
    };
    let (counted, sought, slowest) = futures::join!(
        limiter::count(cx, keyring, named, client),
        Sought::seek(store, who),
        accounts::slowest_foreign_hash(store),
    );
    within(counted?.exceeded)?;
    let slowest = slowest?;
    let found = sought?.find(store).await?;
    let subject = subject(who, found.as_ref());
    let id = found
        .as_ref()
        .map_or_else(AccountId::placeholder, |account| account.id.clone());
    let (by_network, last) = futures::join!(
        count_guess(cx, keyring, &subject, client),
        sign_ins::find(store, &id),
    );
    let (by_network, last) = (by_network?, last?);
    let credential = found
        .as_ref()
        .and_then(|account| account.credential.as_ref());
    let password = &credential.map_or_else(|| password.clone(), |it| it.read(password));
    let Some((account, hash)) = accept(found, password) else {
        count_failure(cx, keyring, &id, &subject, &by_network).await?;
        if let Some(slowness) = slowest {
            wait_out(cx, slowness.refusal()).await;
        }
        return Err(SignInError::InvalidCredentials);
    };
    let credential = account.credential.as_ref();
    if credential.is_some_and(|credential| credential.is_expired(cx.now)) {
        return Err(SignInError::Expired);
    }
    by_network.give_back(cx);
    let sign_in = SignIn::after(last, &account, cx.now);
    cx.deferred.signed_in = sign_in.map(|it| (account.id.clone(), it));
    if password.needs_rehash(&hash) {
        // Stored after the answer, and not by all means: the next sign-in would do it.
        cx.deferred.rehash = password.hash(cx.env.random()).ok().map(|new| Rehash {
            account_id: account.id.clone(),
            old: hash,
            new,
        });
    }
    let password_change = if account.must_change() {
        Some(give_token(cx, settings, &account, password).await?)
    } else {
        None
    };
    Ok(SignedIn {
        account_id: account.id,
        credential_epoch: account.epoch,
        password_change,
    })
}

/// Counts a guess from the client's network, unless too many were wrong already: from there, or from all networks.
async fn count_guess<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    subject: &str,
    client: ClientAddress,
) -> Result<Counted, SignInError> {
    let (store, now) = (cx.store(), cx.now);
    let (counted, lock) = futures::join!(
        limiter::count_subject_from(cx, keyring, NETWORK_LIMIT, subject.as_bytes(), client),
        sign_in_locks::find(store, keyring, subject, now),
    );
    let mut by_network = counted?;
    within(by_network.exceeded.take())?;
    let for_all = lock?.filter(|lock| lock.for_all);
    let NamedLimit { name, limit } = ACCOUNT_LIMIT;
    within(for_all.map(|_| LimitExceeded::new(name, limit, now)))?;
    Ok(by_network)
}

/// Counts a wrong password for the account, and locks it if that was one of its network's or of all networks' last.
async fn count_failure<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    id: &AccountId,
    subject: &str,
    by_network: &Counted,
) -> Result<(), Unavailable> {
    let by_all = limiter::count_subject(cx, keyring, ACCOUNT_LIMIT, subject.as_bytes()).await?;
    let for_all = by_all.uses_up(ACCOUNT_LIMIT.limit);
    if for_all || by_network.uses_up(NETWORK_LIMIT.limit) {
        let until = NETWORK_LIMIT.limit.window_end(cx.now);
        let lock = SignInLock { until, for_all };
        sign_in_locks::note(cx, keyring, id, subject, lock).await?;
    }
    Ok(())
}

/// The account and its hash, if the password is right. It takes as long whoever was found.
fn accept(found: Option<Account>, password: &Password) -> Option<(Account, PasswordHash)> {
    let credential = found
        .as_ref()
        .and_then(|account| account.credential.as_ref());
    let hash = credential.map(|credential| credential.hash.clone());
    let verified = password.verify(hash.as_ref());
    let account = found.filter(|account| verified && !account.disabled)?;
    Some((account, hash?))
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
    batch.write_unnumbered(cx).await?;
    Ok(PasswordChange { token, expires_in })
}

/// Waits until the request has taken as long as `step`: verifying a hash made elsewhere takes less, but not as long as one
/// of Keyback's own. Where the machine is too busy for that, until it has taken a multiple of it.
async fn wait_out<E: Env>(cx: &Cx<'_, E>, step: Duration) {
    let clock = cx.env.clock();
    let taken = clock.now().since(cx.now);
    clock.sleep(rest_of_step(taken, step)).await;
}

/// How long to wait for the next whole step, `taken` after the beginning.
fn rest_of_step(taken: Duration, step: Duration) -> Duration {
    let step = step.as_nanos();
    let into_step = taken.as_nanos().checked_rem(step).unwrap_or_default();
    let rest = u64::try_from(step.saturating_sub(into_step)).unwrap_or_default();
    Duration::from_nanos(rest)
}

/// What wrong passwords are counted by: the account and its epoch, or the name that no account has. With a new epoch,
/// after a recovery, the count begins anew: nobody can be locked out for good by others' guesses.
fn subject(who: &Who, found: Option<&Account>) -> String {
    match (found, who) {
        (Some(account), _) => account.sign_in_subject(),
        (None, Who::Email(email)) => email.folded(),
        (None, Who::Id(id)) => id.to_string(),
    }
}

/// Who signs in, and what stands under the address.
enum Sought<'a> {
    Email(&'a EmailAddress, Candidates),
    Id(&'a AccountId),
}

impl<'a> Sought<'a> {
    async fn seek(store: &impl KeyValue, who: &'a Who) -> Result<Self, Unavailable> {
        Ok(match who {
            Who::Email(email) => Self::Email(email, accounts::find_candidates(store, email).await?),
            Who::Id(id) => Self::Id(id),
        })
    }

    /// The account. One that nobody has takes the same calls to the store.
    async fn find(&self, store: &impl KeyValue) -> Result<Option<Account>, Unavailable> {
        match self {
            Self::Email(email, candidates) => accounts::find_among(store, candidates, email).await,
            Self::Id(id) => accounts::find(store, id).await,
        }
    }
}
