//! The table of all keys in the store. Nothing else makes one.
//!
//! | key | what | lives |
//! | --- | --- | --- |
//! | `v1:account:<id>` | [`Account`](crate::model::account::Account), its credential included | until deleted |
//! | `v1:foreign-hashes` | "some account was imported with a slow foreign hash"; with `:light` or `:medium`, a quicker one | for ever, three |
//! | `v1:account-at:<n>` | the id of the `n`th account | until deleted |
//! | `v1:email:<digest>` | the id of the account with this address | until deleted |
//! | `v1:reserved-id:<account>:<day>` | [`Reservation`](crate::store::accounts::reservations): the id of an account deleted on a day | two days |
//! | `v1:reserved-email:<digest>:<day>` | the same for its address | two days |
//! | `v1:folded-addresses` | [`Folding`](crate::store::accounts::Folding): how far an earlier version's addresses are folded | for ever, one |
//! | `v1:directory` | [`State`](crate::store::directory::State): how far the [`directory`](crate::store::directory) is | for ever, one |
//! | `v1:directory-begun` | that the store's first account left a change | for ever, one |
//! | `v1:directory-node:<n>` | a node of the directory's tree | while accounts are below it |
//! | `v1:directory-part:<n>` | part of a node's numbers of accounts | as long as its node |
//! | `v1:directory-listings:<n>` | the listings of 32 accounts in the directory | while one of them exists |
//! | `v1:directory-change:<n>` | the account of the `n`th change that concerns the directory | until the directory has it |
//! | `v1:signed-in:<account>` | when the user last signed in | as long as the account |
//! | `v1:locked-at:<n>` | the account of the `n`th lock | until the lock ends |
//! | `v1:recovery:<account>` | [`Recovery`](crate::model::recovery::Recovery) | a day after the last email |
//! | `v1:request:<challenge id>` | which account a request was for | as long as a challenge |
//! | `v1:token:<reference>` | [`TokenRecord`](crate::model::token::TokenRecord) | until expired |
//! | `v1:outbox:<email>` | [`Email`](crate::model::email::Email), sealed until it is sent | 31 days |
//! | `v1:email-feedback:<email>` | [`EmailFeedback`](crate::model::email::EmailFeedback) | as long as the email |
//! | `v1:email-at:<n>` | the id of the `n`th email | as long as the email |
//! | `v1:event:<account>:<n>` | an account's `n`th event | 90 days |
//! | `v1:event-chain:<account>` | the digest of an account's last event | until 91 days after its deletion |
//! | `v1:event-feed` | [`Feed`](crate::store::event_feed::Feed): where the feed of all events ends | for ever, one |
//! | `v1:event-feed-part:<n>` | the places of up to 256 events, in the order of the feed | 90 days |
//! | `v1:event-head:<day>` | [`Head`](crate::model::event_chain::Head): the signed digest of a day's events | 90 days |
//! | `v1:entry:<lane>:<n>` | the `n`th [`Entry`](crate::store::agenda::Entry) of the agenda | until done or parked |
//! | `v1:parked:<minute>:<n>` | entries that wait for a later minute, merged | until that minute |
//! | `v1:agenda` | [`State`](crate::store::agenda::State): how far the entries are settled, and what is parked | for ever, one |
//! | `v1:limit-full:<name>` | until when a limit for all clients is used up | for ever, one |
//! | `v1:sign-in-lock:<digest>` | [`SignInLock`](crate::store::sign_in_locks::SignInLock) | until it ends |
//! | `v1:bulk-jobs` | the list of [bulk jobs](crate::store::bulk_jobs), a hundred at most | for ever, one |
//! | `v1:bulk:<job>` | [`BulkJob`](crate::model::bulk_job::BulkJob) | 30 days after its end |
//! | `v1:bulk-ids:<job>` | the ids of the accounts that a bulk job names | as long as the job |
//! | `v1:bulk-stop:<job>` | that a bulk job is to be stopped | as long as the job |
//! | `v1:probe` | when the store was last [found to accept writes](crate::store::probe) | for ever, one |
//! | `v1:counts:<0 to 3>` | part of [what was measured](crate::store::counts) | for ever, four |
//! | `v1:format` | the [version of the store's format](crate::store::format) | for ever, one |
//! | `v1:decoy:<n>` | what is written in place of a recovery that nobody gets | for ever, a few |
//! | *counters* | | |
//! | `v1:accounts` | how many accounts were ever created | for ever, one |
//! | `v1:directory-changes` | how many changes concerned the directory | for ever, one |
//! | `v1:locks` | how many locks there ever were | for ever, one |
//! | `v1:emails` | how many emails were ever written | for ever, one |
//! | `v1:decoys` | the same for decoys | for ever, one |
//! | `v1:events:<account>` | how many events an account has had | until 91 days after its deletion |
//! | `v1:attempts:<account>:<day>` | guesses at codes on a day, and claims to issue one | two days |
//! | `v1:claim:<serial>` | above 0 once a challenge was used | as long as the challenge |
//! | `v1:claim:<reference>` | above 0 once a token was used | as long as the token |
//! | `v1:refusals:<reference>` | passwords refused to the holder of a token | as long as the token |
//! | `v1:journal:<lane>` | how many entries the agenda ever had | for ever, two |
//! | `v1:lease:<name>:<0 to 3>` | who works on something right now | until done |
//! | `v1:limit:<name>:<window>:<client>` | calls in a window | until the window is over |
//! | `v1:proof:<digest>` | which body a detached signature came with | as long as the signature is valid |
//!
//! `<account>` and the `<id>` of an account are its name in keys (`account_name`), never the id itself.
//!
//! `<digest>` is of the folded address. In stores of earlier versions it is of the address as spelled, until the
//! courier has moved those that differ ([`accounts`](crate::store::accounts)).
//!
//! Keys of the previous layout, which are read until their records are rewritten: `v1:credential:<id>`,
//! `v1:imported-hash:<id>`, `v1:change-order:<id>`, and the counter `v1:epoch:<id>`.
//!
//! Counters have their own type, since a store may encode them as it likes: writing a value over one can take the whole
//! store down, and reading one as a value gives nothing useful.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::base::base64url::encode;
use crate::model::id::{AccountId, BulkJobId, ChallengeId, ChallengeSerial, EmailId};
use crate::model::password_hash::Slowness;
use crate::model::token::TokenReference;

