//! Accepted, refused, later: told apart for each provider.

use ProviderKind::{Mailgun, MailgunEu, Postmark, Resend, SendGrid, Ses, Webhook};

use super::*;

mod ses;

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Vec<u8>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.as_bytes().to_vec()).unwrap()
}

/// `accepted`, or the verdict and the reason.
fn verdict(kind: ProviderKind, response: &Response<Vec<u8>>) -> String {
    match read(kind, Ok(response), NOW) {
        Handover::Accepted => "accepted".to_owned(),
        Handover::Refused { reason } => format!("refused: {reason}"),
        Handover::SenderRefused { reason } => format!("sender refused: {reason}"),
        Handover::TryLater { reason, .. } => format!("later: {reason}"),
    }
}

const SENDER_FIELD: &str = r#"{"errors":[{"message":"…","field":"from.email","help":"…"}]}"#;
const ANSWERS: &[(ProviderKind, u16, &str, &str)] = &[
    (Resend, 200, r#"{"id":"49a3999c"}"#, "accepted"),
    (
        Resend,
        422,
        r#"{"name":"validation_error"}"#,
        "refused: resend answered 422 validation_error: it does not take this mail",
    ),
    (
        Resend,
        422,
        r#"{"name":"invalid_from_address"}"#,
        "sender refused: resend answered 422 invalid_from_address: the sender is not accepted",
    ),
    (
        Resend,
        409,
        r#"{"name":"concurrent_idempotent_requests"}"#,
        "later: resend answered 409 concurrent_idempotent_requests: another request with its key",
    ),
    (
        Resend,
        403,
        r#"{"name":"validation_error","message":"The example.test domain is not verified."}"#,
        "sender refused: resend answered 403 validation_error: the sender is not accepted",
    ),
    (
        Resend,
        403,
        r#"{"name":"invalid_api_key","message":"API key is invalid"}"#,
        "later: resend answered 403 invalid_api_key: the key is not allowed to send",
    ),
    (
        Postmark,
        200,
        r#"{"ErrorCode":0,"Message":"OK","MessageID":"b7bc2f4a"}"#,
        "accepted",
    ),
    (
        Postmark,
        200,
        r#"{"ErrorCode":406}"#,
        "refused: postmark answered 200 406: the recipient is inactive there",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":406}"#,
        "refused: postmark answered 422 406: the recipient is inactive there",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":300}"#,
        "refused: postmark answered 422 300: not a valid mail or address",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":400}"#,
        "sender refused: postmark answered 422 400: the sender is not accepted",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":401}"#,
        "sender refused: postmark answered 422 401: the sender is not accepted",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":405}"#,
        "later: postmark answered 422 405: the account may not send",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":412}"#,
        "later: postmark answered 422 412: the account may not send",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":413}"#,
        "later: postmark answered 422 413: the account may not send",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":402}"#,
        "refused: postmark answered 422 402: it does not take this mail",
    ),
    (
        Postmark,
        422,
        r#"{"ErrorCode":1236}"#,
        "later: postmark answered 422 1236: it does not take mail now",
    ),
    (
        Postmark,
        422,
        "garbage",
        "later: postmark answered 422: it does not take mail now",
    ),
    (
        Postmark,
        401,
        r#"{"ErrorCode":10}"#,
        "later: postmark answered 401 10: the key is not accepted",
    ),
    (
        Postmark,
        503,
        r#"{"ErrorCode":100}"#,
        "later: postmark answered 503 100: try again later",
    ),
    (SendGrid, 202, "", "accepted"),
    (SendGrid, 200, "{}", "accepted"),
    (
        SendGrid,
        400,
        SENDER_FIELD,
        "sender refused: sendgrid answered 400 from.email: the sender is not accepted",
    ),
    (
        SendGrid,
        400,
        r#"{"errors":[{"field":"personalizations.0.to.0.email"}]}"#,
        "refused: sendgrid answered 400 personalizations.0.to.0.email: it does not take this mail",
    ),
    (
        SendGrid,
        403,
        r#"{"errors":[{"message":"The from address does not match a verified Sender Identity.","field":"from","help":null}]}"#,
        "sender refused: sendgrid answered 403 from: the sender is not accepted",
    ),
    (
        SendGrid,
        403,
        r#"{"errors":[{"message":"access forbidden","field":null,"help":null}]}"#,
        "later: sendgrid answered 403: the key is not allowed to send",
    ),
    (
        Mailgun,
        200,
        r#"{"id":"<1@b.test>","message":"Queued. Thank you."}"#,
        "accepted",
    ),
    (
        Mailgun,
        400,
        r#"{"message":"'to' parameter is not a valid address."}"#,
        "refused: mailgun answered 400: it does not take this mail",
    ),
    (
        Mailgun,
        400,
        r#"{"message":"'from' parameter is not a valid address."}"#,
        "sender refused: mailgun answered 400: the sender is not accepted",
    ),
    (
        Mailgun,
        403,
        r#"{"message":"Domain sandbox1.mailgun.org is not allowed to send: Sandbox subdomains are for test purposes only. Please add your own domain."}"#,
        "sender refused: mailgun answered 403: the sender is not accepted",
    ),
    (
        MailgunEu,
        403,
        r#"{"message":"Domain example.test is not allowed to send: The domain is unverified and requires DNS configuration."}"#,
        "sender refused: mailgun-eu answered 403: the sender is not accepted",
    ),
    (
        Mailgun,
        403,
        r#"{"message":"Domain example.test is not allowed to send: Your account is temporarily disabled."}"#,
        "later: mailgun answered 403: the key is not allowed to send",
    ),
    (
        MailgunEu,
        404,
        r#"{"message":"Domain not found: example.test"}"#,
        "later: mailgun-eu answered 404: unknown there: check the origin and the sender",
    ),
    (
        MailgunEu,
        402,
        "{}",
        "later: mailgun-eu answered 402: the account may not send",
    ),
    (Ses, 200, r#"{"MessageId":"0100"}"#, "accepted"),
    (Webhook, 204, "", "accepted"),
    (Webhook, 200, "<html>", "accepted"),
    (
        Webhook,
        422,
        "",
        "refused: webhook answered 422: it does not take this mail",
    ),
    (
        Webhook,
        400,
        "",
        "later: webhook answered 400: the receiver did not understand it",
    ),
    (
        Webhook,
        410,
        "",
        "later: webhook answered 410: try again later",
    ),
];

#[test]
fn what_only_one_provider_says_is_understood() {
    for (kind, status, body, expected) in ANSWERS {
        assert_eq!(verdict(*kind, &answer(*status, &[], body)), *expected);
    }
}

#[test]
fn what_the_operator_can_mend_and_what_passes_is_tried_again() {
    for kind in ProviderKind::ALL {
        for status in [
            301, 302, 307, 401, 403, 404, 405, 408, 418, 429, 500, 502, 503, 504,
        ] {
            let verdict = verdict(kind, &answer(status, &[("location", "/")], "{}"));
            assert!(
                verdict.starts_with("later: "),
                "{kind:?} {status}: {verdict}"
            );
        }
        for why in [
            NoAnswer::TimedOut,
            NoAnswer::Denied,
            NoAnswer::NotConnected,
            NoAnswer::Unreachable,
            NoAnswer::CutShort(302),
            NoAnswer::CutShort(503),
        ] {
            let reason = format!("{}: {why}", kind.as_str());
            let later = Handover::TryLater {
                reason,
                after: None,
            };
            assert_eq!(read(kind, Err(why), NOW), later);
        }
    }
}

#[test]
fn a_success_that_is_not_the_providers_is_no_acceptance() {
    for kind in ProviderKind::ALL {
        if kind == Webhook {
            continue;
        }
        for body in ["garbage", "<html>", "[]", "null", "{\"id\":"] {
            let verdict = verdict(kind, &answer(200, &[], body));
            assert!(
                verdict.ends_with("not an answer of its API: check the origin"),
                "{kind:?} {body}: {verdict}"
            );
        }
    }
}

#[test]
fn an_acknowledgement_without_details_is_one() {
    for kind in ProviderKind::ALL {
        for body in ["", "{}", r#"{"id":1}"#] {
            let handover = read(kind, Ok(&answer(200, &[], body)), NOW);
            assert_eq!(handover, Handover::Accepted, "{kind:?} {body}");
        }
    }
}

#[test]
fn an_acknowledgement_that_was_cut_short_is_one() {
    for kind in ProviderKind::ALL {
        for status in [200, 202, 204] {
            let handover = read(kind, Err(NoAnswer::CutShort(status)), NOW);
            assert_eq!(handover, Handover::Accepted, "{kind:?} {status}");
        }
    }
}

#[test]
fn a_wait_is_read_as_seconds_as_a_date_and_as_sendgrid_gives_it() {
    let date = ("date", "Mon, 23 Nov 2026 09:00:00 GMT");
    for (headers, seconds) in [
        (vec![("retry-after", "7")], Some(7)),
        (vec![("retry-after", " 7 "), date], Some(7)),
        (
            vec![("retry-after", "Mon, 23 Nov 2026 09:02:00 GMT"), date],
            Some(120),
        ),
        (
            vec![("retry-after", "Mon, 23 Nov 2026 08:00:00 GMT"), date],
            None,
        ),
        // Without a `Date`, our own clock counts; it is 09:00.
        (
            vec![("retry-after", "Mon, 23 Nov 2026 09:03:00 GMT")],
            Some(180),
        ),
        (vec![("retry-after", "Mon, 23 Nov 2026 08:59:00 GMT")], None),
        (vec![("x-ratelimit-reset", "1795424430")], Some(30)),
        (vec![("retry-after", "soon"), date], None),
        (vec![("retry-after", "-1")], None),
        (vec![("retry-after", "999999999999")], Some(86_400)),
        (vec![("x-ratelimit-reset", "1795424460"), date], Some(60)),
        (
            vec![("x-ratelimit-reset", "18446744073709551615"), date],
            None,
        ),
        (vec![date], None),
    ] {
        for kind in ProviderKind::ALL {
            let answer = answer(429, &headers, "");
            let Handover::TryLater { after, .. } = read(kind, Ok(&answer), NOW) else {
                panic!("{kind:?}");
            };
            assert_eq!(after, seconds.map(Duration::from_secs), "{headers:?}");
        }
    }
}

#[test]
fn a_reason_repeats_nothing_but_a_short_code() {
    for name in ["ann@example.test", &"x".repeat(41), "two words"] {
        let body = format!(r#"{{"name":"{name}"}}"#);
        let verdict = verdict(Resend, &answer(422, &[], &body));
        assert_eq!(
            verdict,
            "refused: resend answered 422: it does not take this mail"
        );
    }
}
