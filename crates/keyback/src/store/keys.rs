//! The table of all keys in the store. Nothing else makes one.
//!
//! | key | what | lives |
//! | --- | --- | --- |
//! | `v1:account:<id>` | [`Account`](crate::model::account::Account) | until deleted |
//! | `v1:credential:<id>` | [`Credential`](crate::model::credential::Credential) | until deleted |
//! | `v1:imported-hash:<id>` | [`ImportedHash`](crate::model::imported_hash::ImportedHash) | until deleted, or a sign-in with a newer password |
//! | `v1:foreign-hashes` | "some account came with a hash made elsewhere" | for ever, one |
//! | `v1:change-order:<id>` | [`ChangeOrder`](crate::model::credential::ChangeOrder) | until deleted |
//! | `v1:account-at:<n>` | the id of the `n`th account | until deleted |
//! | `v1:email:<digest>` | the id of the account with this address | until deleted |
//! | `v1:recovery:<account>` | [`Recovery`](crate::model::recovery::Recovery) | a day after the last mail |
//! | `v1:request:<challenge id>` | which account's challenge a request is tied to | as long as the challenge |
//! | `v1:token:<reference>` | [`TokenRecord`](crate::model::token::TokenRecord) | until expired |
//! | `v1:outbox:<email>` | [`Email`](crate::model::email::Email), sealed until it is sent | 31 days |
//! | `v1:email-feedback:<email>` | [`EmailFeedback`](crate::model::email::EmailFeedback) | as long as the email |
//! | `v1:email-at:<n>` | the id of the `n`th email | as long as the email |
//! | `v1:event:<account>:<n>` | [`Entry`](crate::store::event_log::Entry): an account's `n`th event | 90 days |
//! | `v1:agenda:<lane>:<minute>:<n>` | an agenda entry | until done |
//! | `v1:agenda-hour:<hour>`, `v1:agenda-day:<day>` | "something is on the agenda here" | until all is done |
//! | `v1:agenda-cursor` | the minute before which all is done | for ever, one |
//! | *counters* | | |
//! | `v1:accounts` | how many accounts were ever created | for ever, one |
//! | `v1:emails` | how many emails were ever worked on | for ever, one |
//! | `v1:epoch:<account>` | how many credential events an account has had | until deleted |
//! | `v1:events:<account>` | how many events an account has had | until deleted |
//! | `v1:attempts:<account>:<day>` | guesses at the challenges issued on a day | two days |
//! | `v1:claim:<serial>` | 1 once a challenge was used | as long as the challenge |
//! | `v1:claim:<reference>` | 1 once a token was used | as long as the token |
//! | `v1:slots:<lane>:<minute>` | how many agenda entries a minute has | until all is done |
//! | `v1:lease:<name>:<0 to 31>` | who works on something right now | until done |
//! | `v1:limit:<name>:<window>:<client>` | calls in a window | until the window is over |
//!
//! Counters are a type of their own, since a store may encode them as it likes: writing a value over one can take
//! the whole store down, and reading one as a value means nothing.

use crate::model::id::{AccountId, ChallengeId, ChallengeSerial, EmailId};
use crate::model::token::TokenReference;

/// The name of a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

/// The name of a counter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CounterKey(String);

/// The name of a value or a counter, to delete it or see whether it exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnyKey(String);

