//! The address of the client, as far as it can be trusted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// The address that limits count and mails mention. `Display` masks it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Parses an address with or without a port; an IPv4 address inside IPv6 counts as IPv4.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let address = text
            .parse::<SocketAddr>()
            .map(|socket| socket.ip())
            .or_else(|_| text.trim_matches(['[', ']']).parse::<IpAddr>())
            .ok()?;
        Some(Self(address.to_canonical()))
    }

    /// The address used when the client is unknown. All unknown clients share its limits.
    #[must_use]
    pub const fn unknown() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    /// Whether anybody knows it.
    #[must_use]
    pub const fn is_known(self) -> bool {
        !self.0.is_unspecified()
    }

    /// What limits count: the whole IPv4 address, or the first 64 bits of an IPv6 address, since one household has
    /// all that begin with them.
    #[must_use]
    pub fn network(self) -> Vec<u8> {
        match self.0 {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().iter().take(8).copied().collect(),
        }
    }
}

impl fmt::Display for ClientAddress {
    /// The first two parts of an IPv4 address, the first two groups of an IPv6 address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) | IpAddr::V6(Ipv6Addr::UNSPECIFIED) => {
                f.write_str("an unknown address")
            }
            IpAddr::V4(address) => {
                let [a, b, ..] = address.octets();
                write!(f, "{a}.{b}.*.*")
            }
            IpAddr::V6(address) => {
                let [a, b, ..] = address.segments();
                write!(f, "{a:x}:{b:x}:*")
            }
        }
    }
}

impl fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientAddress({self})")
    }
}

/// The trusted source of the client's address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProxyTrust {
    /// The header that the operator's proxies set, in lower case; `None` for no proxy.
    pub header: Option<String>,
    /// The number of proxies that append to it. 0 and 1 both select the last value.
    pub hops: usize,
}

/// The header in which the host reports the peer's address. A client can send one as well, so only the last counts.
const PEER_HEADER: &str = "spin-client-addr";

impl ProxyTrust {
    /// The client's address out of a request's headers, in their order.
    ///
    /// The value that the outermost trusted proxy appended is the `hops`th from the end. If there are not as many,
    /// the request did not come through all proxies, and the peer itself is the client.
    #[must_use]
    pub fn client_address(&self, headers: &[(&str, &str)]) -> ClientAddress {
        let forwarded = self.header.as_deref().and_then(|header| {
            let values: Vec<&str> = headers
                .iter()
                .filter(|(name, _)| name.eq_ignore_ascii_case(header))
                .flat_map(|(_, value)| value.split(','))
                .collect();
            let index = values.len().checked_sub(self.hops.max(1))?;
            ClientAddress::parse(values.get(index)?)
        });
        let peer = headers
            .iter()
            .rfind(|(name, _)| name.eq_ignore_ascii_case(PEER_HEADER))
            .and_then(|(_, value)| ClientAddress::parse(value));
        forwarded.or(peer).unwrap_or_else(ClientAddress::unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(trust: &ProxyTrust, headers: &[(&str, &str)]) -> ClientAddress {
        trust.client_address(headers)
    }

    fn address(text: &str) -> ClientAddress {
        ClientAddress::parse(text).unwrap()
    }

    #[test]
    fn only_the_last_peer_header_counts() {
        let headers = [
            ("spin-client-addr", "1.1.1.1:1"),
            ("x-forwarded-for", "2.2.2.2"),
            ("Spin-Client-Addr", "3.3.3.3:3"),
        ];
        assert_eq!(from(&ProxyTrust::default(), &headers), address("3.3.3.3"));
    }

    #[test]
    fn trusted_hops_are_counted_from_the_end() {
        let trust = |hops| ProxyTrust {
            header: Some("x-forwarded-for".to_owned()),
            hops,
        };
        let headers = [
            ("x-forwarded-for", "9.9.9.9, 1.1.1.1"),
            ("x-forwarded-for", "2.2.2.2"),
            ("spin-client-addr", "3.3.3.3:3"),
        ];
        assert_eq!(from(&trust(0), &headers), address("2.2.2.2"));
        assert_eq!(from(&trust(1), &headers), address("2.2.2.2"));
        assert_eq!(from(&trust(2), &headers), address("1.1.1.1"));
        assert_eq!(from(&trust(9), &headers), address("3.3.3.3"));
        assert_eq!(
            from(&trust(1), &[("x-forwarded-for", "junk")]),
            ClientAddress::unknown()
        );
    }

    #[test]
    fn ipv6_counts_by_its_first_64_bits_and_mapped_ipv4_as_ipv4() {
        assert_eq!(
            address("[2001:db8:1:2:3::4]:99").network(),
            address("2001:db8:1:2:ffff::1").network()
        );
        assert_ne!(
            address("2001:db8:1:2::1").network(),
            address("2001:db8:1:3::1").network()
        );
        assert_eq!(address("::ffff:192.0.2.7"), address("192.0.2.7"));
    }

    #[test]
    fn is_masked_when_printed() {
        assert_eq!(address("203.0.113.9").to_string(), "203.0.*.*");
        assert_eq!(address("2001:db8::1").to_string(), "2001:db8:*");
        assert_eq!(ClientAddress::unknown().to_string(), "an unknown address");
    }
}