pub use crate::base::keys::{AnyKey, CounterKey, Key};

/// The two lanes of entries on the agenda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Recovery requests, which are worked first.
    Requests,
    /// All other tasks, such as deliveries, webhooks and deletions.
    Tasks,
}

impl Lane {
    /// Both lanes, in the order in which they are worked.
    pub const ALL: [Self; 2] = [Self::Requests, Self::Tasks];

    /// Its letter in keys.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Requests => 'r',
            Self::Tasks => 't',
        }
    }
}

/// The form of a parameter in a key.
trait InKey {
    fn in_key(&self) -> impl fmt::Display;
}

macro_rules! as_they_are {
    ($($type:ty),+) => {
        $(impl InKey for $type {
            fn in_key(&self) -> impl fmt::Display {
                self
            }
        })+
    };
}
as_they_are!(
    i64,
    u64,
    usize,
    char,
    str,
    BulkJobId,
    ChallengeId,
    ChallengeSerial,
    EmailId,
    TokenReference
);

impl InKey for AccountId {
    fn in_key(&self) -> impl fmt::Display {
        account_name(self)
    }
}

/// An account's name in keys, including those of leases. A plain id, like all ids of earlier versions, is its own name.
/// Any other id may be longer than a key or have characters that no key has. Its name is a dot followed by its SHA-256;
/// no plain id has a dot.
pub(crate) fn account_name(id: &AccountId) -> Cow<'_, str> {
    if id.is_plain() || *id == AccountId::placeholder() {
        return Cow::Borrowed(id.as_str());
    }
    let mut hash = Sha256::new();
    hash.update(b"keyback account id v1\0");
    hash.update(id.as_str().as_bytes());
    Cow::Owned(format!(".{}", encode(&hash.finalize())))
}

