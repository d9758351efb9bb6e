//! API keys in the form that the variable `api_keys` takes.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A permission that a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    UsersRead,
    UsersWrite,
    UsersDelete,
    UsersHashes,
    Reset,
    Events,
    EmailsRead,
    EmailsRetry,
    Courier,
    SignIn,
}

impl Scope {
    /// The scopes that open calls by themselves. `users:hashes` only adds to another one.
    pub(crate) const ALL: [Self; 9] = [
        Self::UsersRead,
        Self::UsersWrite,
        Self::UsersDelete,
        Self::Reset,
        Self::Events,
        Self::EmailsRead,
        Self::EmailsRetry,
        Self::Courier,
        Self::SignIn,
    ];

    /// The words that keys and tokens may have, and what each opens. The last line, and the second scope of `events`
    /// and of `courier`, are there for keys of earlier versions.
    pub(crate) const WORDS: [(&str, &[Self]); 10] = [
        ("users:read", &[Self::UsersRead]),
        ("users:write", &[Self::UsersWrite]),
        ("users:delete", &[Self::UsersDelete]),
        ("users:hashes", &[Self::UsersHashes]),
        ("reset", &[Self::Reset]),
        ("events", &[Self::Events, Self::EmailsRead]),
        ("emails", &[Self::EmailsRead, Self::EmailsRetry]),
        ("courier", &[Self::Courier, Self::EmailsRetry]),
        ("sign-in", &[Self::SignIn]),
        (
            "users",
            &[Self::UsersRead, Self::UsersWrite, Self::UsersDelete],
        ),
    ];

    /// The word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UsersRead => "users:read",
            Self::UsersWrite => "users:write",
            Self::UsersDelete => "users:delete",
            Self::UsersHashes => "users:hashes",
            Self::Reset => "reset",
            Self::Events => "events",
            Self::EmailsRead | Self::EmailsRetry => "emails",
            Self::Courier => "courier",
            Self::SignIn => "sign-in",
        }
    }

    /// The words that do not open it.
    pub(crate) fn other_words(self) -> impl Iterator<Item = &'static str> {
        let others = Self::WORDS
            .into_iter()
            .filter(move |(_, opened)| !opened.contains(&self));
        others.map(|(word, _)| word)
    }
}

/// One key for each word, and one that has them all.
pub(super) struct ApiKeys {
    by_word: Vec<(&'static str, String)>,
    all_scopes: String,
}

impl ApiKeys {
    pub(super) fn generate() -> Self {
        let key = |(word, _): (&'static str, _)| (word, bearer(word));
        Self {
            by_word: Scope::WORDS.into_iter().map(key).collect(),
            all_scopes: bearer("portal"),
        }
    }

    pub(super) fn only(&self, word: &str) -> &str {
        let key = self.by_word.iter().find(|(of, _)| *of == word);
        &key.expect("there is a key for every word").1
    }

    pub(super) fn all_scopes(&self) -> &str {
        &self.all_scopes
    }

    /// The value of the variable `api_keys`.
    pub(super) fn variable(&self) -> String {
        let all: Vec<&str> = self.by_word.iter().map(|(word, _)| *word).collect();
        let mut entries = vec![entry("portal", &self.all_scopes, &all)];
        entries.extend(
            self.by_word
                .iter()
                .map(|(word, key)| entry(word, key, &[word])),
        );
        Value::Array(entries).to_string()
    }
}

fn bearer(id: &str) -> String {
    format!("kb_{id}_{}", hex(&super::random_bytes(32)))
}

fn entry(id: &str, bearer: &str, scopes: &[&str]) -> Value {
    json!({ "id": id, "sha256": hex(&Sha256::digest(bearer)), "scopes": scopes })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every write");
        text
    })
}
