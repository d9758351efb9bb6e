//! Administrators search for accounts.

mod model;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::keys::AnyKey;
use crate::ports::KeyValue as _;
use crate::store::{directory, draw, keys};
use crate::testing::{App, Call, block_on};

fn path(id: &str) -> String {
    format!("/v1/admin/users/{id}")
}

fn search(app: &App, query: &[(&str, &str)]) -> Value {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(query);
    let call = Call::get(&format!("/v1/admin/users?{}", text.finish()));
    app.make(&call).expect(200).json()
}

fn ids(page: &Value) -> Vec<String> {
    let users = page["users"].as_array().unwrap();
    users
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect()
}

fn follow(app: &App) {
    block_on(directory::follow(&app.env, &|| false)).unwrap();
}

/// Accounts `user0000` and so on, from another system.
fn imported(count: usize) -> App {
    let app = App::default();
    let lines: Vec<Value> = (0..count)
        .map(|n| json!({"id": format!("id|{n:04}"), "email": format!("user{n:04}@example.test")}))
        .collect();
    for lines in lines.chunks(500) {
        let _ = app.make(&Call::import(lines)).expect(200);
    }
    app
}

#[test]
fn a_page_costs_as_much_among_many_accounts_as_among_few() {
    let reads = |app: &App, query: &[(&str, &str)]| {
        let _ = app.env.store.take_operations();
        let page = search(app, query);
        assert_eq!(page["users"].as_array().unwrap().len(), 20, "{query:?}");
        app.env.store.take_operations().len()
    };
    let (few, many) = (imported(100), imported(3_000));
    follow(&few);
    follow(&many);
    for query in [
        vec![("limit", "20")],
        vec![("limit", "20"), ("q", "user")],
        vec![("limit", "20"), ("q", "user00")],
        vec![("limit", "20"), ("q", "EXAMPLE")],
        vec![("limit", "20"), ("q", "id|00")],
        vec![
            ("limit", "20"),
            ("no_password", "true"),
            ("cursor", "older-61"),
        ],
    ] {
        let (among_few, among_many) = (reads(&few, &query), reads(&many, &query));
        assert!(
            among_many <= among_few + 12,
            "{query:?}: {among_few}, {among_many}"
        );
    }
    assert_eq!(search(&many, &[("q", "user2")])["total"], 1_000);
}

#[test]
fn what_is_found_by_costs_one_changing_operation_more_and_nothing_else_does() {
    let app = App::with_account();
    let draws = |call: &Call| {
        let app = app.fork();
        let _ = app.make(call);
        let operations = app.env.store.take_operations();
        let is_draw = |it: &&String| it.contains("v1:directory-changes");
        operations.iter().filter(is_draw).count()
    };
    let id = app.make(&Call::get("/v1/admin/users")).json()["users"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let account = path(&id);
    let patch = |body: Value| app.call(&account, body).by("PATCH");
    assert_eq!(
        draws(&app.call("/v1/admin/users", json!({"email": "b@example.test"}))),
        1
    );
    assert_eq!(draws(&patch(json!({"disabled": true}))), 1);
    assert_eq!(draws(&patch(json!({"email": "new@example.test"}))), 1);
    assert_eq!(draws(&patch(json!({"locale": "de"}))), 0);
    let recovery = app.recover();
    let reset = json!({"token": recovery.link, "new_password": App::NEW_PASSWORD});
    assert_eq!(draws(&app.call("/v1/reset-password", reset)), 0);
    assert_eq!(
        draws(&app.call("/v1/forgot-password", json!({"email": App::EMAIL}))),
        0
    );
}

#[test]
fn a_deletion_that_dies_halfway_leaves_no_account_in_the_directory() {
    let app = imported(2);
    follow(&app);
    let account = path("id%7C0001");
    for operations in 0.. {
        let app = app.fork();
        app.env.store.fail_after(Some(operations));
        let reply = app.make(&app.call(&account, json!(null)).by("DELETE"));
        app.env.store.fail_after(None);
        // The directory's update may come between the record of the deletion and the erasure.
        follow(&app);
        for _ in 0..4 {
            app.advance(61);
            let _ = app.run_courier();
        }
        let is_there = app.make(&Call::get(&account)).status == 200;
        let left = 1 + u64::from(is_there);
        assert_eq!(search(&app, &[])["total"], left, "after {operations}");
        if reply.status == 204 {
            assert!(operations > 5 && !is_there, "{operations}");
            return;
        }
    }
}

#[test]
fn a_change_that_was_never_written_holds_the_directory_up_for_two_minutes_only() {
    let app = imported(3);
    follow(&app);
    block_on(draw(&app.env.store, &keys::directory_changes(), 2)).unwrap();
    let _ = app.create_account("late@example.test");
    follow(&app);
    let settled = |app: &App| {
        let state = app.env.store.bytes("v1:directory").unwrap();
        let state: Value = serde_json::from_slice(&state).unwrap();
        state["record"]["changes"].as_i64().unwrap()
    };
    assert_eq!(settled(&app), 3);
    assert_eq!(search(&app, &[("q", "late")])["total"], 1);
    app.advance(121);
    follow(&app);
    assert_eq!(settled(&app), 6);
    assert_eq!(search(&app, &[("q", "late")])["total"], 1);
}

#[test]
fn a_store_of_an_earlier_version_gets_its_directory_from_the_courier() {
    let app = imported(700);
    let names = app.env.store.names();
    let gone = names
        .into_iter()
        .filter(|name| name.starts_with("v1:directory"));
    let gone: Vec<AnyKey> = gone.filter_map(AnyKey::noted).collect();
    block_on(app.env.store.delete_many(gone)).unwrap();
    // Without a directory, all accounts can be listed, and a search says that it is incomplete.
    let page = search(&app, &[("limit", "2")]);
    assert_eq!(
        (ids(&page), &page["total"]),
        (vec!["id|0699".into(), "id|0698".into()], &json!(null))
    );
    assert_eq!(search(&app, &[("q", "user01")])["complete"], json!(false));
    let new = json!({"id": "id|0700", "email": "user0700@example.test"});
    let _ = app.make(&app.call("/v1/admin/users", new)).expect(201);
    let _ = app.run_courier();
    let page = search(&app, &[("q", "user01")]);
    assert_eq!(
        (&page["total"], &page["complete"]),
        (&json!(100), &Value::Null)
    );
}

#[test]
fn all_accounts_are_listed_both_ways_while_the_directory_is_far_behind() {
    let app = imported(1_200);
    let mut expected: Vec<String> = (0..1_200).map(|n| format!("id|{n:04}")).collect();
    let all = |order: &str| {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let mut query = vec![("limit", "100"), ("order", order)];
            if !cursor.is_empty() {
                query.push(("cursor", &cursor));
            }
            let page = search(&app, &query);
            found.extend(ids(&page));
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => return found,
            }
        }
    };
    assert_eq!(all("oldest"), expected);
    expected.reverse();
    assert_eq!(all("newest"), expected);
}

