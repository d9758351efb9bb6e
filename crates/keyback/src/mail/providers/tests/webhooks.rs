//! Forged, altered, stale and garbage webhooks.

use Unusable::{NotAuthentic, Unreadable};

use super::*;

/// The key of SendGrid's own example.
const OTHER_PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";

/// A valid webhook of each provider.
fn all() -> Vec<Post> {
    ProviderKind::ALL
        .iter()
        .map(|&provider| {
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
        assert_eq!(
            good.read_at(NOW).map(|said| said.reports),
            Ok(Vec::new()),
            "{:?}",
            good.provider
        );
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
    for mut post in all() {
        post.secret = match post.provider {
            ProviderKind::Resend | ProviderKind::Webhook => post.secret.replace("a2V5", "a2V6"),
            ProviderKind::SendGrid => OTHER_PUBLIC_KEY.to_owned(),
            _ => format!("{}0", post.secret),
        };
        assert_eq!(post.read_at(NOW), Err(NotAuthentic), "{:?}", post.provider);
    }
}

#[test]
fn what_cannot_be_a_secret_is_refused() {
    for kind in ProviderKind::ALL {
        for bad in ["", "short", "two words of more than sixteen letters"] {
            assert!(kind.webhook(bad).is_none(), "{kind:?} {bad}");
        }
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
    for &provider in ProviderKind::ALL {
        let is_mailgun = matches!(provider, ProviderKind::Mailgun | ProviderKind::MailgunEu);
        for garbage in ["", "garbage", "{", "7", "null", "\u{0}"] {
            // Mailgun's signature is in the body.
            let expected = if is_mailgun { NotAuthentic } else { Unreadable };
            let read = posted(provider, garbage).read_at(NOW);
            assert_eq!(read, Err(expected), "{provider:?} {garbage}");
        }
    }
}
