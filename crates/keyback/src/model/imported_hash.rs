//! Hashes made elsewhere, until and after the first right sign-in.

use serde::{Deserialize, Serialize};

use crate::model::credential::Credential;
use crate::model::password_hash::PasswordHash;

/// A hash made elsewhere or, from the first right sign-in on, Keyback's own hash of the same password.
///
/// It stands beside the credential, which holds a [stand-in](PasswordHash::stand_in) for it, and counts only as long as
/// that is so. Whoever sets a new password writes the credential; whoever hashes the old one anew writes only this: so
/// it can never bring an old password back, and the old hash is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedHash {
    /// The stand-in for the hash that the credential was given.
    pub of: PasswordHash,
    /// That hash, or a newer one of the same password.
    pub hash: PasswordHash,
}

impl Credential {
    /// The credential as it is stored, and the hash to store beside it if that is not one of Keyback's own.
    #[must_use]
    pub fn set_apart(mut self) -> (Self, Option<ImportedHash>) {
        if !self.hash.needs_rehash() {
            return (self, None);
        }
        let of = self.hash.stand_in();
        let hash = std::mem::replace(&mut self.hash, of.clone());
        (self, Some(ImportedHash { of, hash }))
    }

    /// The hash to check a password against, given what stands beside the credential.
    #[must_use]
    pub fn current_hash<'a>(
        &'a self,
        beside: Option<&'a ImportedHash>,
    ) -> Option<&'a PasswordHash> {
        beside
            .filter(|beside| beside.of == self.hash.stand_in())
            .map(|beside| &beside.hash)
            .or_else(|| Some(&self.hash).filter(|hash| !hash.is_stand_in()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::credential::SetBy;
    use crate::model::password::Password;
    use crate::model::timestamp::Timestamp;
    use crate::testing::{SeededRandom, hash_cheaply};

    const FOREIGN: &str = "$2b$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW";

    fn credential(hash: PasswordHash) -> Credential {
        Credential {
            hash,
            set_at: Timestamp::from_unix_millis(0),
            set_by: SetBy::Administrator,
            must_change: false,
            expires_at: None,
            epoch: 1,
            account_number: 1,
        }
    }

    #[test]
    fn a_hash_made_elsewhere_is_not_stored_with_the_credential() {
        let foreign = PasswordHash::parse(FOREIGN).unwrap();
        let (stored, beside) = credential(foreign.clone()).set_apart();
        assert!(stored.hash.is_stand_in());
        assert_eq!(stored.current_hash(beside.as_ref()), Some(&foreign));
        assert_eq!(stored.current_hash(None), None);
        assert_eq!(PasswordHash::parse(stored.hash.reveal()).ok(), None);
    }

    #[test]
    fn a_newer_hash_counts_only_while_the_credential_has_the_old_one() {
        hash_cheaply();
        let random = SeededRandom::new(1);
        let (stored, beside) = credential(PasswordHash::parse(FOREIGN).unwrap()).set_apart();
        let newer = Password::new("a").hash(&random).unwrap();
        let beside = ImportedHash {
            hash: newer.clone(),
            ..beside.unwrap()
        };
        assert_eq!(stored.current_hash(Some(&beside)), Some(&newer));

        let reset = Password::new("b").hash(&random).unwrap();
        let (stored, none) = credential(reset.clone()).set_apart();
        assert_eq!(none, None);
        assert_eq!(stored.current_hash(Some(&beside)), Some(&reset));
    }

    #[test]
    fn a_hash_stored_with_the_credential_can_be_replaced_as_well() {
        let foreign = PasswordHash::parse(FOREIGN).unwrap();
        let stored = credential(foreign.clone());
        assert_eq!(stored.current_hash(None), Some(&foreign));
        let newer = PasswordHash::parse(&FOREIGN.replace("2b", "2y")).unwrap();
        let beside = ImportedHash {
            of: foreign.stand_in(),
            hash: newer.clone(),
        };
        assert_eq!(stored.current_hash(Some(&beside)), Some(&newer));
    }
}
