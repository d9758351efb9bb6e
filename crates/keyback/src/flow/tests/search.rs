//! Administrators look for accounts.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::keys::AnyKey;
use crate::ports::{Env as _, KeyValue as _, SecureRandom as _};
use crate::store::{directory, draw, keys};
use crate::testing::{App, Call, block_on};

const NAMES: [&str; 8] = ["ann", "anna", "annabel", "bob", "b", "z9", "a-b_c", "an"];
const DOMAINS: [&str; 4] = ["example.test", "exam.test", "mail.example.test", "a.test"];

/// What an account is expected to be found by.
#[derive(Debug, Clone)]
struct Expected {
    email: String,
    disabled: bool,
    no_password: bool,
    must_change: bool,
}

/// All accounts, in the order of their creation.
#[derive(Debug, Clone, Default)]
struct Model(Vec<(String, Expected)>);

impl Model {
    fn matches(&self, query: &[(&str, &str)]) -> Vec<String> {
        let accepts = |(id, it): &&(String, Expected)| {
            query.iter().all(|(name, value)| match *name {
                "q" => {
                    let domain = it.email.split_once('@').unwrap().1;
                    let terms = [&*it.email, domain, id];
                    terms
                        .iter()
                        .any(|term| term.to_lowercase().starts_with(value))
                }
                "disabled" => it.disabled.to_string() == *value,
                "no_password" => it.no_password.to_string() == *value,
                "must_change" => it.must_change.to_string() == *value,
                _ => true,
            })
        };
        let found = self.0.iter().rev().filter(accepts);
        found.map(|(id, _)| id.clone()).collect()
    }
}

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

/// All matches, a few at a time: there by `next_cursor`, and back by `previous_cursor`.
fn walk(app: &App, query: &[(&str, &str)]) -> (Vec<String>, Option<u64>) {
    let mut pages = Vec::new();
    let mut cursor: Option<String> = None;
    let mut total = None;
    loop {
        let mut query = query.to_vec();
        query.push(("limit", "7"));
        if let Some(cursor) = &cursor {
            query.push(("cursor", cursor));
        }
        let page = search(app, &query);
        total = total.or(page["total"].as_u64());
        let previous = page["previous_cursor"].as_str().map(str::to_owned);
        assert_eq!(previous.is_some(), !pages.is_empty(), "{page}");
        if let (Some(previous), Some(before)) = (previous, pages.last()) {
            *query.last_mut().unwrap() = ("cursor", &previous);
            assert_eq!(ids(&search(app, &query)), *before);
        }
        pages.push(ids(&page));
        cursor = page["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            return (pages.concat(), total);
        }
    }
}

#[track_caller]
fn assert_finds(app: &App, model: &Model, query: &[(&str, &str)]) {
    let mut expected = model.matches(query);
    let (found, total) = walk(app, query);
    assert_eq!(found, expected, "{query:?}");
    assert_eq!(total, Some(expected.len() as u64), "{query:?}");
    expected.reverse();
    let mut oldest = query.to_vec();
    oldest.push(("order", "oldest"));
    assert_eq!(walk(app, &oldest).0, expected, "{query:?}");
}

fn assert_finds_all(app: &App, model: &Model) {
    let states = ["disabled", "no_password", "must_change"];
    for beginning in [
        "",
        "a",
        "an",
        "ann",
        "anna",
        "ex",
        "example.test",
        "m",
        "nobody",
        "z9",
        "0",
    ] {
        assert_finds(app, model, &[("q", beginning)]);
        for state in states {
            assert_finds(app, model, &[("q", beginning), (state, "true")]);
        }
    }
    for state in states {
        assert_finds(app, model, &[(state, "false")]);
    }
    assert_finds(
        app,
        model,
        &[("disabled", "false"), ("must_change", "true")],
    );
}

fn follow(app: &App) {
    block_on(directory::follow(&app.env, &|| false)).unwrap();
}

/// A number below `end`.
fn chance(app: &App, end: usize) -> usize {
    let mut bytes = [0; 2];
    app.env.random().fill(&mut bytes).unwrap();
    usize::from(u16::from_le_bytes(bytes)) % end
}

