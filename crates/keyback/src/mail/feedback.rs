//! What a provider says of a mail after it took it: its webhooks, authenticated and read. Each is one file here.

use std::fmt;

use ::http::HeaderMap;
use serde_json::Value;

use crate::mail::answer::plain_code;
use crate::mail::provider::EMAIL_ID;
use crate::model::id::EmailId;
use crate::model::standard_webhook::WebhookSecret;
use crate::model::timestamp::Timestamp;
use crate::settings::ProviderKind;

mod basic;
mod mailgun;
mod postmark;
mod resend;
mod sendgrid;
mod ses;
mod signed;
mod webhook;

/// What became of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// Which mail.
    pub email_id: EmailId,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in our words and with the provider's code; never an address.
    pub reason: Option<String>,
}

/// What became of a mail. What may still change, such as a delay, is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The recipient's server has it.
    Delivered,
    /// It will never arrive, be it that another one might.
    Bounced,
    /// Whoever got it calls it spam.
    Complained,
}

/// Why a webhook cannot be used. Does not repeat anything of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It does not prove to come from the provider, or it is too old.
    #[error("not authentic")]
    NotAuthentic,
    /// It comes from the provider and is not what the provider documents.
    #[error("unreadable")]
    Unreadable,
}

/// What a provider's webhooks are authenticated with. `Debug` does not show it.
#[derive(Clone)]
pub struct FeedbackSecret(Kind);

#[derive(Clone)]
enum Kind {
    /// Resend and `webhook`.
    Signed(WebhookSecret),
    /// Postmark and SES.
    Basic(basic::Credentials),
    /// SendGrid.
    PublicKey(sendgrid::PublicKey),
    /// Mailgun.
    SigningKey(mailgun::SigningKey),
}

impl FeedbackSecret {
    /// Parses the secret of `provider`: `whsec_…` (Resend, `webhook`), `user:password` of at least 16 characters of
    /// password (Postmark, SES), a public key in base64 (SendGrid), a signing key (Mailgun).
    #[must_use]
    pub fn parse(provider: ProviderKind, text: &str) -> Option<Self> {
        let kind = match provider {
            ProviderKind::Resend | ProviderKind::Webhook => {
                WebhookSecret::parse(text).ok().map(Kind::Signed)
            }
            ProviderKind::Postmark | ProviderKind::Ses => {
                basic::Credentials::parse(text).map(Kind::Basic)
            }
            ProviderKind::SendGrid => sendgrid::PublicKey::parse(text).map(Kind::PublicKey),
            ProviderKind::Mailgun | ProviderKind::MailgunEu => {
                mailgun::SigningKey::parse(text).map(Kind::SigningKey)
            }
        };
        kind.map(Self)
    }
}

impl fmt::Debug for FeedbackSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FeedbackSecret")
    }
}

/// Reads a webhook of `provider`. Events of other kinds, and about mails that are not Keyback's, are left out.
///
/// # Errors
/// [`Unusable`]; nothing that is not authentic is looked at further.
pub fn read(
    provider: ProviderKind,
    secret: &FeedbackSecret,
    headers: &HeaderMap,
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<Feedback>, Unusable> {
    match (provider, &secret.0) {
        (ProviderKind::Resend, Kind::Signed(secret)) => {
            signed::check(secret, &signed::SVIX, headers, body, now)?;
            Ok(resend::read(&json(body)?))
        }
        (ProviderKind::Webhook, Kind::Signed(secret)) => {
            signed::check(secret, &signed::STANDARD, headers, body, now)?;
            Ok(webhook::read(&json(body)?))
        }
        (ProviderKind::Postmark, Kind::Basic(credentials)) => {
            credentials.check(headers)?;
            Ok(postmark::read(&json(body)?))
        }
        (ProviderKind::Ses, Kind::Basic(credentials)) => {
            credentials.check(headers)?;
            Ok(ses::read(&json(body)?))
        }
        (ProviderKind::SendGrid, Kind::PublicKey(key)) => {
            key.check(headers, body, now)?;
            sendgrid::read(&json(body)?)
        }
        (ProviderKind::Mailgun | ProviderKind::MailgunEu, Kind::SigningKey(key)) => {
            let webhook = json(body).map_err(|_| Unusable::NotAuthentic)?;
            key.check(&webhook, now)?;
            Ok(mailgun::read(&webhook))
        }
        _ => Err(Unusable::NotAuthentic),
    }
}

/// The body, if it is an object or an array.
fn json(body: &[u8]) -> Result<Value, Unusable> {
    serde_json::from_slice(body)
        .ok()
        .filter(|value: &Value| value.is_object() || value.is_array())
        .ok_or(Unusable::Unreadable)
}

fn text<'a>(value: &'a Value, pointer: &str) -> Option<&'a str> {
    value.pointer(pointer)?.as_str()
}

/// What became of the mail whose id stands in `metadata` under the name that our requests give it; `None` if no id of
/// ours stands there.
fn about(metadata: Option<&Value>, (outcome, reason): Fate) -> Option<Feedback> {
    feedback(metadata?.get(EMAIL_ID)?.as_str()?, (outcome, reason))
}

fn feedback(email_id: &str, (outcome, reason): Fate) -> Option<Feedback> {
    Some(Feedback {
        email_id: EmailId::parse(email_id).ok()?,
        outcome,
        reason,
    })
}

/// An outcome and its reason.
type Fate = (Outcome, Option<String>);

fn delivered() -> Fate {
    (Outcome::Delivered, None)
}

fn bounced(code: Option<&str>) -> Fate {
    (
        Outcome::Bounced,
        Some(reason("refused by its server", code)),
    )
}

/// The provider has given it up, for a reason that may pass, such as a mailbox that is full.
fn given_up(code: Option<&str>) -> Fate {
    let reason = reason("temporarily refused by its server", code);
    (Outcome::Bounced, Some(reason))
}

/// The provider took the mail and then did not send it.
fn held_back(code: Option<&str>) -> Fate {
    let reason = reason("the provider did not send it", code);
    (Outcome::Bounced, Some(reason))
}

fn complained(code: Option<&str>) -> Fate {
    (Outcome::Complained, Some(reason("reported as spam", code)))
}

fn reason(words: &str, code: Option<&str>) -> String {
    match code.and_then(plain_code) {
        Some(code) => format!("{words}: {code}"),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests;
