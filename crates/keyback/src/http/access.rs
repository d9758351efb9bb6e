//! Authorisation of the administrator's API: API keys and tokens.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::events::Caller;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::event::AuthenticatedBy;
use crate::settings::{Access, Scope};

/// Which tokens are accepted.
#[derive(Debug, Clone, Copy)]
enum Tokens {
    /// Tokens of unmarked keys, under Keyback's own rules.
    Own,
    /// Those, and tokens of keys marked with `keyback_scopes`, which live at most this long.
    Marked(Duration),
}

/// Accepts the call if its API key is listed, or its token is valid at `now`, and has `scope`.
///
/// # Errors
/// 401 without a valid key or token, 403 for one without the scope; both before the body is read.
pub(super) fn authorise(
    request: &Request,
    access: &Access,
    scope: Scope,
    now: Timestamp,
) -> Result<Caller, Problem> {
    let authorization = request.header("authorization");
    let (mut caller, scopes) =
        identify(authorization, access, Tokens::Own, now).ok_or_else(Problem::unauthorized)?;
    caller.from = request.client(access.trust()).to_string();
    if scope.is_opened_by(&scopes) {
        Ok(caller)
    } else {
        Err(Problem::forbidden())
    }
}

/// Whether [`authorise`] will accept a request with this `Authorization`.
pub(super) fn is_authorised(
    authorization: Option<&str>,
    access: &Access,
    scope: Scope,
    now: Timestamp,
) -> bool {
    identify(authorization, access, Tokens::Own, now)
        .is_some_and(|(_, scopes)| scope.is_opened_by(&scopes))
}

/// The caller of the GraphQL endpoint, with the words of its scopes; each field checks its own. Tokens of marked keys
/// are accepted here, if they live at most `longest`.
pub(super) fn identify_for_graphql(
    request: &Request,
    access: &Access,
    longest: Duration,
    now: Timestamp,
) -> Option<(Caller, Vec<String>)> {
    let authorization = request.header("authorization");
    let tokens = Tokens::Marked(longest);
    let (mut caller, scopes) = identify(authorization, access, tokens, now)?;
    caller.from = request.client(access.trust()).to_string();
    Some((caller, scopes))
}

/// The caller, and the words of its scopes.
fn identify(
    authorization: Option<&str>,
    access: &Access,
    tokens: Tokens,
    now: Timestamp,
) -> Option<(Caller, Vec<String>)> {
    let (scheme, bearer) = authorization?.split_once(' ')?;
    let bearer = bearer.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    by_api_key(access, bearer).or_else(|| by_token(access, bearer, tokens, now))
}

fn by_api_key(access: &Access, bearer: &str) -> Option<(Caller, Vec<String>)> {
    let key = access.find(bearer)?;
    let caller = Caller {
        id: key.id.clone(),
        authenticated_by: AuthenticatedBy::ApiKey,
        audit_context: None,
        from: String::new(),
        may_delete_users: Scope::UsersDelete.is_opened_by(&key.scopes),
    };
    Some((caller, key.scopes.clone()))
}