/// Changes something about a random account, or creates one.
fn change(app: &App, model: &mut Model, turn: usize) {
    let what = chance(app, 12);
    let name = NAMES[chance(app, NAMES.len())];
    let domain = DOMAINS[chance(app, DOMAINS.len())];
    let email = format!("{name}{turn}@{domain}");
    if what < 6 || model.0.is_empty() {
        let id = format!("{}{turn}", NAMES[chance(app, NAMES.len())]);
        let mut body = json!({"id": id, "email": email});
        let no_password = what < 2;
        if !no_password {
            body["password"] = json!(App::PASSWORD);
        }
        let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
        model.0.push((
            id,
            Expected {
                email,
                disabled: false,
                no_password,
                must_change: false,
            },
        ));
        return;
    }
    let place = chance(app, model.0.len());
    let (id, it) = &mut model.0[place];
    let account = path(id);
    match what {
        6 | 7 => {
            it.email = email.clone();
            let call = app.call(&account, json!({"email": email})).by("PATCH");
            let _ = app.make(&call).expect(200);
        }
        8 => {
            it.disabled = !it.disabled;
            let call = app
                .call(&account, json!({"disabled": it.disabled}))
                .by("PATCH");
            let _ = app.make(&call).expect(200);
        }
        9 if !it.no_password => {
            it.must_change = !it.must_change;
            let path = format!("{account}/password-change");
            let call = app
                .call(&path, json!({"required": it.must_change}))
                .by("PUT");
            let _ = app.make(&call).expect(204);
        }
        10 => {
            (it.no_password, it.must_change) = (false, true);
            let path = format!("{account}/reset-password");
            let call = app.call(&path, json!({"generate": true, "return_password": true}));
            let _ = app.make(&call).expect(200);
        }
        11 => {
            let _ = app
                .make(&app.call(&account, json!(null)).by("DELETE"))
                .expect(204);
            model.0.remove(place);
        }
        _ => {}
    }
}

#[test]
fn whatever_happens_to_accounts_a_search_finds_those_that_match() {
    let app = App::default();
    let mut model = Model::default();
    for turn in 0..300 {
        change(&app, &mut model, turn);
        if chance(&app, 40) == 0 {
            follow(&app);
        }
        if turn % 60 == 59 {
            assert_finds_all(&app, &model);
        }
    }
    follow(&app);
    assert_finds_all(&app, &model);
    for (id, _) in &model.0 {
        let _ = app
            .make(&app.call(&path(id), json!(null)).by("DELETE"))
            .expect(204);
    }
    follow(&app);
    assert_finds_all(&app, &Model::default());
    let mut names = app.env.store.names();
    names.retain(|name| name.starts_with("v1:directory-") && name != "v1:directory-changes");
    assert_eq!(
        names,
        ["v1:directory-begun", "v1:directory-node:0"],
        "only the root is left"
    );
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
fn a_host_that_dies_while_the_directory_follows_loses_nothing() {
    let app = imported(150);
    let mut model = Model::default();
    for n in 0..150 {
        let expected = Expected {
            email: format!("user{n:04}@example.test"),
            disabled: false,
            no_password: true,
            must_change: false,
        };
        model.0.push((format!("id|{n:04}"), expected));
    }
    for operations in 0.. {
        let app = app.fork();
        app.env.store.fail_after(Some(operations));
        let done = block_on(directory::follow(&app.env, &|| false)).is_ok();
        app.env.store.fail_after(None);
        assert_finds(&app, &model, &[("q", "user01")]);
        app.advance(130);
        follow(&app);
        assert_finds(&app, &model, &[("q", "user01")]);
        if done || operations > 2_000 {
            assert!(done && operations > 5, "{operations}");
            return;
        }
    }
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
        // The directory may come between the deletion's record and the erasure.
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
    // Without a directory, all accounts can be listed, and a search says that it is not complete.
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
        // Those of an address that nobody has are locked out as well, and found by nobody.
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
