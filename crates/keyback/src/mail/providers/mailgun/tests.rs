//! Requests to Mailgun, and its answers and webhooks.

use EmailState::{Bounced, Complained, Delivered};
use ProviderKind::{Mailgun, MailgunEu};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::mail::providers::tests::{
    Event, NOW, Post, assert_answers, assert_events, assert_unknown, settings_with, written,
};
use crate::mail::registry::ProviderKind;
use crate::model::email::EmailState;

pub(super) const SIGNING_KEY: &str = "0123456789abcdef0123456789abcdef";

/// Replaces `SIGNATURE` by Mailgun's signature.
pub(super) fn sign(post: &mut Post) {
    let mut mac = Hmac::<Sha256>::new_from_slice(SIGNING_KEY.as_bytes()).unwrap();
    mac.update(format!("{NOW}t0ken").as_bytes());
    let mac = base16ct::lower::encode_string(&mac.finalize().into_bytes());
    let signature = format!(r#"{{"token":"t0ken","timestamp":"{NOW}","signature":"{mac}"}}"#);
    let body = String::from_utf8(post.body.clone()).unwrap();
    post.body = body.replace("SIGNATURE", &signature).into_bytes();
}

const ANSWERS: &[(ProviderKind, u16, &str, &str)] = &[
    (
        Mailgun,
        200,
        r#"{"id":"<1@b.test>","message":"Queued. Thank you."}"#,
        "accepted",
    ),
    (
        Mailgun,
        400,
        r#"{"message":"'to' parameter is not a valid address."}"#,
        "refused: mailgun answered 400: it rejected this email",
    ),
    (
        Mailgun,
        400,
        r#"{"message":"'from' parameter is not a valid address."}"#,
        "sender refused: mailgun answered 400: the sender is not accepted",
    ),
    (
        Mailgun,
        403,
        r#"{"message":"Domain sandbox1.mailgun.org is not allowed to send: Sandbox subdomains are for test purposes only. Please add your own domain."}"#,
        "sender refused: mailgun answered 403: the sender is not accepted",
    ),
    (
        Mailgun,
        403,
        r#"{"message":"Domain example.test is not allowed to send: Your account is temporarily disabled."}"#,
        "later: mailgun answered 403: the key is not allowed to send",
    ),
    (
        MailgunEu,
        403,
        r#"{"message":"Domain example.test is not allowed to send: The domain is unverified and requires DNS configuration."}"#,
        "sender refused: mailgun-eu answered 403: the sender is not accepted",
    ),
    (
        MailgunEu,
        404,
        r#"{"message":"Domain not found: example.test"}"#,
        "later: mailgun-eu answered 404: not found at this origin: check the origin and the sender",
    ),
    (
        Mailgun,
        429,
        r#"{"message":"Too many requests"}"#,
        "throttled: mailgun answered 429: too many requests",
    ),
    (
        Mailgun,
        420,
        r#"{"message":"Domain example.test is not allowed to send: recipient limit exceeded"}"#,
        "throttled: mailgun answered 420: too many requests",
    ),
    (
        MailgunEu,
        402,
        "{}",
        "later: mailgun-eu answered 402: the account is not allowed to send",
    ),
];

const EVENTS: &[Event] = &[
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"delivered","id":"CPgfbmQMTCKtHW6uIWtuVe","recipient":"ann@example.test","delivery-status":{"code":250,"message":"OK"},"user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Delivered, None)),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"failed","severity":"temporary","delivery-status":{"code":452},"user-variables":{"keyback_email_id":"e1"}}}"#,
        None,
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"complained","user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Complained, Some("reported as spam"))),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"delivered","user-variables":[]}}"#,
        None,
    ),
    (Mailgun, r#"{"signature":SIGNATURE}"#, None),
    (
        MailgunEu,
        r#"{"signature":SIGNATURE,"event-data":{"event":"failed","severity":"permanent","reason":"suppress-bounce","delivery-status":{"attempt-no":1,"code":605,"message":"","description":"Not delivering to previously bounced address"},"user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Bounced, Some("the provider did not send it: 605"))),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"failed","severity":"permanent","reason":"suppress-complaint","delivery-status":{"code":607},"user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Bounced, Some("the provider did not send it: 607"))),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"failed","severity":"permanent","reason":"suppress-unsubscribe","user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Bounced, Some("the provider did not send it"))),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"failed","severity":"permanent","reason":"bounce","delivery-status":{"code":550},"user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Bounced, Some("rejected by the recipient's server: 550"))),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"failed","severity":"temporary","reason":"old","delivery-status":{"code":498},"user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((
            Bounced,
            Some("temporarily rejected by the recipient's server: 498"),
        )),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"rejected","reject":{"reason":"Sandbox subdomains are for test purposes only"},"user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Bounced, Some("the provider did not send it"))),
    ),
];

#[test]
fn its_answers_are_understood() {
    assert_answers(ANSWERS);
}

#[test]
fn its_events_are_read_as_documented() {
    assert_events(EVENTS);
}

#[test]
fn only_what_nobody_knows_is_named() {
    for kind in [
        "accepted",
        "stored",
        "opened",
        "clicked",
        "unsubscribed",
        "list_uploaded",
        "list_member_uploaded",
        "list_member_upload_error",
        "email_validation",
    ] {
        let body = format!(r#"{{"signature":SIGNATURE,"event-data":{{"event":"{kind}"}}}}"#);
        assert_unknown(&[(Mailgun, &body, &[])]);
    }
    for (event, named) in [
        (r#"{"event":"teleported"}"#, "teleported"),
        (r#"{"event":"failed","severity":"odd"}"#, "failed"),
        ("{}", "unnamed"),
    ] {
        let body = format!(r#"{{"signature":SIGNATURE,"event-data":{event}}}"#);
        assert_unknown(&[(Mailgun, &body, &[named])]);
    }
}

#[test]
fn mailgun_sends_from_the_senders_domain_unless_the_key_names_one() {
    let uri = |key| {
        let settings = settings_with(Mailgun, key);
        written(&settings).uri().to_string()
    };
    assert_eq!(uri("k"), "https://api.mailgun.net/v3/example.test/messages");
    assert_eq!(
        uri("mg.b.test:k"),
        "https://api.mailgun.net/v3/mg.b.test/messages"
    );
}
