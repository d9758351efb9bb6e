//! API keys and tokens: who may call the administrator's API.

use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::model::client_address::ProxyTrust;
use crate::model::jwt::JwtTrust;
use crate::settings::{Section, Values};

/// A permission of an API key or a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Manage accounts.
    Users,
    /// Set or generate passwords, require changes, start recoveries.
    Reset,
    /// Verify passwords.
    SignIn,
    /// Run the courier, and retry failed emails.
    Courier,
    /// Read events and the status of emails.
    Events,
}

impl Scope {
    /// The word in `api_keys` and in a token's `scope`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Reset => "reset",
            Self::SignIn => "sign-in",
            Self::Courier => "courier",
            Self::Events => "events",
        }
    }
}

/// One API key, as the operator lists it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// Its name, in events and logs.
    pub id: String,
    /// SHA-256 of the whole bearer string, in lower-case hex.
    sha256: String,
    /// The calls that it may make.
    pub scopes: Vec<Scope>,
}

/// All API keys, and the keys of accepted tokens.
#[derive(Debug, Clone)]
pub struct Access {
    keys: Vec<ApiKey>,
    jwt: Option<JwtTrust>,
    trust: ProxyTrust,
}

impl Access {
    /// How to find the caller's address, for events.
    #[must_use]
    pub const fn trust(&self) -> &ProxyTrust {
        &self.trust
    }

    /// Parses the variable `api_keys`; `None` if anything in it is not as documented.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // As bytes: a reader of text would be a second one in the component.
        let keys: Vec<ApiKey> = serde_json::from_slice(text.as_bytes()).ok()?;
        let well_formed = keys.iter().all(|key| {
            !key.id.is_empty()
                && key.sha256.len() == 64
                && key
                    .sha256
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        well_formed.then_some(Self {
            keys,
            jwt: None,
            trust: ProxyTrust::default(),
        })
    }

    /// The keys of accepted tokens; `None` if tokens are refused.
    #[must_use]
    pub const fn jwt(&self) -> Option<&JwtTrust> {
        self.jwt.as_ref()
    }

    /// The key with this bearer string. Every key is compared, each in constant time.
    #[must_use]
    pub fn find(&self, bearer: &str) -> Option<&ApiKey> {
        let digest = base16ct::lower::encode_string(&Sha256::digest(bearer.as_bytes()));
        self.keys.iter().fold(None, |found, key| {
            let equal: bool = key.sha256.as_bytes().ct_eq(digest.as_bytes()).into();
            if equal { Some(key) } else { found }
        })
    }
}

impl Section for Access {
    fn read(values: &Values) -> Option<Self> {
        let access = values.read("api_keys", Self::parse);
        let jwt = Option::<JwtTrust>::read(values);
        let trust = ProxyTrust::read(values);
        Some(Self {
            jwt: jwt?,
            trust: trust?,
            ..access?
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "kb_all_0123456789abcdef0123456789abcdef";
    const DIGEST: &str = "39550e94970db91e64a2f27fdcabe4d65a207ecd5ca0b614edff18ac8ca3851d";

    #[test]
    fn finds_a_key_by_its_whole_bearer_string() {
        let access = Access::parse(&format!(
            r#"[{{"id":"other","sha256":"{0}","scopes":[]}},{{"id":"all","sha256":"{DIGEST}","scopes":["sign-in"]}}]"#,
            "0".repeat(64)
        ))
        .unwrap();
        let found = access.find(KEY).unwrap();
        assert_eq!(found.id, "all");
        assert_eq!(found.scopes, [Scope::SignIn]);
        for wrong in [
            "",
            "kb_all_",
            &KEY[1..],
            &KEY.to_uppercase(),
            &format!("{KEY} "),
        ] {
            assert!(access.find(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn anything_but_the_documented_form_is_refused() {
        for bad in [
            "",
            "{}",
            r#"[{"id":"a"}]"#,
            r#"[{"id":"a","sha256":"00","scopes":[]}]"#,
            &format!(
                r#"[{{"id":"a","sha256":"{}","scopes":[]}}]"#,
                DIGEST.to_uppercase()
            ),
            &format!(r#"[{{"id":"","sha256":"{DIGEST}","scopes":[]}}]"#),
            &format!(r#"[{{"id":"a","sha256":"{DIGEST}","scopes":["root"]}}]"#),
            &format!(r#"[{{"id":"a","sha256":"{DIGEST}","scopes":[],"x":1}}]"#),
        ] {
            assert!(Access::parse(bad).is_none(), "{bad}");
        }
    }
}
