//! The answers to queries.

use serde_json::{Value, json};

use super::{ann, ask, data, error, refusal};
use crate::ports::{Clock as _, Env as _};
use crate::testing::{App, Call};

#[test]
fn a_user_has_what_the_account_has_and_constants() {
    let app = App::with_account();
    let query = "query ($id: ID!) { node(id: $id) { __typename ... on User {
        id createdAt updatedAt lastLoginAt isDisabled disableReason isAnonymous isDeactivated
        isAnonymized standardAttributes customAttributes web3 formattedName endUserAccountID
        accountLockout { isLocked lockoutType lockedUntil lockedIPs { ipAddress lockedUntil } }
        loginIDs { id type claims } identities { totalCount edges { cursor node { id claims(names: [\"email\"]) } } }
        authenticators { edges { node { id type kind isDefault claims expireAfter } } }
        primaryPassword { id createdAt updatedAt type kind isDefault claims expireAfter }
        verifiedClaims { name value } biometricRegistrations { id } passkeys { id }
        oauthConnections { id } sessions { totalCount edges { node { id } } }
        authorizations { edges { node { id } } } roles { edges { node { id } } }
        groups { totalCount edges { node { id roles { totalCount } } } } effectiveRoles { totalCount }
        secondaryTOTPAuthenticators { id } secondaryPassword { id } mfaGracePeriodEndAt
        accountValidFrom deleteAt anonymizeAt temporarilyDisabledUntil
    } } }";
    let id = ann(&app);
    let user = data(&app, query, &json!({ "id": id }))["node"].clone();
    let now = app.env.clock().now().rfc3339();
    for (pointer, value) in [
        ("/__typename", json!("User")),
        ("/id", json!(id)),
        ("/lastLoginAt", Value::Null),
        ("/isDisabled", json!(false)),
        ("/isAnonymous", json!(false)),
        ("/standardAttributes/email", json!(App::EMAIL)),
        ("/customAttributes", json!({})),
        ("/web3", json!({})),
        ("/formattedName", Value::Null),
        ("/endUserAccountID", json!(App::EMAIL)),
        (
            "/accountLockout",
            json!({"isLocked": false, "lockoutType": "per_user", "lockedUntil": null, "lockedIPs": []}),
        ),
        (
            "/loginIDs/0/claims",
            json!({
                "email": App::EMAIL,
                "https://authgear.com/claims/login_id/key": "email",
                "https://authgear.com/claims/login_id/type": "email",
                "https://authgear.com/claims/login_id/value": App::EMAIL,
                "https://authgear.com/claims/login_id/original_value": App::EMAIL,
            }),
        ),
        ("/loginIDs/0/type", json!("LOGIN_ID")),
        ("/identities/totalCount", json!(1)),
        (
            "/identities/edges/0/node/claims",
            json!({"email": App::EMAIL}),
        ),
        ("/authenticators/edges/0/node/type", json!("PASSWORD")),
        ("/authenticators/edges/0/node/kind", json!("PRIMARY")),
        ("/authenticators/edges/0/node/claims", json!({})),
        ("/primaryPassword/expireAfter", Value::Null),
        ("/sessions", json!({"totalCount": 0, "edges": []})),
        ("/groups", json!({"totalCount": 0, "edges": []})),
        ("/effectiveRoles", json!({"totalCount": 0})),
        ("/secondaryPassword", Value::Null),
        ("/accountValidFrom", Value::Null),
    ] {
        assert_eq!(user.pointer(pointer), Some(&value), "{pointer}");
    }
    assert!(user["createdAt"].as_str().unwrap() <= now.as_str());
}

#[test]
fn nodes_come_in_their_order_and_what_names_nothing_is_null() {
    let app = App::with_account();
    let user = ann(&app);
    let of_user = data(
        &app,
        "query ($id: ID!) { node(id: $id) { ... on User { loginIDs { id } primaryPassword { id } } } }",
        &json!({ "id": user }),
    );
    let identity = &of_user["node"]["loginIDs"][0]["id"];
    let password = &of_user["node"]["primaryPassword"]["id"];
    let ids = json!([
        "garbage", password, user, "Um9sZTp4", identity, "VXNlcjp4", ""
    ]);
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let nodes = data(&app, query, &json!({ "ids": ids }))["nodes"].clone();
    let names: Vec<_> = nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["__typename"].as_str().unwrap_or("null"))
        .collect();
    assert_eq!(
        names,
        [
            "null",
            "Authenticator",
            "User",
            "null",
            "Identity",
            "null",
            "null"
        ]
    );
    let many = vec!["VXNlcjp4"; 101];
    assert_eq!(
        refusal(&app, query, &json!({ "ids": many })),
        "Invalid/Invalid"
    );
}

#[test]
fn an_account_without_a_password_has_no_authenticator() {
    let app = App::default();
    let body = json!({"email": App::EMAIL, "id": "bob"});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let found = data(
        &app,
        "{ user: node(id: \"VXNlcjpib2I\") { ... on User { primaryPassword { id }
            authenticators { totalCount edges { node { id } } } } }
          password: node(id: \"QXV0aGVudGljYXRvcjpib2I\") { id } }",
        &json!({}),
    );
    let none = json!({
        "user": {"primaryPassword": null, "authenticators": {"totalCount": 0, "edges": []}},
        "password": null,
    });
    assert_eq!(found, none);
}

