//! SendGrid's webhooks, and that they are authentic.

use EmailState::{Bounced, Complained, Delivered};
use ProviderKind::SendGrid;
use base64ct::{Base64, Encoding};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};

use crate::mail::api::{Feedback, Unusable};
use crate::mail::providers::tests::{
    Event, NOW, Post, assert_answers, assert_events, assert_unknown, posted,
};
use crate::mail::registry::ProviderKind;
use crate::model::email::EmailState;

/// The public half of the key that [`sign`] uses.
pub(super) const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHhhTL9R1TALzBB2cdc6zO4P/2BrHzk/ogsyxyYvFiW6kbDEcTi/0DdlqNlPm5FRF0y3+SG7O11x6kMahiIHAow==";

/// Signs `post` as SendGrid would.
pub(super) fn sign(post: &mut Post) {
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let signed = [NOW.to_string().as_bytes(), &post.body].concat();
    let signature: Signature = key.sign(&signed);
    let signature = Base64::encode_string(signature.to_der().as_bytes());
    post.header("x-twilio-email-event-webhook-signature", &signature);
    post.header("x-twilio-email-event-webhook-timestamp", &NOW.to_string());
}

const SENDER_FIELD: &str = r#"{"errors":[{"message":"…","field":"from.email","help":"…"}]}"#;
const ANSWERS: &[(ProviderKind, u16, &str, &str)] = &[
    (SendGrid, 202, "", "accepted"),
    (SendGrid, 200, "{}", "accepted"),
    (
        SendGrid,
        400,
        SENDER_FIELD,
        "sender refused: sendgrid answered 400 from.email: the sender is not accepted",
    ),
    (
        SendGrid,
        400,
        r#"{"errors":[{"field":"personalizations.0.to.0.email"}]}"#,
        "refused: sendgrid answered 400 personalizations.0.to.0.email: it rejected this email",
    ),
    (
        SendGrid,
        403,
        r#"{"errors":[{"message":"The from address does not match a verified Sender Identity.","field":"from","help":null}]}"#,
        "sender refused: sendgrid answered 403 from: the sender is not accepted",
    ),
    (
        SendGrid,
        403,
        r#"{"errors":[{"message":"access forbidden","field":null,"help":null}]}"#,
        "later: sendgrid answered 403: the key is not allowed to send",
    ),
];

const EVENTS: &[Event] = &[
    (
        SendGrid,
        r#"[{"email":"ann@example.test","timestamp":1513299569,"smtp-id":"<14c5d75ce93.dfd.64b469@ismtpd-555>","event":"delivered","sg_event_id":"sg_event_id","sg_message_id":"sg_message_id","response":"250 OK","keyback_email_id":"e1"}]"#,
        Some((Delivered, None)),
    ),
    (
        SendGrid,
        r#"[{"email":"ann@example.test","event":"processed","keyback_email_id":"e1"},{"email":"ann@example.test","event":"bounce","reason":"500 unknown recipient ann@example.test","status":"5.0.0","type":"bounce","keyback_email_id":"e1"}]"#,
        Some((Bounced, Some("rejected by the recipient's server: 5.0.0"))),
    ),
    (
        SendGrid,
        r#"[{"event":"bounce","status":"5.2.2","type":"blocked","keyback_email_id":"e1"}]"#,
        Some((
            Bounced,
            Some("temporarily rejected by the recipient's server: 5.2.2"),
        )),
    ),
    (
        SendGrid,
        r#"[{"event":"dropped","reason":"Bounced Address","status":"5.0.0","keyback_email_id":"e1"}]"#,
        Some((Bounced, Some("the provider did not send it: 5.0.0"))),
    ),
    (
        SendGrid,
        r#"[{"event":"spamreport","keyback_email_id":"e1"}]"#,
        Some((Complained, Some("reported as spam"))),
    ),
    (
        SendGrid,
        r#"[{"event":"bounce","status":"5.7.1","type":"expired","keyback_email_id":"e1"}]"#,
        Some((
            Bounced,
            Some("temporarily rejected by the recipient's server: 5.7.1"),
        )),
    ),
    (
        SendGrid,
        r#"[{"event":"deferred","keyback_email_id":"e1"},{"event":"delivered"},7]"#,
        None,
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
fn only_what_nobody_knows_is_named_and_once() {
    for kind in [
        "processed",
        "deferred",
        "open",
        "click",
        "unsubscribe",
        "group_unsubscribe",
        "group_resubscribe",
        "account_status_change",
    ] {
        let body = format!(r#"[{{"event":"{kind}","keyback_email_id":"e1"}}]"#);
        assert_unknown(&[(SendGrid, &body, &[])]);
    }
    assert_unknown(&[(
        SendGrid,
        r#"[{"event":"teleported"},{"event":"teleported"},7]"#,
        &["teleported", "unnamed"],
    )]);
}

#[test]
fn many_events_of_one_post_are_all_read() {
    let body = r#"[{"event":"delivered","keyback_email_id":"e1"},{"event":"delivered","keyback_email_id":"e2"}]"#;
    let said = posted(SendGrid, body).read_at(NOW).unwrap();
    let ids: Vec<_> = said.reports.iter().map(|it| it.email_id.as_str()).collect();
    assert_eq!(ids, ["e1", "e2"]);
}

/// From `packages/eventwebhook/src/eventwebhook.spec.js` of <https://github.com/sendgrid/sendgrid-nodejs>.
#[test]
fn the_signature_that_sendgrid_publishes_is_right() {
    let body = "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\
        \"sg_event_id\":\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\
        \"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\
        \"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n";
    let mut post = posted(SendGrid, body);
    post.secret = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==".to_owned();
    post.header(
        "x-twilio-email-event-webhook-signature",
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
    );
    post.header("x-twilio-email-event-webhook-timestamp", "1600112502");
    assert_eq!(post.read_at(1_600_112_502), Ok(Feedback::default()));
    post.header("x-twilio-email-event-webhook-timestamp", "1600112503");
    assert_eq!(post.read_at(1_600_112_502), Err(Unusable::NotAuthentic));
}

#[test]
fn malformed_signatures_of_sendgrid_do_no_harm() {
    let mut post = posted(SendGrid, "[]");
    let good = Base64::decode_vec(
        post.headers["x-twilio-email-event-webhook-signature"]
            .to_str()
            .unwrap(),
    )
    .unwrap();
    for at in 0..good.len() {
        let mut cases = vec![good[..at].to_vec()];
        for value in [0, 1, 0x21, 0x7f, 0x80, 0xff] {
            let mut altered = good.clone();
            altered[at] = value;
            cases.push(altered);
        }
        for case in cases.into_iter().filter(|case| *case != good) {
            let signature = Base64::encode_string(&case);
            post.header("x-twilio-email-event-webhook-signature", &signature);
            assert_eq!(post.read_at(NOW), Err(Unusable::NotAuthentic), "{case:x?}");
        }
    }
}

#[test]
fn what_is_authentic_and_no_list_is_unreadable() {
    assert_eq!(
        posted(SendGrid, "{}").read_at(NOW),
        Err(Unusable::Unreadable)
    );
}
