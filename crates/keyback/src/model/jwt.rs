//! JSON Web Tokens (RFC 7519, RFC 8725) that a portal's identity provider signs for calls of the administrator's API.

use std::time::Duration;

use jsonwebtoken::{Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use crate::model::timestamp::Timestamp;

mod crypto;
mod key_set;
#[cfg(test)]
mod tests;

pub use key_set::KeySet;

/// Longer tokens are refused unread, in bytes.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Maximum time until a token expires.
const MAX_LIFE: Duration = Duration::from_mins(10);
/// Tolerated difference of the issuer's clock at the token's beginning and end.
const LEEWAY: Duration = Duration::from_secs(30);
/// The most bytes of JSON in `audit_context`.
const MAX_AUDIT_CONTEXT_BYTES: usize = 2 * 1024;
/// The most bytes in `sub`.
const MAX_SUBJECT_BYTES: usize = 255;

/// Which tokens are accepted: by key and audience.
#[derive(Debug, Clone)]
pub struct JwtTrust {
    /// The issuer's public keys.
    pub keys: KeySet,
    /// What `aud` must be or contain.
    pub audience: String,
}

/// A verified token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedJwt {
    /// Its subject; if it has none, the id of the key that signed it.
    pub bearer: String,
    /// The words of `scope` (RFC 8693 §4.2). Unknown ones are ignored.
    pub scopes: Vec<String>,
    /// `audit_context`: an object or a string that events keep.
    pub audit_context: Option<Value>,
}

/// The token is invalid. The reason is neither returned nor logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a good token")]
pub struct InvalidJwt;

/// The claims that are checked, except `aud`. A duplicate claim is an error.
#[derive(Deserialize)]
struct Claims {
    exp: f64,
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
    /// [`InvalidJwt`] for everything else than a token that is signed by one of the keys, for this audience, valid at
    /// `now` and at most ten minutes longer.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<VerifiedJwt, InvalidJwt> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(InvalidJwt);
        }
        crypto::install();
        let header = decode_header(token).map_err(|_| InvalidJwt)?;
        if !is_plain(&header) {
            return Err(InvalidJwt);
        }
        let key = self.keys.find(header.kid.as_deref()).ok_or(InvalidJwt)?;
        let mut validation = Validation::new(key.algorithm);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "aud"]);
        // The crate would ask the machine's clock; times are checked below.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims: Claims = decode(token, &key.key, &validation)
            .map_err(|_| InvalidJwt)?
            .claims;
        if claims.is_timely(now) != Some(true) {
            return Err(InvalidJwt);
        }
        claims.verified(header.kid)
    }
}

/// Whether the header asks for nothing that Keyback does not do: no key or certificate of the token's own, no extension
/// that must be understood, no encryption, compression or nesting, and no token of another kind.
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
    /// `None` if a time is out of all reason.
    fn is_timely(&self, now: Timestamp) -> Option<bool> {
        let latest = now.plus(LEEWAY);
        let expires_at = numeric_date(self.exp)?;
        let mut begins = [self.nbf, self.iat].into_iter().flatten();
        let has_begun = begins.all(|time| numeric_date(time).is_some_and(|time| time <= latest));
        Some(has_begun && now < expires_at.plus(LEEWAY) && expires_at <= now.plus(MAX_LIFE))
    }

    fn verified(self, key_id: Option<String>) -> Result<VerifiedJwt, InvalidJwt> {
        let is_bounded = |text: &String| {
            (1..=MAX_SUBJECT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
        };
        let is_kept = match &self.audit_context {
            None => true,
            Some(context @ (Value::Object(_) | Value::String(_))) => {
                context.to_string().len() <= MAX_AUDIT_CONTEXT_BYTES
            }
            Some(_) => false,
        };
        if !is_kept || !self.sub.iter().all(is_bounded) {
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

/// A `NumericDate`: seconds since 1970, perhaps with a fraction.
fn numeric_date(seconds: f64) -> Option<Timestamp> {
    let since_1970 = Duration::try_from_secs_f64(seconds).ok()?;
    let millis = u64::try_from(since_1970.as_millis()).ok()?;
    Some(Timestamp::from_unix_millis(millis))
}