fn by_token(
    access: &Access,
    bearer: &str,
    tokens: Tokens,
    now: Timestamp,
) -> Option<(Caller, Vec<String>)> {
    let trust = access.jwt()?;
    let verified = match tokens {
        Tokens::Own => trust.verify(bearer, now),
        Tokens::Marked(longest) => trust.verify_marked(bearer, now, longest),
    };
    let token = verified.ok()?;
    let caller = Caller {
        id: token.bearer,
        authenticated_by: AuthenticatedBy::Jwt,
        audit_context: token.audit_context,
        from: String::new(),
        may_delete_users: Scope::UsersDelete.is_opened_by(&token.scopes),
    };
    Some((caller, token.scopes))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::http::problem::ProblemType;
    use crate::http::request::Body;
    use crate::ports::{Clock as _, Env as _};
    use crate::settings;
    use crate::testing::{MemoryEnv, TestKey, block_on};

    const ALL: [Scope; 10] = [
        Scope::UsersRead,
        Scope::UsersWrite,
        Scope::UsersDelete,
        Scope::UsersHashes,
        Scope::Reset,
        Scope::Events,
        Scope::EmailsRead,
        Scope::EmailsRetry,
        Scope::Courier,
        Scope::SignIn,
    ];

    /// What each word allows. The last lines are words of earlier versions, which keep their meaning.
    const WORDS: [(&str, &[Scope]); 12] = [
        ("users:read", &[Scope::UsersRead]),
        ("users:write", &[Scope::UsersWrite]),
        ("users:delete", &[Scope::UsersDelete]),
        ("users:hashes", &[Scope::UsersHashes]),
        ("reset", &[Scope::Reset]),
        ("emails", &[Scope::EmailsRead, Scope::EmailsRetry]),
        ("sign-in", &[Scope::SignIn]),
        ("openid users:", &[]),
        ("openid users:read reset", &[Scope::UsersRead, Scope::Reset]),
        ("events", &[Scope::Events, Scope::EmailsRead]),
        ("courier", &[Scope::Courier, Scope::EmailsRetry]),
        (
            "users",
            &[Scope::UsersRead, Scope::UsersWrite, Scope::UsersDelete],
        ),
    ];

    /// An environment that accepts tokens.
    fn with_tokens() -> MemoryEnv {
        let env = MemoryEnv::default();
        env.variables.set("jwt_jwks", &TestKey::jwks().to_string());
        env.variables.set("jwt_audience", TestKey::AUDIENCE);
        env
    }

    fn call(env: &MemoryEnv, authorization: &str, scope: Scope) -> Result<Caller, Problem> {
        let access: Access = block_on(settings::load(env.variables())).unwrap();
        let request = ::http::Request::get("/").header("authorization", authorization);
        let (head, ()) = request.body(()).unwrap().into_parts();
        let request = Request::new(&head, Body::Read(Vec::new()), env.random()).unwrap();
        authorise(&request, &access, scope, env.clock().now())
    }

    fn bearer(claims: &Value) -> String {
        format!("Bearer {}", TestKey::Es256.token(claims))
    }

    #[test]
    fn a_token_may_do_what_its_scope_says_and_nothing_else() {
        let env = with_tokens();
        for (words, opened) in WORDS {
            let claims = TestKey::claims(words, env.clock().now());
            for scope in ALL {
                let called = call(&env, &bearer(&claims), scope);
                let refused = called.err().map(|problem| problem.kind);
                let expected = (!opened.contains(&scope)).then_some(ProblemType::Forbidden);
                assert_eq!(refused, expected, "{words} {scope:?}");
            }
        }
    }

    #[test]
    fn an_api_key_may_do_what_its_scopes_say_and_nothing_else() {
        let env = with_tokens();
        let digest = "39550e94970db91e64a2f27fdcabe4d65a207ecd5ca0b614edff18ac8ca3851d";
        for (words, opened) in WORDS {
            let words: Vec<&str> = words
                .split(' ')
                .filter(|word| Scope::opened_by(word).is_some())
                .collect();
            let keys = json!([{"id": "all", "sha256": digest, "scopes": words}]);
            env.variables.set("api_keys", &keys.to_string());
            for scope in ALL {
                let called = call(
                    &env,
                    "Bearer kb_all_0123456789abcdef0123456789abcdef",
                    scope,
                );
                assert_eq!(
                    called.is_ok(),
                    opened.contains(&scope),
                    "{words:?} {scope:?}"
                );
            }
        }
    }

    #[test]
    fn a_caller_is_named_by_the_token_with_what_it_says_for_the_record() {
        let env = with_tokens();
        let mut claims = TestKey::claims("users", env.clock().now());
        claims["audit_context"] = json!({"ticket": 7});
        let caller = call(&env, &bearer(&claims), Scope::UsersRead).unwrap();
        assert_eq!(caller.id, "portal-admin");
        assert_eq!(caller.authenticated_by, AuthenticatedBy::Jwt);
        assert_eq!(caller.audit_context, Some(json!({"ticket": 7})));
    }

    #[test]
    fn every_refused_token_gets_the_same_answer_as_none() {
        let env = with_tokens();
        let now = env.clock().now();
        let mut expired = TestKey::claims("users", now);
        expired["exp"] = json!(now.unix_seconds() - 60);
        let mut far_off = TestKey::claims("users", now);
        far_off["exp"] = json!(now.unix_seconds() + 3600);
        let good = bearer(&TestKey::claims("users", now));
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer kb_all_0",
            &good.replace("Bearer", "Basic"),
            &good[..good.len() - 4],
            &bearer(&expired),
            &bearer(&far_off),
        ] {
            let problem = call(&env, bad, Scope::UsersRead).unwrap_err();
            assert_eq!(problem, Problem::unauthorized(), "{bad}");
        }
        let tokens_off = MemoryEnv::default();
        let problem = call(&tokens_off, &good, Scope::UsersRead).unwrap_err();
        assert_eq!(problem, Problem::unauthorized());
    }

    #[test]
    fn api_keys_work_beside_tokens() {
        let env = with_tokens();
        let key = "Bearer kb_all_0123456789abcdef0123456789abcdef";
        let caller = call(&env, key, Scope::UsersRead).unwrap();
        assert_eq!(caller.id, "all");
        assert_eq!(caller.authenticated_by, AuthenticatedBy::ApiKey);
    }
}
