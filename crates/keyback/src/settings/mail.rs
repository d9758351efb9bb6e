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

    const fn default_origin(self) -> &'static str {
        match self {
            Self::Resend => "https://api.resend.com",
        }
    }
}

/// How mail leaves.
#[derive(Clone)]
pub struct MailSettings {
    /// Which provider.
    pub provider: ProviderKind,
    /// The origin of its API.
    pub origin: BaseUrl,
    /// The credential for it.
    pub api_key: String,
    /// The sender, `Name <address>` or an address alone.
    pub from: String,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailSettings({:?}, {})", self.provider, self.origin)
    }
}

impl Section for MailSettings {
    fn read(values: &Values) -> Option<Self> {
        let provider = values.read("email_provider", ProviderKind::parse);
        let origin = values.read("email_api_origin", |text| match text {
            "" => Some(None),
            text => BaseUrl::parse(text).map(Some),
        });
        let api_key = values.read("email_api_key", |text| {
            (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic()))
                .then(|| text.to_owned())
        });
        let from = values.read("email_from", sender);
        let provider = provider?;
        Some(Self {
            provider,
            origin: origin?.or_else(|| BaseUrl::parse(provider.default_origin()))?,
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
