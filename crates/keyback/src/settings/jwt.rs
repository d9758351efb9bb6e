//! The JSON Web Tokens that are accepted.

use crate::model::jwt::{JwtTrust, KeySet};
use crate::settings::{Scope, Section, Values};

impl Section for Option<JwtTrust> {
    /// Either both variables are empty, and tokens are refused, or both are set.
    fn read(values: &Values) -> Option<Self> {
        let keys = values.read_or_why("jwt_jwks", |text| match text {
            "" => Ok(None),
            text => parse_keys(text).map(Some),
        });
        let audience = values.read(
            "jwt_audience",
            "empty, or at most 255 characters without spaces",
            |text| match text {
                "" => Some(None),
                text => audience(text).map(Some),
            },
        );
        match (keys?, audience?) {
            (None, None) => Some(None),
            (Some(keys), Some(audience)) => Some(Some(JwtTrust { keys, audience })),
            (Some(_), None) => {
                values.refuse("jwt_audience", "is required when jwt_jwks is set");
                None
            }
            (None, Some(_)) => {
                values.refuse("jwt_jwks", "is required when jwt_audience is set");
                None
            }
        }
    }
}

fn parse_keys(text: &str) -> Result<KeySet, String> {
    let keys = KeySet::parse(text)?;
    if keys
        .marked_scopes()
        .all(|word| Scope::opened_by(word).is_some())
    {
        Ok(keys)
    } else {
        Err("has a key whose keyback_scopes contain an unknown scope".to_owned())
    }
}

fn audience(text: &str) -> Option<String> {
    let fits =
        text.len() <= 255 && !text.contains(|it: char| it.is_whitespace() || it.is_control());
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::{Env as _, Unavailable};
    use crate::settings::load;
    use crate::testing::{MemoryEnv, block_on};

    /// RFC 8037, Appendix A.2.
    const JWKS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    fn read(jwks: &str, audience: &str) -> Result<Option<JwtTrust>, Unavailable> {
        let env = MemoryEnv::default();
        env.variables.set("jwt_jwks", jwks);
        env.variables.set("jwt_audience", audience);
        block_on(load(env.variables()))
    }

    /// A key with an id, and `mark` as its `keyback_scopes`.
    fn marked(mark: &str) -> String {
        JWKS.replace(
            "\"kty\"",
            &format!("\"kid\":\"portal\",\"keyback_scopes\":{mark},\"kty\""),
        )
    }

    #[test]
    fn a_key_may_be_marked_with_scopes() {
        let marked = marked(r#"["users:read","reset"]"#);
        assert!(read(&marked, "keyback").unwrap().is_some());
    }

    #[test]
    fn without_the_variables_no_token_is_taken() {
        assert!(read("", "").unwrap().is_none());
        assert!(read(JWKS, "keyback").unwrap().is_some());
    }

    #[test]
    fn one_without_the_other_is_named_as_bad() {
        for (jwks, audience, bad) in [
            (JWKS, "", "jwt_audience"),
            (JWKS, "a b", "jwt_audience"),
            ("", "keyback", "jwt_jwks"),
            (&marked(r#"["users:reed"]"#), "keyback", "jwt_jwks"),
            (&marked("[]"), "keyback", "jwt_jwks"),
            (&marked(r#""reset""#), "keyback", "jwt_jwks"),
            (&marked("[7]"), "keyback", "jwt_jwks"),
            (
                &JWKS.replace("\"x\"", "\"keyback_scopes\":[\"reset\"],\"x\""),
                "keyback",
                "jwt_jwks",
            ),
            (r#"{"keys":[]}"#, "keyback", "jwt_jwks"),
        ] {
            let refused = read(jwks, audience).unwrap_err();
            assert_eq!(
                refused,
                Unavailable::Variables(vec![bad]),
                "{jwks} {audience}"
            );
        }
    }
}
