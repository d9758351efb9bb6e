//! Which hosts a component may call.

use anyhow::{Context as _, Result, bail, ensure};

use crate::template::Template;
use crate::variables::Variables;

/// The hosts that one component may call.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct AllowList(Vec<AllowedHost>);

/// One entry of `allowed_outbound_hosts`: `scheme://host[:port]`, each with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AllowedHost {
    /// `None` is any scheme.
    scheme: Option<String>,
    host: Host,
    port: Port,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Any,
    /// The suffix with its leading dot.
    Below(String),
    Exactly(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Port {
    Any,
    Exactly(u16),
}

impl AllowList {
    /// Fills in the variables of a component's entries. One that comes out empty grants nothing.
    ///
    /// # Errors
    /// When any variable of the application has no value, or an entry is not a host once filled in. As on Spin, the
    /// component must then be denied every call. The error does not show a variable's value.
    pub(crate) fn resolve(entries: &[Template], variables: &Variables) -> Result<Self> {
        if let Err(missing) = variables.all_resolved() {
            bail!("{missing}");
        }
        let mut hosts = Vec::new();
        for entry in entries {
            let text = variables
                .render(entry)
                .map_err(|missing| anyhow::anyhow!("{missing}"))?;
            if !text.trim().is_empty() {
                let host =
                    AllowedHost::parse(&text).with_context(|| format!("`{}`", entry.source()))?;
                hosts.push(host);
            }
        }
        Ok(Self(hosts))
    }

    /// Whether a request to this origin is allowed. Without a `port`, the scheme's own is meant.
    pub(crate) fn allows(&self, scheme: &str, host: &str, port: Option<u16>) -> bool {
        let scheme = scheme.to_ascii_lowercase();
        let host = host.to_ascii_lowercase();
        let Some(port) = port.or_else(|| default_port(&scheme)) else {
            return false;
        };
        self.0
            .iter()
            .any(|allowed| allowed.allows(&scheme, &host, port))
    }
}

impl AllowedHost {
    /// Parses an entry.
    ///
    /// # Errors
    /// When it is not of the form `scheme://host[:port]`, or of a kind that this host does not support.
    pub(crate) fn parse(entry: &str) -> Result<Self> {
        let (scheme, rest) = entry
            .trim()
            .split_once("://")
            .context("an outbound host needs a scheme (`https://…`)")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let scheme = match scheme {
            "*" => None,
            _ if !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphabetic()) => {
                Some(scheme.to_ascii_lowercase())
            }
            _ => bail!("the scheme of an outbound host must consist of letters, or be `*`"),
        };
        let (host, port) = match rest.rsplit_once(':') {
            // A colon inside the brackets of an IPv6 address does not start a port.
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (rest, None),
        };
        let port = match (port, &scheme) {
            (Some("*"), _) => Port::Any,
            (Some(port), _) => Port::Exactly(
                port.parse()
                    .ok()
                    .context("the port of an outbound host is not a number")?,
            ),
            (None, None) => bail!("an outbound host of any scheme needs a port, or `:*`"),
            (None, Some(scheme)) => {
                let port =
                    default_port(scheme).context("an outbound host of this scheme needs a port")?;
                Port::Exactly(port)
            }
        };
        Ok(Self {
            scheme,
            host: Host::parse(host)?,
            port,
        })
    }

    fn allows(&self, scheme: &str, host: &str, port: u16) -> bool {
        let host_allowed = match &self.host {
            Host::Any => true,
            Host::Below(suffix) => host.ends_with(suffix),
            Host::Exactly(allowed) => host == allowed,
        };
        let port_allowed = match self.port {
            Port::Any => true,
            Port::Exactly(allowed) => port == allowed,
        };
        host_allowed
            && port_allowed
            && self
                .scheme
                .as_deref()
                .is_none_or(|allowed| scheme == allowed)
    }
}

