//! Stores of earlier versions, whose addresses were case-sensitive: the courier folds them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::base::keys::AnyKey;
use crate::model::email_address::EmailAddress;
use crate::ports::KeyValue as _;
use crate::store::keys::{self, Key};
use crate::testing::{App, Call, block_on};

const FOLDED: &str = "v1:folded-addresses";

fn path(id: &str) -> String {
    format!("/v1/admin/users/{id}")
}

fn create(app: &App, id: &str, email: &str) {
    let body = json!({"id": id, "email": email, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
}

fn account(app: &App, id: &str) -> Value {
    app.make(&Call::get(&path(id))).expect(200).json()
}

fn write(app: &App, name: &str, value: Vec<u8>) {
    block_on(app.env.store.set_many(vec![(Key::forged(name), value)])).unwrap();
}

fn delete(app: &App, name: &str) {
    let gone = vec![AnyKey::noted(name.to_owned()).unwrap()];
    block_on(app.env.store.delete_many(gone)).unwrap();
}

fn index_of(digest: &str) -> String {
    keys::address(digest).as_str().to_owned()
}

/// The indexes of addresses in the store, by name.
fn indexes(app: &App) -> Vec<String> {
    let mut names = app.env.store.names();
    names.retain(|name| name.starts_with("v1:email:"));
    names
}

/// A store of an earlier version: each account is indexed under its address as spelled.
fn earlier(accounts: &[(&str, &str)]) -> App {
    let app = App::default();
    for (id, email) in accounts {
        // The addresses collide when folded, so each account is created with one of its own.
        create(&app, id, &format!("{id}@other.test"));
        let address = EmailAddress::parse(email).unwrap();
        let mut stored = read(&app, &format!("v1:account:{id}"));
        stored["record"]["email"] = json!(email);
        write(
            &app,
            &format!("v1:account:{id}"),
            stored.to_string().into_bytes(),
        );
        let temporary = EmailAddress::parse(&format!("{id}@other.test")).unwrap();
        delete(&app, &index_of(&temporary.digest()));
        let digest = address
            .digest_as_spelled()
            .unwrap_or_else(|| address.digest());
        let pointer = json!({"v": 1, "record": {"account_id": id}});
        write(&app, &index_of(&digest), pointer.to_string().into_bytes());
    }
    delete(&app, FOLDED);
    app
}

fn read(app: &App, name: &str) -> Value {
    serde_json::from_slice(&app.env.store.bytes(name).unwrap()).unwrap()
}

fn who_signs_in(app: &App, email: &str) -> Option<String> {
    let reply = app.sign_in(email, App::PASSWORD);
    (reply.status == 200).then(|| reply.text("user_id"))
}

#[track_caller]
fn assert_finds(app: &App, email: &str, id: Option<&str>) {
    assert_eq!(who_signs_in(app, email).as_deref(), id, "{email}");
    let call = Call::get(&format!("/v1/admin/users?email={email}"));
    let found = app.make(&call).expect(200).json();
    assert_eq!(found["users"][0]["id"].as_str(), id, "{email}");
}

#[test]
fn before_the_courier_came_an_exact_spelling_finds_its_account_as_it_did() {
    let app = earlier(&[("ann", "Ann@example.test"), ("bob", "ann@example.test")]);
    assert_finds(&app, "Ann@example.test", Some("ann"));
    assert_finds(&app, "ann@example.test", Some("bob"));
    // Nobody can take the address of either, and deleting one does not take the other's.
    let taken = json!({"email": "Ann@example.test"});
    let _ = app.make(&app.call("/v1/admin/users", taken)).expect(409);
    let gone = app.call(&path("ann"), Value::Null).by("DELETE");
    let _ = app.make(&gone).expect(204);
    assert_finds(&app, "ann@example.test", Some("bob"));
}

#[test]
fn the_courier_folds_every_address_once_and_leaves_no_index_of_a_spelling() {
    let app = earlier(&[
        ("ann", "Ann@example.test"),
        ("bob", "bob@example.test"),
        ("cy", "CY@example.test"),
    ]);
    assert_finds(&app, "ann@example.test", None);
    let _ = app.run_courier();
    for (email, id) in [
        ("Ann@example.test", "ann"),
        ("ann@example.test", "ann"),
        ("ANN@EXAMPLE.test", "ann"),
        ("Bob@example.test", "bob"),
        ("cy@example.test", "cy"),
    ] {
        assert_finds(&app, email, Some(id));
    }
    assert_eq!(account(&app, "cy")["email"], "CY@example.test");
    assert_eq!(indexes(&app).len(), 3);
    let _ = app.forgot("ann@EXAMPLE.test").expect(202);
    let mails = app.take_mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "Ann@example.test");
    // No work is left.
    let _ = app.env.store.take_operations();
    let _ = app.run_courier();
    let seen = app.env.store.take_operations();
    let is_of_accounts = |it: &&String| it.contains("v1:account") || it.contains("v1:email:");
    assert_eq!(seen.iter().find(is_of_accounts), None);
}

#[test]
fn of_two_accounts_whose_addresses_differ_in_case_only_the_older_has_it_and_the_other_is_named() {
    let pairs = [
        ("Ann@example.test", "ann@example.test"),
        ("ann@example.test", "Ann@example.test"),
        ("aNN@example.test", "Ann@example.test"),
    ];
    for (older, younger) in pairs {
        let app = earlier(&[("ann", older), ("bob", younger)]);
        let before = account(&app, "bob");
        let _ = app.run_courier();
        for email in [older, younger, "ANN@example.test"] {
            assert_finds(&app, email, Some("ann"));
        }
        let named = account(&app, "bob");
        assert_eq!(named["email_taken_by"], "ann", "{older} {younger}");
        assert_eq!(named["email"], younger);
        assert_eq!(named["credential_epoch"], before["credential_epoch"]);
        assert!(account(&app, "ann").get("email_taken_by").is_none());
        let events = app.make(&Call::get("/v1/admin/users/bob/events")).json();
        let event = &events["events"][0];
        assert_eq!(event["type"], "email.taken");
        assert_eq!(
            event["reason"],
            "the address belongs to the account ann, which was created earlier"
        );
        let lines = app.env.log.lines();
        assert!(
            lines.contains(&"email-taken account=bob by=ann".to_owned()),
            "{lines:?}"
        );
        // It still works by its id, and its emails go to its own spelling.
        let by_id = json!({"user_id": "bob", "password": App::PASSWORD});
        let _ = app.make(&app.call("/v1/sign-in", by_id)).expect(200);
        let recovery = app.call("/v1/admin/users/bob/recovery", json!({"deliver": "email"}));
        let _ = app.make(&recovery).expect(202);
        assert_eq!(app.take_mails()[0].to, younger);
    }
}

#[test]
fn an_account_that_was_named_gets_another_address_or_its_own_once_that_is_free() {
    let app = earlier(&[("ann", "Ann@example.test"), ("bob", "ann@example.test")]);
    let _ = app.run_courier();
    let patch = |id: &str, email: &str| {
        let body = json!({"email": email});
        app.make(&app.call(&path(id), body).by("PATCH"))
    };
    let _ = patch("bob", "ann@example.test").expect(409);
    let _ = patch("ann", "carol@example.test").expect(200);
    let back = patch("bob", "ann@example.test").expect(200).json();
    assert!(back.get("email_taken_by").is_none());
    assert_finds(&app, "ANN@example.test", Some("bob"));
    assert_finds(&app, "carol@example.test", Some("ann"));
    let moved = patch("bob", "bob@example.test").expect(200).json();
    assert!(moved.get("email_taken_by").is_none());
    app.advance(70);
    let _ = app.run_courier();
    assert_finds(&app, "ann@example.test", None);
}

#[test]
fn deleting_one_of_the_two_leaves_the_address_to_the_other() {
    for id in ["ann", "bob"] {
        let app = earlier(&[("ann", "Ann@example.test"), ("bob", "ann@example.test")]);
        let _ = app.run_courier();
        let gone = app.call(&path(id), Value::Null).by("DELETE");
        let _ = app.make(&gone).expect(204);
        let left = if id == "bob" { Some("ann") } else { None };
        assert_finds(&app, "ann@example.test", left);
    }
}

#[test]
fn a_courier_that_dies_while_it_folds_goes_on_where_it_was() {
    for dies_after in 0..60 {
        let app = earlier(&[
            ("ann", "Ann@example.test"),
            ("bob", "ann@example.test"),
            ("cy", "CY@x.test"),
        ]);
        app.env.store.fail_once_after(dies_after);
        let _ = app.make(&app.call("/v1/courier/run", json!({})));
        app.env.store.fail_after(None);
        app.advance(130);
        let _ = app.run_courier();
        assert_finds(&app, "ann@example.test", Some("ann"));
        assert_finds(&app, "cy@x.test", Some("cy"));
        assert_eq!(account(&app, "bob")["email_taken_by"], "ann");
        assert_eq!(indexes(&app).len(), 2, "{dies_after}");
    }
}

#[test]
fn a_store_with_more_accounts_than_a_run_looks_at_is_folded_by_the_next_ones() {
    let accounts: Vec<(String, String)> = (0..230)
        .map(|number| (format!("u{number}"), format!("U{number}@example.test")))
        .collect();
    let accounts: Vec<_> = accounts
        .iter()
        .map(|(id, email)| (&**id, &**email))
        .collect();
    let app = earlier(&accounts);
    let is_over = || false;
    for settled in [100, 200, 230, 230] {
        let run = crate::flow::accounts::fold_addresses::run(&app.env, 100, &is_over);
        block_on(run).unwrap();
        assert_eq!(read(&app, FOLDED)["record"]["settled"], settled);
    }
    assert_finds(&app, "u0@example.test", Some("u0"));
    assert_finds(&app, "u229@example.test", Some("u229"));
}

#[test]
fn another_spelling_is_a_change_of_address_of_the_same_account() {
    let app = App::with_account();
    let id = app.sign_in(App::EMAIL, App::PASSWORD).text("user_id");
    let recovery = app.recover();
    let before = account(&app, &id);
    let body = json!({"email": "ANN@example.test"});
    let call = app.call(&path(&id), body).by("PATCH");
    let after = app.make(&call).expect(200).json();
    assert_eq!(after["email"], "ANN@example.test");
    assert!(after["credential_epoch"].as_u64() > before["credential_epoch"].as_u64());
    // Emails to the previous spelling may have reached somebody else.
    let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(400);
    assert_eq!(app.take_mails()[0].to, App::EMAIL);
    app.advance(70);
    let _ = app.run_courier();
    assert_finds(&app, App::EMAIL, Some(&id));
    let _ = app.forgot(App::EMAIL).expect(202);
    assert_eq!(app.take_mails()[0].to, "ANN@example.test");
}

/// How many operations of each kind there were since the last call.
fn take_kinds(app: &App) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for operation in app.env.store.take_operations() {
        let kind = operation.split(' ').next().unwrap_or_default().to_owned();
        *kinds.entry(kind).or_default() += 1;
    }
    kinds
}

