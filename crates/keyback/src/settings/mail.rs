//! Which provider sends mail, and in whose name.

use std::fmt;

use crate::model::base_url::BaseUrl;
use crate::model::email_address::EmailAddress;
use crate::settings::{Section, Values, one_line};

/// An HTTP email provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderKind {
    /// Resend, <https://resend.com/docs/api-reference/emails/send-email>.
    Resend,
}

impl ProviderKind {
    /// The provider's name in `email_provider`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        (text == "resend").then_some(Self::Resend)
    }

    /// The name in `email_provider`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Resend => "resend",
        }
    }

    const fn default_origin(self) -> &'static str {
        match self {
            Self::Resend => "https://api.resend.com",
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
    optional: bool,
}

const PRIMARY: Names = Names {
    kind: "email_provider",
    origin: "email_api_origin",
    api_key: "email_api_key",
    from: "email_from",
    optional: false,
};

const FALLBACK: Names = Names {
    kind: "email_fallback_provider",
    origin: "email_fallback_api_origin",
    api_key: "email_fallback_api_key",
    from: "email_fallback_from",
    optional: true,
};

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
        let origin = values.read(names.origin, |text| match text {
            "" => Some(None),
            text => BaseUrl::parse(text).map(Some),
        });
        let api_key = values.read(names.api_key, |text| {
            (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()))
                .then(|| text.to_owned())
        });
        let from = values.read(names.from, from);
        let kind = kind?;
        Some(Self {
            kind,
            origin: origin?.or_else(|| BaseUrl::parse(kind.default_origin()))?,
            api_key: api_key?,
            from: from?,
        })
    }
}

fn sender(text: &str) -> Option<String> {
    let text = one_line(text)?;
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>')?,
        None => text.as_str(),
    };
    EmailAddress::parse(address).ok().map(|_| text.clone())
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
}
