//! API keys and tokens: who may call the administrator's API.

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::model::client_address::ProxyTrust;
use crate::model::jwt::JwtTrust;
use crate::settings::{Section, Values};

/// The scope that a call needs. [`Scope::opened_by`] maps words to scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// See accounts.
    UsersRead,
    /// Create and change accounts.
    UsersWrite,
    /// Delete accounts, and reuse their ids and addresses at once.
    UsersDelete,
    /// Export password hashes.
    UsersHashes,
    /// Set or generate passwords, require changes, start recoveries.
    Reset,
    /// Read events.
    Events,
    /// Read the status of emails.
    EmailsRead,
    /// Send failed emails again.
    EmailsRetry,
    /// Run the courier.
    Courier,
    /// Verify passwords.
    SignIn,
}

impl Scope {
    /// The scopes of a word in `api_keys` or in a token's `scope`; `None` if there is no such word. `users`, and the
    /// second scope of `events` and `courier`, are what these words meant before there were finer ones.
    #[must_use]
    pub fn opened_by(word: &str) -> Option<&'static [Self]> {
        Some(match word {
            "users" => &[Self::UsersRead, Self::UsersWrite, Self::UsersDelete],
            "users:read" => &[Self::UsersRead],
            "users:write" => &[Self::UsersWrite],
            "users:delete" => &[Self::UsersDelete],
            "users:hashes" => &[Self::UsersHashes],
            "reset" => &[Self::Reset],
            "events" => &[Self::Events, Self::EmailsRead],
            "emails" => &[Self::EmailsRead, Self::EmailsRetry],
            "courier" => &[Self::Courier, Self::EmailsRetry],
            "sign-in" => &[Self::SignIn],
            _ => return None,
        })
    }

    /// Whether one of these words opens the scope. Unknown words open nothing.
    pub(crate) fn is_opened_by<'a>(self, words: impl IntoIterator<Item = &'a String>) -> bool {
        words
            .into_iter()
            .any(|word| Self::opened_by(word).is_some_and(|scopes| scopes.contains(&self)))
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
    /// The words for the calls that it may make, all of them known.
    pub scopes: Vec<String>,
}

/// The shortest secret of a bearer string, in bytes. 32 hexadecimal digits are 128 bits.
const SHORTEST_SECRET: usize = 32;
const BAD_FORM: &str = "is not in the form kb_<id>_<secret> with a secret of at least 32 bytes";
/// What people use as a secret until they remember to change it.
const PLACEHOLDERS: [&str; 16] = [
    "",
    "admin",
    "api-key",
    "apikey",
    "change-me",
    "change_me",
    "changeme",
    "default",
    "demo",
    "dev",
    "key",
    "keyback",
    "password",
    "secret",
    "test",
    "token",
];

impl ApiKey {
    /// Parses an entry, more strictly if `is_check`.
    fn read(entry: Value, is_check: bool) -> Result<Self, &'static str> {
        let key = Self::deserialize(entry);
        let key = key.map_err(|_| "must have exactly id, sha256 and scopes")?;
        if !key
            .scopes
            .iter()
            .all(|word| Scope::opened_by(word).is_some())
        {
            return Err("has an unknown scope");
        }
        match key.fault(is_check) {
            Some(fault) => Err(fault),
            None => Ok(key),
        }
    }

    /// The fault of the entry, to follow "entry 2 …". A digest does not reveal the form of its text, but the digests of
    /// placeholders are known. They are only looked for if `is_check`, since that takes longer than everything else.
    fn fault(&self, is_check: bool) -> Option<&'static str> {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if self.id.is_empty() || self.id.contains(char::is_whitespace) {
            return Some("needs an id without spaces");
        }
        if self.sha256.len() != 64 || !self.sha256.bytes().all(is_hex) {
            return Some("needs a sha256 of 64 lower-case hexadecimal digits");
        }
        let is_of = |text: &str| self.sha256 == digest(text);
        let is_placeholder = is_check
            && (is_of(&self.id)
                || PLACEHOLDERS
                    .iter()
                    .any(|text| is_of(text) || is_of(&format!("kb_{}_{text}", self.id))));
        is_placeholder.then_some(BAD_FORM)
    }

    /// Whether a bearer string has the required form: `kb_<id>_<secret>`, with a secret that is not too short. Its
    /// digest cannot show that.
    fn is_form_of(&self, bearer: &str) -> bool {
        let rest = bearer.strip_prefix("kb_");
        let rest = rest.and_then(|rest| rest.strip_prefix(&*self.id));
        let secret = rest.and_then(|rest| rest.strip_prefix('_'));
        secret.is_some_and(|secret| secret.len() >= SHORTEST_SECRET)
    }
}

