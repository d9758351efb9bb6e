//! Which client's limit a request counts for, if proxies say who sent it.

use crate::app::{Answer, App, unique_email};

/// An app behind this many proxies, whose clients may ask three times an hour.
fn behind(hops: u8) -> App {
    App::builder()
        .variable("trusted_proxy_header", "x-forwarded-for")
        .variable("trusted_proxy_hops", hops.to_string())
        .variable("limit_client_forgot", "3/3600")
        .start()
}

/// Asks for an email to an unknown address, with one header line for each of these values, byte for byte.
fn ask(app: &App, lines: &[&[u8]]) -> Answer {
    let body = format!("{{\"email\":\"{}\"}}", unique_email());
    let mut wire = app.wire();
    let length = format!("Content-Length: {}", body.len());
    let head = wire.head("POST", "/v1/forgot-password", &length);
    let head = head.strip_suffix("\r\n").expect("a head ends with a line");
    let mut request = head.as_bytes().to_vec();
    for line in lines {
        request.extend([b"X-Forwarded-For: ", *line, b"\r\n"].concat());
    }
    request.extend(b"\r\n");
    request.extend(body.as_bytes());
    wire.exchange("forgot-password", &request).0
}

/// How many of the calls that `lines` describe are let through.
fn accepted<'a>(app: &App, lines: impl IntoIterator<Item = Vec<&'a [u8]>>) -> usize {
    let answers = lines.into_iter().map(|lines| ask(app, &lines).status);
    let answers: Vec<u16> = answers.collect();
    assert!(
        answers.iter().all(|it| [202, 429].contains(it)),
        "{answers:?}"
    );
    answers.iter().filter(|status| **status == 202).count()
}

#[test]
fn nothing_that_a_client_sends_itself_gives_it_another_limit() {
    let app = behind(1);
    let own: [&[u8]; 8] = [
        "é".as_bytes(),
        "198.51.100.1, é".as_bytes(),
        b"\"198.51.100.2",
        b"for=\"198.51.100.3, x\"",
        b", , ,",
        b"unknown, _hidden",
        b"[2001:db8::1",
        b"198.51.100.4",
    ];
    // The proxy appends the address to the client's own line, or in a line of its own.
    let appended: Vec<Vec<u8>> = own
        .iter()
        .map(|own| [own, &b", 203.0.113.9"[..]].concat())
        .collect();
    assert_eq!(
        accepted(&app, appended.iter().map(|line| vec![&line[..]])),
        3
    );
    assert_eq!(
        accepted(&app, own.iter().map(|own| vec![*own, b"203.0.113.9"])),
        0
    );
    // Another client has its own limit.
    assert_eq!(accepted(&app, [vec![&b"\xc3\xa9"[..], b"203.0.113.10"]]), 1);
}

#[test]
fn who_makes_the_trusted_value_unreadable_shares_the_proxys_limit() {
    let app = behind(2);
    let unreadable: [&[u8]; 7] = [
        "198.51.100.1, é, 203.0.113.9".as_bytes(),
        "198.51.100.2, 203.0.113.1é, 203.0.113.9".as_bytes(),
        b"198.51.100.3, , 203.0.113.9",
        b"198.51.100.4, unknown, 203.0.113.9",
        b"198.51.100.5, _hidden, 203.0.113.9",
        b"198.51.100.6, \"203.0.113.1\", 203.0.113.9",
        // It did not come through both proxies.
        b"203.0.113.9",
    ];
    assert_eq!(accepted(&app, unreadable.map(|line| vec![line])), 3);
    let good: [&[u8]; 5] = [
        b"198.51.100.1, 203.0.113.1, 203.0.113.9",
        "é, 203.0.113.1:4711, 203.0.113.9".as_bytes(),
        b"::ffff:203.0.113.1, 203.0.113.9",
        b"[::ffff:203.0.113.1]:4711,203.0.113.9",
        b"198.51.100.1,203.0.113.1 ,203.0.113.9",
    ];
    assert_eq!(accepted(&app, good.map(|line| vec![line])), 3);
}
