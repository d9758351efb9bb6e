//! What mutations do, and why they are refused.

use serde_json::{Value, json};

use super::{ann, ask, data, error, refusal};
use crate::testing::{App, Mail, MemoryEnv};

const CREATE: &str = "mutation ($login: IdentityDefinitionLoginID!, $password: String, $send: Boolean, $expired: Boolean, $from: DateTime) {
    createUser(input: {definition: {loginID: $login}, password: $password, sendPassword: $send,
        setPasswordExpired: $expired, accountValidFrom: $from}) {
        user { id endUserAccountID primaryPassword { expireAfter } } } }";
const RESET: &str = "mutation ($id: ID!, $password: String, $send: Boolean, $expired: Boolean) {
    resetPassword(input: {userID: $id, password: $password, sendPassword: $send, setPasswordExpired: $expired}) {
        user { id primaryPassword { expireAfter } } } }";
const EXPIRE: &str = "mutation ($id: ID!, $expired: Boolean!) {
    setPasswordExpired(input: {userID: $id, expired: $expired}) { user { id primaryPassword { expireAfter } } } }";
const DISABLE: &str = "mutation ($id: ID!, $disabled: Boolean!, $reason: String, $from: DateTime) {
    setDisabledStatus(input: {userID: $id, isDisabled: $disabled, reason: $reason, temporarilyDisabledFrom: $from}) {
        user { isDisabled disableReason } } }";
const DELETE: &str = "mutation ($id: ID!, $reason: String) {
    deleteUser(input: {userID: $id, reason: $reason}) { deletedUserID } }";
const SIGN_OUT: &str = "mutation ($id: ID!) { revokeAllSessions(input: {userID: $id}) { user { id sessions { totalCount } } } }";
const UNLOCK: &str = "mutation ($id: ID!) { resetAccountLockout(input: {userID: $id}) { user { accountLockout { isLocked } } } }";
const REMIND: &str =
    "mutation ($address: ID!) { sendResetPasswordMessage(input: {loginID: $address}) }";

/// The result of a sign-in with `password`: the status, and whether a change is required.
fn sign_in(app: &App, email: &str, password: &str) -> (u16, bool) {
    let body = json!({"email": email, "password": password});
    let reply = app.make(&app.call("/v1/sign-in", body));
    let change = reply.json()["password_change"].is_object();
    (reply.status, change)
}

