//! SendGrid: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event>, signed as
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>
//! says: ECDSA on P-256 with SHA-256 over timestamp and body.

use ::http::HeaderMap;
use base64ct::{Base64, Encoding};
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};
use serde_json::Value;

use super::{Feedback, Unusable, about, bounced, complained, delivered, given_up, held_back, text};
use crate::model::timestamp::Timestamp;

const SIGNATURE: &str = "x-twilio-email-event-webhook-signature";
const TIMESTAMP: &str = "x-twilio-email-event-webhook-timestamp";
/// How old a signature may be, in seconds. Retries go on for 24 hours, and whether each is signed anew is not
/// documented. A replay can but repeat what was said of a mail, since the body is signed.
const MAX_AGE: u64 = 25 * 3_600;
/// How far ahead the sender's clock may be, in seconds.
const MAX_AHEAD: u64 = 300;
/// What stands before an uncompressed point in a public key of P-256 in DER (RFC 5480 §2).
const KEY_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The key that SendGrid shows when its signed event webhook is switched on.
#[derive(Clone)]
pub(super) struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Parses base64 of a `SubjectPublicKeyInfo`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let der = Base64::decode_vec(text).ok()?;
        let point = der.strip_prefix(&KEY_PREFIX)?;
        VerifyingKey::from_sec1_bytes(point).ok().map(Self)
    }

    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unusable> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let is_authentic = || {
            let timestamp = header(TIMESTAMP)?;
            let signature = Base64::decode_vec(header(SIGNATURE)?).ok()?;
            let seconds: u64 = timestamp.parse().ok()?;
            let now = now.unix_seconds();
            let is_recent =
                seconds <= now.saturating_add(MAX_AHEAD) && now <= seconds.saturating_add(MAX_AGE);
            let signed = [timestamp.as_bytes(), body].concat();
            let is_signed = self.0.verify(&signed, &from_der(&signature)?).is_ok();
            (is_recent && is_signed).then_some(())
        };
        is_authentic().ok_or(Unusable::NotAuthentic)
    }
}

/// A signature as DER writes it: a sequence of two integers (RFC 3279 §2.2.3), whose lengths take one octet each.
fn from_der(der: &[u8]) -> Option<Signature> {
    let (&[0x30, length], numbers) = der.split_first_chunk()? else {
        return None;
    };
    if usize::from(length) != numbers.len() {
        return None;
    }
    let (r, numbers) = integer(numbers)?;
    let (s, rest) = integer(numbers)?;
    rest.is_empty()
        .then(|| Signature::from_slice(&[r, s].concat()).ok())?
}

/// The integer at the beginning, as 32 octets, and what follows it.
fn integer(der: &[u8]) -> Option<([u8; 32], &[u8])> {
    let (&[0x02, length], rest) = der.split_first_chunk()? else {
        return None;
    };
    let (value, rest) = rest.split_at_checked(usize::from(length))?;
    // A zero stands before a number that would look negative.
    let value = value.strip_prefix(&[0]).unwrap_or(value);
    let mut number = [0; 32];
    number
        .get_mut(32_usize.checked_sub(value.len())?..)?
        .copy_from_slice(value);
    Some((number, rest))
}

/// Up to a thousand events at once; our id stands among the members of each.
pub(super) fn read(events: &Value) -> Result<Vec<Feedback>, Unusable> {
    let events = events.as_array().ok_or(Unusable::Unreadable)?;
    Ok(events.iter().filter_map(of_event).collect())
}

fn of_event(event: &Value) -> Option<Feedback> {
    let fate = match (text(event, "/event")?, text(event, "/type")) {
        ("delivered", _) => delivered(),
        ("bounce", None | Some("bounce")) => bounced(text(event, "/status")),
        // About the mail or the moment, not about the address; SendGrid does not try again.
        ("bounce", Some("blocked")) => given_up(text(event, "/status")),
        ("dropped", _) => held_back(text(event, "/status")),
        ("spamreport", _) => complained(None),
        _ => return None,
    };
    about(Some(event), fate)
}
