//! Reports about single emails, from the providers' webhooks.

use serde_json::Value;

use crate::mail::api::answer::plain_code;
use crate::mail::api::{EMAIL_ID, Feedback};
use crate::model::email::{DeliveryReport, EmailState};
use crate::model::id::EmailId;

/// The final status of an email, and the reason.
pub(in crate::mail) type Fate = (EmailState, Option<String>);

/// The text at a JSON Pointer (RFC 6901).
pub(in crate::mail) fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mail) enum Meaning {
    /// The email's final status is known.
    Final(Fate),
    /// A known event without effect: the email is on its way or was opened, or the event is not about an email.
    Nothing,
    /// An event of an unknown type, with that type.
    Unknown(String),
}

impl Meaning {
    /// An event of an unknown type.
    pub(in crate::mail) fn unknown(kind: Option<&str>) -> Self {
        let kind = kind.unwrap_or_default().replace(' ', "-");
        Self::Unknown(plain_code(&kind).unwrap_or("unnamed").to_owned())
    }

    /// What the event reports about the email with this id. Nothing if the email is not one of ours.
    pub(in crate::mail) fn about(self, email_id: Option<&str>) -> Feedback {
        let mut feedback = Feedback::default();
        match self {
            Self::Final((state, reason)) => {
                let email_id = email_id.and_then(|id| EmailId::parse(id).ok());
                feedback
                    .reports
                    .extend(email_id.map(|email_id| DeliveryReport {
                        email_id,
                        state,
                        reason,
                    }));
            }
            Self::Nothing => {}
            Self::Unknown(kind) => feedback.unknown.push(kind),
        }
        feedback
    }

    /// As [`Meaning::about`], for the email whose id is in `metadata`, under the name from our requests.
    pub(in crate::mail) fn about_mail_of(self, metadata: Option<&Value>) -> Feedback {
        let email_id = metadata.and_then(|metadata| metadata.get(EMAIL_ID));
        self.about(email_id.and_then(Value::as_str))
    }
}

pub(in crate::mail) fn delivered() -> Fate {
    (EmailState::Delivered, None)
}

pub(in crate::mail) fn bounced(code: Option<&str>) -> Fate {
    (
        EmailState::Bounced,
        Some(reason("rejected by the recipient's server", code)),
    )
}

/// Bounced for a temporary reason, such as a full mailbox. The reason text says so.
pub(in crate::mail) fn given_up(code: Option<&str>) -> Fate {
    let reason = reason("temporarily rejected by the recipient's server", code);
    (EmailState::Bounced, Some(reason))
}

/// Whether a bounce of this subtype comes from a suppression list of SES, and not from the recipient's server:
/// <https://docs.aws.amazon.com/ses/latest/dg/notification-contents.html#bounce-types>.
pub(in crate::mail) fn is_suppression(subtype: Option<&str>) -> bool {
    matches!(
        subtype,
        Some(
            "Suppressed"
                | "OnAccountSuppressionList"
                | "OnTenantSuppressionList"
                | "UnsubscribedRecipient"
        )
    )
}

/// The provider accepted the email and then did not send it.
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
