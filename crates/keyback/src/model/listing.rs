//! The terms by which administrators find an account.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::email_address::to_ascii;
use crate::model::id::AccountId;

/// The terms that find an account, and its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The id, which searches match at its beginning.
    pub id: AccountId,
    /// The address in ASCII lower case, with its domain in ASCII form.
    pub address: String,
    /// Whether it is disabled, has a password, and must change it.
    pub state: AccountState,
}

/// No address, domain or id is longer, in characters.
const MAX_BEGINNING: usize = 254;

/// The beginning of an address, a domain or an id, in lower case; empty matches all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Beginning(String);

impl Beginning {
    /// Reads user input: case makes no difference, a whole international domain is converted to ASCII, and surrounding
    /// blanks are dropped, as is the `@` that people put before a domain.
    ///
    /// # Errors
    /// If it is too long for anything to begin with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.chars().count() > MAX_BEGINNING {
            return Err("is longer than any address or ID");
        }
        let text = text.trim();
        let text = text.strip_prefix('@').unwrap_or(text);
        if text.is_ascii() {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        let (local, domain) = match text.split_once('@') {
            Some((local, domain)) => (format!("{local}@"), domain),
            None => (String::new(), text),
        };
        let domain = to_ascii(domain).unwrap_or(Cow::Borrowed(domain));
        Ok(Self(format!("{local}{domain}").to_ascii_lowercase()))
    }

    /// In lower case, without surrounding blanks; empty matches everything.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it matches everything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The states that accounts are filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub struct AccountState {
    /// It may neither sign in nor recover.
    pub disabled: bool,
    /// It has no password.
    pub no_password: bool,
    /// Its password must be changed at the next sign-in.
    pub must_change: bool,
}

const DISABLED: u8 = 1;
const NO_PASSWORD: u8 = 2;
const MUST_CHANGE: u8 = 4;

impl From<u8> for AccountState {
    fn from(bits: u8) -> Self {
        Self {
            disabled: bits & DISABLED != 0,
            no_password: bits & NO_PASSWORD != 0,
            must_change: bits & MUST_CHANGE != 0,
        }
    }
}

impl From<AccountState> for u8 {
    fn from(state: AccountState) -> Self {
        let bit = |is_set, bit| if is_set { bit } else { 0 };
        bit(state.disabled, DISABLED)
            | bit(state.no_password, NO_PASSWORD)
            | bit(state.must_change, MUST_CHANGE)
    }
}

/// Which states to match; `None` matches either.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateFilter {
    /// Whether the account is disabled.
    pub disabled: Option<bool>,
    /// Whether it has no password.
    pub no_password: Option<bool>,
    /// Whether its password must be changed.
    pub must_change: Option<bool>,
}

impl StateFilter {
    /// Whether `state` matches.
    #[must_use]
    pub fn accepts(self, state: AccountState) -> bool {
        let is_sought = |sought: Option<bool>, value| sought.is_none_or(|sought| sought == value);
        is_sought(self.disabled, state.disabled)
            && is_sought(self.no_password, state.no_password)
            && is_sought(self.must_change, state.must_change)
    }
}

impl Listing {
    /// The terms whose beginnings find it, in lower case: its address, the address's domain, and its id.
    #[must_use]
    pub fn terms(&self) -> [String; 3] {
        let domain = self
            .address
            .split_once('@')
            .map_or("", |(_, domain)| domain);
        [
            self.address.clone(),
            domain.to_owned(),
            self.id.as_str().to_ascii_lowercase(),
        ]
    }

    /// Whether one of its terms begins with `beginning`.
    #[must_use]
    pub fn begins_with(&self, beginning: &Beginning) -> bool {
        let mut terms = self.terms().into_iter();
        terms.any(|term| term.starts_with(beginning.as_str()))
    }
}
