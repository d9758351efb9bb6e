//! The registry of email providers. Each line adds one: its variant, and the type in its file that implements
//! [`EmailProvider`](crate::mail::api).

use ::http::{Request, Response};

use crate::base::timestamp::Timestamp;
use crate::mail::api::{
    Answer, EmailProvider, Handover, OpenedMail, OutboundMail, ProviderSettings, WebhookReader,
};
use crate::mail::providers::{mailgun, postmark, resend, sendgrid, ses, webhook};
use crate::ports::NoAnswer;

// Matches instead of a table of functions, so that a component that only sends mail has no code for webhooks.
macro_rules! providers {
    ($($kind:ident = $provider:ty),+ $(,)?) => {
        /// An HTTP email provider.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum ProviderKind {
            $(#[doc = concat!("Implemented by `providers::", stringify!($provider), "`.")] $kind,)+
        }

        impl ProviderKind {
            /// Every provider, in the order of declaration.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Its name in `email_provider`, in error texts and in the path of its webhooks.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => <$provider>::NAME),+ }
            }

            /// The origin of its API, if all its customers share one. `spin.toml` grants these.
            #[must_use]
            pub const fn origin(self) -> Option<&'static str> {
                match self { $(Self::$kind => <$provider>::ORIGIN),+ }
            }

            /// The origin of its API for the owner of `key`, if it can be derived.
            #[must_use]
            pub fn default_origin(self, key: &str) -> Option<String> {
                match self { $(Self::$kind => <$provider>::default_origin(key)),+ }
            }

            /// Whether `key` is complete enough for a request.
            #[must_use]
            pub fn is_key(self, key: &str) -> bool {
                let is_text = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
                is_text && match self { $(Self::$kind => <$provider>::is_key(key)),+ }
            }

            /// A reader of its webhooks, or `None` if `secret` has the wrong form.
            #[must_use]
            pub fn webhook(self, secret: &str) -> Option<Box<dyn WebhookReader>> {
                match self { $(Self::$kind => <$provider>::webhook(secret)),+ }
            }

            fn write_request(self, mail: &OutboundMail<'_>) -> Option<Request<Vec<u8>>> {
                match self { $(Self::$kind => <$provider>::request(mail)),+ }
            }

            fn read_answer(self, answer: &Answer<'_>) -> Handover {
                match self { $(Self::$kind => <$provider>::read_answer(answer)),+ }
            }

            #[cfg(test)]
            pub(crate) const fn example(self) -> super::providers::tests::Example {
                match self { $(Self::$kind => <$provider>::EXAMPLE),+ }
            }
        }
    };
}

providers! {
    Resend = resend::Resend,
    Postmark = postmark::Postmark,
    SendGrid = sendgrid::SendGrid,
    Mailgun = mailgun::Mailgun,
    MailgunEu = mailgun::MailgunEu,
    Ses = ses::Ses,
    Webhook = webhook::Webhook,
}

impl ProviderKind {
    /// The provider of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// The request that sends `mail`. Its id is the idempotency key if the provider supports those.
///
/// `None` if it cannot be written as a request, which no checked setting causes.
#[must_use]
pub fn request(
    settings: &ProviderSettings,
    mail: OpenedMail<'_>,
    now: Timestamp,
) -> Option<Request<Vec<u8>>> {
    settings.kind.write_request(&OutboundMail {
        settings,
        mail,
        now,
    })
}

/// Reads the provider's answer, which arrived at `now`.
#[must_use]
pub fn read(
    kind: ProviderKind,
    answer: Result<&Response<Vec<u8>>, NoAnswer>,
    now: Timestamp,
) -> Handover {
    match answer {
        Ok(response) => kind.read_answer(&Answer::new(kind.as_str(), response, now)),
        // An acknowledged email must not be sent again, even if the rest of the answer was cut off.
        Err(NoAnswer::CutShort(200..=299)) => Handover::Accepted,
        Err(why @ NoAnswer::CutShort(429)) => Handover::Throttled {
            reason: format!("{}: {why}", kind.as_str()),
            after: None,
        },
        Err(why) => Handover::TryLater {
            reason: format!("{}: {why}", kind.as_str()),
            after: None,
        },
    }
}
