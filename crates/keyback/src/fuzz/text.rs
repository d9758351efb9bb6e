//! Parsers of single values.

use std::time::Duration;

use base64ct::{Base64, Encoding as _};

use crate::fuzz::first_line;
use crate::model::base_url::BaseUrl;
use crate::model::breach::BreachQuery;
use crate::model::client_address::{ClientAddress, ProxyTrust};
use crate::model::email_address::EmailAddress;
use crate::model::jwt::{JwtTrust, KeySet};
use crate::model::logo::Logo;
use crate::model::password::Password;
use crate::model::password_hash::PasswordHash;
use crate::model::token::Token;
use crate::model::web_address::WebAddress;
use crate::ports::Clock as _;
use crate::settings::{self, Courier, ReturnUrls};
use crate::testing::{MemoryEnv, TestKey, block_on};

/// Values this long do not occur in our own texts by chance.
const TELLING: usize = 16;

/// An email address, as typed.
pub fn address(input: &[u8]) {
    let Some(address) = text(input).and_then(|text| EmailAddress::parse(text).ok()) else {
        return;
    };
    let read = |text: &str| EmailAddress::parse(text).expect("an accepted address is one again");
    assert!(address.as_str().is_ascii() && address.as_str().len() <= 254);
    assert!(read(address.as_str()) == address);
    let folded = read(&address.folded());
    assert!(folded.is_same_mailbox(&address));
    assert_eq!(folded.digest(), address.digest());
    let spelled = address.digest_as_spelled();
    assert_eq!(spelled.is_none(), folded == address);
}

/// A text that contains a token.
pub fn token(input: &[u8]) {
    let Some(token) = text(input).and_then(Token::find) else {
        return;
    };
    let again = Token::find(&token.reveal()).expect("a token is found in itself");
    assert!(again.reveal() == token.reveal());
    assert_eq!(again.reference(), token.reference());
}

/// A foreign hash, when imported and at a sign-in.
pub fn password_hash(input: &[u8]) {
    let Some(hash) = text(input).and_then(|text| PasswordHash::parse(text).ok()) else {
        return;
    };
    assert!(PasswordHash::parse(hash.reveal()) == Ok(hash.clone()));
    assert!(hash.fingerprint().fingerprint() == hash.fingerprint());
    let _ = (hash.slowness(), hash.needs_rehash());
    assert!(!hash.accepts_if_quick("a wrong password"));
}

/// A bearer's token: whole, and as header and claims on two lines that are then signed.
pub fn jwt(input: &[u8]) {
    let Some(text) = text(input) else { return };
    let now = MemoryEnv::default().clock.now();
    let trust = JwtTrust {
        keys: KeySet::parse(&TestKey::jwks().to_string()).expect("the tests' keys are good"),
        audience: TestKey::AUDIENCE.to_owned(),
    };
    let (header, claims) = text.split_once('\n').unwrap_or((text, ""));
    let signed = TestKey::EdDsa.sign_text(header, claims);
    for token in [text, &signed] {
        let _ = trust.verify_marked(token, now, Duration::from_hours(1));
        if let Ok(verified) = trust.verify(token, now) {
            assert!(verified.bearer.len() <= 255);
            let context = verified.audit_context.map(|it| it.to_string());
            assert!(context.is_none_or(|it| it.len() <= 2 * 1024));
        }
    }
}

/// A set of keys.
pub fn jwk_set(input: &[u8]) {
    let Some(keys) = text(input).and_then(|text| KeySet::parse(text).ok()) else {
        return;
    };
    let _ = keys.marked_scopes().count();
    let audience = TestKey::AUDIENCE.to_owned();
    let trust = JwtTrust { keys, audience };
    let now = MemoryEnv::default().clock.now();
    for key in TestKey::ALL {
        let _ = trust.verify(&key.token(&TestKey::claims("users", now)), now);
    }
}

/// The address of a page, the origin of the app, and the page to return to.
pub fn url(input: &[u8]) {
    let Some(text) = text(input) else { return };
    if let Some(base) = BaseUrl::parse(text) {
        assert_eq!(BaseUrl::parse(&base.to_string()), Some(base.clone()));
        assert!(base.join("/a").ends_with("/a"));
    }
    if let Some(address) = WebAddress::parse(text) {
        assert_eq!(address.as_str(), text);
        assert!(address.covers(&address));
    }
    let allowed = WebAddress::parse("https://portal.example.com/a").expect("it is an address");
    let urls = ReturnUrls {
        sign_in_url: None,
        return_urls: vec![allowed],
    };
    if let Some(address) = urls.allowed(text) {
        let lower = address.as_str().to_ascii_lowercase();
        let rest = lower.strip_prefix("https://portal.example.com");
        let rest = rest.expect("a page leads to the allowed host only");
        let port = rest.strip_prefix(':').map(|it| it.split_once('/'));
        assert!(port.is_none_or(|it| it.is_some_and(|(port, _)| port.parse() == Ok(443_u16))));
        assert!(address.as_str().contains("/a"));
    }
}

/// The header that proxies append to, one header line on each line.
pub fn client_address(input: &[u8]) {
    let mut headers: Vec<(&str, &[u8])> = input
        .split(|byte| *byte == b'\n')
        .map(|line| ("x-forwarded-for", line))
        .collect();
    headers.push(("spin-client-addr", b"192.0.2.1:50000"));
    for hops in 0..4 {
        let header = (hops > 0).then(|| "X-Forwarded-For".to_owned());
        let address = ProxyTrust { header, hops }.client_address(&headers);
        assert!(matches!(address.network().len(), 4 | 8));
        assert!(hops > 0 || Some(address) == ClientAddress::parse("192.0.2.1"));
        assert!(!address.to_string().is_empty());
    }
}

/// A picture, and its base64.
pub fn logo(input: &[u8]) {
    let whole = Logo::parse(&Base64::encode_string(input));
    if let Some(logo) = &whole {
        assert_eq!(logo.png(), input);
    }
    let given = text(input).and_then(Logo::parse);
    for logo in [whole, given].into_iter().flatten() {
        assert!(logo.png().len() <= 32 * 1024);
        assert!((1..=4096).contains(&logo.width()) && (1..=4096).contains(&logo.height()));
    }
}

/// An answer of the list of breached passwords.
pub fn breach_range(input: &[u8]) {
    let query = BreachQuery::new(&Password::new("password"));
    if let Some(text) = text(input)
        && query.is_listed(text) == Some(true)
    {
        let upper = text.to_ascii_uppercase();
        assert!(upper.contains("1E4C9B93F3F0682250B6CF8331B7EE68FD8"));
    }
}

/// A variable: its name on the first line, its value in the rest.
pub fn setting(input: &[u8]) {
    let (name, value) = first_line(input);
    let (Some(name), Some(value)) = (text(name), text(value)) else {
        return;
    };
    if value.len() < TELLING {
        return;
    }
    // The words of a message may be those of the value by chance. Then they stand in it for another value, too.
    let other: String = value.chars().rev().collect();
    let own_words = findings(name, &other);
    for why in findings(name, value) {
        let is_own = own_words.iter().any(|other| other.contains(value));
        let repeats = why.contains(value) && !is_own;
        assert!(!repeats, "a finding repeats the value of {name}");
    }
}

/// What is wrong with a variable of this value.
fn findings(name: &str, value: &str) -> Vec<String> {
    let variables = MemoryEnv::default().variables;
    variables.set(name, value);
    let found = block_on(settings::check::<Courier>(&variables));
    let all = found.bad.into_iter().chain(found.warnings);
    all.map(|finding| finding.why).collect()
}

fn text(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}
