//! Forged, altered, stale, and garbage.

use Unusable::{NotAuthentic, Unreadable};

use super::*;

/// A good webhook of each provider.
fn all() -> Vec<Post> {
    ProviderKind::ALL
        .into_iter()
        .map(|provider| {
            posted(
                provider,
                match provider {
                    ProviderKind::SendGrid => "[]",
                    ProviderKind::Mailgun | ProviderKind::MailgunEu => r#"{"signature":SIGNATURE}"#,
                    _ => "{}",
                },
            )
        })
        .collect()
}

#[test]
fn what_proves_nothing_is_not_authentic() {
    for good in all() {
        assert_eq!(good.read_at(NOW), Ok(Vec::new()), "{:?}", good.provider);
        let mut bare = good.clone();
        bare.headers.clear();
        if good.headers.is_empty() {
            bare.body = b"{}".to_vec();
        }
        assert_eq!(bare.read_at(NOW), Err(NotAuthentic), "{:?}", good.provider);
        for name in good.headers.keys() {
            let mut missing = good.clone();
            missing.headers.remove(name);
            assert_eq!(missing.read_at(NOW), Err(NotAuthentic), "{name}");
            let mut other = good.clone();
            let value = format!("{}0", good.headers[name].to_str().unwrap());
            other.headers.insert(name, value.parse().unwrap());
            assert_eq!(other.read_at(NOW), Err(NotAuthentic), "{name}");
        }
    }
}

#[test]
fn another_secret_does_not_do() {
    let other_key = p256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap();
    let prefix = Base64::decode_vec(&sendgrid_key().1).unwrap();
    let point = other_key.verifying_key().to_sec1_point(false);
    let other_key = Base64::encode_string(&[&prefix[..26], point.as_bytes()].concat());
    for mut post in all() {
        post.secret = match post.provider {
            ProviderKind::Resend | ProviderKind::Webhook => SIGNED.replace("a2V5", "a2V6"),
            ProviderKind::Postmark | ProviderKind::Ses => format!("{CREDENTIALS}0"),
            ProviderKind::SendGrid => other_key.clone(),
            ProviderKind::Mailgun | ProviderKind::MailgunEu => format!("{SIGNING_KEY}0"),
        };
        assert_eq!(post.read_at(NOW), Err(NotAuthentic), "{:?}", post.provider);
    }
}

#[test]
fn an_altered_body_is_refused_where_the_body_is_signed() {
    for mut post in all() {
        let is_signed = matches!(
            post.provider,
            ProviderKind::Resend | ProviderKind::SendGrid | ProviderKind::Webhook
        );
        post.body.push(b' ');
        assert_eq!(post.read_at(NOW).is_err(), is_signed, "{:?}", post.provider);
    }
}

#[test]
fn an_old_signature_is_refused_and_one_from_the_future() {
    for post in all() {
        let age = match post.provider {
            ProviderKind::Postmark | ProviderKind::Ses => continue,
            ProviderKind::Resend | ProviderKind::Webhook => 300,
            ProviderKind::SendGrid => 25 * 3_600,
            ProviderKind::Mailgun | ProviderKind::MailgunEu => 9 * 3_600,
        };
        for (now, is_taken) in [
            (NOW + age, true),
            (NOW + age + 1, false),
            (NOW - 300, true),
            (NOW - 301, false),
        ] {
            assert_eq!(post.read_at(now).is_ok(), is_taken, "{:?}", post.provider);
        }
    }
}

#[test]
fn what_is_authentic_and_no_json_is_unreadable() {
    for provider in ProviderKind::ALL {
        let is_mailgun = matches!(provider, ProviderKind::Mailgun | ProviderKind::MailgunEu);
        for garbage in ["", "garbage", "{", "7", "null", "\u{0}"] {
            // Mailgun's signature stands in the body.
            let expected = if is_mailgun { NotAuthentic } else { Unreadable };
            let read = posted(provider, garbage).read_at(NOW);
            assert_eq!(read, Err(expected), "{provider:?} {garbage}");
        }
    }
    assert_eq!(
        posted(ProviderKind::SendGrid, "{}").read_at(NOW),
        Err(Unreadable)
    );
}

#[test]
fn the_secret_of_one_provider_is_none_of_another() {
    let secret = FeedbackSecret::parse(ProviderKind::Postmark, CREDENTIALS).unwrap();
    let post = posted(ProviderKind::Resend, "{}");
    let now = Timestamp::from_unix_millis(NOW * 1000);
    let read = read(
        ProviderKind::Resend,
        &secret,
        &post.headers,
        &post.body,
        now,
    );
    assert_eq!(read, Err(NotAuthentic));
    assert_eq!(format!("{secret:?}"), "FeedbackSecret");
}

/// From `packages/eventwebhook/src/eventwebhook.spec.js` of <https://github.com/sendgrid/sendgrid-nodejs>.
#[test]
fn the_signature_that_sendgrid_publishes_is_right() {
    let body = "[{\"email\":\"hello@world.com\",\"event\":\"dropped\",\"reason\":\"Bounced Address\",\
        \"sg_event_id\":\"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA\",\
        \"sg_message_id\":\"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0\",\
        \"smtp-id\":\"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>\",\"timestamp\":1600112492}]\r\n";
    let mut post = posted(ProviderKind::SendGrid, body);
    post.secret = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==".to_owned();
    post.header(
        "x-twilio-email-event-webhook-signature",
        "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
    );
    post.header("x-twilio-email-event-webhook-timestamp", "1600112502");
    assert_eq!(post.read_at(1_600_112_502), Ok(Vec::new()));
    post.header("x-twilio-email-event-webhook-timestamp", "1600112503");
    assert_eq!(post.read_at(1_600_112_502), Err(NotAuthentic));
}

#[test]
fn malformed_signatures_of_sendgrid_do_no_harm() {
    let mut post = posted(ProviderKind::SendGrid, "[]");
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
            assert_eq!(post.read_at(NOW), Err(NotAuthentic), "{case:x?}");
        }
    }
}