#[test]
fn no_spelling_tells_by_what_it_takes_whether_anyone_has_the_address() {
    let kinds = |email: &str| {
        let app = App::with_account();
        let _ = app.env.store.take_operations();
        let _ = app.sign_in(email, App::NEW_PASSWORD).expect(401);
        let signing_in = take_kinds(&app);
        let _ = app.forgot(email).expect(202);
        (signing_in, take_kinds(&app))
    };
    for (known, unknown) in [
        ("ann@example.test", "eve@example.test"),
        ("ANN@example.test", "EVE@example.test"),
    ] {
        assert_eq!(kinds(known), kinds(unknown), "{known}");
    }
}

fn warnings(app: &App) -> Value {
    let health = app.make(&Call::get("/v1/health")).expect(200).json();
    health["warnings"].clone()
}

#[test]
fn health_warns_until_each_account_has_an_address_of_its_own() {
    let app = earlier(&[
        ("ann", "Ann@example.test"),
        ("bob", "ann@example.test"),
        ("cy", "Cy@example.test"),
        ("dan", "CY@example.test"),
    ]);
    assert_eq!(warnings(&app), Value::Null);
    let _ = app.run_courier();
    let taken = json!([
        "accounts: some share an address with an account created earlier (see email_taken_by)"
    ]);
    assert_eq!(warnings(&app), taken);

    let change = app.call(&path("bob"), json!({"email": "bob@example.test"}));
    let _ = app.make(&change.by("PATCH")).expect(200);
    let _ = app.run_courier();
    assert_eq!(warnings(&app), taken);
    let gone = app.call(&path("dan"), Value::Null).by("DELETE");
    let _ = app.make(&gone).expect(204);
    let _ = app.run_courier();
    assert_eq!(warnings(&app), Value::Null);
}

