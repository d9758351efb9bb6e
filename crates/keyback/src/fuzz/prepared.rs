//! An app with records of every kind, for the targets that make whole calls.

use std::cell::OnceCell;

use serde_json::{Value, json};

use crate::model::password_hash::PasswordHash;
use crate::model::standard_webhook::WebhookSecret;
use crate::ports::{Clock as _, KeyValue as _, NoAnswer};
use crate::store::format::{Checked, Formats, Knowledge};
use crate::store::{counts, keys};
use crate::testing::{App, Call, Recovery, TestKey, block_on};

const WEBHOOK_SECRET: &str = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";
/// bcrypt of [`App::PASSWORD`].
const FOREIGN: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";
/// As many accounts as a node of the directory no longer lists itself.
const MANY: usize = 66;

/// An app with records of every kind.
pub(super) struct Prepared {
    pub(super) app: App,
    pub(super) recovery: Recovery,
    /// The path of a job that is to be stopped.
    pub(super) job: String,
}

thread_local! {
    static PREPARED: OnceCell<Prepared> = const { OnceCell::new() };
}

impl Prepared {
    /// Calls `use_it` with a copy of this thread's app.
    pub(super) fn fork<T>(use_it: impl FnOnce(Self) -> T) -> T {
        let copy = PREPARED.with(|it| {
            let prepared = it.get_or_init(Self::new);
            Self {
                app: prepared.app.fork(),
                recovery: prepared.recovery.clone(),
                job: prepared.job.clone(),
            }
        });
        use_it(copy)
    }

    fn new() -> Self {
        let app = App::with_account();
        set_variables(&app);
        let lines = [
            json!({"id": "bob", "email": "Bob@Example.test", "locale": "de"}),
            json!({"id": "cy-d", "email": "cy@example.test", "password": App::OTHER_PASSWORD}),
            json!({"id": "old", "email": "old@example.test", "password": App::PASSWORD}),
            json!({"id": "gone", "email": "gone@example.test"}),
        ];
        import(&app, &lines);
        attempt(&app);
        let gone = Call::get("/v1/admin/users/gone").by("DELETE");
        let _ = app.make(&gone).expect(204);
        let _ = app.forgot(App::NOBODY).expect(202);
        let recovery = app.recover();
        let _ = app.verify(&recovery.challenge_id, "000000").expect(400);
        report_sent_email(&app);
        // An email and webhooks that wait for a retry.
        app.env.http.fail_with(NoAnswer::TimedOut);
        let _ = app.forgot("cy@example.test").expect(202);
        let _ = start_job(&app);
        app.env.http.answer_with(200, None);
        let many = (0..MANY).map(|number| json!({"email": format!("many{number}@example.test")}));
        let hashes = [FOREIGN.to_owned(), FOREIGN.replace("$04$", "$14$")];
        let foreign = hashes.iter().enumerate().map(|(number, hash)| {
            json!({"email": format!("foreign{number}@example.test"), "password_hash": hash})
        });
        import(&app, &many.chain(foreign).collect::<Vec<_>>());
        let _ = app.make(&Call::get("/v1/health")).expect(200);
        let _ = app.run_courier();
        // What a run of the courier would finish.
        let job = start_job(&app);
        let _ = app.make(&Call::get(&job).by("DELETE"));
        import(&app, &[json!({"id": "late", "email": "late@example.test"})]);
        write_legacy(&app);
        block_on(counts::store_later(&app.env));
        let checked = Checked::new::<Formats>(app.env.store.clone(), Knowledge::default());
        block_on(checked.delete_many(Vec::new())).expect("the store works");
        Self { app, recovery, job }
    }
}

fn set_variables(app: &App) {
    for (name, value) in [
        ("jwt_jwks", &*TestKey::jwks().to_string()),
        ("jwt_audience", TestKey::AUDIENCE),
        ("webhook_url", "https://portal.example.test/events"),
        ("webhook_secret", WEBHOOK_SECRET),
        ("email_webhook_secret", WEBHOOK_SECRET),
        ("trusted_proxy_header", "x-forwarded-for"),
        ("trusted_proxy_hops", "1"),
        ("limit_client_sign_in", "10000/60"),
        ("limit_client_verify", "10000/60"),
    ] {
        app.env.variables.set(name, value);
    }
}