/// Declares the functions that make keys: `name(parameters) -> Kind = "pattern"`.
macro_rules! table {
    ($($name:ident($($parameter:ident: $type:ty),*) -> $kind:ident = $pattern:literal;)+) => {
        $(pub(crate) fn $name($($parameter: $type),*) -> $kind {
            $(let $parameter = $parameter.in_key();)*
            $kind::new(format!($pattern))
        })+

        /// The beginnings of the names of all values, up to their first parameter.
        #[cfg(test)]
        pub(crate) fn kinds_of_values() -> Vec<&'static str> {
            let all = [$((stringify!($kind), $pattern)),+];
            let values = all.into_iter().filter(|(kind, _)| *kind == "Key");
            let beginning = |pattern: &'static str| pattern.split('{').next();
            values.filter_map(|(_, pattern)| beginning(pattern)).collect()
        }
    };
}

table! {
    account(id: &AccountId) -> Key = "v1:account:{id}";
    foreign_hashes_in(suffix: &str) -> Key = "v1:foreign-hashes{suffix}";
    account_at(number: i64) -> Key = "v1:account-at:{number}";
    address(digest: &str) -> Key = "v1:email:{digest}";
    reserved_id(account: &AccountId, day: u64) -> Key = "v1:reserved-id:{account}:{day}";
    reserved_email(digest: &str, day: u64) -> Key = "v1:reserved-email:{digest}:{day}";
    folding() -> Key = "v1:folded-addresses";
    probe() -> Key = "v1:probe";
    counts(shard: u64) -> Key = "v1:counts:{shard}";
    format() -> Key = "v1:format";
    directory() -> Key = "v1:directory";
    directory_begun() -> Key = "v1:directory-begun";
    directory_node(id: u64) -> Key = "v1:directory-node:{id}";
    directory_part(id: u64) -> Key = "v1:directory-part:{id}";
    directory_listings(chunk: i64) -> Key = "v1:directory-listings:{chunk}";
    directory_change(number: i64) -> Key = "v1:directory-change:{number}";
    signed_in(id: &AccountId) -> Key = "v1:signed-in:{id}";
    locked_at(number: i64) -> Key = "v1:locked-at:{number}";
    recovery(account: &AccountId) -> Key = "v1:recovery:{account}";
    request(id: &ChallengeId) -> Key = "v1:request:{id}";
    token(reference: &TokenReference) -> Key = "v1:token:{reference}";
    outbox(id: &EmailId) -> Key = "v1:outbox:{id}";
    email_feedback(id: &EmailId) -> Key = "v1:email-feedback:{id}";
    email_at(number: i64) -> Key = "v1:email-at:{number}";
    event(account: &AccountId, sequence: i64) -> Key = "v1:event:{account}:{sequence}";
    event_chain(account: &AccountId) -> Key = "v1:event-chain:{account}";
    event_feed() -> Key = "v1:event-feed";
    event_feed_part(number: u64) -> Key = "v1:event-feed-part:{number}";
    event_head(day: u64) -> Key = "v1:event-head:{day}";
    entry_in(lane: char, number: i64) -> Key = "v1:entry:{lane}:{number}";
    parked(minute: u64, number: u64) -> Key = "v1:parked:{minute}:{number}";
    agenda() -> Key = "v1:agenda";
    limit_full(name: &str) -> Key = "v1:limit-full:{name}";
    sign_in_lock(digest: &str) -> Key = "v1:sign-in-lock:{digest}";
    bulk_jobs() -> Key = "v1:bulk-jobs";
    bulk_job(id: &BulkJobId) -> Key = "v1:bulk:{id}";
    bulk_ids(id: &BulkJobId) -> Key = "v1:bulk-ids:{id}";
    bulk_stop(id: &BulkJobId) -> Key = "v1:bulk-stop:{id}";
    decoy(number: usize) -> Key = "v1:decoy:{number}";

    legacy_agenda_cursor() -> Key = "v1:agenda-cursor";
    legacy_agenda_day(day: u64) -> Key = "v1:agenda-day:{day}";
    legacy_agenda_hour(hour: u64) -> Key = "v1:agenda-hour:{hour}";
    legacy_agenda(lane: char, minute: u64, slot: i64) -> Key = "v1:agenda:{lane}:{minute}:{slot}";
    legacy_slots(lane: char, minute: u64) -> CounterKey = "v1:slots:{lane}:{minute}";
    legacy_credential(id: &AccountId) -> Key = "v1:credential:{id}";
    legacy_imported_hash(id: &AccountId) -> Key = "v1:imported-hash:{id}";
    legacy_change_order(id: &AccountId) -> Key = "v1:change-order:{id}";

    legacy_epoch(id: &AccountId) -> CounterKey = "v1:epoch:{id}";

    accounts() -> CounterKey = "v1:accounts";
    directory_changes() -> CounterKey = "v1:directory-changes";
    locks() -> CounterKey = "v1:locks";
    emails() -> CounterKey = "v1:emails";
    decoys() -> CounterKey = "v1:decoys";
    events(account: &AccountId) -> CounterKey = "v1:events:{account}";
    attempts(account: &AccountId, day: u64) -> CounterKey = "v1:attempts:{account}:{day}";
    challenge_claim(serial: &ChallengeSerial) -> CounterKey = "v1:claim:{serial}";
    token_claim(reference: &TokenReference) -> CounterKey = "v1:claim:{reference}";
    refusals(reference: &TokenReference) -> CounterKey = "v1:refusals:{reference}";
    journal_of(lane: char) -> CounterKey = "v1:journal:{lane}";
    lease(name: &str, slot: u64) -> CounterKey = "v1:lease:{name}:{slot}";
    limit(name: &str, window: u64, client: &str) -> CounterKey = "v1:limit:{name}:{window}:{client}";
    proof(digest: &str) -> CounterKey = "v1:proof:{digest}";
}

