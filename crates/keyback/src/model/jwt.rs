//! JSON Web Tokens (RFC 7519, RFC 8725) that a portal's identity provider signs for calls to the administrator's API.

use std::time::Duration;

use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use crate::base::timestamp::Timestamp;

mod crypto;
mod key_set;
#[cfg(test)]
mod tests;

pub use key_set::KeySet;

/// In bytes. Longer tokens are refused unread.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Maximum time from now until a token expires.
const MAX_LIFE: Duration = Duration::from_mins(10);
/// Tolerated clock skew of the issuer, at the beginning and end of a token's life.
const LEEWAY: Duration = Duration::from_secs(30);
/// The same for tokens of a marked key; Authgear tolerates the same.
const MARKED_LEEWAY: Duration = Duration::from_mins(5);
/// The most bytes of JSON in `audit_context`.
const MAX_AUDIT_CONTEXT_BYTES: usize = 2 * 1024;
/// The most levels of objects and lists in it. It is stored inside an event, and `serde_json` reads 127 levels in all.
const MAX_AUDIT_CONTEXT_LEVELS: usize = 16;
/// What events call users and Keyback itself: no caller may pass for them.
const RESERVED_SUBJECTS: [&str; 2] = ["user", "system"];
/// The most bytes in `sub`.
const MAX_SUBJECT_BYTES: usize = 255;

/// The trusted keys and the audience that tokens are checked against.
#[derive(Debug, Clone)]
pub struct JwtTrust {
    /// The issuer's public keys.
    pub keys: KeySet,
    /// What `aud` must be or contain.
    pub audience: String,
}

/// What a token says once its signature, audience and times are checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedJwt {
    /// Its subject; if it has none, the id of the key that signed it.
    pub bearer: String,
    /// The words of `scope` (RFC 8693 §4.2). Unknown ones are ignored.
    pub scopes: Vec<String>,
    /// `audit_context`: an object or a string, stored in events.
    pub audit_context: Option<Value>,
}

/// The token is invalid. The reason is neither returned nor logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a good token")]
pub struct InvalidJwt;

/// The claims that are checked, except `aud`. A duplicate claim is an error.
#[derive(Deserialize)]
struct Claims {
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    sub: Option<String>,
    scope: Option<String>,
    audit_context: Option<Value>,
}

impl JwtTrust {
    /// Verifies `token`. The key is found by `kid`, the algorithm is the key's, and the token's `alg` must be the same.
    ///
    /// # Errors
    /// [`InvalidJwt`] unless the token is signed by one of the keys, is for this audience, is valid at `now` and
    /// expires within ten minutes. Keys marked with `keyback_scopes` do not count here.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedJwt, InvalidJwt> {
        self.verify_under(token, now, None)
    }

    /// As [`JwtTrust::verify`], but also accepts tokens of marked keys: these have the scopes of their key, and need
    /// neither `exp` nor `scope`.
    ///
    /// # Errors
    /// [`InvalidJwt`] as there. A token of a marked key may live for `longest` at most: until its `exp`, or counted
    /// from its `iat` if it has no `exp`. One without both is refused, since it would never expire.
    pub fn verify_marked(
        &self,
        token: &str,
        now: Timestamp,
        longest: Duration,
    ) -> Result<VerifiedJwt, InvalidJwt> {
        self.verify_under(token, now, Some(longest))
    }

    fn verify_under(
        &self,
        token: &str,
        now: Timestamp,
        longest: Option<Duration>,
    ) -> Result<VerifiedJwt, InvalidJwt> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(InvalidJwt);
        }
        crypto::install();
        let header = decode_header(token).map_err(|_| InvalidJwt)?;
        if !is_plain(&header) {
            return Err(InvalidJwt);
        }
        let key = self.keys.find(header.kid.as_deref()).ok_or(InvalidJwt)?;
        let marked = match (&key.scopes, longest, &header.kid) {
            (None, _, _) => None,
            (Some(scopes), Some(longest), Some(_)) => Some((scopes, longest)),
            (Some(_), _, _) => return Err(InvalidJwt),
        };
        let mut validation = Validation::new(key.algorithm);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["aud"]);
        // The crate would use the machine's clock; times are checked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let mut claims: Claims = decode(token, &key.key, &validation)
            .map_err(|_| InvalidJwt)?
            .claims;
        let timely = match marked {
            None => claims.is_timely(now),
            Some((_, longest)) => claims.is_timely_if_marked(now, longest),
        };
        if timely != Some(true) {
            return Err(InvalidJwt);
        }
        if let Some((scopes, _)) = marked {
            claims.scope = Some(scopes.join(" "));
            claims.audit_context = claims.audit_context.filter(Value::is_object);
        }
        claims.verified(header.kid)
    }
}

