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
            "empty, or a URL: https, or http on 127.0.0.1 or localhost",
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
        let grant = values.read(
            "webhook_allowed_host",
            "empty, or scheme://host:port, with * as a wildcard",
            |text| match text.trim() {
                "" => Some(None),
                text => Grant::parse(text).map(Some),
            },
        );
        match (url?, secret?) {
            (Some(url), Some(secret)) => {
                if !grant?.is_some_and(|grant| grant.covers(&url)) {
                    values.warn(
                        "webhook_url",
                        "is not covered by webhook_allowed_host, so no event can be sent",
                    );
                }
                Some(Self(Some(Webhook { url, secret })))
            }
            (None, _) => {
                grant?;
                values.warn_if_unused("webhook_url", &["webhook_secret"]);
                Some(Self(None))
            }
            // Without a secret, the portal could not detect forged events.
            (Some(_), None) => {
                values.refuse("webhook_secret", "is required when webhook_url is set");
                None
            }
        }
    }
}

/// An entry of Spin's `allowed_outbound_hosts`, in lower case.
struct Grant {
    scheme: String,
    host: String,
    port: Option<String>,
}

impl Grant {
    /// Parses `scheme://host:port`. Spin refuses every call of a component with a bad one.
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let (scheme, rest) = text.split_once("://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        };
        let is_scheme = scheme == "*" || scheme.bytes().all(|byte| byte.is_ascii_alphabetic());
        let is_port =
            |port: &str| port == "*" || port.split("..").all(|it| it.parse::<u16>().is_ok());
        let has_port = port.map_or(scheme != "*", is_port);
        let fits = !scheme.is_empty() && is_scheme && !host.is_empty() && has_port;
        fits.then(|| Self {
            scheme: scheme.to_owned(),
            host: host.to_owned(),
            port: port.map(str::to_owned),
        })
    }

    /// Whether it grants calls to `url`. Networks and port ranges are not evaluated here, and count as granting.
    fn covers(&self, url: &str) -> bool {
        let Ok(uri) = url.parse::<Uri>() else {
            return false;
        };
        let scheme = uri.scheme_str().unwrap_or_default();
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let usual = if scheme == "http" { 80 } else { 443 };
        let port = uri.port_u16().unwrap_or(usual).to_string();
        let covers_host = match self.host.strip_prefix('*') {
            Some(suffix) => host.ends_with(suffix),
            None => self.host == host || self.host.contains('/'),
        };
        let covers_port = match self.port.as_deref() {
            None => port == usual.to_string(),
            Some("*") => true,
            Some(own) => own == port || own.contains(".."),
        };
        (self.scheme == "*" || self.scheme == scheme) && covers_host && covers_port
    }
}

/// A URL whose origin [`BaseUrl`] accepts and a grant can name. Path and query may be anything.
fn receiver(text: &str) -> Option<String> {
    let uri: Uri = text.parse().ok()?;
    let rest = uri.path_and_query().map_or("", |rest| rest.as_str());
    let origin = text.strip_suffix(rest).unwrap_or(text);
    let granted = BaseUrl::parse(origin).is_some_and(|origin| origin.is_grantable());
    let fits = text.len() <= 2_000 && granted && !text.contains('#');
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
            "https://[2001:db8::1]/events",
            "https://*.example.com/events",
            "https://portal.example.com:70000/events",
        ] {
            assert_eq!(receiver(bad), None, "{bad}");
        }
    }

    fn covers(grant: &str, url: &str) -> Option<bool> {
        Grant::parse(grant).map(|grant| grant.covers(url))
    }

    #[test]
    fn a_grant_covers_what_spin_would_let_through() {
        for (grant, url) in [
            ("https://*:*", "https://portal.example.com:8443/hook"),
            (
                "https://portal.example.com",
                "https://Portal.example.com/hook?a",
            ),
            ("https://*.example.com/", "https://portal.example.com"),
            ("*://portal.example.com:443", "https://portal.example.com/"),
            ("http://127.0.0.1:3001", "http://127.0.0.1:3001/events"),
            ("http://10.0.0.0/8:*", "http://127.0.0.1:3001/events"),
            (
                "http://127.0.0.1:3000..3009",
                "http://127.0.0.1:3001/events",
            ),
        ] {
            assert_eq!(covers(grant, url), Some(true), "{grant} {url}");
        }
        for (grant, url) in [
            ("https://*:*", "http://127.0.0.1:3001/events"),
            (
                "https://portal.example.com",
                "https://portal.example.com:8443/",
            ),
            (
                "https://portal.example.com:8443",
                "https://portal.example.com/",
            ),
            ("https://*.example.com", "https://example.com/"),
            (
                "https://portal.example.com",
                "https://portal.example.com.evil.example/",
            ),
        ] {
            assert_eq!(covers(grant, url), Some(false), "{grant} {url}");
        }
        for bad in [
            "portal.example.com",
            "*://portal.example.com",
            "https://",
            "https://a:b",
            "://a",
        ] {
            assert_eq!(covers(bad, "https://a.example/"), None, "{bad}");
        }
    }
}