macro_rules! text {
    ($($name:ident),+) => {
        $(impl $name {
            /// The name in the store.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        })+
    };
}
text!(Key, CounterKey, AnyKey);

impl From<Key> for AnyKey {
    fn from(key: Key) -> Self {
        Self(key.0)
    }
}

impl From<CounterKey> for AnyKey {
    fn from(key: CounterKey) -> Self {
        Self(key.0)
    }
}

impl AnyKey {
    /// A key by the name that an agenda entry noted.
    #[must_use]
    pub fn noted(name: String) -> Self {
        Self(name)
    }
}

#[cfg(test)]
impl Key {
    /// Any name at all, to see what a store does about it.
    pub(crate) fn forged(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// Two rows of slots in each minute of the agenda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Recovery requests, in the minute in which they came; so the number of slots is also their rate.
    Requests,
    /// Everything else, in the minute in which it is due.
    Tasks,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Requests, Self::Tasks];

    const fn letter(self) -> char {
        match self {
            Self::Requests => 'r',
            Self::Tasks => 't',
        }
    }
}

pub(crate) fn account(id: &AccountId) -> Key {
    Key(format!("v1:account:{id}"))
}

pub(crate) fn credential(id: &AccountId) -> Key {
    Key(format!("v1:credential:{id}"))
}

pub(crate) fn imported_hash(id: &AccountId) -> Key {
    Key(format!("v1:imported-hash:{id}"))
}

pub(crate) fn foreign_hashes() -> Key {
    Key("v1:foreign-hashes".to_owned())
}

pub(crate) fn change_order(id: &AccountId) -> Key {
    Key(format!("v1:change-order:{id}"))
}

pub(crate) fn account_at(number: i64) -> Key {
    Key(format!("v1:account-at:{number}"))
}

pub(crate) fn accounts() -> CounterKey {
    CounterKey("v1:accounts".to_owned())
}

pub(crate) fn email(digest: &str) -> Key {
    Key(format!("v1:email:{digest}"))
}

pub(crate) fn recovery(account: &AccountId) -> Key {
    Key(format!("v1:recovery:{account}"))
}

pub(crate) fn request(id: &ChallengeId) -> Key {
    Key(format!("v1:request:{id}"))
}

pub(crate) fn token(reference: &TokenReference) -> Key {
    Key(format!("v1:token:{}", reference.as_str()))
}

pub(crate) fn outbox(id: &EmailId) -> Key {
    Key(format!("v1:outbox:{id}"))
}

pub(crate) fn email_feedback(id: &EmailId) -> Key {
    Key(format!("v1:email-feedback:{id}"))
}

pub(crate) fn email_at(number: i64) -> Key {
    Key(format!("v1:email-at:{number}"))
}

pub(crate) fn emails() -> CounterKey {
    CounterKey("v1:emails".to_owned())
}

pub(crate) fn event(account: &AccountId, sequence: i64) -> Key {
    Key(format!("v1:event:{account}:{sequence}"))
}

pub(crate) fn agenda(lane: Lane, minute: u64, slot: i64) -> Key {
    Key(format!("v1:agenda:{}:{minute}:{slot}", lane.letter()))
}

pub(crate) fn agenda_hour(hour: u64) -> Key {
    Key(format!("v1:agenda-hour:{hour}"))
}

pub(crate) fn agenda_day(day: u64) -> Key {
    Key(format!("v1:agenda-day:{day}"))
}

pub(crate) fn agenda_cursor() -> Key {
    Key("v1:agenda-cursor".to_owned())
}

pub(crate) fn epoch(account: &AccountId) -> CounterKey {
    CounterKey(format!("v1:epoch:{account}"))
}

pub(crate) fn events(account: &AccountId) -> CounterKey {
    CounterKey(format!("v1:events:{account}"))
}

pub(crate) fn attempts(account: &AccountId, day: u64) -> CounterKey {
    CounterKey(format!("v1:attempts:{account}:{day}"))
}

pub(crate) fn challenge_claim(serial: &ChallengeSerial) -> CounterKey {
    CounterKey(format!("v1:claim:{serial}"))
}

pub(crate) fn token_claim(reference: &TokenReference) -> CounterKey {
    CounterKey(format!("v1:claim:{}", reference.as_str()))
}

pub(crate) fn slots(lane: Lane, minute: u64) -> CounterKey {
    CounterKey(format!("v1:slots:{}:{minute}", lane.letter()))
}

pub(crate) fn lease(name: &str, window: u64) -> CounterKey {
    CounterKey(format!("v1:lease:{name}:{window}"))
}

pub(crate) fn limit(name: &str, window: u64, client: &str) -> CounterKey {
    CounterKey(format!("v1:limit:{name}:{window}:{client}"))
}