pub(crate) fn entry(lane: Lane, number: i64) -> Key {
    entry_in(lane.letter(), number)
}

/// Earlier versions had one mark for all foreign hashes. It counts as the mark of the slow ones.
pub(crate) fn foreign_hashes(slowness: Slowness) -> Key {
    foreign_hashes_in(match slowness {
        Slowness::Light => ":light",
        Slowness::Medium => ":medium",
        Slowness::Heavy => "",
    })
}

pub(crate) fn journal(lane: Lane) -> CounterKey {
    journal_of(lane.letter())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_plain_id_is_its_own_name_and_any_other_has_one_that_no_plain_id_has() {
        let id = |text: &str| AccountId::parse(text).unwrap();
        assert_eq!(account(&id("a_B-9")).as_str(), "v1:account:a_B-9");
        let placeholder = AccountId::placeholder();
        assert_eq!(account(&placeholder).as_str(), "v1:account:.");
        let long = ["a".repeat(65), "a".repeat(128), "|".repeat(128)];
        let others = [
            "auth0|5f", "auth0|5F", "a:b", "a.b", ".a", "...", "a/b", "a%2Fb",
        ];
        let mut names = BTreeSet::new();
        for other in others.into_iter().chain(long.iter().map(String::as_str)) {
            let id = id(other);
            let name = account_name(&id).into_owned();
            assert!(name.len() == 44 && name.starts_with('.'), "{other}: {name}");
            assert_eq!(event(&id, 7).as_str(), format!("v1:event:{name}:7"));
            assert!(names.insert(name), "{other}");
        }
    }
}
