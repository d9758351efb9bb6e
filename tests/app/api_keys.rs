//! API keys in the form that the variable `api_keys` takes.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// What an API key allows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    Users,
    Reset,
    SignIn,
    Courier,
    Events,
}

impl Scope {
    pub(crate) const ALL: [Self; 5] = [
        Self::Users,
        Self::Reset,
        Self::SignIn,
        Self::Courier,
        Self::Events,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Reset => "reset",
            Self::SignIn => "sign-in",
            Self::Courier => "courier",
            Self::Events => "events",
        }
    }
}

/// One key for each scope, and one that has them all.
pub(super) struct ApiKeys {
    by_scope: Vec<(Scope, String)>,
    all_scopes: String,
}

impl ApiKeys {
    pub(super) fn generate() -> Self {
        let by_scope = Scope::ALL
            .iter()
            .map(|&scope| (scope, bearer(scope.name())))
            .collect();
        Self {
            by_scope,
            all_scopes: bearer("portal"),
        }
    }

    pub(super) fn only(&self, scope: Scope) -> &str {
        let key = self.by_scope.iter().find(|(of, _)| *of == scope);
        &key.expect("there is a key for every scope").1
    }

    pub(super) fn all_scopes(&self) -> &str {
        &self.all_scopes
    }

    /// The value of the variable `api_keys`.
    pub(super) fn variable(&self) -> String {
        let mut entries = vec![entry("portal", &self.all_scopes, &Scope::ALL)];
        entries.extend(
            self.by_scope
                .iter()
                .map(|(scope, key)| entry(scope.name(), key, &[*scope])),
        );
        Value::Array(entries).to_string()
    }
}

fn bearer(id: &str) -> String {
    format!("kb_{id}_{}", hex(&super::random_bytes(32)))
}

fn entry(id: &str, bearer: &str, scopes: &[Scope]) -> Value {
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
    json!({ "id": id, "sha256": hex(&Sha256::digest(bearer)), "scopes": scopes })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every write");
        text
    })
}
