//! Accepted, refused, later: how the answers of all providers are read.

use std::time::Duration;

use super::*;
use crate::ports::NoAnswer;

#[test]
fn what_the_operator_can_mend_and_what_passes_is_tried_again() {
    for &kind in ProviderKind::ALL {
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
            assert_eq!(registry::read(kind, Err(why), AT), later);
        }
    }
}

#[test]
fn a_success_that_is_not_the_providers_is_no_acceptance() {
    for &kind in ProviderKind::ALL {
        if kind == ProviderKind::Webhook {
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
    for &kind in ProviderKind::ALL {
        for body in ["", "{}", r#"{"id":1}"#] {
            let handover = registry::read(kind, Ok(&answer(200, &[], body)), AT);
            assert_eq!(handover, Handover::Accepted, "{kind:?} {body}");
        }
    }
}

#[test]
fn an_acknowledgement_that_was_cut_short_is_one() {
    for &kind in ProviderKind::ALL {
        for status in [200, 202, 204] {
            let handover = registry::read(kind, Err(NoAnswer::CutShort(status)), AT);
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
        for &kind in ProviderKind::ALL {
            let answer = answer(429, &headers, "");
            let Handover::TryLater { after, .. } = registry::read(kind, Ok(&answer), AT) else {
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
        let verdict = verdict(ProviderKind::Resend, &answer(422, &[], &body));
        assert_eq!(
            verdict,
            "refused: resend answered 422: it does not take this mail"
        );
    }
}
