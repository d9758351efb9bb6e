//! Addresses of other sites that users may be sent to.

use std::fmt;

use ::http::Uri;

/// The address of a page: `https`, or `http` on a loopback address.
///
/// Accepts only addresses that a browser parses exactly as this parser does
/// (<https://url.spec.whatwg.org/#url-parsing>): nothing that it would correct, drop or resolve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    text: String,
    is_https: bool,
    host: String,
    port: u16,
    path: Vec<String>,
    has_query: bool,
}

/// The longest address in bytes.
const MAX_BYTES: usize = 2_000;

impl WebAddress {
    /// Parses an address such as `https://portal.example.com/sign-in?from=reset`.
    ///
    /// Returns `None` for any other scheme, for plain `http` off the loopback, for a user or a fragment, for dot
    /// segments, and for characters that are not allowed in an address (RFC 3986 §2).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let plain =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%[]".contains(&byte);
        if text.len() > MAX_BYTES || !text.bytes().all(plain) {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let host = authority.host().to_ascii_lowercase();
        let is_https = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let is_loopback = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        let is_named = !host.is_empty() && !host.contains('%');
        if authority.as_str().contains('@') || !is_named || !(is_https || is_loopback) {
            return None;
        }
        // The parser also accepts brackets after a name, and a port after those.
        let port = match authority.as_str().get(host.len()..)?.strip_prefix(':') {
            Some(port) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.parse().ok()?,
            None if authority.as_str().len() == host.len() => {
                if is_https {
                    443
                } else {
                    80
                }
            }
            _ => return None,
        };
        let path: Vec<String> = uri.path().split('/').skip(1).map(str::to_owned).collect();
        if path.iter().any(|segment| is_dots(segment)) {
            return None;
        }
        Some(Self {
            text: text.to_owned(),
            is_https,
            host,
            port,
            path,
            has_query: uri.query().is_some(),
        })
    }

    /// Whether `other` has the same scheme, host and port, and is at this path or below it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let own = match self.path.split_last() {
            Some((last, before)) if last.is_empty() => before,
            _ => self.path.as_slice(),
        };
        self.is_https == other.is_https
            && self.host == other.host
            && self.port == other.port
            && other.path.starts_with(own)
    }

    /// Whether it has a query.
    #[must_use]
    pub fn has_query(&self) -> bool {
        self.has_query
    }

    /// The address, unchanged.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A segment that a browser resolves, even if its dots are encoded.
fn is_dots(segment: &str) -> bool {
    let decoded = segment.to_ascii_lowercase().replace("%2e", ".");
    matches!(decoded.as_str(), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> WebAddress {
        WebAddress::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn takes_plain_addresses_only() {
        for good in [
            "https://portal.example.com",
            "https://portal.example.com/",
            "https://portal.example.com:8443/a/b?c=d&e=%20",
            "http://127.0.0.1:3000/a",
            "http://localhost",
            "http://[::1]:80/",
        ] {
            assert_eq!(address(good).to_string(), good);
        }
        for bad in [
            "",
            "/a",
            "//portal.example.com/a",
            "portal.example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "http://portal.example.com/",
            "http://127.0.0.1.example.com/",
            "https://",
            "https:///a",
            "https:portal.example.com",
            "https:\\\\portal.example.com",
            "https://portal.example.com\\@evil.example",
            "https://user@portal.example.com/",
            "https://portal.example.com@evil.example/",
            "https://user:secret@portal.example.com/",
            "https://portal.example.com:/",
            "https://portal.example.com:65536/",
            "https://portal.example.com:00[::0]p:443/",
            "https://portal.example.com[::1]:443/",
            "https://portal%2eexample.com/",
            "https://portal.example.com/a#b",
            "https://portal.example.com/a/../b",
            "https://portal.example.com/a/%2E%2e/b",
            "https://portal.example.com/./b",
            "https://portal.example.com/.%2e",
            "https://portal.example.com/a b",
            " https://portal.example.com/",
            "https://portal.example.com/\t",
            "https://portal.example.com/ü",
            "https://port\u{e4}l.example.com/",
            "https://portal.example.com/\"onclick",
            "https://portal.example.com/<b>",
        ] {
            assert_eq!(WebAddress::parse(bad), None, "{bad}");
        }
        assert!(WebAddress::parse(&format!("https://a.example/{}", "a".repeat(2_000))).is_none());
    }

    #[test]
    fn covers_what_is_below_it_segment_by_segment() {
        for (allowed, good) in [
            ("https://a.example", "https://a.example/b?c"),
            ("https://a.example/", "https://a.example"),
            ("https://a.example:443", "https://A.EXAMPLE/b"),
            ("http://localhost", "http://localhost:80/b"),
            ("https://a.example/app", "https://a.example/app"),
            ("https://a.example/app", "https://a.example/app/"),
            ("https://a.example/app", "https://a.example/app/b"),
            ("https://a.example/app", "https://a.example/app?b"),
            ("https://a.example/app/", "https://a.example/app/b"),
            ("https://a.example/app/", "https://a.example/app"),
        ] {
            assert!(address(allowed).covers(&address(good)), "{allowed} {good}");
        }
        for (allowed, bad) in [
            ("https://a.example", "https://a.example.evil.example/"),
            ("https://a.example", "https://b.a.example/"),
            ("https://a.example", "https://a.example:8443/"),
            ("https://localhost", "http://localhost:443/"),
            ("https://a.example/app", "https://a.example/application"),
            ("https://a.example/app", "https://a.example/App"),
            ("https://a.example/app", "https://a.example/app%2Fb"),
            ("https://a.example/app", "https://a.example//app"),
            ("https://a.example/app", "https://a.example/"),
            ("https://a.example/app/b", "https://a.example/app"),
        ] {
            assert!(!address(allowed).covers(&address(bad)), "{allowed} {bad}");
        }
    }
}
