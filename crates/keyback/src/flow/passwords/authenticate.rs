//! Whether a password is right: the attempt is counted before the comparison, and takes as long for unknown accounts.

use std::time::Duration;

use crate::flow::passwords::hashing;
use crate::flow::{Refusal, within};
use crate::model::account::Account;
use crate::model::client_address::ClientAddress;
use crate::model::email_address::EmailAddress;
use crate::model::hashing_gate::Place;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::limit::{Limit, LimitExceeded};
use crate::model::measured::Measured;
use crate::model::password::{Password, PasswordHash};
use crate::model::password_hash::Slowness;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::accounts::{self, Candidates};
use crate::store::cx::Cx;
use crate::store::limiter::{self, Counted, NamedLimit};
use crate::store::probe;
use crate::store::sign_in_locks::{self, SignInLock};
use crate::store::sign_ins::{self, SignIn};

/// Wrong passwords for one account from one network: NIST SP 800-63B-4 §3.2.2 allows 100 in a row. They do not lock out
/// the owner on another network.
const NETWORK_LIMIT: NamedLimit = NamedLimit {
    name: "sign-in-account",
    limit: Limit::new(100, 3_600),
};
/// Wrong passwords for one account from all networks together. An attacker with many networks can lock the owner out,
/// who can then recover the account or ask an administrator to unlock it.
pub(in crate::flow) const ACCOUNT_LIMIT: NamedLimit = NamedLimit {
    name: "sign-in-account-all",
    limit: Limit::new(1_000, 3_600),
};

/// The account that a sign-in names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// By address, in any spelling.
    Email(EmailAddress),
    /// By id, exactly.
    Id(AccountId),
}

/// Why nobody signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Wrong, unknown, disabled or without a password: the answer does not say which.
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

/// A right password, and whose it is.
#[derive(Debug)]
pub(super) struct Authenticated {
    pub(super) account: Account,
    /// The hash that it matches.
    pub(super) hash: PasswordHash,
    /// The password as the account's credential reads it.
    pub(super) password: Password,
    /// The account's last sign-in, if known.
    pub(super) last_sign_in: Option<SignIn>,
    /// The place in the hashing gate, for further hashes in the same flow.
    pub(super) place: Place,
}

/// Checks the password in at most four round trips and one hashing, for known and unknown accounts alike. A foreign
/// hash is computed twice if the password is not in NFC. All flows that check a password share the counts of a client's
/// calls and of wrong passwords. A right one does not count.
///
/// While the store takes no writes, such as on a full disk, nothing can be counted. Then a right password is still
/// accepted, unless sign-ins are refused to all networks, and a wrong one gets the outage as its answer.
///
/// # Errors
/// As [`SignInError`] says.
pub(super) async fn authenticate<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    limit: Limit,
    who: &Who,
    password: &Password,
    client: ClientAddress,
) -> Result<Authenticated, SignInError> {
    let place = hashing::enter(cx.env)?;
    let store = cx.store();
    let LookUp {
        found,
        slowest,
        mut uncounted,
    } = count_and_find(cx, keyring, limit, who, client).await?;
    let subject = subject(who, found.as_ref());
    let id = found
        .as_ref()
        .map_or_else(AccountId::placeholder, |account| account.id.clone());
    let (by_network, last_sign_in) = futures::join!(
        count_guess(cx, keyring, &subject, client, &mut uncounted),
        sign_ins::find(store, &id),
    );
    let (mut by_network, last_sign_in) = (by_network?, last_sign_in?);
    let credential = found
        .as_ref()
        .and_then(|account| account.credential.as_ref());
    let password = credential.map_or_else(|| password.clone(), |it| it.read(password));
    let accepted = accept(cx.env, &place, found, &password).await;
    if accepted.is_err()
        && let Some(by_network) = by_network.take()
    {
        // Nothing was compared.
        by_network.take_back(cx);
    }
    let Some((account, hash)) = accepted? else {
        drop(place);
        if let Some(outage) = uncounted {
            return Err(outage.into());
        }
        count_failure(cx, keyring, &id, &subject, by_network.as_ref()).await?;
        return Err(refuse(cx, slowest).await);
    };
    // Right, even if it has expired.
    if let Some(by_network) = by_network {
        by_network.give_back(cx);
    }
    let credential = account.credential.as_ref();
    if credential.is_some_and(|credential| credential.is_expired(cx.now)) {
        return Err(SignInError::Expired);
    }
    Ok(Authenticated {
        account,
        hash,
        password,
        last_sign_in,
        place,
    })
}

/// The account that a sign-in names, and what else is known before the comparison.
struct LookUp {
    found: Option<Account>,
    /// Decides how long the refusal of a wrong password takes, if any account was imported with a foreign hash.
    slowest: Option<Slowness>,
    /// Why the call was not counted, while the store takes no writes.
    uncounted: Option<Unavailable>,
}

/// Counts the call for its client and finds the account, in two round trips.
///
/// # Errors
/// The limit, or an outage.
async fn count_and_find<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    limit: Limit,
    who: &Who,
    client: ClientAddress,
) -> Result<LookUp, SignInError> {
    let store = cx.store();
    let named = NamedLimit {
        name: "sign-in",
        limit,
    };
    let (counted, sought, slowest) = futures::join!(
        limiter::count(cx, keyring, named, client),
        Sought::seek(store, who),
        accounts::slowest_foreign_hash(store),
    );
    let mut uncounted = None;
    if let Some(counted) = unless_full(cx, counted, &mut uncounted).await? {
        within(counted.exceeded)?;
    }
    Ok(LookUp {
        slowest: slowest?,
        found: sought?.find(store).await?,
        uncounted,
    })
}

