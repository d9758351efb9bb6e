//! Accounts in the layout before version 2 of their record: the credential, a foreign hash, a required change and a
//! counter of epochs were stored beside it.

use serde_json::{Value, json};

use crate::model::id::AccountId;
use crate::model::password_hash::PasswordHash;
use crate::ports::KeyValue as _;
use crate::store::keys::{self, Key};
use crate::testing::{App, Call, block_on};

/// bcrypt of [`App::PASSWORD`].
const FOREIGN: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";

const ANN: &str = "/v1/admin/users/ann";
const YEAR: u64 = 365 * 86_400;

/// The account as it is now, and the credential epochs that it had before its layout changed.
fn ann() -> App {
    let app = App::default();
    let body = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
    app
}

fn write(app: &App, name: &str, record: &Value) {
    let value = json!({"v": 1, "record": record}).to_string().into_bytes();
    block_on(app.env.store.set_many(vec![(Key::forged(name), value)])).unwrap();
}

fn stored(app: &App) -> Value {
    let bytes = app.env.store.bytes("v1:account:ann").unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Stores ann's account as version 1 did, `epochs` credential events after its creation.
fn legacy(epochs: i64) -> App {
    let app = ann();
    let mut account = stored(&app)["record"].clone();
    let mut credential = account
        .as_object_mut()
        .unwrap()
        .remove("credential")
        .unwrap();
    let epoch = account["epoch"].as_i64().unwrap() + epochs;
    account["epoch"] = json!(epoch - 1);
    credential["epoch"] = json!(epoch);
    credential["account_number"] = account["number"].clone();
    write(&app, "v1:account:ann", &account);
    write(&app, "v1:credential:ann", &credential);
    let counter = keys::legacy_epoch(&AccountId::parse("ann").unwrap());
    let _ = block_on(app.env.store.increment(&counter, epochs)).unwrap();
    app
}

/// The same, imported with a foreign hash.
fn imported(epochs: i64) -> App {
    let app = legacy(epochs);
    let foreign = PasswordHash::parse(FOREIGN).unwrap();
    let of = serde_json::to_value(foreign.fingerprint()).unwrap();
    let bytes = app.env.store.bytes("v1:credential:ann").unwrap();
    let mut credential: Value = serde_json::from_slice(&bytes).unwrap();
    credential["record"]["hash"] = of.clone();
    write(&app, "v1:credential:ann", &credential["record"]);
    write(
        &app,
        "v1:imported-hash:ann",
        &json!({"of": of, "hash": FOREIGN}),
    );
    app
}

fn account(app: &App) -> Value {
    app.make(&Call::get(ANN)).expect(200).json()
}

fn epoch(app: &App) -> u64 {
    account(app)["credential_epoch"].as_u64().unwrap()
}

/// The names that only version 1 used.
fn legacy_names(app: &App) -> Vec<String> {
    let kinds = [
        "v1:credential:",
        "v1:imported-hash:",
        "v1:change-order:",
        "v1:epoch:",
    ];
    let mut names = app.env.store.names();
    names.retain(|name| kinds.iter().any(|kind| name.starts_with(kind)));
    names
}

#[track_caller]
fn assert_nothing_is_left(app: &App) {
    app.advance(180);
    let _ = app.run_courier();
    assert_eq!(legacy_names(app), Vec::<String>::new());
    assert_eq!(stored(app)["v"], 2);
    for _ in 0..3 {
        app.advance(YEAR);
        let _ = app.run_courier();
    }
    let fresh = ann();
    fresh.advance(YEAR);
    let _ = fresh.run_courier();
    assert_eq!(app.left_over(&fresh), Vec::<String>::new());
}

#[test]
fn signs_in_as_before() {
    for app in [legacy(7), imported(7)] {
        let before = epoch(&app);
        let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
        assert_eq!(signed_in["credential_epoch"], before);
        assert!(!app.knows(App::NEW_PASSWORD));
        assert_eq!(epoch(&app), before);
    }
}

#[test]
fn the_first_right_sign_in_leaves_nothing_of_a_hash_made_elsewhere() {
    let app = imported(7);
    assert!(app.knows(App::PASSWORD));
    assert!(app.knows(App::PASSWORD));
    assert_nothing_is_left(&app);
    assert!(!app.env.store.dump().contains("$2y$"));
    assert!(app.knows(App::PASSWORD));
}

#[test]
fn an_order_to_change_the_password_counts_as_long_as_it_is_about_it() {
    let app = legacy(3);
    let now = epoch(&app);
    let order = |about: u64| json!({"about": about, "required": true, "epoch": now + 1});
    write(&app, "v1:change-order:ann", &order(now - 1));
    assert_eq!(account(&app)["credential"]["must_change"], false);
    write(&app, "v1:change-order:ann", &order(now));
    assert_eq!(account(&app)["credential"]["must_change"], true);
    assert_eq!(epoch(&app), now + 1);
    let signed_in = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
    let token = signed_in["password_change"]["token"].as_str().unwrap();
    let _ = app.reset(token, App::NEW_PASSWORD).expect(204);
    assert!(epoch(&app) > now + 1);
    assert_eq!(account(&app)["credential"]["must_change"], false);
    assert_nothing_is_left(&app);
    assert!(app.knows(App::NEW_PASSWORD));
}

/// Runs `change`, and expects the epoch to rise if it is a credential event, and never to fall.
fn changes(change: impl Fn(&App), rises: bool) {
    // The counter of epochs may be ahead of that of events, or behind it.
    for epochs in [1, 50] {
        for app in [legacy(epochs), imported(epochs)] {
            let before = epoch(&app);
            change(&app);
            let after = epoch(&app);
            assert!(if rises {
                after > before
            } else {
                after == before
            });
            change(&app);
            assert!(epoch(&app) >= after);
            assert_nothing_is_left(&app);
        }
    }
}

#[test]
fn recovers_and_its_epoch_rises() {
    let reset = |app: &App| {
        app.advance(61);
        let recovery = app.recover();
        let new = if app.knows(App::NEW_PASSWORD) {
            App::OTHER_PASSWORD
        } else {
            App::NEW_PASSWORD
        };
        let _ = app.reset(&recovery.link, new).expect(204);
        assert!(app.knows(new) && !app.knows(App::PASSWORD));
    };
    changes(reset, true);
}

#[test]
fn is_changed_by_administrators() {
    let patch = |body: Value| {
        move |app: &App| {
            let call = app.call(ANN, body.clone()).by("PATCH");
            let _ = app.make(&call).expect(200);
        }
    };
    changes(patch(json!({"disabled": true})), true);
    changes(patch(json!({"locale": "de"})), false);
    let reset = |app: &App| {
        let body = json!({"password": App::OTHER_PASSWORD, "change_on_next_sign_in": false});
        let call = app.call(&format!("{ANN}/reset-password"), body);
        let _ = app.make(&call).expect(200);
        assert!(app.knows(App::OTHER_PASSWORD));
    };
    changes(reset, true);
    let require = |app: &App| {
        let order = format!("{ANN}/password-change");
        let call = app.call(&order, json!({"required": true})).by("PUT");
        assert!(app.make(&call).status < 300);
    };
    changes(require, true);
}

#[test]
fn is_deleted_with_all_that_stands_beside_it() {
    for app in [legacy(7), imported(7)] {
        let before = epoch(&app);
        let delete = app.call(ANN, Value::Null).by("DELETE");
        let _ = app.make(&delete).expect(204);
        assert_eq!(legacy_names(&app), Vec::<String>::new());
        assert!(!app.env.store.dump().contains("$argon2id$"));
        let again = json!({"id": "ann", "email": App::EMAIL, "password": App::NEW_PASSWORD});
        app.advance(60);
        let _ = app.make(&app.call("/v1/admin/users", again)).expect(201);
        assert!(app.knows(App::NEW_PASSWORD) && !app.knows(App::PASSWORD));
        assert!(epoch(&app) > before);
    }
}

#[test]
fn a_credential_of_another_account_under_the_same_id_is_none() {
    let app = legacy(1);
    let bytes = app.env.store.bytes("v1:credential:ann").unwrap();
    let mut credential: Value = serde_json::from_slice(&bytes).unwrap();
    credential["record"]["account_number"] = json!(99);
    write(&app, "v1:credential:ann", &credential["record"]);
    assert!(!app.knows(App::PASSWORD));
}
