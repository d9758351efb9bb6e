//! Random changes of accounts: a search finds what a plain list of them contains.

use serde_json::json;

use super::{follow, ids, imported, path, search};
use crate::ports::{Env as _, SecureRandom as _};
use crate::store::directory;
use crate::testing::{App, block_on};

const NAMES: [&str; 8] = ["ann", "anna", "annabel", "bob", "b", "z9", "a-b_c", "an"];
const DOMAINS: [&str; 4] = ["example.test", "exam.test", "mail.example.test", "a.test"];

/// By what an account should be found.
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

/// All matches, a few at a time: forwards by `next_cursor`, and back by `previous_cursor`.
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
