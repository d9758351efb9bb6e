//! The names of what is in the store. Counters have their own type: writing a value over one can take the whole store
//! down, and reading one as a value gives nothing useful.

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

macro_rules! new {
    ($($name:ident),+) => {
        $(impl $name {
            /// The table of all keys is `store::keys`: nothing else makes one.
            pub(crate) const fn new(name: String) -> Self {
                Self(name)
            }
        })+
    };
}
new!(Key, CounterKey);

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
    /// A key from a name in an agenda entry. `None` for a name that no store accepts, as a tampered record may contain:
    /// nothing can be stored under it.
    #[must_use]
    pub fn noted(name: String) -> Option<Self> {
        is_portable(&name).then_some(Self(name))
    }
}

/// Whether every store accepts the name: 1 to 200 characters of `[A-Za-z0-9_.:-]`.
pub(crate) fn is_portable(name: &str) -> bool {
    (1..=200).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_.:-".contains(&byte))
}

#[cfg(any(test, feature = "fuzzing"))]
impl Key {
    /// Any name at all, to test how a store reacts.
    pub(crate) fn forged(name: &str) -> Self {
        Self(name.to_owned())
    }
}
