//! `/graphql` and `/_api/admin/graphql`, over HTTP. Third-party clients are tested in `tests/clients`.

use serde_json::{Value, json};
use toml::Value as Toml;

use crate::app::{
    Algorithm, Answer, ApiClient, App, Caller as _, Issuer, Scope, StoreKind, component,
    strong_password, unique_email, wait_for,
};

mod hostile;

const PATHS: [&str; 2] = ["/graphql", "/_api/admin/graphql"];

fn ask(client: &ApiClient, query: &str, variables: &Value) -> Answer {
    client.post("/graphql", &json!({"query": query, "variables": variables}))
}

/// The data of an answer without errors.
#[track_caller]
fn data(client: &ApiClient, query: &str, variables: &Value) -> Value {
    let body = ask(client, query, variables).expect_json(200);
    assert_eq!(body.get("errors"), None, "{body}");
    body["data"].clone()
}

/// The global id of the user with an address.
fn find(client: &ApiClient, email: &str) -> String {
    let query = "query ($email: String!) {
        getUserByLoginID(loginIDKey: \"email\", loginIDValue: $email) { id } }";
    let found = data(client, query, &json!({ "email": email }));
    let id = found["getUserByLoginID"]["id"].as_str();
    id.expect("there is such a user").to_owned()
}

const RESET: &str = "mutation ($id: ID!, $password: String, $send: Boolean, $expired: Boolean) {
    resetPassword(input: {userID: $id, password: $password, sendPassword: $send, setPasswordExpired: $expired}) {
        user { id primaryPassword { expireAfter } } } }";

#[test]
fn a_generated_password_is_mailed_and_must_be_changed() {
    let app = App::shared();
    let user = app.create_user();
    let portal = app.portal();
    let variables = json!({"id": find(&portal, &user.email), "send": true, "expired": true});
    let reset = data(&portal, RESET, &variables);
    assert!(reset["resetPassword"]["user"]["primaryPassword"]["expireAfter"].is_string());
    let password = app.sink().wait_for_mail(&user.email).password();
    let signed_in = portal.sign_in(&user.email, &password).expect_json(200);
    assert_eq!(signed_in["password_change"]["reason"], "must-change");
    app.assert_does_not_sign_in(&user, &user.password);
    let log = app.log();
    assert!(
        !log.contains(&password) && !log.contains(&user.email),
        "{log}"
    );
}

#[test]
fn a_link_alone_is_mailed_and_sets_a_password() {
    let app = App::shared();
    let user = app.create_user();
    let remind = "mutation ($email: ID!) { sendResetPasswordMessage(input: {loginID: $email}) }";
    let sent = data(&app.portal(), remind, &json!({ "email": user.email }));
    assert_eq!(sent, json!({"sendResetPasswordMessage": null}));
    let mail = app.sink().wait_for_mail(&user.email);
    assert_eq!(mail.find_code(), None, "{}", mail.everything());
    let password = strong_password();
    let token = mail.link_token();
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();
    app.assert_signs_in(&user, &password);
}

#[test]
fn a_refused_password_is_in_no_answer_and_no_log() {
    let app = App::start();
    let user = app.create_user();
    let portal = app.portal();
    let variables = json!({"id": find(&portal, &user.email), "password": "hunter2"});
    let answer = ask(&portal, RESET, &variables);
    let body = answer.text().to_owned();
    assert!(body.contains("PasswordPolicyViolated"), "{body}");
    let odd = json!({"query": "mutation { resetPassword(input: {userID: 7, password: {a: \"hunter2\"}}) { user { id } } }"});
    let odd = portal.post("/graphql", &odd).text().to_owned();
    for text in [body, odd, app.log()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn tokens_of_a_marked_key_work_here_and_nowhere_else() {
    let issuer = Issuer::new();
    let mut marked = issuer.jwk(Algorithm::Rs256);
    marked["keyback_scopes"] = json!(["users:read"]);
    let app = App::builder()
        .variable(
            "jwt_jwks",
            json!({"keys": [marked, issuer.jwk(Algorithm::EdDsa)]}).to_string(),
        )
        .variable("jwt_audience", Issuer::AUDIENCE)
        .start();
    let bearer = app.token_bearer(&issuer.token(Algorithm::Rs256, "users reset sign-in"));
    for path in PATHS {
        let body = json!({"query": "{ users { totalCount } }"});
        let found = bearer.post(path, &body).expect_json(200);
        assert_eq!(found["data"]["users"]["totalCount"], 0);
    }
    bearer
        .get("/v1/admin/users")
        .expect_problem(401, "unauthorized");
    bearer
        .sign_in(&unique_email(), "x")
        .expect_problem(401, "unauthorized");
    let own = app.token_bearer(&issuer.token(Algorithm::EdDsa, "users:read"));
    let _ = own.get("/v1/admin/users").expect_json(200);
}

#[test]
fn without_a_key_there_is_nothing_but_a_page() {
    let app = App::shared();
    for path in PATHS {
        let refused = app
            .visitor()
            .post(path, &json!({"query": "{ users { totalCount } }"}));
        assert_eq!((refused.status, refused.text()), (403, "Forbidden"));
        let kind = refused.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("text/plain"), "{kind}");
        let page = app.visitor().get(path).expect_status(200);
        assert!(page.text().contains("docs/admin.graphql"));
    }
}

#[test]
fn without_a_store_nothing_is_promised() {
    if !StoreKind::is_of_host() {
        return;
    }
    let app = App::builder()
        .manifest(|manifest| {
            component(manifest, "admin-graphql")
                .insert("key_value_stores".to_owned(), Toml::Array(Vec::new()));
        })
        .start();
    let body = ask(&app.portal(), "{ users { totalCount } }", &json!({})).expect_json(200);
    assert_eq!(body["errors"][0]["message"], "unexpected error", "{body}");
    assert_eq!(body["errors"][0].get("extensions"), None, "{body}");
    wait_for(|| {
        let log = app.log();
        let says = log.contains("the store failed: not granted in spin.toml");
        says.then_some(()).ok_or(log)
    });
}

#[test]
fn a_scope_that_is_missing_refuses_the_field() {
    let app = App::shared();
    let user = app.create_user();
    let variables = json!({"id": find(&app.portal(), &user.email), "password": strong_password()});
    for scope in [Scope::UsersRead, Scope::UsersWrite, Scope::SignIn] {
        let refused = ask(&app.api_client(scope), RESET, &variables).expect_json(200);
        let error = &refused["errors"][0]["extensions"];
        assert_eq!(
            (&error["errorName"], &refused["data"]),
            (&json!("Forbidden"), &Value::Null)
        );
    }
    app.assert_signs_in(&user, &user.password);
}
