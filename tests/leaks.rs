//! No secret leaves: all journeys are made, and every secret that they used is looked for in answers, webhooks, the log and the
//! store's files or database, in clear and encoded. The secrets of the settings are all those that the manifest declares.
//!
//! An answer may hold the secrets that its own call is there to show, and no other.

mod journeys;
mod search;

use std::{
    cell::RefCell,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::app::{
    Algorithm, Answer, ApiClient, App, AppBuilder, BreachList, Call, Issuer, Keeps, MailSink,
    Receiver, Redis, StoreKind, Visitor, is_embedded_host, random_token,
};

use self::search::Search;

/// The one secret that is sent in a URL.
const TOKEN_IN_URL: &str = "courier_url_token";

/// SHA-1 of a breached password, after its first five digits; the list has this one line.
const BREACHED: (&str, &str) = (
    "copper lantern drifts north",
    "438A1EEE8E19B20C7E1BF6977519DA6A077",
);

/// An app, all secrets that were used with it, and all that it answered.
struct Desk {
    app: App,
    receiver: Receiver,
    issuer: Issuer,
    /// The fallback provider.
    fallback: MailSink,
    secrets: RefCell<Vec<Secret>>,
    answers: RefCell<Vec<Said>>,
    _list: BreachList,
}

/// A secret, and what it is, for messages.
#[derive(Clone)]
struct Secret {
    what: String,
    bytes: Vec<u8>,
    /// Whether the store may hold it in clear: a hash that was imported.
    is_stored: bool,
}

/// An answer, and the secrets that it may show.
struct Said {
    call: String,
    bytes: Vec<u8>,
    shown: Vec<Vec<u8>>,
}

impl Desk {
    fn open() -> Self {
        let list = BreachList::answering(200, format!("{}:2\r\n", BREACHED.1));
        let receiver = Receiver::start();
        let issuer = Issuer::new();
        let fallback = MailSink::start();
        let webhook_secret = || format!("whsec_{}", STANDARD.encode(random_token(24)));
        let previous_key = STANDARD.encode(&random_token(24).as_bytes()[..32]);
        let app = receiver
            .told_by(list.asked_by(with_credentials_for_redis(App::builder())))
            // Of ten digits: six would turn up by chance.
            .variable("otp_length", "10")
            .variable("secret_key_previous", previous_key)
            .variable("email_webhook_secret", webhook_secret())
            .variable("email_fallback_provider", "resend")
            .variable("email_fallback_api_origin", fallback.origin())
            .variable("email_fallback_api_key", format!("re_{}", random_token(16)))
            .variable("email_fallback_webhook_secret", webhook_secret())
            .variable("courier_url_token", random_token(32))
            .variable("jwt_jwks", issuer.jwks())
            .variable("jwt_audience", Issuer::AUDIENCE)
            .logging_everything()
            .start();
        let desk = Self {
            app,
            receiver,
            issuer,
            fallback,
            secrets: RefCell::default(),
            answers: RefCell::default(),
            _list: list,
        };
        desk.know_variables();
        desk
    }

    fn know_variables(&self) {
        for (name, value) in self.app.secret_variables() {
            self.know(&name, value);
            let base64 = value.strip_prefix("whsec_").unwrap_or(value);
            if let Ok(bytes) = STANDARD.decode(base64) {
                self.know_bytes(&format!("the bytes of {name}"), bytes);
            }
            if let Some(password) = password_in(value) {
                self.know(&format!("the password in {name}"), password);
            }
        }
        let keys: Value = serde_json::from_str(self.app.variable("api_keys")).expect("it is JSON");
        for key in keys.as_array().expect("it is a list") {
            self.know("the digest of an API key", member(key, "/sha256"));
        }
        self.know("an API key", self.app.all_scopes());
        let (_, secret) = self
            .app
            .all_scopes()
            .rsplit_once('_')
            .expect("a key has parts");
        self.know("the secret part of an API key", secret);
    }

    fn know(&self, what: &str, text: &str) {
        self.know_bytes(what, text.as_bytes().to_vec());
    }

    fn know_bytes(&self, what: &str, bytes: Vec<u8>) {
        let is_stored = false;
        let secret = Secret {
            what: what.to_owned(),
            bytes,
            is_stored,
        };
        self.secrets.borrow_mut().push(secret);
    }

    /// Adds a hash, which the store keeps as it came.
    fn know_hash(&self, hash: &str) {
        self.secrets.borrow_mut().push(Secret {
            what: "an imported hash".to_owned(),
            bytes: hash.as_bytes().to_vec(),
            is_stored: true,
        });
    }

    /// Makes a call and records its answer, which may show no secret.
    #[track_caller]
    fn ask(&self, call: Call) -> Answer {
        self.ask_shown(call, |_| Vec::new())
    }

    /// Makes a call and records its answer, which may show what `find` finds in it. That is a secret from then on.
    #[track_caller]
    fn ask_shown(
        &self,
        call: Call,
        find: impl FnOnce(&Answer) -> Vec<(&'static str, String)>,
    ) -> Answer {
        let answer = call.fetch();
        let shown = find(&answer);
        for (what, text) in &shown {
            self.know(what, text);
        }
        let headers: Vec<_> = answer
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\n"))
            .collect();
        self.answers.borrow_mut().push(Said {
            call: answer.call.clone(),
            bytes: [headers.concat().as_bytes(), &answer.body].concat(),
            shown: shown
                .into_iter()
                .map(|(_, text)| text.into_bytes())
                .collect(),
        });
        answer
    }

    #[track_caller]
    fn portal(&self) -> ApiClient {
        self.app.portal()
    }

    fn visitor(&self) -> Visitor {
        self.app.visitor()
    }

    /// A client with a token that its identity provider has signed just now.
    fn token_bearer(&self, scope: &str) -> ApiClient {
        let token = self.issuer.token(Algorithm::EdDsa, scope);
        let (_, signature) = token.rsplit_once('.').expect("a token has three parts");
        self.know("a JWT", &token);
        self.know("the signature of a JWT", signature);
        self.app.token_bearer(&token)
    }

    /// Asserts that nothing stored now holds a secret.
    #[track_caller]
    fn check_store(&self, when: &str) {
        let mut secrets = self.secrets.borrow().clone();
        secrets.retain(|secret| !secret.is_stored);
        let search = Search::for_all(&secrets);
        for (number, kept) in self.app.kept().iter().enumerate() {
            let found = search.find(kept);
            assert!(
                found.is_empty(),
                "{when}, file or text {number} of the store holds {found:?}"
            );
        }
    }

    /// Asserts that everything that left the app holds no secrets other than those that it is there to show.
    #[track_caller]
    fn check_all_else(&self, user_ids: &[String]) {
        let search = Search::for_all(&self.secrets.borrow());
        let answers = self.answers.borrow();
        for said in answers.iter() {
            let may_show = |found: &&search::Found| {
                let secret = &found.bytes;
                // Where a secret is shown, so are its parts.
                said.shown
                    .iter()
                    .any(|shown| search::contains(shown, secret))
            };
            let found = search.find(&said.bytes);
            let wrong: Vec<_> = found.iter().filter(|it| !may_show(it)).collect();
            assert!(
                wrong.is_empty(),
                "the answer to {} holds {wrong:?}",
                said.call
            );
        }
        let mut found = search.find(self.app.log().as_bytes());
        // A Spin that logs everything logs URLs, too.
        found.retain(|it| is_embedded_host() || it.what != TOKEN_IN_URL);
        assert!(found.is_empty(), "the log holds {found:?}");
        let mut webhooks = 0;
        for webhook in user_ids.iter().flat_map(|id| self.receiver.told_of(id)) {
            webhooks += 1;
            let found = search.find(webhook.body.as_bytes());
            assert!(found.is_empty(), "a webhook holds {found:?}");
        }
        assert!(webhooks > user_ids.len(), "only {webhooks} webhooks came");
    }

    /// Asserts that texts that are not secret are found, or nothing was searched.
    #[track_caller]
    fn check_what_is_looked_at(&self, user_id: &str) {
        let bytes = user_id.as_bytes().to_vec();
        let search = Search::for_all(&[Secret {
            what: "an account's id".to_owned(),
            bytes,
            is_stored: true,
        }]);
        let is_in = |text: &[u8]| !search.find(text).is_empty();
        assert!(self.answers.borrow().iter().any(|said| is_in(&said.bytes)));
        assert!(self.app.kept().iter().any(|kept| is_in(kept)));
        let mut webhooks = self.receiver.told_of(user_id).into_iter();
        assert!(webhooks.any(|webhook| is_in(webhook.body.as_bytes())));
        assert!(self.app.log().contains("webhook-not-understood"));
    }
}

/// Where components call Redis themselves, their address of it holds a password.
fn with_credentials_for_redis(app: AppBuilder) -> AppBuilder {
    if StoreKind::chosen() != StoreKind::OutboundRedis {
        return app;
    }
    let redis = Redis::start(Keeps::Nothing);
    let url = redis.url_of_user("keyback", &random_token(24));
    app.redis(&Arc::new(Mutex::new(redis)))
        .variable("store_url", url)
}

/// The password in a URL, if it has one.
fn password_in(url: &str) -> Option<&str> {
    let (_, after) = url.split_once("://")?;
    let (credentials, _) = after.rsplit_once('@')?;
    credentials.split_once(':').map(|(_, password)| password)
}

/// A text in an answer's body.
fn member<'a>(body: &'a Value, pointer: &str) -> &'a str {
    let text = body.pointer(pointer).and_then(Value::as_str);
    text.unwrap_or_else(|| panic!("no {pointer} in {body}"))
}

#[test]
fn no_secret_is_in_an_answer_a_webhook_the_log_or_the_store() {
    let desk = Desk::open();
    let mut users = Vec::new();
    for journey in journeys::ALL {
        users.extend(journey(&desk));
    }
    desk.check_store("after all journeys");
    journeys::read_everything(&desk, &users);
    desk.check_all_else(&users);
    desk.check_what_is_looked_at(&users[0]);
    let known = desk.secrets.borrow().len();
    assert!(known > 50, "only {known} secrets were used");
}
