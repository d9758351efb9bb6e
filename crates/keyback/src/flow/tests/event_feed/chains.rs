//! The chains of digests: one of each account, and one of all days, with signed heads.

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{DAY, create, export, get};
use crate::testing::App;

fn sha256(parts: &[&[u8]]) -> Vec<u8> {
    parts
        .iter()
        .fold(Sha256::new(), Sha256::chain_update)
        .finalize()
        .to_vec()
}

fn hex(value: &Value) -> Vec<u8> {
    let mut bytes = [0; 32];
    base16ct::lower::decode(value.as_str().unwrap(), &mut bytes)
        .unwrap()
        .to_vec()
}

/// Checks both chains as an auditor would, by what the API shows.
#[track_caller]
pub(super) fn check(app: &App) -> usize {
    let events = export(app, "");
    let mut chains: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut digests = Vec::new();
    for event in &events {
        let mut shown = event.clone();
        let members = shown.as_object_mut().unwrap();
        let both = ["digest", "previous_digest"].map(|name| members.remove(name));
        let [Some(digest), Some(previous)] = both else {
            assert_eq!(both, [None, None]);
            continue;
        };
        let expected = sha256(&[&hex(&previous), shown.to_string().as_bytes()]);
        assert_eq!(hex(&digest), expected);
        let account = event["user_id"].as_str().unwrap().to_owned();
        let last = chains
            .insert(account, hex(&digest))
            .unwrap_or_else(|| vec![0; 32]);
        assert_eq!(hex(&previous), last, "{event}");
        digests.push(hex(&digest));
    }
    let answer = get(app, "/v1/admin/events/heads");
    let mut left = digests.iter();
    let mut before = vec![0; 32];
    for head in answer["heads"].as_array().unwrap() {
        assert_eq!(hex(&head["previous"]), before);
        for _ in 0..head["count"].as_u64().unwrap() {
            before = sha256(&[&before, left.next().expect("a head counts events")]);
        }
        assert_eq!(hex(&head["digest"]), before);
        check_signature(&answer, head);
    }
    assert_eq!(left.next(), None, "each event with a digest is in a day");
    digests.len()
}

fn check_signature(answer: &Value, head: &Value) {
    let keys = answer["public_keys"].as_array().unwrap();
    let key = keys
        .iter()
        .find(|key| key["kid"] == head["key"])
        .expect("the key is shown");
    let bytes = |value: &Value| Base64UrlUnpadded::decode_vec(value.as_str().unwrap()).unwrap();
    let public = VerifyingKey::from_bytes(&bytes(&key["x"]).try_into().unwrap()).unwrap();
    let text = |name: &str| head[name].as_str().unwrap().to_owned();
    let signed = format!(
        "keyback events v1\n{}\n{}\n{}\n{}\n",
        text("day"),
        head["count"],
        text("digest"),
        text("previous"),
    );
    let signature = Signature::from_slice(&bytes(&head["signature"])).unwrap();
    public.verify_strict(signed.as_bytes(), &signature).unwrap();
}

#[test]
fn a_portal_that_takes_no_event_holds_up_no_digest() {
    let app = App::default();
    app.env
        .variables
        .set("webhook_url", "https://portal.example.test/hook");
    app.env.variables.set(
        "webhook_secret",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
    );
    app.env.http.answer_with(500, None);
    for number in 0..10 {
        create(&app, &format!("user{number}"));
    }
    app.run_courier_for(3);
    create(&app, "last");
    app.run_courier_for(1);
    assert_eq!(check(&app), 11);
}

#[test]
fn two_couriers_and_a_crash_leave_one_chain() {
    let app = App::default();
    for number in 0..20 {
        create(&app, &format!("user{number}"));
        app.advance(40);
        let _ = app.run_courier();
        let _ = app.run_courier();
    }
    app.run_courier_for(3);
    assert_eq!(check(&app), 20);
}

#[test]
fn a_new_secret_key_goes_on_with_the_chain_and_shows_the_key_before() {
    let app = App::default();
    create(&app, "ann");
    app.run_courier_for(3);
    let old = get(&app, "/v1/admin/events/heads");
    app.env.variables.set(
        "secret_key_previous",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    );
    app.env
        .variables
        .set("secret_key", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=");
    app.advance(DAY);
    create(&app, "bob");
    app.run_courier_for(3);
    assert_eq!(check(&app), 2);
    let new = get(&app, "/v1/admin/events/heads");
    assert_eq!(
        new["heads"][0], old["heads"][0],
        "a day that is over stays as it was signed"
    );
    assert_ne!(new["heads"][1]["key"], old["heads"][0]["key"]);
    assert_eq!(new["public_keys"].as_array().unwrap().len(), 2);
}