/// Whether the header has only what Keyback supports: no key or certificate of its own, no critical extension, no
/// encryption, compression or nesting, and no other token type.
fn is_plain(header: &Header) -> bool {
    let is_access_token = header.typ.as_deref().is_none_or(|typ| {
        let typ = typ.to_ascii_lowercase();
        matches!(
            typ.strip_prefix("application/").unwrap_or(&typ),
            "jwt" | "at+jwt"
        )
    });
    is_access_token
        && header.jwk.is_none()
        && header.jku.is_none()
        && header.x5u.is_none()
        && header.x5c.is_none()
        && header.crit.is_none()
        && header.cty.is_none()
        && header.enc.is_none()
        && header.zip.is_none()
}

impl Claims {
    /// `None` without `exp`, or if a time is absurd.
    fn is_timely(&self, now: Timestamp) -> Option<bool> {
        let expires_at = numeric_date(self.exp?)?;
        let is_good = now < expires_at.plus(LEEWAY) && expires_at <= now.plus(MAX_LIFE);
        Some(self.has_begun(now.plus(LEEWAY)) && is_good)
    }

    /// The same for a token of a marked key, which may live for `longest` at most.
    fn is_timely_if_marked(&self, now: Timestamp, longest: Duration) -> Option<bool> {
        let last = match self.exp {
            Some(seconds) => {
                let expires_at = numeric_date(seconds)?;
                Some(expires_at).filter(|at| *at <= now.plus(longest))?
            }
            None => numeric_date(self.iat?)?.plus(longest),
        };
        Some(self.has_begun(now.plus(MARKED_LEEWAY)) && now < last.plus(MARKED_LEEWAY))
    }

    fn has_begun(&self, latest: Timestamp) -> bool {
        let mut begins = [self.nbf, self.iat].into_iter().flatten();
        begins.all(|time| numeric_date(time).is_some_and(|time| time <= latest))
    }

    fn verified(self, key_id: Option<String>) -> Result<VerifiedJwt, InvalidJwt> {
        let is_bounded = |text: &String| {
            (1..=MAX_SUBJECT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        let is_kept = match &self.audit_context {
            None => true,
            Some(context @ (Value::Object(_) | Value::String(_))) => {
                has_levels(context, MAX_AUDIT_CONTEXT_LEVELS)
                    && context.to_string().len() <= MAX_AUDIT_CONTEXT_BYTES
            }
            Some(_) => false,
        };
        let is_own = |text: &String| !RESERVED_SUBJECTS.contains(&text.as_str());
        if !is_kept || !self.sub.iter().all(|text| is_bounded(text) && is_own(text)) {
            return Err(InvalidJwt);
        }
        let scopes = self.scope.unwrap_or_default();
        Ok(VerifiedJwt {
            bearer: self.sub.or(key_id).unwrap_or_else(|| "jwt".to_owned()),
            scopes: scopes.split(' ').map(str::to_owned).collect(),
            audit_context: self.audit_context,
        })
    }
}

/// Whether objects and lists are nested at most `most` deep.
fn has_levels(value: &Value, most: usize) -> bool {
    let has_fewer = |below: &Value| {
        most.checked_sub(1)
            .is_some_and(|most| has_levels(below, most))
    };
    match value {
        Value::Object(members) => most > 0 && members.values().all(has_fewer),
        Value::Array(items) => most > 0 && items.iter().all(has_fewer),
        _ => true,
    }
}

/// A `NumericDate`: seconds since 1970, possibly with a fraction.
fn numeric_date(seconds: f64) -> Option<Timestamp> {
    let since_1970 = Duration::try_from_secs_f64(seconds).ok()?;
    let millis = u64::try_from(since_1970.as_millis()).ok()?;
    Some(Timestamp::from_unix_millis(millis))
}
