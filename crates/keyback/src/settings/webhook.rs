//! The variables of the portal's webhook.

use ::http::Uri;

use crate::model::base_url::BaseUrl;
use crate::model::standard_webhook::WebhookSecret;
use crate::portal::{Webhook, WebhookSettings};
use crate::settings::{Section, Values};

impl Section for WebhookSettings {
    fn read(values: &Values) -> Option<Self> {
        let url = values.read(
            "webhook_url",
            "empty, or an address: https, or http on 127.0.0.1 or localhost",
            |text| match text {
                "" => Some(None),
                text => receiver(text).map(Some),
            },
        );
        let secret = values.read(
            "webhook_secret",
            "empty, or whsec_ and 24 to 64 bytes in base64",
            |text| match text {
                "" => Some(None),
                text => WebhookSecret::parse(text).ok().map(Some),
            },
        );
        match (url?, secret?) {
            (Some(url), Some(secret)) => Some(Self(Some(Webhook { url, secret }))),
            (None, _) => Some(Self(None)),
            // Without a secret the portal could not detect forged events.
            (Some(_), None) => {
                values.refuse("webhook_secret", "is needed beside webhook_url");
                None
            }
        }
    }
}

/// A URL whose origin [`BaseUrl`] accepts, except IPv6's loopback address, which no grant of Spin can name. Path and query
/// are free.
fn receiver(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let rest = uri.path_and_query().map_or("", |rest| rest.as_str());
    let origin = text.strip_suffix(rest).unwrap_or(text);
    let granted = !origin.starts_with("http://[");
    let fits =
        text.len() <= 2_000 && granted && !text.contains('#') && BaseUrl::parse(origin).is_some();
    fits.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_may_have_a_path_and_a_query() {
        for good in [
            "https://portal.example.com",
            "https://portal.example.com/",
            "https://portal.example.com:8443/hooks/keyback?tenant=1",
            "http://127.0.0.1:3001/events",
        ] {
            assert_eq!(receiver(good).as_deref(), Some(good));
        }
        for bad in [
            "/hooks",
            "portal.example.com/hooks",
            "http://portal.example.com/hooks",
            "https://user:secret@portal.example.com/hooks",
            "https://portal.example.com/hooks#there",
            "ftp://127.0.0.1/",
            "http://[::1]:3001/events",
        ] {
            assert_eq!(receiver(bad), None, "{bad}");
        }
    }
}