#[test]
fn those_that_do_not_fit_into_its_memory_are_found_later() {
    let names: Vec<_> = (0..240)
        .map(|number| {
            (
                format!("u{number}"),
                format!("P{}@example.test", number / 2),
            )
        })
        .collect();
    let spelled = |(id, email): &(String, String), number: usize| {
        let email = if number % 2 == 1 {
            email.to_lowercase()
        } else {
            email.clone()
        };
        (id.clone(), email)
    };
    let accounts: Vec<_> = (0_usize..)
        .zip(&names)
        .map(|(number, it)| spelled(it, number))
        .collect();
    let accounts: Vec<_> = accounts
        .iter()
        .map(|(id, email)| (&**id, &**email))
        .collect();
    let app = earlier(&accounts);
    let _ = app.run_courier();
    // The first hundred of 120 are settled.
    for number in (0..100).map(|pair| 2 * pair + 1) {
        let gone = app
            .call(&path(&format!("u{number}")), Value::Null)
            .by("DELETE");
        let _ = app.make(&gone).expect(204);
    }
    let _ = app.run_courier();
    let _ = app.run_courier();
    assert_ne!(warnings(&app), Value::Null);
    for number in (100..120).map(|pair| 2 * pair + 1) {
        let gone = app
            .call(&path(&format!("u{number}")), Value::Null)
            .by("DELETE");
        let _ = app.make(&gone).expect(204);
    }
    let _ = app.run_courier();
    assert_eq!(warnings(&app), Value::Null);
}
