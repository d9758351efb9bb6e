//! Which provider sends mail, and in whose name.

use std::borrow::Cow;
use std::fmt;

use crate::mail::feedback::FeedbackSecret;
use crate::mail::provider;
use crate::model::base_url::BaseUrl;
use crate::model::email_address::EmailAddress;
use crate::settings::{Section, Values, one_line};

/// An HTTP email provider. `mail/` has a file for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    /// Resend.
    Resend,
    /// Postmark.
    Postmark,
    /// SendGrid.
    SendGrid,
    /// Mailgun in the United States.
    Mailgun,
    /// Mailgun in the European Union.
    MailgunEu,
    /// Amazon SES, version 2 of its API.
    Ses,
    /// A service of the operator's own that takes signed webhooks.
    Webhook,
}

impl ProviderKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Resend,
        Self::Postmark,
        Self::SendGrid,
        Self::Mailgun,
        Self::MailgunEu,
        Self::Ses,
        Self::Webhook,
    ];

    /// Its name, in `email_provider`, in reasons and in the path of its webhooks.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Postmark => "postmark",
            Self::SendGrid => "sendgrid",
            Self::Mailgun => "mailgun",
            Self::MailgunEu => "mailgun-eu",
            Self::Ses => "ses",
            Self::Webhook => "webhook",
        }
    }

    /// The provider of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Where its API is, if that does not depend on the operator. `spin.toml` grants these.
    #[must_use]
    pub const fn default_origin(self) -> Option<&'static str> {
        match self {
            Self::Resend => Some("https://api.resend.com"),
            Self::Postmark => Some("https://api.postmarkapp.com"),
            Self::SendGrid => Some("https://api.sendgrid.com"),
            Self::Mailgun => Some("https://api.mailgun.net"),
            Self::MailgunEu => Some("https://api.eu.mailgun.net"),
            Self::Ses | Self::Webhook => None,
        }
    }
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The provider that gets each mail first.
    pub primary: ProviderSettings,
    /// The one that gets what the first did not take.
    pub fallback: Option<ProviderSettings>,
}

/// A provider, and what it needs to know.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Which provider.
    pub kind: ProviderKind,
    /// The origin of its API.
    pub origin: BaseUrl,
    /// The credential for it.
    pub api_key: String,
    /// The sender, `Name <address>` or an address alone.
    pub from: String,
}

impl ProviderSettings {
    /// The sender's name, if it has one, and its address.
    #[must_use]
    pub fn sender(&self) -> (Option<Cow<'_, str>>, &str) {
        name_and_address(&self.from).unwrap_or((None, &self.from))
    }

    /// The sender as one text, with its name quoted where RFC 5322 §3.4 asks for that. What is not ASCII stays as it is:
    /// providers that take JSON or forms encode it.
    #[must_use]
    pub fn mailbox(&self) -> String {
        match self.sender() {
            (Some(name), address) => format!("{} <{address}>", phrase(&name)),
            (None, address) => address.to_owned(),
        }
    }
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderSettings({:?}, {})", self.kind, self.origin)
    }
}

/// The names of the variables of one provider.
struct Names {
    kind: &'static str,
    origin: &'static str,
    api_key: &'static str,
    from: &'static str,
    webhook_secret: &'static str,
    optional: bool,
}

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

/// What the webhooks of the providers are authenticated with; of one without a secret, none is taken.
#[derive(Debug, Clone)]
pub struct FeedbackSettings(Vec<(ProviderKind, FeedbackSecret)>);

impl FeedbackSettings {
    /// The provider of that name, once with each of its secrets: two accounts with one provider have two.
    pub fn of(&self, provider: &str) -> impl Iterator<Item = &(ProviderKind, FeedbackSecret)> {
        self.0
            .iter()
            .filter(move |(kind, _)| kind.as_str() == provider)
    }

    fn read_of(values: &Values, names: &Names) -> Option<Vec<(ProviderKind, FeedbackSecret)>> {
        let is_left_out = names.optional && values.text(names.kind).is_some_and(str::is_empty);
        let kind = if is_left_out {
            None
        } else {
            values.read(names.kind, ProviderKind::parse)
        };
        let secret = values.read(names.webhook_secret, |text| match (text, kind) {
            // Without a provider there is nothing to say about it.
            ("", _) | (_, None) => Some(None),
            (text, Some(kind)) => {
                FeedbackSecret::parse(kind, text).map(|secret| Some((kind, secret)))
            }
        });
        let is_known = is_left_out || kind.is_some();
        secret
            .filter(|_| is_known)
            .map(|secret| secret.into_iter().collect())
    }
}

impl Section for FeedbackSettings {
    fn read(values: &Values) -> Option<Self> {
        let [primary, fallback] = [&PRIMARY, &FALLBACK].map(|names| Self::read_of(values, names));
        Some(Self([primary?, fallback?].concat()))
    }
}

impl Section for MailSettings {
    fn read(values: &Values) -> Option<Self> {
        let primary = ProviderSettings::read(values, &PRIMARY, sender);
        let fallback = ProviderSettings::read(values, &FALLBACK, |text| match text {
            "" => primary.as_ref().map(|primary| primary.from.clone()),
            text => sender(text),
        });
        let fallback = match values.text(FALLBACK.kind)? {
            "" => None,
            _ => Some(fallback?),
        };
        Some(Self {
            primary: primary?,
            fallback,
        })
    }
}

