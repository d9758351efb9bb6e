//! The origin under which users see the app.

use std::fmt;

use ::http::Uri;

/// An origin without a trailing slash: `https`, or `http` on a loopback address.
///
/// Every link is built from it, never from a request's headers (OWASP Forgot Password Cheat Sheet, "URL Tokens").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Parses an origin such as `https://id.example.com`; one trailing slash is dropped.
    ///
    /// Returns `None` for any other scheme, for plain `http` off the loopback, and for a path, query, fragment or
    /// user.
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
        let is_bare = origin.ends_with(authority.as_str());
        (secure && is_bare && !authority.host().is_empty()).then(|| Self(origin.to_owned()))
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
        ] {
            assert!(BaseUrl::parse(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "id.example.com",
            "http://id.example.com",
            "https://id.example.com/path",
            "https://id.example.com?x",
            "https://id.example.com#x",
            "https://user@id.example.com",
            "ftp://127.0.0.1",
            "http://127.0.0.1.example.com",
        ] {
            assert!(BaseUrl::parse(bad).is_none(), "{bad}");
        }
    }
}