/// The types of the events of the newest account.
fn events(app: &App) -> Vec<Value> {
    let users = app
        .make(&crate::testing::Call::get("/v1/admin/users"))
        .json();
    let id = users["users"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/admin/users/{id}/events");
    let body = app
        .make(&crate::testing::Call::get(&path))
        .expect(200)
        .json();
    body["events"].as_array().unwrap().clone()
}

fn login(email: &str) -> Value {
    json!({"key": "email", "value": email})
}

#[test]
fn a_user_is_created_with_and_without_a_password() {
    let app = App::default();
    let none = data(&app, CREATE, &json!({"login": login("none@example.test")}));
    assert_eq!(none["createUser"]["user"]["primaryPassword"], Value::Null);
    let typed = json!({"login": login(App::EMAIL), "password": App::PASSWORD});
    let typed = data(&app, CREATE, &typed);
    assert_eq!(
        typed["createUser"]["user"]["primaryPassword"]["expireAfter"],
        Value::Null
    );
    assert_eq!(sign_in(&app, App::EMAIL, App::PASSWORD), (200, false));
    assert_eq!(app.take_mails().len(), 0);

    let generated =
        json!({"login": login("new@example.test"), "password": "", "send": true, "expired": true});
    let generated = data(&app, CREATE, &generated);
    assert!(generated["createUser"]["user"]["primaryPassword"]["expireAfter"].is_string());
    let mails = app.take_mails();
    assert_eq!(
        sign_in(&app, "new@example.test", &mails[0].password()),
        (200, true)
    );
}

#[test]
fn what_is_wrong_with_a_new_user_is_said_in_authgears_words() {
    let app = App::with_account();
    let refused = |variables: Value| error(&app, CREATE, &variables)["extensions"].clone();
    let duplicate = refused(json!({"login": login(App::EMAIL)}));
    assert_eq!(
        duplicate,
        json!({"errorName": "Invalid", "reason": "InvariantViolated", "info": {"cause": {"kind": "DuplicatedIdentity"}}})
    );
    let other_key = refused(json!({"login": {"key": "phone", "value": "+85251234567"}}));
    assert_eq!(other_key["info"]["cause"]["kind"], "InvalidLoginIDKey");
    let no_address = refused(json!({"login": login("no address")}));
    assert_eq!(no_address["reason"], "ValidationFailed");
    for (password, send) in [(json!(""), false), (Value::Null, true)] {
        let variables =
            json!({"login": login("x@example.test"), "password": password, "send": send});
        assert_eq!(refused(variables)["errorName"], "Invalid");
    }
    let period = refused(json!({"login": login("x@example.test"), "from": "2030-01-01T00:00:00Z"}));
    assert_eq!(
        (&period["reason"], &period["info"]["field"]),
        (&json!("Unsupported"), &json!("accountValidFrom"))
    );
    let empty = refusal(
        &app,
        "mutation { createUser(input: {definition: {}}) { user { id } } }",
        &json!({}),
    );
    assert_eq!(empty, "Invalid/Invalid");
    let short = refused(json!({"login": login("x@example.test"), "password": "häß"}));
    let causes = short["info"]["causes"].clone();
    assert_eq!(
        causes[0],
        json!({"Name": "PasswordTooShort", "Info": {"min_length": 8, "pw_length": 3}})
    );
    assert_eq!(short["reason"], "PasswordPolicyViolated");
}

#[test]
fn a_password_is_set_or_generated_and_sessions_end() {
    let app = App::with_account();
    let id = ann(&app);
    let typed = json!({"id": id, "password": App::NEW_PASSWORD});
    let user = data(&app, RESET, &typed)["resetPassword"]["user"].clone();
    assert_eq!(
        (&user["id"], &user["primaryPassword"]["expireAfter"]),
        (&json!(id), &Value::Null)
    );
    assert_eq!(sign_in(&app, App::EMAIL, App::NEW_PASSWORD), (200, false));
    let kinds: Vec<_> = events(&app)
        .iter()
        .map(|event| event["type"].clone())
        .collect();
    assert!(kinds.contains(&json!("sessions.revoked")), "{kinds:?}");
    let _ = app.take_mails();

    for password in [Value::Null, json!("")] {
        let generated = json!({"id": id, "password": password, "send": true, "expired": true});
        let user = data(&app, RESET, &generated)["resetPassword"]["user"].clone();
        assert!(user["primaryPassword"]["expireAfter"].is_string());
        let mails = app.take_mails();
        assert_eq!(sign_in(&app, App::EMAIL, &mails[0].password()), (200, true));
        let to_nobody = json!({"id": id, "password": password});
        assert_eq!(
            refusal(&app, RESET, &to_nobody),
            "Invalid/SendPasswordRequired"
        );
    }
    let weak = json!({"id": id, "password": "password"});
    assert_eq!(
        refusal(&app, RESET, &weak),
        "Invalid/PasswordPolicyViolated"
    );
}

#[test]
fn a_change_is_required_whether_the_user_had_a_password_or_not() {
    let app = App::default();
    let _ = data(&app, CREATE, &json!({"login": login(App::EMAIL)}));
    let id = ann(&app);
    assert_eq!(
        refusal(&app, EXPIRE, &json!({"id": id, "expired": true})),
        "NotFound/AuthenticatorNotFound"
    );
    let typed = json!({"id": id, "password": App::PASSWORD, "expired": true});
    let _ = data(&app, RESET, &typed);
    assert_eq!(sign_in(&app, App::EMAIL, App::PASSWORD), (200, true));
    let lifted = data(&app, EXPIRE, &json!({"id": id, "expired": false}));
    assert_eq!(
        lifted["setPasswordExpired"]["user"]["primaryPassword"]["expireAfter"],
        Value::Null
    );
    assert_eq!(sign_in(&app, App::EMAIL, App::PASSWORD), (200, false));
}

#[test]
fn only_generated_passwords_are_set_where_the_operator_says_so() {
    let env = MemoryEnv::default();
    env.variables.set("admin_may_choose_password", "false");
    let app = App::on(env);
    let _ = app.create_account(App::EMAIL).expect(201);
    let typed = json!({"id": ann(&app), "password": App::NEW_PASSWORD});
    assert_eq!(
        refusal(&app, RESET, &typed),
        "Forbidden/PasswordNotChoosable"
    );
}

#[test]
fn a_user_is_disabled_with_a_reason_and_enabled() {
    let app = App::with_account();
    let id = ann(&app);
    let set = |disabled: bool, reason: Option<&str>| {
        let variables = json!({"id": id, "disabled": disabled, "reason": reason});
        data(&app, DISABLE, &variables)["setDisabledStatus"]["user"].clone()
    };
    assert_eq!(
        set(true, Some("left")),
        json!({"isDisabled": true, "disableReason": "left"})
    );
    assert_eq!(
        set(true, Some("gone")),
        json!({"isDisabled": true, "disableReason": "gone"})
    );
    assert_eq!(
        set(true, None),
        json!({"isDisabled": true, "disableReason": "gone"})
    );
    assert_eq!(sign_in(&app, App::EMAIL, App::PASSWORD).0, 401);
    let reasons: Vec<_> = events(&app)
        .iter()
        .filter(|event| event["type"] == "account.disabled")
        .map(|event| event["reason"].clone())
        .collect();
    assert_eq!(reasons, ["gone", "left"]);
    assert_eq!(
        set(false, None),
        json!({"isDisabled": false, "disableReason": null})
    );
    assert_eq!(sign_in(&app, App::EMAIL, App::PASSWORD).0, 200);
    for variables in [
        json!({"id": id, "disabled": true, "from": "2030-01-01T00:00:00Z"}),
        json!({"id": id, "disabled": true, "reason": "two\nlines"}),
    ] {
        assert_eq!(
            error(&app, DISABLE, &variables)["extensions"]["errorName"],
            "Invalid"
        );
    }
}

#[test]
fn a_user_is_deleted_under_the_id_as_it_was_given() {
    let app = App::with_account();
    let id = ann(&app);
    let deleted = data(&app, DELETE, &json!({"id": id, "reason": "asked for it"}));
    assert_eq!(deleted["deleteUser"]["deletedUserID"], json!(id));
    let again = json!({"id": id});
    assert_eq!(refusal(&app, DELETE, &again), "NotFound/UserNotFound");
}

#[test]
fn sessions_end_and_locks_are_lifted() {
    let app = App::with_account();
    let id = json!({"id": ann(&app)});
    let _ = data(&app, SIGN_OUT, &id);
    assert_eq!(events(&app)[0]["type"], "sessions.revoked");
    for _ in 0..101 {
        let _ = sign_in(&app, App::EMAIL, "wrong");
        app.advance(1);
    }
    let query = "query ($id: ID!) { node(id: $id) { ... on User { accountLockout { isLocked lockedUntil } } } }";
    assert_eq!(
        data(&app, query, &id)["node"]["accountLockout"]["isLocked"],
        true
    );
    let lifted = data(&app, UNLOCK, &id);
    assert_eq!(
        lifted["resetAccountLockout"]["user"]["accountLockout"]["isLocked"],
        false
    );
}

#[test]
fn nobody_is_changed_by_an_id_that_names_no_user() {
    let app = App::with_account();
    for (query, more) in [
        (RESET, json!({"password": App::NEW_PASSWORD})),
        (EXPIRE, json!({"expired": true})),
        (DISABLE, json!({"disabled": true})),
        (DELETE, json!({})),
        (SIGN_OUT, json!({})),
        (UNLOCK, json!({})),
    ] {
        let with = |id: &str| {
            let mut variables = more.clone();
            variables["id"] = json!(id);
            refusal(&app, query, &variables)
        };
        // Garbage, an identity, and an unknown user.
        assert_eq!(with("garbage"), "Invalid/Invalid", "{query}");
        assert_eq!(with("SWRlbnRpdHk6YW5u"), "Invalid/Invalid", "{query}");
        assert_eq!(with("VXNlcjp4"), "NotFound/UserNotFound", "{query}");
    }
    let error = error(&app, DELETE, &json!({"id": "garbage"}));
    assert_eq!(error["message"], "invalid user ID");
}

#[test]
fn a_link_alone_is_mailed_within_the_limits() {
    let app = App::with_account();
    let sent = ask(&app, REMIND, &json!({"address": "ANN@example.test"})).json();
    assert_eq!(sent, json!({"data": {"sendResetPasswordMessage": null}}));
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert!(!mails[0].text.contains('{'), "{:?}", mails[0]);
    assert_eq!(digits_alone(&mails[0]), 0);

    let again = error(&app, REMIND, &json!({"address": App::EMAIL}));
    assert_eq!(
        again["extensions"],
        json!({"errorName": "TooManyRequest", "reason": "RateLimited", "info": {"bucket_name": "ForgotPasswordCooldownEmail"}})
    );
    // The user's own request need not wait after a link without a code.
    let own = app.recover();
    assert_ne!(own.link, mails[0].link());
    for _ in 0..4 {
        app.advance(61);
        let _ = ask(&app, REMIND, &json!({"address": App::EMAIL}));
    }
    app.advance(61);
    let paused = loop {
        let body = ask(&app, REMIND, &json!({"address": App::EMAIL})).json();
        if body.get("errors").is_some() {
            break body;
        }
        app.advance(61);
    };
    let info = &paused["errors"][0]["extensions"]["info"];
    assert_eq!(info["bucket_name"], "ForgotPasswordTriggerEmail");
}

/// How many lines are digits and nothing else.
fn digits_alone(mail: &Mail) -> usize {
    let lines = mail.text.lines().map(str::trim);
    lines
        .filter(|line| line.len() >= 6 && line.bytes().all(|byte| byte.is_ascii_digit()))
        .count()
}

#[test]
fn the_link_that_was_mailed_alone_sets_a_password() {
    let app = App::with_account();
    let _ = ask(&app, REMIND, &json!({"address": App::EMAIL}));
    let link = app.take_mails()[0].link();
    let body = json!({"token": link, "new_password": App::NEW_PASSWORD});
    let _ = app.make(&app.call("/v1/reset-password", body)).expect(204);
    assert_eq!(sign_in(&app, App::EMAIL, App::NEW_PASSWORD), (200, false));
}

#[test]
fn nobody_is_reminded_without_an_account_that_may_recover() {
    let app = App::with_account();
    for address in [App::NOBODY, "no address"] {
        let refused = error(&app, REMIND, &json!({"address": address}));
        assert_eq!(
            refused["extensions"],
            json!({"errorName": "Invalid", "reason": "ForgotPasswordFailed", "info": {"cause": {"kind": "UserNotFound"}}})
        );
    }
    let _ = data(&app, DISABLE, &json!({"id": ann(&app), "disabled": true}));
    let disabled = refusal(&app, REMIND, &json!({"address": App::EMAIL}));
    assert_eq!(disabled, "Forbidden/DisabledUser");
    assert_eq!(
        app.take_mails()
            .iter()
            .filter(|mail| mail.is_recovery())
            .count(),
        0
    );
}

/// The server's own rules for `@skip` and `@include` know only variables that were given.
#[test]
fn a_mutation_that_is_skipped_by_default_is_not_made() {
    let app = App::with_account();
    let id = ann(&app);
    let made = |declared: &str, directive: &str, variables: &Value| {
        let app = app.fork();
        let query = format!(
            "mutation ($id: ID!, {declared}) {{ setDisabledStatus(input: {{userID: $id, isDisabled: true}}) {directive} {{ user {{ id }} }} }}"
        );
        let mut variables = variables.clone();
        variables["id"] = id.clone().into();
        let _ = ask(&app, &query, &variables);
        let found = data(
            &app,
            "{ users { edges { node { isDisabled } } } }",
            &json!({}),
        );
        found["users"]["edges"][0]["node"]["isDisabled"] == true
    };
    let (skip, include) = ("@skip(if: $it)", "@include(if: $it)");
    for (declared, directive, variables, expected) in [
        ("$it: Boolean = true", skip, json!({}), false),
        ("$it: Boolean! = true", skip, json!({}), false),
        ("$it: Boolean = true", skip, json!({"it": false}), true),
        ("$it: Boolean = true", include, json!({}), true),
        ("$it: Boolean = false", include, json!({}), false),
        ("$it: Boolean = false", include, json!({"it": true}), true),
    ] {
        let is_made = made(declared, directive, &variables);
        assert_eq!(is_made, expected, "{declared} {directive} {variables}");
    }
    let nested = "query ($it: Boolean = true) { users { totalCount @include(if: $it) } }";
    assert_eq!(data(&app, nested, &json!({}))["users"]["totalCount"], 1);
    let two = "query One($it: Boolean = true) { users { totalCount @skip(if: $it) pageInfo { hasNextPage } } }
        query Two($it: Boolean = false) { users { totalCount @skip(if: $it) } }";
    let body = json!({"query": two, "operationName": "Two"});
    let found = app.make(&app.call("/graphql", body)).expect(200).json();
    assert_eq!(found["data"]["users"]["totalCount"], 1);
}
