//! Tests that are the same for all providers, and helpers for their own tests.

use ::http::{HeaderMap, HeaderValue, Request, Response};

use crate::base::timestamp::Timestamp;
use crate::mail::api::{Feedback, Handover, Mailbox, OpenedMail, ProviderSettings, Unusable};
use crate::mail::message::{MailData, Message};
use crate::mail::registry::{self, ProviderKind};
use crate::model::base_url::BaseUrl;
use crate::model::email::{DeliveryReport, EmailKind, EmailState};
use crate::model::id::{AccountId, EmailId};

mod answers;
mod requests;
mod webhooks;

/// 2026-11-23T09:00:00Z, in seconds since 1970.
pub(in crate::mail) const NOW: u64 = 1_795_424_400;
/// The same.
pub(in crate::mail) const AT: Timestamp = Timestamp::from_unix_millis(NOW * 1000);

/// What the tests know about a provider.
#[derive(Clone, Copy)]
pub(crate) struct Example {
    /// A key for its API.
    pub(crate) key: &'static str,
    /// Invalid keys.
    pub(crate) bad_keys: &'static [&'static str],
    /// The page of its documentation that its request follows.
    pub(in crate::mail) page: &'static str,
    /// The secret that authenticates its webhooks.
    pub(crate) secret: &'static str,
    /// An invalid secret.
    pub(crate) bad_secret: &'static str,
    /// Makes a webhook authentic, as the provider does.
    pub(in crate::mail) sign: fn(&mut Post),
}

/// A webhook that is being sent to us.
#[derive(Clone)]
pub(in crate::mail) struct Post {
    pub(in crate::mail) provider: ProviderKind,
    pub(in crate::mail) secret: String,
    pub(in crate::mail) headers: HeaderMap,
    pub(in crate::mail) body: Vec<u8>,
}

impl Post {
    pub(in crate::mail) fn read_at(&self, seconds: u64) -> Result<Feedback, Unusable> {
        let reader = self.provider.webhook(&self.secret).unwrap();
        let now = Timestamp::from_unix_millis(seconds * 1000);
        reader.read(&self.headers, &self.body, now)
    }

    pub(in crate::mail) fn header(&mut self, name: &'static str, value: &str) {
        let value = HeaderValue::from_str(value).unwrap();
        self.headers.insert(name, value);
    }
}

/// `body` as `provider` would send it now.
pub(in crate::mail) fn posted(provider: ProviderKind, body: &str) -> Post {
    let example = provider.example();
    let mut post = Post {
        provider,
        secret: example.secret.to_owned(),
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    };
    (example.sign)(&mut post);
    post
}

/// A provider, its event, and its report about the email `e1`; `None` if it reports nothing that counts.
pub(in crate::mail) type Event = (
    ProviderKind,
    &'static str,
    Option<(EmailState, Option<&'static str>)>,
);

pub(in crate::mail) fn assert_events(events: &[Event]) {
    for (provider, body, expected) in events {
        let expected: Vec<_> = expected
            .iter()
            .map(|(state, reason)| DeliveryReport {
                email_id: EmailId::parse("e1").unwrap(),
                state: *state,
                reason: reason.map(str::to_owned),
            })
            .collect();
        let said = posted(*provider, body).read_at(NOW).unwrap();
        assert_eq!(said.reports, expected, "{body}");
    }
}

/// Asserts which unknown types each webhook of a provider contains.
pub(in crate::mail) fn assert_unknown(events: &[(ProviderKind, &str, &[&str])]) {
    for (provider, body, expected) in events {
        let said = posted(*provider, body).read_at(NOW).unwrap();
        assert_eq!(said.reports, [], "{body}");
        assert_eq!(said.unknown, *expected, "{body}");
    }
}

pub(in crate::mail) fn settings(kind: ProviderKind) -> ProviderSettings {
    settings_with(kind, kind.example().key)
}

pub(in crate::mail) fn settings_with(kind: ProviderKind, key: &str) -> ProviderSettings {
    let origin = kind.default_origin(key);
    let origin = origin.as_deref().unwrap_or("https://mailer.example.test");
    ProviderSettings {
        kind,
        origin: BaseUrl::parse(origin).unwrap(),
        api_key: key.to_owned(),
        from: Mailbox::parse("Müller & Co <no-reply@example.test>").unwrap(),
        reply_to: Mailbox::parse("Müller, Help <help@example.test>"),
    }
}

pub(in crate::mail) fn written(settings: &ProviderSettings) -> Request<Vec<u8>> {
    let message = Message {
        to: "ann@example.test".to_owned(),
        subject: "Reset – now".to_owned(),
        text: "Text\nand \"more\" & more".to_owned(),
        html: "<p>HTML</p>".to_owned(),
        data: Some(MailData {
            locale: "en".to_owned(),
            code: Some("123456".to_owned()),
            ..MailData::default()
        }),
    };
    let mail = OpenedMail {
        email_id: &EmailId::parse("eMail-1_x").unwrap(),
        kind: EmailKind::Recovery,
        account_id: &AccountId::parse("ann").unwrap(),
        message: &message,
    };
    registry::request(settings, mail, AT).unwrap()
}

pub(in crate::mail) fn answer(
    status: u16,
    headers: &[(&str, &str)],
    body: &str,
) -> Response<Vec<u8>> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.as_bytes().to_vec()).unwrap()
}

/// `accepted`, or the verdict with its reason.
pub(in crate::mail) fn verdict(kind: ProviderKind, response: &Response<Vec<u8>>) -> String {
    match registry::read(kind, Ok(response), AT) {
        Handover::Accepted => "accepted".to_owned(),
        Handover::Refused { reason } => format!("refused: {reason}"),
        Handover::SenderRefused { reason } => format!("sender refused: {reason}"),
        Handover::TryLater { reason, .. } => format!("later: {reason}"),
        Handover::Throttled { reason, .. } => format!("throttled: {reason}"),
    }
}

/// Asserts the verdict on each answer of a provider: its status and its body.
pub(in crate::mail) fn assert_answers(answers: &[(ProviderKind, u16, &str, &str)]) {
    for (kind, status, body, expected) in answers {
        assert_eq!(verdict(*kind, &answer(*status, &[], body)), *expected);
    }
}