fn with_accounts(count: usize) -> App {
    let app = App::default();
    for number in 0..count {
        let email = format!("user{number}@example.test");
        let body = json!({"email": email});
        let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    }
    app
}

const PAGE: &str = "query ($first: Int, $last: Int, $after: String, $before: String, $word: String, $direction: SortDirection) {
    users(first: $first, last: $last, after: $after, before: $before, searchKeyword: $word, sortDirection: $direction) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { endUserAccountID } }
    } }";

/// The numbers in the addresses of a page.
fn numbers(users: &Value) -> Vec<u32> {
    let edges = users["edges"].as_array().unwrap().iter();
    edges
        .map(|edge| {
            let email = edge["node"]["endUserAccountID"].as_str().unwrap();
            let number = email.trim_start_matches("user").split('@').next();
            number.unwrap().parse().unwrap()
        })
        .collect()
}

#[test]
fn users_come_in_pages_newest_first() {
    let app = with_accounts(7);
    let page = |variables: Value| data(&app, PAGE, &variables)["users"].clone();
    let all = page(json!({}));
    assert_eq!(numbers(&all), [6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(all["totalCount"], 7);
    let first = page(json!({"first": 3}));
    assert_eq!(numbers(&first), [6, 5, 4]);
    let info = &first["pageInfo"];
    assert_eq!(
        (&info["hasNextPage"], &info["hasPreviousPage"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(info["startCursor"], first["edges"][0]["cursor"]);
    let second = page(json!({"first": 3, "after": info["endCursor"]}));
    assert_eq!(numbers(&second), [3, 2, 1]);
    assert_eq!(second["pageInfo"]["hasPreviousPage"], true);
    let third = page(json!({"first": 3, "after": second["pageInfo"]["endCursor"]}));
    assert_eq!(numbers(&third), [0]);
    assert_eq!(third["pageInfo"]["hasNextPage"], false);

    let (after, before) = (&all["edges"][1]["cursor"], &all["edges"][5]["cursor"]);
    let between = page(json!({"after": after, "before": before}));
    assert_eq!(numbers(&between), [4, 3, 2]);
    let between = page(json!({"after": after, "before": before, "first": 2}));
    assert_eq!(numbers(&between), [4, 3]);
    let between = page(json!({"after": after, "before": before, "last": 2}));
    assert_eq!(numbers(&between), [3, 2]);
    let oldest = page(json!({"first": 2, "direction": "ASC"}));
    assert_eq!(numbers(&oldest), [0, 1]);
    let next =
        page(json!({"after": oldest["pageInfo"]["endCursor"], "first": 2, "direction": "ASC"}));
    assert_eq!(numbers(&next), [2, 3]);
    assert_eq!(numbers(&page(json!({"word": "USER3@"}))), [3]);
    assert_eq!(numbers(&page(json!({"word": ""}))).len(), 7);
    assert_eq!(numbers(&page(json!({"first": 0}))).len(), 0);
    // Cursors of another system, and empty ones.
    assert_eq!(numbers(&page(json!({"after": "", "first": 1}))), [6]);
    for (variables, expected) in [
        (json!({"after": "b2Zmc2V0OjE"}), "Invalid/InvalidCursor"),
        (json!({"before": after}), "BadRequest/InvalidQuery"),
        (json!({"last": 3}), "BadRequest/InvalidQuery"),
    ] {
        assert_eq!(refusal(&app, PAGE, &variables), expected, "{variables}");
    }
}

#[test]
fn what_no_user_has_is_refused_when_it_is_asked_for() {
    let app = App::with_account();
    for (arguments, field) in [
        ("groupKeys: [\"a\"]", "groupKeys"),
        ("roleKeys: [\"a\"]", "roleKeys"),
    ] {
        let query = format!("{{ users({arguments}) {{ totalCount }} }}");
        let error = error(&app, &query, &json!({}));
        assert_eq!(error["extensions"]["reason"], "Unsupported");
        assert_eq!(error["extensions"]["info"]["field"], field);
    }
    let query = "{ users(groupKeys: [], roleKeys: [], sortBy: CREATED_AT) { totalCount } }";
    assert_eq!(data(&app, query, &json!({}))["users"]["totalCount"], 1);
}

#[test]
fn users_are_sorted_by_their_last_sign_in_while_they_are_few() {
    const SORTED: &str = "query ($after: String, $before: String, $first: Int, $last: Int, $direction: SortDirection) {
        users(sortBy: LAST_LOGIN_AT, sortDirection: $direction, after: $after, before: $before, first: $first, last: $last) {
            totalCount pageInfo { endCursor hasNextPage hasPreviousPage } edges { cursor node { endUserAccountID } } } }";
    let app = App::default();
    for number in 0..4 {
        let body =
            json!({"email": format!("user{number}@example.test"), "password": App::PASSWORD});
        let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    }
    let page = |variables: Value| data(&app, SORTED, &variables)["users"].clone();
    // Nobody has signed in yet.
    assert_eq!(numbers(&page(json!({}))), [3, 2, 1, 0]);
    for number in [2, 0] {
        app.advance(120);
        let email = format!("user{number}@example.test");
        let _ = app.sign_in(&email, App::PASSWORD).expect(200);
    }
    assert_eq!(numbers(&page(json!({}))), [0, 2, 3, 1]);
    assert_eq!(numbers(&page(json!({"direction": "ASC"}))), [2, 0, 3, 1]);
    let first = page(json!({"first": 2}));
    assert_eq!(
        (numbers(&first), &first["totalCount"]),
        (vec![0, 2], &json!(4))
    );
    let after = &first["pageInfo"]["endCursor"];
    let next = page(json!({"first": 2, "after": after}));
    assert_eq!(numbers(&next), [3, 1]);
    assert_eq!(next["pageInfo"]["hasNextPage"], false);
    for (variables, expected) in [
        (json!({"after": "x"}), "Invalid/InvalidCursor"),
        (json!({"before": after}), "BadRequest/InvalidQuery"),
        (json!({"last": 3}), "BadRequest/InvalidQuery"),
    ] {
        assert_eq!(refusal(&app, SORTED, &variables), expected, "{variables}");
    }
}

#[test]
fn more_users_than_can_be_sorted_are_refused_and_fewer_come_in_whole_pages() {
    const SORTED: &str = "query ($after: String) { users(sortBy: LAST_LOGIN_AT, after: $after) {
        totalCount pageInfo { endCursor hasNextPage } edges { node { endUserAccountID } } } }";
    let app = App::default();
    let import = |numbers: std::ops::Range<u32>| {
        let line = |number| json!({"email": format!("user{number}@example.test")});
        let lines: Vec<Value> = numbers.map(line).collect();
        let _ = app.make(&Call::import(&lines)).expect(200);
    };
    import(0..130);
    let first = data(&app, SORTED, &json!({}))["users"].clone();
    assert_eq!(
        (numbers(&first).len(), &first["totalCount"]),
        (100, &json!(130))
    );
    let after = json!({"after": first["pageInfo"]["endCursor"]});
    let next = data(&app, SORTED, &after)["users"].clone();
    assert_eq!(numbers(&next), (0..30).rev().collect::<Vec<_>>());
    import(130..500);
    assert_eq!(data(&app, SORTED, &json!({}))["users"]["totalCount"], 500);
    import(500..501);
    let error = error(&app, SORTED, &json!({}));
    assert_eq!(error["extensions"]["reason"], "Unsupported");
    assert_eq!(error["extensions"]["info"]["field"], "sortBy");
}

#[test]
fn users_are_found_by_what_they_sign_in_with() {
    let app = App::with_account();
    let by_login_id = "query ($key: String!, $value: String!) {
        getUserByLoginID(loginIDKey: $key, loginIDValue: $value) { endUserAccountID } }";
    let found = |key: &str, value: &str| {
        data(&app, by_login_id, &json!({"key": key, "value": value}))["getUserByLoginID"].clone()
    };
    assert_eq!(
        found("email", "Ann@Example.test")["endUserAccountID"],
        App::EMAIL
    );
    assert_eq!(found("email", App::NOBODY), Value::Null);
    assert_eq!(found("phone", "+85251234567"), Value::Null);
    for (key, value) in [("mail", App::EMAIL), ("email", "no address")] {
        let variables = json!({"key": key, "value": value});
        let refused = refusal(&app, by_login_id, &variables);
        assert_eq!(refused, "Invalid/GetUsersInvalidArgument");
    }

    let by_attribute = "query ($name: String!, $value: String!) {
        getUsersByStandardAttribute(attributeName: $name, attributeValue: $value) { endUserAccountID } }";
    for (name, value, count) in [
        ("email", App::EMAIL, 1),
        ("email", App::NOBODY, 0),
        ("phone_number", "+85251234567", 0),
        ("preferred_username", "ann", 0),
    ] {
        let found = data(&app, by_attribute, &json!({"name": name, "value": value}));
        let users = found["getUsersByStandardAttribute"].as_array().unwrap();
        assert_eq!(users.len(), count, "{name} {value}");
    }
    let refused = refusal(&app, by_attribute, &json!({"name": "name", "value": "Ann"}));
    assert_eq!(refused, "Invalid/GetUsersInvalidArgument");

    let query =
        "{ getUserByOAuth(oauthProviderAlias: \"google\", oauthProviderUserID: \"1\") { id } }";
    assert_eq!(data(&app, query, &json!({}))["getUserByOAuth"], Value::Null);
}

