//! When recovery emails to an account were issued, and who asked for them.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::client_address::ClientAddress;
use crate::model::id::AccountId;
use crate::model::keyring::{KeyUse, Keyring};

/// How many characters of a digest distinguish networks: 66 bits.
const DIGEST_CHARACTERS: usize = 11;

/// The network that a recovery request came from, as a keyed digest that differs for each account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Asker(String);

impl Asker {
    /// The network of `client`, which requests a recovery of `account`.
    #[must_use]
    pub fn new(keyring: &Keyring, account: &AccountId, client: ClientAddress) -> Self {
        let parts = [b"asker", account.as_str().as_bytes(), &client.network()];
        let digest = keyring.digest(KeyUse::Clients, &parts);
        Self(digest.as_name().chars().take(DIGEST_CHARACTERS).collect())
    }
}

/// A recovery email that counts against `limit_account`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Layout", into = "Layout")]
pub struct IssuedMail {
    /// When it was issued.
    pub at: Timestamp,
    /// Who asked for it; `None` for an administrator, and in older records.
    pub asker: Option<Asker>,
}

/// The stored form. Older records have the time only.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Layout {
    At(Timestamp),
    For(Timestamp, Asker),
}

impl From<Layout> for IssuedMail {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::At(at) => Self { at, asker: None },
            Layout::For(at, asker) => Self {
                at,
                asker: Some(asker),
            },
        }
    }
}

impl From<IssuedMail> for Layout {
    fn from(mail: IssuedMail) -> Self {
        match mail.asker {
            None => Self::At(mail.at),
            Some(asker) => Self::For(mail.at, asker),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_records_are_read() {
        let stored = r#"[1790000000000,[1790000000001,"abcdefghijk"]]"#;
        let mails: Vec<IssuedMail> = serde_json::from_str(stored).unwrap();
        assert_eq!(mails[0].asker, None);
        assert_eq!(mails[1].asker, Some(Asker("abcdefghijk".to_owned())));
        assert_eq!(serde_json::to_string(&mails).unwrap(), stored);
    }
}
