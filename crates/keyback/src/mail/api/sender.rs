//! The email providers, and the sender.

use std::borrow::Cow;
use std::fmt;

use crate::mail::registry::ProviderKind;
use crate::model::base_url::BaseUrl;
use crate::model::email_address::EmailAddress;
use crate::model::line::one_line;

/// The primary provider and the optional fallback.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// The provider that gets each email first.
    pub primary: ProviderSettings,
    /// Gets the emails that the first provider cannot take now, or rejects because of the sender.
    pub fallback: Option<ProviderSettings>,
}

/// A provider with its origin, credential and sender.
#[derive(Clone)]
pub struct ProviderSettings {
    /// Selects the file in `mail/providers` that writes the request.
    pub kind: ProviderKind,
    /// The origin of its API.
    pub origin: BaseUrl,
    /// The credential for it.
    pub api_key: String,
    /// `email_from`, or `email_fallback_from` of the fallback.
    pub from: Mailbox,
    /// Where replies go; `None` for the sender.
    pub reply_to: Option<Mailbox>,
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProviderSettings({:?}, {})", self.kind, self.origin)
    }
}

/// `Name <address>`, or an address alone (RFC 5322 §3.4).
///
/// `Display` quotes the name where that is required. Non-ASCII characters stay as they are, since JSON and form APIs
/// accept them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox(String);

impl Mailbox {
    /// `text`, if it is a mailbox of one line, at most 100 characters, whose address is ASCII.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = one_line(text)?;
        let (_, address) = name_and_address(&text)?;
        EmailAddress::parse_ascii(address).ok()?;
        Some(Self(text))
    }

    /// The name, if there is one, and the address.
    #[must_use]
    pub fn parts(&self) -> (Option<Cow<'_, str>>, &str) {
        name_and_address(&self.0).unwrap_or((None, &self.0))
    }
}

impl fmt::Display for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parts() {
            (Some(name), address) => write!(f, "{} <{address}>", phrase(&name)),
            (None, address) => f.write_str(address),
        }
    }
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

/// The content of a quoted string (RFC 5322 §3.2.4); `None` if `text` is not one.
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

/// `name` as a display name (RFC 5322 §3.2.5): unchanged if it consists of atoms, otherwise quoted.
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
    fn a_mailbox_is_an_address_with_or_without_a_name() {
        assert!(Mailbox::parse("Keyback <no-reply@example.com>").is_some());
        assert!(Mailbox::parse("no-reply@example.com").is_some());
        for bad in [
            "",
            "Keyback",
            "Keyback <nobody>",
            "K <a@b.c",
            "K <a@b.c>\r\nBcc: x@y.z",
        ] {
            assert_eq!(Mailbox::parse(bad), None, "{bad}");
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
            let mailbox = Mailbox::parse(from).unwrap();
            assert_eq!(mailbox.to_string(), written, "{from}");
        }
    }
}
