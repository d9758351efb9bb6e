//! Global ids, by which clients identify users and their parts: base64url of `<type>:<id>`, without padding.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::model::id::AccountId;

/// The type of an id. All three contain the account's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The account.
    User,
    /// The address that it signs in with.
    Identity,
    /// Its password.
    Authenticator,
}

impl Kind {
    const ALL: [Self; 3] = [Self::User, Self::Identity, Self::Authenticator];

    const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Identity => "Identity",
            Self::Authenticator => "Authenticator",
        }
    }

    /// The global id of this kind for an account.
    pub(super) fn of(self, account: &AccountId) -> async_graphql::ID {
        let text = format!("{}:{account}", self.name());
        Base64UrlUnpadded::encode_string(text.as_bytes()).into()
    }
}

/// The parts of `id`; `None` for anything but a global id of one of the kinds.
pub(super) fn parse(id: &str) -> Option<(Kind, AccountId)> {
    let bytes = Base64UrlUnpadded::decode_vec(id).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    // An account's own id may contain a colon.
    let (name, id) = text.split_once(':')?;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == name)?;
    Some((kind, AccountId::parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_whatever_it_is_made_of() {
        for text in ["ann", "auth0|5f7c", "a:b", "a/b+c=d"] {
            let account = AccountId::parse(text).unwrap();
            for kind in Kind::ALL {
                let id = kind.of(&account);
                assert!(!id.contains('='), "{id:?}");
                assert_eq!(parse(&id), Some((kind, account.clone())));
            }
        }
        assert_eq!(
            &*Kind::User.of(&AccountId::parse("bob").unwrap()),
            "VXNlcjpib2I"
        );
    }

    #[test]
    fn garbage_and_other_kinds_name_nothing() {
        let encode = |text: &str| Base64UrlUnpadded::encode_string(text.as_bytes());
        for id in [
            String::new(),
            "bob".to_owned(),
            "VXNlcjpib2I=".to_owned(),
            "\u{fffd}".to_owned(),
            encode("User"),
            encode("User:"),
            encode("user:bob"),
            encode("Role:bob"),
            encode("User:a b"),
        ] {
            assert_eq!(parse(&id), None, "{id}");
        }
    }
}