impl Host {
    fn parse(host: &str) -> Result<Self> {
        let host = host.to_ascii_lowercase();
        if let Some((_, prefix)) = host.split_once('/') {
            let is_network = !prefix.is_empty() && prefix.chars().all(|c| c.is_ascii_digit());
            ensure!(
                !is_network,
                "keyback-host does not support networks (CIDR) as outbound hosts"
            );
            bail!("an outbound host must not have a path");
        }
        ensure!(!host.is_empty(), "an outbound host needs a host name");
        ensure!(
            !host.contains(['@', '?', '#', ' ', '{', '}']),
            "an outbound host must have the form `scheme://host[:port]`"
        );
        ensure!(
            host != "self" && host != "self.alt" && !host.ends_with(".spin.internal"),
            "keyback-host does not support service chaining (`self`, `*.spin.internal`) as outbound hosts"
        );
        if host == "*" {
            return Ok(Self::Any);
        }
        let suffix = host.strip_prefix('*');
        ensure!(
            !suffix.unwrap_or(&host).contains('*')
                && suffix.is_none_or(|suffix| suffix.starts_with('.')),
            "a wildcard must be the whole outbound host, or all that is before its first dot"
        );
        Ok(suffix.map_or_else(
            || Self::Exactly(host.clone()),
            |suffix| Self::Below(suffix.to_owned()),
        ))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        // Spin has none for `rediss`.
        "redis" => Some(6379),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn allows(entry: &str, scheme: &str, host: &str, port: Option<u16>) -> bool {
        AllowList(vec![AllowedHost::parse(entry).unwrap()]).allows(scheme, host, port)
    }

    fn resolve(entries: &[&str], values: &[(&str, Option<&str>)]) -> Result<AllowList> {
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| Template::parse(entry).unwrap())
            .collect();
        let declared: BTreeMap<_, _> = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
            .collect();
        AllowList::resolve(&entries, &Variables::load(&declared, &[], |_| None))
    }

    #[test]
    fn a_host_is_allowed_with_its_scheme_and_port_only() {
        assert!(allows("https://example.com", "https", "example.com", None));
        assert!(allows(
            "https://example.com/",
            "https",
            "EXAMPLE.com",
            Some(443)
        ));
        assert!(!allows("https://example.com", "http", "example.com", None));
        assert!(!allows(
            "https://example.com",
            "https",
            "example.com",
            Some(8443)
        ));
        assert!(!allows(
            "https://example.com",
            "https",
            "example.com.evil.test",
            None
        ));
        assert!(!allows(
            "https://example.com",
            "https",
            "notexample.com",
            None
        ));
        assert!(!allows(
            "https://example.com",
            "https",
            "api.example.com",
            None
        ));
        assert!(allows(
            "http://127.0.0.1:3025",
            "http",
            "127.0.0.1",
            Some(3025)
        ));
        assert!(allows("http://[::1]:3025", "http", "[::1]", Some(3025)));
        assert!(allows("http://[::1]", "http", "[::1]", None));
        assert!(allows(
            "redis://example.com",
            "redis",
            "example.com",
            Some(6379)
        ));
    }

    #[test]
    fn wildcards_stand_for_scheme_subdomain_host_and_port() {
        assert!(allows("*://example.com:*", "http", "example.com", Some(1)));
        assert!(allows("https://*", "https", "anything.test", None));
        assert!(!allows("https://*", "http", "anything.test", None));
        assert!(allows(
            "https://*.example.com",
            "https",
            "a.b.example.com",
            None
        ));
        assert!(!allows(
            "https://*.example.com",
            "https",
            "example.com",
            None
        ));
        assert!(!allows(
            "https://*.example.com",
            "https",
            "notexample.com",
            None
        ));
    }

    #[test]
    fn unsupported_and_malformed_entries_are_refused() {
        for entry in [
            "example.com",
            "*",
            "",
            "https://",
            "https://example.com/path",
            "https://user@example.com",
            "https://a.*.example.com",
            "https://*example.com",
            "https://example.com:http",
            "rediss://example.com",
            "*://example.com",
            "http://10.0.0.0/8",
            "http://self",
            "http://other.spin.internal",
            "http://{host}",
        ] {
            assert!(AllowedHost::parse(entry).is_err(), "{entry}");
        }
        let error = AllowedHost::parse("http://10.0.0.0/8")
            .unwrap_err()
            .to_string();
        assert!(error.contains("CIDR"), "{error}");
    }

    #[test]
    fn an_entry_that_comes_out_empty_grants_nothing() {
        let list = resolve(
            &["{{ origin }}", "https://example.com"],
            &[("origin", Some(""))],
        )
        .unwrap();
        assert_eq!(
            list,
            AllowList(vec![AllowedHost::parse("https://example.com").unwrap()])
        );
    }

    #[test]
    fn a_missing_variable_anywhere_denies_every_call() {
        let error = resolve(&["https://example.com"], &[("unrelated", None)]).unwrap_err();
        assert!(error.to_string().contains("unrelated"));
    }

    #[test]
    fn a_bad_value_is_not_echoed() {
        let error = resolve(
            &["{{ origin }}"],
            &[("origin", Some("https://hunter2/path"))],
        )
        .unwrap_err();
        let error = format!("{error:#}");
        assert!(
            error.contains("origin") && !error.contains("hunter2"),
            "{error}"
        );
    }
}