#[test]
fn what_a_document_does_wrong_is_said() {
    let app = App::with_account();
    for query in [
        "{ users { nothing } }",
        "{ users(first: \"x\") { totalCount } }",
        "query {",
    ] {
        let body = ask(&app, query, &json!({})).json();
        assert_eq!(body["data"], Value::Null);
        assert!(body["errors"][0]["message"].is_string(), "{body}");
        assert_ne!(body["errors"][0]["message"], "unexpected error");
    }
}

#[test]
fn an_outage_is_an_unexpected_error_and_in_the_log_alone() {
    let app = App::with_account();
    app.env.store.fail_after(Some(0));
    let error = error(&app, "{ users { totalCount } }", &json!({}));
    assert_eq!(error["message"], "unexpected error");
    assert_eq!(error.get("extensions"), None);
}

#[test]
fn a_field_that_fails_is_null_and_makes_the_answer_null_only_if_it_may_not_be() {
    let app = App::with_account();
    let id = ann(&app);
    for (query, expected) in [
        (
            "query ($id: ID!) { ok: node(id: $id) { id } users(after: \"x\") { totalCount } }",
            json!({"ok": {"id": id}, "users": null}),
        ),
        (
            "{ all: users(after: \"x\") { totalCount } }",
            json!({"all": null}),
        ),
        (
            "{ getUserByLoginID(loginIDKey: \"zebra\", loginIDValue: \"x\") { id } }",
            json!({"getUserByLoginID": null}),
        ),
        (
            "mutation { sendResetPasswordMessage(input: {loginID: \"nobody@example.test\"}) }",
            json!({"sendResetPasswordMessage": null}),
        ),
        (
            "query ($id: ID!) {
                getUsersByStandardAttribute(attributeName: \"zebra\", attributeValue: \"x\") { id }
                node(id: $id) { id } }",
            Value::Null,
        ),
    ] {
        let body = ask(&app, query, &json!({ "id": id })).json();
        assert_eq!(body["data"], expected, "{query}");
        let errors = body["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 1, "{body}");
        let path = errors[0]["path"].as_array().unwrap();
        assert_eq!(path.len(), 1, "{body}");
    }
}