fn digest(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text.as_bytes()))
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

    /// Parses the variable `api_keys`, more strictly if `is_check`.
    ///
    /// # Errors
    /// What is not as documented, with the number of the entry.
    pub fn parse(text: &str, is_check: bool) -> Result<Self, String> {
        // Parsed as bytes: parsing a string would add a second JSON parser to the component.
        let entries: Vec<Value> = serde_json::from_slice(text.as_bytes())
            .map_err(|_| "must be a JSON array of keys".to_owned())?;
        let mut keys: Vec<ApiKey> = Vec::new();
        for (number, entry) in (1_u32..).zip(entries) {
            let key =
                ApiKey::read(entry, is_check).map_err(|fault| format!("entry {number} {fault}"))?;
            // Only one of the two would count, and it would be unclear which.
            if keys.iter().any(|earlier| earlier.sha256 == key.sha256) {
                return Err(format!(
                    "entry {number} repeats the sha256 of an earlier one"
                ));
            }
            keys.push(key);
        }
        Ok(Self {
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

    /// The key with this bearer string, if the string has the form `kb_<id>_<secret>` with a secret of at least 32
    /// bytes. Every key is compared, each in constant time.
    #[must_use]
    pub fn find(&self, bearer: &str) -> Option<&ApiKey> {
        let digest = digest(bearer);
        let found = self.keys.iter().fold(None, |found, key| {
            let equal: bool = key.sha256.as_bytes().ct_eq(digest.as_bytes()).into();
            if equal { Some(key) } else { found }
        });
        found.filter(|key| key.is_form_of(bearer))
    }
}

impl Section for Access {
    fn read(values: &Values) -> Option<Self> {
        let access = values.read_or_why("api_keys", |text| Self::parse(text, values.is_check));
        let jwt = Option::<JwtTrust>::read(values);
        let trust = ProxyTrust::read(values);
        let access = Self {
            jwt: jwt?,
            trust: trust?,
            ..access?
        };
        let runs_courier = |key: &ApiKey| Scope::Courier.is_opened_by(&key.scopes);
        let has_no_url = || values.text("courier_url_token").is_none_or(str::is_empty);
        if access.jwt.is_none() && !access.keys.iter().any(runs_courier) && has_no_url() {
            values.warn(
                "api_keys",
                "no key has the scope courier, so no scheduler can retry failed emails",
            );
        }
        Some(access)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "kb_all_0123456789abcdef0123456789abcdef";
    const DIGEST: &str = "39550e94970db91e64a2f27fdcabe4d65a207ecd5ca0b614edff18ac8ca3851d";

    #[test]
    fn finds_a_key_by_its_whole_bearer_string() {
        let other = "0".repeat(64);
        let keys = format!(
            r#"[{{"id":"other","sha256":"{other}","scopes":[]}},{{"id":"all","sha256":"{DIGEST}","scopes":["sign-in"]}}]"#,
        );
        let access = Access::parse(&keys, false).unwrap();
        let found = access.find(KEY).unwrap();
        assert_eq!(found.id, "all");
        assert_eq!(found.scopes, ["sign-in"]);
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
    fn a_key_that_anyone_could_guess_opens_nothing_and_is_named() {
        let good = format!(r#"{{"id":"all","sha256":"{DIGEST}","scopes":[]}}"#);
        for bearer in [
            "changeme",
            "",
            "kb_x_changeme",
            "kb_x_",
            "x",
            "kb_x_0123456789",
            "0123456789abcdef0123456789abcdef",
            "kb_y_0123456789abcdef0123456789abcdef",
        ] {
            let keys = format!(
                r#"[{good},{{"id":"x","sha256":"{}","scopes":["users"]}}]"#,
                digest(bearer)
            );
            let access = Access::parse(&keys, false).unwrap();
            assert!(access.find(bearer).is_none(), "{bearer}");
            assert!(access.find(KEY).is_some());
            if bearer.len() < 15 && bearer != "kb_x_0123456789" {
                let why = Access::parse(&keys, true).unwrap_err();
                assert_eq!(
                    why,
                    "entry 2 is not in the form kb_<id>_<secret> with a secret of at least 32 bytes"
                );
            }
        }
        assert!(Access::parse(&format!("[{good}]"), true).is_ok());
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
            &format!(r#"[{{"id":"a","sha256":"{DIGEST}","scopes":["users","users:"]}}]"#),
            &format!(r#"[{{"id":"a","sha256":"{DIGEST}","scopes":[],"x":1}}]"#),
        ] {
            assert!(Access::parse(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_key_that_stands_there_twice_and_a_scope_that_there_is_not_are_named() {
        let other = "0".repeat(64);
        let entry = |digest: &str, scope: &str| {
            format!(r#"{{"id":"a","sha256":"{digest}","scopes":["{scope}"]}}"#)
        };
        for (entries, why) in [
            (
                [entry(DIGEST, "users"), entry(DIGEST, "reset")],
                "entry 2 repeats the sha256 of an earlier one",
            ),
            (
                [entry(DIGEST, "users"), entry(&other, "Users")],
                "entry 2 has an unknown scope",
            ),
        ] {
            let refused = Access::parse(&format!("[{}]", entries.join(",")), false).unwrap_err();
            assert_eq!(refused, why);
        }
        // During a rotation, one name has two keys.
        let both = [entry(DIGEST, "users"), entry(&other, "users")].join(",");
        assert!(Access::parse(&format!("[{both}]"), true).is_ok());
    }
}
