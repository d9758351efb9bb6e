//! A request's context: the ports, the time, and the work left for after its response.

use crate::base::timestamp::Timestamp;
use crate::model::base_url::BaseUrl;
use crate::model::failed_attempt::FailedAttempt;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::password::{Password, PasswordHash};
use crate::model::recovery::IssueClaim;
use crate::ports::{Clock as _, Env, Variables as _};
use crate::store::agenda::{Expiring, ReservedEntry};
use crate::store::keys::{AnyKey, CounterKey};
use crate::store::lease::Lease;
use crate::store::sign_ins::SignIn;

/// The context that a flow works with.
///
/// Follow-up work is added to [`Cx::deferred`] where it is caused, so that no early return can lose it.
#[derive(Debug)]
pub struct Cx<'e, E: Env> {
    /// The ports: clock, randomness, store, HTTP, variables and log.
    pub env: &'e E,
    /// When the request arrived. Read once.
    pub now: Timestamp,
    /// What to do after the response.
    pub deferred: Deferred,
    /// Whether the portal is notified of events: whether `webhook_url` is set.
    pub notifies: bool,
    /// Whether the write of a batch failed. It may have taken effect.
    pub(crate) is_write_unknown: bool,
}

impl<'e, E: Env> Cx<'e, E> {
    /// Begins at the current time.
    pub async fn new(env: &'e E) -> Self {
        let webhook_url = env.variables().find("webhook_url").await;
        Self {
            env,
            now: env.clock().now(),
            deferred: Deferred::default(),
            notifies: webhook_url.is_some_and(|url| !url.is_empty()),
            is_write_unknown: false,
        }
    }

    /// Where values and counters are. It outlives the context, so a flow can call it while it changes `deferred`.
    #[must_use]
    pub fn store(&self) -> &'e E::Store {
        self.env.store()
    }
}

/// The work that a request leaves for after its response.
///
/// The answer is true without any of it: work that must not be lost is already on the agenda.
#[derive(Debug, Default)]
pub struct Deferred {
    /// Entries of the agenda that this request wrote and works itself.
    pub(crate) entries: Vec<ReservedEntry>,
    /// Leases to release.
    pub(crate) leases: Vec<Lease>,
    /// Attempts to give back.
    pub(crate) give_back: Vec<CounterKey>,
    /// The claim to issue, until the write that uses it. If none does, the claim is given back, since the next claim
    /// would wait for it.
    pub(crate) unused_claim: Option<UnusedClaim>,
    /// Keys to delete at once.
    pub(crate) delete: Vec<AnyKey>,
    /// Keys to delete later. The next batch includes them.
    pub(crate) expiring: Vec<Expiring>,
    /// A newer hash of a right password.
    pub(crate) rehash: Option<Rehash>,
    /// A sign-in to record, and its account.
    pub(crate) signed_in: Option<(AccountId, SignIn)>,
    /// A right password that may be known from a data breach.
    pub(crate) breach_check: Option<BreachQuestion>,
    /// Whether to look for due work of other requests.
    pub(crate) looks_around: bool,
    /// Whether many changes wait for the directory. Other requests leave them to the courier.
    pub(crate) follows_directory: bool,
    /// A failed attempt, to be counted.
    pub(crate) failed: Option<FailedAttempt>,
}

/// A claim to issue that no write has used so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnusedClaim {
    /// The account that it is for.
    pub(crate) account_id: AccountId,
    /// The claim.
    pub(crate) claim: IssueClaim,
    /// Whether another request has had the turn.
    pub(crate) is_lost: bool,
    /// Until when it may be given back. Later claims may have waited for it in vain by then.
    pub(crate) until: Timestamp,
}

/// A newer hash of a right password, whose hash was not one of Keyback's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehash {
    /// The account whose hash is replaced.
    pub account_id: AccountId,
    /// The hash that it replaces.
    pub old: PasswordHash,
    /// The replacement, with Keyback's current parameters.
    pub new: PasswordHash,
}

/// A check whether a correct password is known from a data breach. In memory only, and never printed.
#[derive(Debug)]
pub struct BreachQuestion {
    /// The account that signed in with it.
    pub account_id: AccountId,
    /// The account's epoch when the password was correct.
    pub epoch: u64,
    /// What the user signed in with. Only the first five digits of its SHA-1 leave the app.
    pub password: Password,
    /// The origin of the list of breached passwords.
    pub list: BaseUrl,
    /// Names the account in a counter.
    pub keyring: Keyring,
}

impl Deferred {
    /// Takes the claim to issue, if another request has had its turn, and it may still be given back at `now`.
    pub(crate) fn take_lost_claim(&mut self, now: Timestamp) -> Option<UnusedClaim> {
        let lost = self.unused_claim.take_if(|unused| unused.is_lost);
        lost.filter(|lost| now < lost.until)
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self {
            entries,
            leases,
            give_back,
            unused_claim,
            delete,
            expiring,
            rehash,
            signed_in,
            breach_check,
            looks_around,
            follows_directory,
            failed,
        } = self;
        entries.is_empty()
            && leases.is_empty()
            && give_back.is_empty()
            && unused_claim.is_none()
            && delete.is_empty()
            && expiring.is_empty()
            && rehash.is_none()
            && signed_in.is_none()
            && breach_check.is_none()
            && !looks_around
            && !follows_directory
            && failed.is_none()
    }
}
