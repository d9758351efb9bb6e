//! Each field needs its scope, and nothing is done without it.

use serde_json::{Value, json};

use super::ann;
use crate::testing::{App, Reply};

/// Fields, with the words of the scopes that they need.
const FIELDS: [(&str, &str); 13] = [
    ("users:read", "{ users { totalCount } }"),
    ("users:read", "{ node(id: \"VXNlcjp4\") { id } }"),
    ("users:read", "{ nodes(ids: []) { id } }"),
    (
        "users:read",
        "{ getUserByLoginID(loginIDKey: \"email\", loginIDValue: \"a@example.test\") { id } }",
    ),
    (
        "users:read",
        "{ getUserByOAuth(oauthProviderAlias: \"a\", oauthProviderUserID: \"b\") { id } }",
    ),
    (
        "users:read",
        "{ getUsersByStandardAttribute(attributeName: \"email\", attributeValue: \"a@example.test\") { id } }",
    ),
    (
        "users:write",
        "mutation { setDisabledStatus(input: {userID: \"ID\", isDisabled: false}) { user { id } } }",
    ),
    (
        "users:write",
        "mutation { resetAccountLockout(input: {userID: \"ID\"}) { user { id __typename } } }",
    ),
    (
        "users:write",
        "mutation { revokeAllSessions(input: {userID: \"ID\"}) { user { id } } }",
    ),
    (
        "users:write",
        "mutation { createUser(input: {definition: {loginID: {key: \"email\", value: \"new@example.test\"}}}) { user { id } } }",
    ),
    (
        "reset",
        "mutation { setPasswordExpired(input: {userID: \"ID\", expired: true}) { user { id } } }",
    ),
    (
        "reset",
        "mutation { sendResetPasswordMessage(input: {loginID: \"ann@example.test\"}) }",
    ),
    (
        "users:delete",
        "mutation { deleteUser(input: {userID: \"ID\"}) { deletedUserID } }",
    ),
];
const WORDS: [&str; 8] = [
    "users:read",
    "users:write",
    "users:delete",
    "users:hashes",
    "reset",
    "events",
    "courier",
    "sign-in",
];

/// The answer to a key with these scopes.
fn ask_with(app: &App, words: &[&str], query: &str) -> Reply {
    let digest = "39550e94970db91e64a2f27fdcabe4d65a207ecd5ca0b614edff18ac8ca3851d";
    let keys = json!([{"id": "all", "sha256": digest, "scopes": words}]);
    app.env.variables.set("api_keys", &keys.to_string());
    let reply = app.make(&app.call("/graphql", json!({ "query": query })));
    reply.expect(200)
}

fn is_forbidden(reply: &Reply) -> bool {
    let body = reply.json();
    let error = &body["errors"][0]["extensions"];
    error["errorName"] == "Forbidden" && error["reason"] == "Forbidden"
}

#[test]
fn each_field_needs_its_scope_and_no_other() {
    let app = App::with_account();
    let id = ann(&app);
    for (needed, query) in FIELDS {
        let query = query
            .replace("ID\"", &format!("{id}\""))
            .replace(&format!("VXNlcjp4{id}"), "VXNlcjp4");
        let others: Vec<_> = WORDS.into_iter().filter(|word| *word != needed).collect();
        let before = app.env.store.dump();
        assert!(is_forbidden(&ask_with(&app, &others, &query)), "{query}");
        assert_eq!(app.env.store.dump(), before, "{query}");
        let app = app.fork();
        assert!(!is_forbidden(&ask_with(&app, &[needed], &query)), "{query}");
    }
}

#[test]
fn to_see_more_of_a_changed_user_than_the_id_takes_the_scope_to_see_users() {
    let app = App::with_account();
    let id = ann(&app);
    for shown in [
        "id endUserAccountID",
        "...F",
        "... on User { standardAttributes }",
        "a: isDisabled",
    ] {
        let query = format!(
            "mutation {{ resetPassword(input: {{userID: \"{id}\", password: \"{}\"}}) {{ user {{ {shown} }} }} }}",
            App::NEW_PASSWORD
        );
        let query = if shown == "...F" {
            format!("{query} fragment F on User {{ disableReason }}")
        } else {
            query
        };
        let before = app.env.store.dump();
        assert!(is_forbidden(&ask_with(&app, &["reset"], &query)), "{shown}");
        assert_eq!(app.env.store.dump(), before, "{shown}");
        let forked = app.fork();
        let body = ask_with(&forked, &["reset", "users:read"], &query).json();
        assert_eq!(body.get("errors"), None::<&Value>, "{shown}");
    }
}
