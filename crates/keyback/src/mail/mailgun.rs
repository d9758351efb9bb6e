//! Mailgun, in the United States or the European Union:
//! <https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages/post-v3--domain-name--messages>,
//! errors: <https://documentation.mailgun.com/docs/mailgun/api-reference/mg-error-codes>.
//!
//! The sending domain stands in the path: it is the sender's, unless the key is written as `domain:key`. Mailgun has
//! no idempotency keys.

use ::http::Request;
use base64ct::{Base64, Encoding};
use form_urlencoded::Serializer;

use crate::mail::answer::Answer;
use crate::mail::message::Message;
use crate::mail::provider::{AUTO_SUBMITTED, EMAIL_ID, Handover, post};
use crate::model::email_address::EmailAddress;
use crate::model::id::EmailId;
use crate::settings::ProviderSettings;

/// A key, or `domain:key`. Keys have no form that is promised, but no colon.
pub(super) fn is_key(key: &str) -> bool {
    match key.split_once(':') {
        // What may stand after the @ of an address is a domain.
        Some((domain, key)) => {
            EmailAddress::parse(&format!("a@{domain}")).is_ok()
                && !key.is_empty()
                && !key.contains(':')
        }
        None => true,
    }
}

pub(super) fn request(
    settings: &ProviderSettings,
    message: &Message,
    email_id: &EmailId,
) -> Option<Request<Vec<u8>>> {
    let (domain, key) = match settings.api_key.split_once(':') {
        Some(parts) => parts,
        None => (
            settings.sender().1.split_once('@')?.1,
            settings.api_key.as_str(),
        ),
    };
    let (name, value) = AUTO_SUBMITTED;
    let body = Serializer::new(String::new())
        .append_pair("from", &settings.mailbox())
        .append_pair("to", &message.to)
        .append_pair("subject", &message.subject)
        .append_pair("text", &message.text)
        .append_pair("html", &message.html)
        .append_pair(&format!("h:{name}"), value)
        .append_pair(&format!("v:{EMAIL_ID}"), email_id.as_str())
        .append_pair("o:tracking", "no")
        .append_pair("o:tracking-clicks", "no")
        .append_pair("o:tracking-opens", "no")
        .finish();
    let credentials = Base64::encode_string(format!("api:{key}").as_bytes());
    post(
        settings.origin.join(&format!("/v3/{domain}/messages")),
        "application/x-www-form-urlencoded",
        &[("authorization", &format!("Basic {credentials}"))],
        body.into_bytes(),
    )
}

pub(super) fn read(answer: &Answer<'_>) -> Handover {
    // There are no codes. A text names the bad parameter, as in "'from' parameter is not a valid address", and tells of a
    // domain that is not verified or of a sandbox's, which only writes to those whom the account lists.
    let message = answer.text("/message").unwrap_or_default();
    let is_bad_sender = message.trim_start_matches('\'').starts_with("from");
    let message = message.to_ascii_lowercase();
    let is_unverified = ["unverified", "not verified", "sandbox"]
        .iter()
        .any(|word| message.contains(word));
    match answer.status() {
        200..=299 => answer.success(),
        400 if is_bad_sender => answer.sender_refused(None),
        403 if is_unverified => answer.sender_refused(None),
        402 => answer.later(None, "the account may not send"),
        _ => answer.by_status(None),
    }
}
