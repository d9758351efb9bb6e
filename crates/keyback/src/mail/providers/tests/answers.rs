//! Accepted, refused, later: how all providers' answers are read.

use std::time::Duration;

use super::*;
use crate::ports::NoAnswer;

#[test]
fn what_the_operator_can_mend_and_what_passes_is_tried_again() {
    for &kind in ProviderKind::ALL {
        for status in [
            301, 302, 307, 401, 403, 404, 405, 408, 418, 500, 502, 503, 504,
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
                verdict.ends_with("not a response from its API: check the origin"),
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
fn too_many_requests_and_a_pause_with_an_end_are_about_the_provider() {
    let soon = [("retry-after", "7")];
    for &kind in ProviderKind::ALL {
        for (status, headers, after) in [
            (429, &[][..], None),
            (429, &soon[..], Some(7)),
            (503, &soon[..], Some(7)),
            (529, &soon[..], Some(7)),
        ] {
            let answer = answer(status, headers, "{}");
            let handover = registry::read(kind, Ok(&answer), AT);
            let Handover::Throttled {
                reason,
                after: asked,
            } = handover
            else {
                panic!("{kind:?} {status}: {handover:?}");
            };
            assert_eq!(asked, after.map(Duration::from_secs), "{kind:?} {status}");
            assert!(reason.contains(&status.to_string()), "{reason}");
        }
        let cut_short = registry::read(kind, Err(NoAnswer::CutShort(429)), AT);
        assert!(matches!(cut_short, Handover::Throttled { .. }), "{kind:?}");
        // A fault with one email may concern that email only.
        let broken = registry::read(kind, Ok(&answer(500, &soon, "{}")), AT);
        let after = Some(Duration::from_secs(7));
        assert!(
            matches!(&broken, Handover::TryLater { after: asked, .. } if *asked == after),
            "{kind:?}: {broken:?}"
        );
    }
}

#[test]
fn a_reason_repeats_nothing_but_a_short_code() {
    for name in ["ann@example.test", &"x".repeat(41), "two words"] {
        let body = format!(r#"{{"name":"{name}"}}"#);
        let verdict = verdict(ProviderKind::Resend, &answer(422, &[], &body));
        assert_eq!(
            verdict,
            "refused: resend answered 422: it rejected this email"
        );
    }
}
