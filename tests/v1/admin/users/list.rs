//! `GET /v1/admin/users`

use std::slice;

use serde_json::{Value, json};

use crate::app::{Answer, App, Caller as _, Scope, random_token, unique_email, wait_for};
use crate::v1::admin::access::Guarded;

#[test]
fn pages_show_every_account_once_newest_first_whatever_is_deleted() {
    let app = App::start();
    let empty = json!({ "users": [], "total": 0, "next_cursor": null, "previous_cursor": null });
    assert_eq!(list(&app, "").expect_json(200), empty);

    let mut ids: Vec<String> = (0..11)
        .map(|_| app.create_user_without_password().id)
        .collect();
    ids.reverse();
    let whole = list(&app, "").expect_json(200);
    assert_eq!(listed(&whole), ids);
    assert_eq!(whole["total"], 11);
    assert!(
        whole["next_cursor"].is_null() && whole["previous_cursor"].is_null(),
        "{whole}"
    );
    assert_eq!(
        pages(&app, "limit=11"),
        [&ids[..]],
        "one page and no empty one"
    );
    assert_eq!(pages(&app, "limit=4"), [&ids[..4], &ids[4..8], &ids[8..]]);
    let oldest: Vec<String> = ids.iter().rev().cloned().collect();
    assert_eq!(pages(&app, "order=oldest&limit=4").concat(), oldest);

    let first = list(&app, "?limit=4").expect_json(200);
    let cursor = cursor(&first, "next_cursor");
    // One of the page that was seen, those at the borders of the next two pages, and the last one.
    for gone in [1, 4, 7, 10] {
        app.portal().delete_user(&ids[gone]).expect_nothing();
    }
    let newcomer = app.create_user_without_password().id;
    let second = list(&app, &format!("?limit=4&cursor={cursor}")).expect_json(200);
    assert_eq!(
        listed(&second),
        [5, 6, 8, 9].map(|index| ids[index].clone())
    );
    assert_eq!(second["total"], 8);
    assert!(second["next_cursor"].is_null(), "{second}");
    let back = self::cursor(&second, "previous_cursor");
    let back = list(&app, &format!("?limit=4&cursor={back}")).expect_json(200);
    let expected: Vec<String> = [newcomer.clone()]
        .into_iter()
        .chain([0, 2, 3].map(|index| ids[index].clone()))
        .collect();
    assert_eq!(listed(&back), expected);
    assert!(back["previous_cursor"].is_null(), "{back}");

    // An account that is created again is only at its new place.
    let again = json!({ "id": ids[1], "email": unique_email() });
    app.portal().create_user(&again).expect_json(201);
    let expected: Vec<String> = [ids[1].clone(), newcomer]
        .into_iter()
        .chain([0, 2, 3, 5, 6, 8, 9].map(|index| ids[index].clone()))
        .collect();
    assert_eq!(pages(&app, "limit=2").concat(), expected);
}

#[test]
fn a_search_finds_by_the_beginning_of_an_address_a_domain_or_an_id() {
    let app = App::start();
    let create = |id: &str, email: &str| {
        let account = json!({ "id": id, "email": email });
        app.portal().create_user(&account).expect_json(201);
    };
    create("auth0|5F7c", "Ann.Lee@people.example.test");
    create("crm:17", "ann@other.example.test");
    create("crm:18", "bob@xn--bcher-kva.example");
    let find = |query: &str| {
        let page = list(&app, &format!("?q={query}")).expect_json(200);
        let found = listed(&page);
        assert_eq!(page["total"], found.len());
        found.join(" ")
    };
    for _ in 0..2 {
        for (query, expected) in [
            ("ann", "crm:17 auth0|5F7c"),
            ("ANN.", "auth0|5F7c"),
            ("ann%40", "crm:17"),
            ("people", "auth0|5F7c"),
            ("%40people.example", "auth0|5F7c"),
            ("auth0%7C5f", "auth0|5F7c"),
            ("crm%3A", "crm:18 crm:17"),
            ("b%C3%BCcher.example", "crm:18"),
            ("bob%40B%C3%9CCHER.example", "crm:18"),
            ("lee", ""),
            ("example.test", ""),
            ("%20ann%20", "crm:17 auth0|5F7c"),
            ("%25", ""),
        ] {
            assert_eq!(find(query), expected, "{query}");
        }
        // Once more when the courier has worked all changes into the directory.
        app.portal().run_courier().expect_json(200);
    }
    let moved = json!({ "email": "zoe@people.example.test" });
    app.portal().update_user("crm:17", &moved).expect_json(200);
    assert_eq!(find("ann"), "auth0|5F7c");
    assert_eq!(find("zoe"), "crm:17");
    app.portal().delete_user("crm:17").expect_nothing();
    assert_eq!(find("zoe"), "");
    app.portal().run_courier().expect_json(200);
    assert_eq!(
        (find("zoe"), find("ann")),
        (String::new(), "auth0|5F7c".to_owned())
    );
}

