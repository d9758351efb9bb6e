//! `GET /v1/admin/users`

use std::slice;

use serde_json::{Value, json};

use crate::app::{Answer, App, Caller as _, Scope, random_token, unique_email};
use crate::v1::admin::access::Guarded;

#[test]
fn pages_show_every_account_once_in_the_order_of_creation_whatever_is_deleted() {
    let app = App::start();
    let empty = json!({ "users": [], "next_cursor": null });
    assert_eq!(list(&app, "").expect_json(200), empty);

    let ids: Vec<String> = (0..11)
        .map(|_| app.create_user_without_password().id)
        .collect();
    let whole = list(&app, "").expect_json(200);
    assert_eq!(listed(&whole), ids);
    assert!(whole["next_cursor"].is_null(), "{whole}");
    assert_eq!(pages(&app, 11), [&ids[..]], "one page and no empty one");
    assert_eq!(pages(&app, 4), [&ids[..4], &ids[4..8], &ids[8..]]);

    let first = list(&app, "?limit=4").expect_json(200);
    let cursor = cursor(&first);
    // One of the page that was seen, the next two pages' borders, and the last.
    for gone in [1, 4, 7, 10] {
        app.portal().delete_user(&ids[gone]).expect_nothing();
    }
    let newcomer = app.create_user_without_password().id;
    let second = list(&app, &format!("?limit=4&cursor={cursor}")).expect_json(200);
    assert_eq!(
        listed(&second),
        [5, 6, 8, 9].map(|index| ids[index].clone())
    );
    let third = format!("?limit=4&cursor={}", self::cursor(&second));
    let third = list(&app, &third).expect_json(200);
    assert_eq!(listed(&third), [newcomer.as_str()]);
    assert!(third["next_cursor"].is_null(), "{third}");

    // An account created anew stands at its new place only.
    let again = json!({ "id": ids[1], "email": unique_email() });
    app.portal().create_user(&again).expect_json(201);
    let expected: Vec<String> = [0, 2, 3, 5, 6, 8, 9]
        .map(|index| ids[index].clone())
        .into_iter()
        .chain([newcomer, ids[1].clone()])
        .collect();
    assert_eq!(pages(&app, 2).concat(), expected);
    // A cursor far beyond the end, or one from before the deletions, is still good.
    assert_eq!(
        list(&app, "?cursor=9223372036854775807").expect_json(200),
        empty
    );
    let all = list(&app, "?cursor=0&limit=100").expect_json(200);
    assert_eq!(listed(&all), expected);
}

#[test]
fn an_account_is_listed_as_it_is_shown() {
    let app = App::shared();
    let user = app.create_user();
    let shown = app.portal().find_user(&user.id).expect_json(200);
    let page = list(&app, &format!("?email={}", user.email)).expect_json(200);
    assert_eq!(page, json!({ "users": [shown], "next_cursor": null }));
}

#[test]
fn an_address_gives_a_page_of_one_or_none() {
    let app = App::shared();
    let local = random_token(9);
    let email = format!("{local}+tag@people.example.test");
    let account = app
        .portal()
        .create_user(&json!({ "email": email }))
        .expect_json(201);
    let page_of = |accounts: &[Value]| json!({ "users": accounts, "next_cursor": null });

    let by_address = |address: &str| list(&app, &format!("?email={address}")).expect_json(200);
    for same in [
        format!("{local}%2Btag@people.example.test"),
        format!("{local}%2Btag%40PEOPLE.example.TEST"),
    ] {
        assert_eq!(by_address(&same), page_of(slice::from_ref(&account)));
    }
    // A plus sign is a space in a query, which no address has.
    assert_eq!(
        list(&app, &format!("?email={email}")).expect_invalid(),
        [""]
    );
    // Exactly this address: nothing that begins with it, and not a pattern.
    for other in [
        format!("{local}@people.example.test"),
        format!("{local}%2Btag@people.example"),
        format!("{local}*@people.example.test"),
        unique_email(),
    ] {
        assert_eq!(by_address(&other), page_of(&[]), "{other}");
    }
}

#[test]
fn a_bad_query_is_refused() {
    let app = App::shared();
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=ten",
        "limit=",
        "limit=99999999999999999999",
        "cursor=-1",
        "cursor=zebra",
        "cursor=",
        "cursor=9223372036854775808",
        "email=",
        "email=zebra",
        "limit=1&limit=1",
        "page=2",
        "Limit=1",
        "email=a@example.test&email=b@example.test",
    ] {
        let refused = list(&app, &format!("?{query}"));
        assert_eq!(refused.expect_invalid(), [""], "{query}");
        assert!(!refused.text().contains("zebra"), "{}", refused.text());
    }
}

#[test]
fn only_a_key_with_the_scope_lists_accounts() {
    let app = App::shared();
    let user = app.create_user_without_password();
    let path = format!("/v1/admin/users?email={}", user.email);
    app.api_client(Scope::UsersRead).get(&path).expect_json(200);
    let guarded = Guarded {
        app: &app,
        scope: Scope::UsersRead,
        method: "GET",
        paths: [&path, "/v1/admin/users?limit=zebra"],
        body: None,
    };
    guarded.assert_refused_to_others();
}

fn list(app: &App, query: &str) -> Answer {
    app.portal().get(&format!("/v1/admin/users{query}"))
}

/// The ids on a page.
fn listed(page: &Value) -> Vec<String> {
    let users = page["users"].as_array().expect("a page has users");
    let ids = users.iter().map(|user| user["id"].as_str());
    ids.map(|id| id.expect("an account has an id").to_owned())
        .collect()
}

#[track_caller]
fn cursor(page: &Value) -> String {
    let cursor = page["next_cursor"].as_str();
    cursor
        .unwrap_or_else(|| panic!("no further page after {page}"))
        .to_owned()
}

/// The ids on all pages of this length.
fn pages(app: &App, limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut query = format!("?limit={limit}");
    loop {
        let page = list(app, &query).expect_json(200);
        pages.push(listed(&page));
        assert!(pages.len() < 100, "the pages end");
        if page["next_cursor"].is_null() {
            return pages;
        }
        query = format!("?limit={limit}&cursor={}", cursor(&page));
    }
}
