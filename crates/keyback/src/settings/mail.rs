//! The variables of the email providers and the sender.

use std::fmt;

use crate::mail::api::{MailSettings, Mailbox, ProviderSettings, WebhookReader};
use crate::mail::registry::ProviderKind;
use crate::model::base_url::BaseUrl;
use crate::settings::{Section, Values};

/// The names of the variables of one provider.
struct Names {
    kind: &'static str,
    origin: &'static str,
    api_key: &'static str,
    from: &'static str,
    webhook_secret: &'static str,
    optional: bool,
}

impl Names {
    /// Which provider it is.
    fn kind_of(&self, values: &Values) -> Option<ProviderKind> {
        values.read_or_why(self.kind, |text| {
            let known: Vec<_> = ProviderKind::ALL.iter().map(|it| it.as_str()).collect();
            let refusal = || format!("must be one of {}", known.join(", "));
            ProviderKind::parse(text).ok_or_else(refusal)
        })
    }
}

/// The variable for the reply address, whichever provider sends.
const REPLY_TO: &str = "email_reply_to";

const PRIMARY: Names = Names {
    kind: "email_provider",
    origin: "email_api_origin",
    api_key: "email_api_key",
    from: "email_from",
    webhook_secret: "email_webhook_secret",
    optional: false,
};

const FALLBACK: Names = Names {
    kind: "email_fallback_provider",
    origin: "email_fallback_api_origin",
    api_key: "email_fallback_api_key",
    from: "email_fallback_from",
    webhook_secret: "email_fallback_webhook_secret",
    optional: true,
};

/// Readers for the providers' webhooks. A provider without a webhook secret has none, and its webhooks are refused.
pub struct FeedbackSettings(Vec<(ProviderKind, Box<dyn WebhookReader>)>);

impl FeedbackSettings {
    /// The readers for the provider with that name, one per secret: two accounts with one provider have two.
    pub fn of(&self, provider: &str) -> impl Iterator<Item = &dyn WebhookReader> {
        self.0
            .iter()
            .filter(move |(kind, _)| kind.as_str() == provider)
            .map(|(_, reader)| &**reader)
    }

    fn read_of(values: &Values, names: &Names) -> Option<Self> {
        let is_left_out = names.optional && values.text(names.kind).is_some_and(str::is_empty);
        let kind = if is_left_out {
            values.warn_if_unused(names.kind, &[names.webhook_secret]);
            None
        } else {
            names.kind_of(values)
        };
        let reader = values.read(
            names.webhook_secret,
            "empty, or a secret in the provider's format",
            |text| match (text, kind) {
                // Without a provider, no secret is bad.
                ("", _) | (_, None) => Some(None),
                (text, Some(kind)) => kind.webhook(text).map(|reader| Some((kind, reader))),
            },
        );
        let is_known = is_left_out || kind.is_some();
        reader
            .filter(|_| is_known)
            .map(|reader| Self(reader.into_iter().collect()))
    }
}

impl fmt::Debug for FeedbackSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(kind, _)| kind))
            .finish()
    }
}

impl Section for FeedbackSettings {
    fn read(values: &Values) -> Option<Self> {
        let [primary, fallback] = [&PRIMARY, &FALLBACK].map(|names| Self::read_of(values, names));
        let readers = primary?.0.into_iter().chain(fallback?.0);
        Some(Self(readers.collect()))
    }
}

impl Section for MailSettings {
    fn read(values: &Values) -> Option<Self> {
        let reply_to =
            values.read(
                REPLY_TO,
                "empty, an address, or Name <address>",
                |text| match text {
                    "" => Some(None),
                    text => Mailbox::parse(text).map(Some),
                },
            );
        let primary = provider(values, &PRIMARY, Mailbox::parse);
        let fallback = provider(values, &FALLBACK, |text| match text {
            "" => primary.as_ref().map(|primary| primary.from.clone()),
            text => Mailbox::parse(text),
        });
        let fallback = match values.text(FALLBACK.kind)? {
            "" => None,
            _ => Some(fallback?),
        };
        let reply_to = reply_to?;
        let answered = |provider: ProviderSettings| ProviderSettings {
            reply_to: reply_to.clone(),
            ..provider
        };
        Some(Self {
            primary: answered(primary?),
            fallback: fallback.map(answered),
        })
    }
}

/// Reads the variables `names`. If the provider is optional and empty, the others are not validated. The reply address
/// is the same for all.
fn provider(
    values: &Values,
    names: &Names,
    from: impl FnOnce(&str) -> Option<Mailbox>,
) -> Option<ProviderSettings> {
    let is_left_out = names.optional && values.text(names.kind).is_some_and(str::is_empty);
    if is_left_out {
        values.warn_if_unused(names.kind, &[names.api_key, names.origin, names.from]);
        return None;
    }
    let kind = names.kind_of(values);
    let api_key = values.read(names.api_key, "a key in the provider's format", |text| {
        let is_good = kind.map_or(!text.is_empty(), |kind| kind.is_key(text));
        is_good.then(|| text.to_owned())
    });
    let origin = values.read(
        names.origin,
        "an origin: https, or http on 127.0.0.1 or localhost, and no path",
        |text| match (text, kind, &api_key) {
            ("", Some(kind), Some(key)) => BaseUrl::parse(&kind.default_origin(key)?).map(Some),
            // Without a provider or its key, there is no default origin.
            ("", _, _) => Some(None),
            _ => BaseUrl::parse(text).filter(BaseUrl::is_grantable).map(Some),
        },
    );
    let from = values.read(names.from, "an address, or Name <address>", from);
    Some(ProviderSettings {
        kind: kind?,
        origin: origin??,
        api_key: api_key?,
        from: from?,
        reply_to: None,
    })
}