#[test]
fn accounts_are_found_by_their_state() {
    let app = App::start();
    let [plain, disabled, must_change] = [(); 3].map(|()| app.create_user().id);
    let without = app.create_user_without_password().id;
    let portal = app.portal();
    portal
        .update_user(&disabled, &json!({ "disabled": true }))
        .expect_json(200);
    portal
        .require_password_change(&must_change, true)
        .expect_nothing();
    let find = |query: &str| listed(&list(&app, &format!("?{query}")).expect_json(200));
    for _ in 0..2 {
        assert_eq!(find("disabled=true"), [&*disabled]);
        assert_eq!(find("no_password=true"), [&*without]);
        assert_eq!(find("must_change=true"), [&*must_change]);
        assert_eq!(
            find("disabled=false&no_password=false&must_change=false"),
            [&*plain]
        );
        assert_eq!(find("locked=true"), Vec::<String>::new());
        assert_eq!(find("locked=false").len(), 4);
        app.portal().run_courier().expect_json(200);
    }
    portal
        .update_user(&disabled, &json!({ "disabled": false }))
        .expect_json(200);
    assert_eq!(find("disabled=true"), Vec::<String>::new());
}

#[test]
fn accounts_tell_when_they_were_changed_and_when_somebody_signed_in() {
    let app = App::shared();
    let user = app.create_user();
    let shown = || app.portal().find_user(&user.id).expect_json(200);
    let before = shown();
    assert_eq!(before["updated_at"], before["created_at"]);
    assert!(
        before["last_sign_in_at"].is_null() && before["locked_until"].is_null(),
        "{before}"
    );
    app.portal()
        .sign_in(&user.email, &user.password)
        .expect_json(200);
    let signed_in = wait_for(|| {
        Some(shown())
            .filter(|it| !it["last_sign_in_at"].is_null())
            .ok_or("nobody")
    });
    assert_eq!(signed_in["updated_at"], before["updated_at"]);
    app.portal()
        .sign_in(&user.email, "not this one")
        .expect_problem(401, "invalid-credentials");
    assert_eq!(shown()["failed_sign_ins"], 1);
    // Times are whole seconds.
    let mut languages = ["de", "fr"].into_iter().cycle();
    wait_for(|| {
        let changed = json!({ "locale": languages.next() });
        let changed = app.portal().update_user(&user.id, &changed);
        let updated_at = &changed.expect_json(200)["updated_at"];
        (*updated_at != before["updated_at"])
            .then_some(())
            .ok_or("as before")
    });
}

#[test]
fn an_account_is_listed_as_it_is_shown() {
    let app = App::shared();
    let user = app.create_user();
    let shown = app.portal().find_user(&user.id).expect_json(200);
    let page = list(&app, &format!("?email={}", user.email)).expect_json(200);
    assert_eq!(page, page_of(&[shown]));
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
        "cursor=0",
        "cursor=older-",
        "cursor=newer--1",
        "order=up",
        "disabled=zebra",
        "no_password=",
        "email=a@example.test&q=a",
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

fn page_of(accounts: &[Value]) -> Value {
    json!({
        "users": accounts,
        "total": accounts.len(),
        "next_cursor": null,
        "previous_cursor": null,
    })
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
fn cursor(page: &Value, name: &str) -> String {
    let cursor = page[name].as_str();
    cursor
        .unwrap_or_else(|| panic!("no {name} in {page}"))
        .to_owned()
}

/// The ids on all pages of a query.
fn pages(app: &App, query: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut next = format!("?{query}");
    loop {
        let page = list(app, &next).expect_json(200);
        pages.push(listed(&page));
        assert!(pages.len() < 100, "the pages end");
        if page["next_cursor"].is_null() {
            return pages;
        }
        next = format!("?{query}&cursor={}", cursor(&page, "next_cursor"));
    }
}