#[test]
fn locked_accounts_are_found_until_they_are_unlocked() {
    let app = App::with_account();
    app.env.variables.set("limit_client_sign_in", "1000/60");
    let _ = app.create_account("bob@example.test");
    for _ in 0..100 {
        let _ = app.sign_in(App::EMAIL, "wrong").expect(401);
        // Unknown addresses get locked as well, and are not found.
        let _ = app.sign_in(App::NOBODY, "wrong").expect(401);
    }
    let locked = search(&app, &[("locked", "true")]);
    assert_eq!(
        (&locked["total"], &locked["users"][0]["email"]),
        (&json!(1), &json!(App::EMAIL))
    );
    assert!(locked["users"][0]["locked_until"].is_string());
    let others = search(&app, &[("locked", "false")]);
    assert_eq!(
        (&others["total"], &others["users"][0]["email"]),
        (&json!(1), &json!("bob@example.test"))
    );
    let id = locked["users"][0]["id"].as_str().unwrap();
    let shown = app.make(&Call::get(&path(id))).expect(200).json();
    assert_eq!(shown["failed_sign_ins"], 100);
    let _ = app
        .make(&app.call(&format!("{}/unlock", path(id)), json!({})))
        .expect(204);
    assert_eq!(search(&app, &[("locked", "true")])["total"], 0);
    assert_eq!(search(&app, &[("locked", "false")])["total"], 2);
}

#[test]
fn the_last_sign_in_is_told_to_the_minute_and_an_account_created_anew_has_none() {
    let app = App::with_account();
    let last = |app: &App| {
        let page = search(app, &[]);
        page["users"][0]["last_sign_in_at"].clone()
    };
    assert_eq!(last(&app), Value::Null);
    let _ = app.sign_in(App::EMAIL, "wrong").expect(401);
    assert_eq!(last(&app), Value::Null);
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    let first = last(&app);
    assert!(first.is_string());
    app.advance(59);
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    assert_eq!(last(&app), first);
    app.advance(1);
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    assert_ne!(last(&app), first);
}

#[test]
fn bad_parameters_are_refused() {
    let app = App::default();
    for query in [
        "order=up",
        "disabled=yes",
        "locked=",
        "cursor=7",
        "cursor=older-",
        "cursor=newer--1",
        "cursor=newer-%2B1",
        "limit=0",
        "limit=%2B1",
        // Beside an address, too, where they change nothing.
        "email=a%40b.c&cursor=7",
        "email=a%40b.c&limit=0",
        "email=a%40b.c&order=up",
        "email=a%40b.c&q=a",
        "sort=x",
    ] {
        let _ = app
            .make(&Call::get(&format!("/v1/admin/users?{query}")))
            .expect(422);
    }
    let long = "a".repeat(255);
    let _ = app
        .make(&Call::get(&format!("/v1/admin/users?q={long}")))
        .expect(422);
    let states: BTreeMap<_, _> = [("q", "%00%FF"), ("q", "b%C3%BCcher.example")].into();
    for (name, value) in states {
        let _ = app
            .make(&Call::get(&format!("/v1/admin/users?{name}={value}")))
            .expect(200);
    }
}
