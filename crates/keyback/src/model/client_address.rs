//! The address of the client, as far as it can be trusted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

/// The address that limits and events use. `Display` masks it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientAddress(IpAddr);

impl ClientAddress {
    /// Parses an address with or without a port, such as `192.0.2.1:80` or `[2001:db8::1]:80`. An IPv4-mapped IPv6
    /// address counts as IPv4. The zone of an IPv6 address (RFC 4007 §11) is ignored: it is only meaningful on its own
    /// host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t']);
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            // A single colon separates a port; an IPv6 address has more.
            None => match text.find(':') {
                Some(at) if text.rfind(':') == Some(at) => text.split_at(at),
                _ => (text, ""),
            },
        };
        let is_port = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
            return None;
        }
        let address = match host.split_once('%') {
            Some((host, _)) => IpAddr::V6(host.parse().ok()?),
            None => host.parse().ok()?,
        };
        Some(Self(address.to_canonical()))
    }

    /// As [`ClientAddress::parse`], from a header's value.
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Self::parse(std::str::from_utf8(bytes).ok()?)
    }

    /// The address used when the client is unknown. All unknown clients share its limits.
    #[must_use]
    pub const fn unknown() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }

    /// What limits count by: the whole IPv4 address, or the first 64 bits of an IPv6 address, since one household has
    /// all addresses with the same prefix.
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
    /// The client's address, from a request's headers in their order and as bytes.
    ///
    /// The value that the outermost trusted proxy appended is the `hops`th from the end. The client chose everything left of
    /// it, so values are counted from the right, by commas alone: quotes mean nothing, and an empty or unreadable value
    /// counts. If there are too few values, or the trusted one is unreadable, the peer is the client. A client that causes
    /// this shares the peer's limits.
    #[must_use]
    pub fn client_address(&self, headers: &[(&str, &[u8])]) -> ClientAddress {
        let forwarded = self.header.as_deref().and_then(|header| {
            let lines = lines_from_last(headers, header);
            let mut values = lines.flat_map(|line| line.rsplit(|byte| *byte == b','));
            ClientAddress::from_bytes(values.nth(self.hops.saturating_sub(1))?)
        });
        let peer = || ClientAddress::from_bytes(lines_from_last(headers, PEER_HEADER).next()?);
        let address = forwarded.or_else(peer);
        address.unwrap_or_else(ClientAddress::unknown)
    }
}

/// The field lines of the header `wanted`, the last one first.
fn lines_from_last<'a>(
    headers: &'a [(&'a str, &'a [u8])],
    wanted: &'a str,
) -> impl Iterator<Item = &'a [u8]> {
    let lines = headers.iter().rev();
    let lines = lines.filter(move |(name, _)| name.eq_ignore_ascii_case(wanted));
    lines.map(|(_, line)| *line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(trust: &ProxyTrust, headers: &[(&str, &str)]) -> ClientAddress {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        trust.client_address(&headers)
    }

    fn forwarded(hops: usize) -> ProxyTrust {
        ProxyTrust {
            header: Some("x-forwarded-for".to_owned()),
            hops,
        }
    }

    /// The client of a request from the peer 3.3.3.3 with these field lines.
    fn behind_proxies(hops: usize, lines: &[&[u8]]) -> ClientAddress {
        let own = lines.iter().map(|line| ("X-Forwarded-For", *line));
        let peer: (&str, &[u8]) = ("spin-client-addr", b"3.3.3.3:3");
        let headers: Vec<_> = own.chain([peer]).collect();
        forwarded(hops).client_address(&headers)
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
        let trust = forwarded;
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
    fn nothing_that_a_client_puts_left_of_the_trusted_value_matters() {
        for line in [
            "é, 2.2.2.2, 1.1.1.1",
            "\u{0}\u{7f}, 2.2.2.2, 1.1.1.1",
            "\"8.8.8.8, 2.2.2.2, 1.1.1.1",
            "for=\"a,b\", 2.2.2.2, 1.1.1.1",
            ", ,, 2.2.2.2, 1.1.1.1",
            "unknown, _hidden, 2.2.2.2:99,1.1.1.1",
            "[2001:db8::1, 2.2.2.2\t ,\t1.1.1.1",
        ] {
            assert_eq!(
                behind_proxies(2, &[line.as_bytes()]),
                address("2.2.2.2"),
                "{line}"
            );
        }
        let long = [vec![b','; 100_000], b"\xff, 2.2.2.2, 1.1.1.1".to_vec()].concat();
        assert_eq!(behind_proxies(2, &[&long]), address("2.2.2.2"));
        let lines: [&[u8]; 4] = [b"\xff\xfe", b"", b"2.2.2.2", b"1.1.1.1"];
        assert_eq!(behind_proxies(2, &lines), address("2.2.2.2"));
        assert_eq!(
            behind_proxies(2, &[b"8.8.8.8, 2.2.2.2", b"1.1.1.1"]),
            address("2.2.2.2")
        );
    }

    #[test]
    fn who_sends_what_cannot_be_read_is_the_peer_and_nobody_new() {
        for line in [
            &b"8.8.8.8, \xe9, 1.1.1.1"[..],
            b"8.8.8.8, , 1.1.1.1",
            b"8.8.8.8, unknown, 1.1.1.1",
            b"8.8.8.8, _hidden, 1.1.1.1",
            b"8.8.8.8, \"2.2.2.2\", 1.1.1.1",
            b"8.8.8.8, for=2.2.2.2, 1.1.1.1",
            b"8.8.8.8, 2.2.2.2%1, 1.1.1.1",
            b"8.8.8.8, 2.2.2.2:1:2, 1.1.1.1",
            b"8.8.8.8, 2.2.2.2:x, 1.1.1.1",
            b"8.8.8.8, [2001:db8::1, 1.1.1.1",
            b"8.8.8.8, [2001:db8::1]x, 1.1.1.1",
            b"1.1.1.1",
            b"",
        ] {
            let read = behind_proxies(2, &[line]);
            assert_eq!(read, address("3.3.3.3"), "{}", line.escape_ascii());
        }
        assert_eq!(behind_proxies(1, &[]), address("3.3.3.3"));
        // The host's own value is the last one, readable or not.
        let headers: [(&str, &[u8]); 2] = [
            ("spin-client-addr", b"8.8.8.8:1"),
            ("spin-client-addr", b"\xff"),
        ];
        let nobody = ProxyTrust::default().client_address(&headers);
        assert_eq!(nobody, ClientAddress::unknown());
    }

    #[test]
    fn an_address_may_come_with_a_port_with_brackets_and_with_a_zone() {
        for text in [
            "2001:db8::1",
            "[2001:db8::1]",
            "[2001:db8::1]:443",
            "2001:db8::1%eth0",
            "[2001:db8::1%25eth0]:443",
        ] {
            assert_eq!(address(text), address("2001:db8::1"), "{text}");
        }
        for text in ["192.0.2.7:443", "::ffff:192.0.2.7", "[::ffff:c000:207]:1"] {
            assert_eq!(address(text), address("192.0.2.7"), "{text}");
        }
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
