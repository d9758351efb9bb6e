//! The origin under which users see the app.

use std::fmt;
use std::net::Ipv6Addr;

use ::http::Uri;
use ::http::uri::Authority;

/// An origin without a trailing slash: `https`, or `http` on a loopback address.
///
/// Every link is built from it, never from a request's headers (OWASP Forgot Password Cheat Sheet, "URL Tokens").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Parses an origin such as `https://id.example.com`; one trailing slash is dropped.
    ///
    /// Returns `None` for any other scheme, for plain `http` off the loopback, for a path, query, fragment or user, and
    /// for an invalid host or port, such as a wildcard.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let origin = text.strip_suffix('/').unwrap_or(text);
        if origin.contains(['#', '?', '@']) {
            return None;
        }
        let uri: Uri = origin.parse().ok()?;
        let authority = uri.authority()?;
        let secure = match uri.scheme_str()? {
            "https" => true,
            "http" => matches!(authority.host(), "localhost" | "127.0.0.1" | "[::1]"),
            _ => false,
        };
        let is_bare = uri.path() == "/" && origin.ends_with(authority.as_str());
        let is_whole = is_host(authority.host()) && has_port_or_none(authority);
        (secure && is_bare && is_whole).then(|| Self(origin.to_owned()))
    }

    /// Whether a Spin grant can name it: a grant cannot name an IPv6 address.
    #[must_use]
    pub fn is_grantable(&self) -> bool {
        !self.0.contains('[')
    }

    /// Whether it is `https`.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The origin and `path`, which starts with a slash.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

/// A name in its ASCII form or an IPv4 address, or IPv6 in brackets.
fn is_host(host: &str) -> bool {
    let inner = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    if let Some(address) = inner {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let name = host.strip_suffix('.').unwrap_or(host);
    let mut labels = name.split('.');
    labels.all(|label| !label.is_empty() && label.bytes().all(is_sign))
}

fn has_port_or_none(authority: &Authority) -> bool {
    let written = authority.as_str().strip_prefix(authority.host());
    written == Some("") || authority.port_u16().is_some_and(|port| port > 0)
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_origins_only() {
        for good in [
            "https://id.example.com",
            "https://id.example.com:8443",
            "http://127.0.0.1:3000",
            "http://localhost:3000/",
            "http://[::1]:3000",
            "https://[2001:db8::1]",
            "https://xn--bcher-kva.example",
        ] {
            assert!(BaseUrl::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "id.example.com",
            "http://id.example.com",
            "https://id.example.com/path",
            "https://id.example.com/id.example.com",
            "https://id.example.com?x",
            "https://id.example.com#x",
            "https://user@id.example.com",
            "ftp://127.0.0.1",
            "http://127.0.0.1.example.com",
            "https://*",
            "https://*.example.com",
            "https://a..example.com",
            "https://.example.com",
            "https://a'b.example.com",
            "https://id%2eexample.com",
            "https://id.example.com:",
            "https://id.example.com:0",
            "https://id.example.com:65536",
            "https://id.example.com:*",
            "https://[::1",
            "https://[fe80]",
        ] {
            assert!(BaseUrl::parse(bad).is_none(), "{bad}");
        }
    }
}