impl ProviderSettings {
    /// Reads the variables `names`; where the provider may be left out and is, nothing else about it is bad.
    fn read(
        values: &Values,
        names: &Names,
        from: impl FnOnce(&str) -> Option<String>,
    ) -> Option<Self> {
        let is_left_out = names.optional && values.text(names.kind).is_some_and(str::is_empty);
        if is_left_out {
            return None;
        }
        let kind = values.read(names.kind, ProviderKind::parse);
        let api_key = values.read(names.api_key, |text| {
            let is_good = kind.map_or(!text.is_empty(), |kind| provider::is_key(kind, text));
            is_good.then(|| text.to_owned())
        });
        let origin = values.read(names.origin, |text| match (text, kind, &api_key) {
            ("", Some(kind), Some(key)) => {
                BaseUrl::parse(&provider::default_origin(kind, key)?).map(Some)
            }
            // Without a provider or its key there is nothing to say about it.
            ("", _, _) => Some(None),
            _ => BaseUrl::parse(text).map(Some),
        });
        let from = values.read(names.from, from);
        Some(Self {
            kind: kind?,
            origin: origin??,
            api_key: api_key?,
            from: from?,
        })
    }
}

fn sender(text: &str) -> Option<String> {
    let text = one_line(text)?;
    let (_, address) = name_and_address(&text)?;
    EmailAddress::parse(address).is_ok().then_some(text)
}

/// The two parts of `Name <address>` or `"Name" <address>`; an address alone has no name.
fn name_and_address(text: &str) -> Option<(Option<Cow<'_, str>>, &str)> {
    let Some((name, rest)) = text.rsplit_once('<') else {
        return Some((None, text));
    };
    let name = name.trim();
    let name = unquoted(name).map_or(Cow::Borrowed(name), Cow::Owned);
    Some(((!name.is_empty()).then_some(name), rest.strip_suffix('>')?))
}

/// What a quoted string (RFC 5322 §3.2.4) means; `None` if `text` is none.
fn unquoted(text: &str) -> Option<String> {
    let mut rest = text.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut meant = String::new();
    while let Some(next) = rest.next() {
        meant.push(match next {
            '"' => return None,
            '\\' => rest.next()?,
            next => next,
        });
    }
    Some(meant)
}

/// `name` as a display name (RFC 5322 §3.2.5): as it is if it consists of atoms, or else quoted.
fn phrase(name: &str) -> Cow<'_, str> {
    let is_plain = |it: char| {
        !it.is_ascii() || it.is_ascii_alphanumeric() || " !#$%&'*+-/=?^_`{|}~".contains(it)
    };
    if name.chars().all(is_plain) {
        return Cow::Borrowed(name);
    }
    let escaped = name.replace('\\', "\\\\").replace('"', "\\\"");
    Cow::Owned(format!("\"{escaped}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        assert!(sender("Keyback <no-reply@example.com>").is_some());
        assert!(sender("no-reply@example.com").is_some());
        for bad in [
            "",
            "Keyback",
            "Keyback <nobody>",
            "K <a@b.c",
            "K <a@b.c>\r\nBcc: x@y.z",
        ] {
            assert_eq!(sender(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_senders_name_may_be_quoted_or_missing() {
        assert_eq!(
            name_and_address("\"Key, back\" <a@b.c>"),
            Some((Some("Key, back".into()), "a@b.c"))
        );
        assert_eq!(name_and_address("<a@b.c>"), Some((None, "a@b.c")));
        assert_eq!(name_and_address("a@b.c"), Some((None, "a@b.c")));
    }

    #[test]
    fn a_name_is_quoted_where_it_must_be() {
        for (from, written) in [
            ("Keyback <a@b.c>", "Keyback <a@b.c>"),
            ("Müller & Co <a@b.c>", "Müller & Co <a@b.c>"),
            ("Acme, Inc <a@b.c>", "\"Acme, Inc\" <a@b.c>"),
            ("\"Acme, Inc\" <a@b.c>", "\"Acme, Inc\" <a@b.c>"),
            ("Müller (Shop) <a@b.c>", "\"Müller (Shop)\" <a@b.c>"),
            ("Acme \"A\" <a@b.c>", "\"Acme \\\"A\\\"\" <a@b.c>"),
            (
                "\"A \\\"B\\\" \\\\C\" <a@b.c>",
                "\"A \\\"B\\\" \\\\C\" <a@b.c>",
            ),
            (
                "\"A\" and \"B\" <a@b.c>",
                "\"\\\"A\\\" and \\\"B\\\"\" <a@b.c>",
            ),
            ("No-Reply@b.c <a@b.c>", "\"No-Reply@b.c\" <a@b.c>"),
            ("<a@b.c>", "a@b.c"),
            ("a@b.c", "a@b.c"),
        ] {
            let settings = ProviderSettings {
                kind: ProviderKind::Resend,
                origin: BaseUrl::parse("https://mail.example.test").unwrap(),
                api_key: String::new(),
                from: sender(from).unwrap(),
            };
            assert_eq!(settings.mailbox(), written, "{from}");
        }
    }
}
