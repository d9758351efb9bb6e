//! Tokens of keys that are marked with `keyback_scopes`: accepted here under Authgear's rules, and nowhere else.

use serde_json::{Value, json};

use super::data;
use crate::ports::{Clock as _, Env as _};
use crate::testing::{App, Call, MemoryEnv, Reply, TestKey};

/// An app whose RSA key is marked with these scopes, and whose other keys are not.
fn marked(scopes: &Value) -> App {
    let env = MemoryEnv::default();
    let mut keys = TestKey::jwks();
    keys["keys"][0]["keyback_scopes"] = scopes.clone();
    env.variables.set("jwt_jwks", &keys.to_string());
    env.variables.set("jwt_audience", TestKey::AUDIENCE);
    let app = App::on(env);
    let _ = app.create_account(App::EMAIL).expect(201);
    app
}

fn all() -> App {
    marked(&json!([
        "users:read",
        "users:write",
        "users:delete",
        "reset"
    ]))
}

const QUERY: &str = "{ users { totalCount edges { node { id } } } }";

fn ask_with(app: &App, token: &str, query: &str) -> Reply {
    let call = app.call("/_api/admin/graphql", json!({ "query": query }));
    app.make(&call.with_authorization(&format!("Bearer {token}")))
}

fn now(app: &App) -> u64 {
    app.env.clock().now().unix_seconds()
}

/// The status for these claims, signed by the marked key.
fn status(app: &App, claims: &Value) -> u16 {
    ask_with(app, &TestKey::Rs256.token(claims), QUERY).status
}

#[test]
fn claims_are_as_authgear_has_them_with_a_bound() {
    let app = all();
    let now = now(&app);
    let aud = TestKey::AUDIENCE;
    for (claims, expected) in [
        // As in Authgear's documentation.
        (json!({"aud": [aud], "iat": now, "exp": now + 300}), 200),
        (json!({"aud": aud, "exp": now + 3_590}), 200),
        (json!({"aud": ["other", aud], "iat": now}), 200),
        (json!({"aud": aud, "iat": now - 3_000}), 200),
        // Clocks may differ by five minutes.
        (json!({"aud": aud, "iat": now + 290, "exp": now + 600}), 200),
        (json!({"aud": aud, "nbf": now + 290, "exp": now + 600}), 200),
        (json!({"aud": aud, "exp": now - 280}), 200),
        (json!({"aud": aud, "iat": now + 330, "exp": now + 600}), 403),
        (json!({"aud": aud, "nbf": now + 330, "exp": now + 600}), 403),
        (json!({"aud": aud, "exp": now - 310}), 403),
        // Beyond the longest lifetime.
        (json!({"aud": aud, "exp": now + 3_700}), 403),
        (json!({"aud": aud, "iat": now - 4_000}), 403),
        (json!({"aud": aud}), 403),
        // Another audience.
        (json!({"aud": "other", "exp": now + 300}), 403),
        (json!({"exp": now + 300}), 403),
    ] {
        assert_eq!(status(&app, &claims), expected, "{claims}");
    }
    app.env.variables.set("graphql_token_ttl_seconds", "7200");
    assert_eq!(status(&app, &json!({"aud": aud, "exp": now + 3_700})), 200);
}

#[test]
fn the_header_names_the_key() {
    let app = marked(&json!(["users:read"]));
    let claims = json!({"aud": TestKey::AUDIENCE, "exp": now(&app) + 300});
    for header in [
        json!({"alg": "RS256"}),
        json!({"alg": "RS256", "kid": "ed"}),
        json!({"alg": "none", "kid": "rsa"}),
        json!({"alg": "HS256", "kid": "rsa"}),
    ] {
        let token = TestKey::Rs256.sign(&header, &claims);
        assert_eq!(ask_with(&app, &token, QUERY).status, 403, "{header}");
    }
}

#[test]
fn a_marked_key_gives_its_scopes_whatever_the_token_says() {
    let app = marked(&json!(["users:read"]));
    let claims = json!({"aud": TestKey::AUDIENCE, "exp": now(&app) + 300, "scope": "reset users:write users:delete"});
    let token = TestKey::Rs256.token(&claims);
    let body = ask_with(&app, &token, QUERY).expect(200).json();
    let id = body["data"]["users"]["edges"][0]["node"]["id"].clone();
    let query = format!("mutation {{ deleteUser(input: {{userID: {id}}}) {{ deletedUserID }} }}");
    let body = ask_with(&app, &token, &query).expect(200).json();
    assert_eq!(body["errors"][0]["extensions"]["reason"], "Forbidden");
}

#[test]
fn a_token_of_a_marked_key_opens_no_other_call() {
    let app = all();
    // Valid under Keyback's own rules, except for the key.
    let claims = TestKey::claims(
        "users reset events emails courier sign-in",
        app.env.clock().now(),
    );
    let bearer = format!("Bearer {}", TestKey::Rs256.token(&claims));
    for call in [
        Call::get("/v1/admin/users"),
        Call::get("/v1/admin/events"),
        app.call("/v1/admin/users", json!({"email": "x@example.test"})),
        app.call(
            "/v1/admin/users/x/reset-password",
            json!({"generate": true}),
        ),
        app.call(
            "/v1/sign-in",
            json!({"email": App::EMAIL, "password": App::PASSWORD}),
        ),
        app.call("/v1/courier/run", json!({})),
    ] {
        let reply = app.make(&call.with_authorization(&bearer)).expect(401);
        assert_eq!(reply.problem(), "unauthorized");
    }
    let unmarked = format!("Bearer {}", TestKey::Es256.token(&claims));
    let call = Call::get("/v1/admin/users").with_authorization(&unmarked);
    let _ = app.make(&call).expect(200);
}

#[test]
fn an_unmarked_key_keeps_keybacks_rules() {
    let app = all();
    let mut claims = TestKey::claims("users:read", app.env.clock().now());
    assert_eq!(
        ask_with(&app, &TestKey::EdDsa.token(&claims), QUERY).status,
        200
    );
    claims["exp"] = json!(now(&app) + 700);
    assert_eq!(
        ask_with(&app, &TestKey::EdDsa.token(&claims), QUERY).status,
        403
    );
    claims.as_object_mut().unwrap().remove("exp");
    assert_eq!(
        ask_with(&app, &TestKey::EdDsa.token(&claims), QUERY).status,
        403
    );
}

#[test]
fn events_name_who_called_and_what_the_token_says_of_it() {
    let app = all();
    let id = data(&app, QUERY, &json!({}))["users"]["edges"][0]["node"]["id"].clone();
    let query =
        format!("mutation {{ revokeAllSessions(input: {{userID: {id}}}) {{ user {{ id }} }} }}");
    for (context, kept) in [
        (json!({"usage": "internal"}), json!({"usage": "internal"})),
        (json!("a string"), Value::Null),
        (json!([1]), Value::Null),
        (Value::Null, Value::Null),
    ] {
        let claims = json!({"aud": TestKey::AUDIENCE, "iat": now(&app), "audit_context": context});
        let token = TestKey::Rs256.token(&claims);
        let body = ask_with(&app, &token, &query).expect(200).json();
        assert_eq!(body.get("errors"), None, "{body}");
        let events = app.make(&Call::get("/v1/admin/events")).json();
        let actor = &events["events"][0]["actor"];
        assert_eq!(actor["id"], "rsa", "{actor}");
        assert_eq!(
            actor.get("audit_context").cloned().unwrap_or_default(),
            kept
        );
    }
}