/// The count, or `None` while the store takes no writes at all: then `uncounted` gets the reason.
///
/// If the store refuses the count but takes other writes, that is an outage: an attacker who calls often enough can
/// force it on one counter, and must not get uncounted guesses.
///
/// # Errors
/// That outage.
async fn unless_full<E: Env>(
    cx: &Cx<'_, E>,
    counted: Result<Counted, Unavailable>,
    uncounted: &mut Option<Unavailable>,
) -> Result<Option<Counted>, Unavailable> {
    let outage = match counted {
        Ok(counted) => return Ok(Some(counted)),
        Err(outage) => outage,
    };
    if uncounted.is_none() && !probe::takes_no_writes(cx.store(), cx.now).await {
        return Err(outage);
    }
    *uncounted = Some(outage);
    Ok(None)
}

/// Counts a guess from the client's network, unless that network or all together have used up their wrong passwords.
async fn count_guess<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    subject: &str,
    client: ClientAddress,
    uncounted: &mut Option<Unavailable>,
) -> Result<Option<Counted>, SignInError> {
    let (store, now) = (cx.store(), cx.now);
    let (counted, lock) = futures::join!(
        limiter::count_subject_from(cx, keyring, NETWORK_LIMIT, subject.as_bytes(), client),
        sign_in_locks::find(store, keyring, subject, now),
    );
    let mut by_network = unless_full(cx, counted, uncounted).await?;
    let exceeded = by_network.as_mut().and_then(|it| it.exceeded.take());
    within(exceeded)?;
    let for_all = lock?.filter(|lock| lock.for_all);
    let NamedLimit { name, limit } = ACCOUNT_LIMIT;
    if for_all.is_some() {
        cx.env.meter().note(&Measured::Limit(name));
    }
    within(for_all.map(|_| LimitExceeded::new(name, limit, now)))?;
    Ok(by_network)
}

/// Counts a wrong password for the account, and locks it if that used up the limit of its network or of all networks.
async fn count_failure<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    id: &AccountId,
    subject: &str,
    by_network: Option<&Counted>,
) -> Result<(), Unavailable> {
    let by_all = limiter::count_subject(cx, keyring, ACCOUNT_LIMIT, subject.as_bytes()).await?;
    let for_all = by_all.uses_up(ACCOUNT_LIMIT.limit);
    if for_all || by_network.is_some_and(|it| it.uses_up(NETWORK_LIMIT.limit)) {
        let until = NETWORK_LIMIT.limit.window_end(cx.now);
        let lock = SignInLock { until, for_all };
        sign_in_locks::note(cx, keyring, id, subject, lock).await?;
    }
    Ok(())
}

/// The account and its hash, if the password is right. For an unknown account, takes as long as for one of Keyback's
/// own hashes. A foreign hash takes another time, which `wait_out` hides.
///
/// # Errors
/// [`Unavailable::Overloaded`], for unknown accounts too.
async fn accept<E: Env>(
    env: &E,
    place: &Place,
    found: Option<Account>,
    password: &Password,
) -> Result<Option<(Account, PasswordHash)>, Unavailable> {
    let credential = found
        .as_ref()
        .and_then(|account| account.credential.as_ref());
    let hash = credential.map(|credential| credential.hash.clone());
    let verified = hashing::verify(env, place, password, hash.as_ref()).await?;
    let account = found.filter(|account| verified && !account.disabled);
    Ok(account.zip(hash))
}

/// The refusal of a wrong password, once it has taken as long as that of any other account.
async fn refuse<E: Env>(cx: &Cx<'_, E>, slowest: Option<Slowness>) -> SignInError {
    if let Some(slowness) = slowest {
        wait_out(cx, slowness.refusal()).await;
    }
    SignInError::InvalidCredentials
}

/// Waits until the request has taken `step`. Verifying a foreign hash takes less, but not the same time as one of
/// Keyback's own, so the time would tell them apart. If the machine is too busy for that, waits until the request has
/// taken a multiple of `step`.
async fn wait_out<E: Env>(cx: &Cx<'_, E>, step: Duration) {
    let clock = cx.env.clock();
    let taken = clock.now().since(cx.now);
    clock.sleep(rest_of_step(taken, step)).await;
}

/// How long to wait for the end of the current step, `taken` after the beginning.
fn rest_of_step(taken: Duration, step: Duration) -> Duration {
    let step = step.as_nanos();
    let into_step = taken.as_nanos().checked_rem(step).unwrap_or_default();
    let rest = u64::try_from(step.saturating_sub(into_step)).unwrap_or_default();
    Duration::from_nanos(rest)
}

/// What wrong passwords are counted by: the account and its epoch, or the name that no account has. A new epoch, such
/// as after a recovery, restarts the count, so that guesses by others cannot lock anybody out for good.
fn subject(who: &Who, found: Option<&Account>) -> String {
    match (found, who) {
        (Some(account), _) => account.sign_in_subject(),
        (None, Who::Email(email)) => email.folded(),
        (None, Who::Id(id)) => id.to_string(),
    }
}

/// Who signs in, and the accounts that the index has for the address.
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

    /// The account. A name that no account has takes the same calls to the store.
    async fn find(&self, store: &impl KeyValue) -> Result<Option<Account>, Unavailable> {
        match self {
            Self::Email(email, candidates) => accounts::find_among(store, candidates, email).await,
            Self::Id(id) => accounts::find(store, id).await,
        }
    }
}