/// Imports accounts, all of which must be created.
fn import(app: &App, lines: &[Value]) {
    let reply = app.make(&Call::import(lines)).expect(200);
    assert_eq!(reply.json()["created"], lines.len(), "{reply:?}");
}

/// Signs in, locks an account, and lets more codes fail than usual.
fn attempt(app: &App) {
    let _ = app.sign_in(App::EMAIL, App::OTHER_PASSWORD).expect(401);
    let _ = app.sign_in(App::EMAIL, App::PASSWORD).expect(200);
    for _ in 0..100 {
        let _ = app.sign_in("cy@example.test", App::PASSWORD).expect(401);
    }
    for _ in 0..101 {
        let _ = app.verify("unknown", "000000").expect(400);
    }
}

/// The path of a new job for accounts that it names.
fn start_job(app: &App) -> String {
    let order = json!({"action": "require-change", "ids": ["bob", "cy-d"]});
    let job = app.make(&app.call("/v1/admin/users/bulk", order));
    job.expect(202).header("location").to_owned()
}

/// Lets the provider report that an email arrived.
fn report_sent_email(app: &App) {
    let sent = app.emails_in("sent").remove(0);
    let body = json!({
        "type": "email.delivered",
        "created_at": "2026-11-23T09:00:00Z",
        "data": {"tags": {"keyback_email_id": sent["id"]}},
    });
    let secret = WebhookSecret::parse(WEBHOOK_SECRET).expect("it is a secret");
    let now = app.env.clock.now();
    let signature = secret.sign("msg_1", now, body.to_string().as_bytes());
    let call = app
        .call("/v1/email-webhooks/resend", body)
        .with_header("svix-id", "msg_1")
        .with_header("svix-timestamp", &now.unix_seconds().to_string())
        .with_header("svix-signature", &signature);
    let _ = app.make(&call).expect(204);
}

/// Stores the account `old` and an entry of the agenda as earlier versions did.
fn write_legacy(app: &App) {
    let write = |name: &str, record: &Value| {
        let value = json!({"v": 1, "record": record});
        app.write(name, value.to_string().into_bytes());
    };
    let bytes = app.env.store.bytes("v1:account:old").expect("it exists");
    let stored: Value = serde_json::from_slice(&bytes).expect("it is JSON");
    let mut account = stored["record"].clone();
    let members = account.as_object_mut().expect("it is an object");
    let mut credential = members.remove("credential").expect("it has a password");
    let hash = PasswordHash::parse(FOREIGN).expect("it is a hash");
    let of = json!(hash.fingerprint());
    credential["hash"] = of.clone();
    credential["account_number"] = account["number"].clone();
    let epoch = credential["epoch"].clone();
    let order = json!({"about": epoch, "required": true, "epoch": epoch});
    write("v1:account:old", &account);
    write("v1:credential:old", &credential);
    write("v1:imported-hash:old", &json!({"of": of, "hash": FOREIGN}));
    write("v1:change-order:old", &order);

    let due_at = app.env.clock.now();
    let minute = due_at.unix_minutes();
    let slots = keys::legacy_slots('t', minute);
    block_on(app.env.store.increment(&slots, 1)).expect("the store works");
    let forget = json!({"due_at": due_at, "task": {"forget": {"keys": ["v1:decoy:0"]}}});
    write(&format!("v1:agenda:t:{minute}:1"), &forget);
    for mark in [
        format!("v1:agenda-hour:{}", minute / 60),
        format!("v1:agenda-day:{}", minute / (24 * 60)),
    ] {
        app.write(&mark, b"{\"v\":1}".to_vec());
    }
    write("v1:agenda-cursor", &json!({"minute": minute}));
}
