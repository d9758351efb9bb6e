//! Reports on single mails, as the providers' webhooks make them.

use serde_json::Value;

use crate::mail::api::EMAIL_ID;
use crate::mail::api::answer::plain_code;
use crate::model::email::{DeliveryReport, EmailState};
use crate::model::id::EmailId;

/// The final status of a mail, and the reason.
pub(in crate::mail) type Fate = (EmailState, Option<String>);

/// The text at a JSON Pointer (RFC 6901).
pub(in crate::mail) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// A report on the mail whose id is in `metadata`, under the name from our requests. `None` for a mail that is not
/// ours.
pub(in crate::mail) fn about(metadata: Option<&Value>, fate: Fate) -> Option<DeliveryReport> {
    report(metadata?.get(EMAIL_ID)?.as_str()?, fate)
}

pub(in crate::mail) fn report(email_id: &str, (state, reason): Fate) -> Option<DeliveryReport> {
    Some(DeliveryReport {
        email_id: EmailId::parse(email_id).ok()?,
        state,
        reason,
    })
}

pub(in crate::mail) fn delivered() -> Fate {
    (EmailState::Delivered, None)
}

pub(in crate::mail) fn bounced(code: Option<&str>) -> Fate {
    (
        EmailState::Bounced,
        Some(reason("refused by its server", code)),
    )
}

/// Bounced for a temporary reason, such as a full mailbox. The reason says so.
pub(in crate::mail) fn given_up(code: Option<&str>) -> Fate {
    let reason = reason("temporarily refused by its server", code);
    (EmailState::Bounced, Some(reason))
}

/// The provider took the mail and then did not send it.
pub(in crate::mail) fn held_back(code: Option<&str>) -> Fate {
    let reason = reason("the provider did not send it", code);
    (EmailState::Bounced, Some(reason))
}

pub(in crate::mail) fn complained(code: Option<&str>) -> Fate {
    (
        EmailState::Complained,
        Some(reason("reported as spam", code)),
    )
}

fn reason(words: &str, code: Option<&str>) -> String {
    match code.and_then(plain_code) {
        Some(code) => format!("{words}: {code}"),
        None => words.to_owned(),
    }
}
