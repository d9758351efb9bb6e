//! The words of one mail.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::mail::message::text::{Text, fill};
use crate::mail::message::{MailBranding, Requester, texts};
use crate::model::language::Language;
use crate::model::locale::Locale;
use crate::model::site::Site;

/// Writes the texts of one mail, in one language and with the operator's name.
#[derive(Debug, Clone, Copy)]
pub struct Translator<'a> {
    branding: &'a MailBranding,
    pub(super) language: Language,
}

impl<'a> Translator<'a> {
    /// A translator into the first language of `choices` that is available, or the operator's default.
    #[must_use]
    pub fn for_reader(branding: &'a MailBranding, choices: &[Option<&Locale>]) -> Self {
        let language = Language::first_serving(choices, branding.language);
        Self { branding, language }
    }

    pub(super) const fn site(&self) -> &'a Site {
        &self.branding.site
    }

    /// Where a reader finds help.
    pub(super) fn support(&self) -> Option<Support<'a>> {
        let url = self.site().support_url.as_deref()?;
        let shown = url.strip_prefix("mailto:").unwrap_or(url);
        Some(Support { url, shown })
    }

    /// A text without placeholders except `{app}`.
    pub(super) fn text(&self, text: &Text) -> String {
        self.with(text, &[])
    }

    /// A text and the values of its placeholders.
    pub(super) fn with(&self, text: &Text, values: &[(&str, &str)]) -> String {
        let own = self.branding.overrides.find(text, self.language);
        let words = own.unwrap_or_else(|| text.in_language(self.language));
        let app = [("app", self.site().app_name.as_str())];
        fill(words, &[&app, values].concat())
    }

    /// A text with a lifetime.
    pub(super) fn with_life(&self, text: &Text, life: Duration) -> String {
        self.with(text, &[("life", &self.life(life))])
    }

    /// A lifetime: `10 minutes`, `2 hours`, `7 days`. Rounded down, so that it never promises too much.
    pub(super) fn life(&self, life: Duration) -> String {
        let seconds = life.as_secs();
        let (count, unit) = match seconds {
            1 => (1, texts::LIFE_SECOND),
            0..120 => (seconds, texts::LIFE_SECONDS),
            120..7_200 => (seconds / 60, texts::LIFE_MINUTES),
            7_200..172_800 => (seconds / 3_600, texts::LIFE_HOURS),
            _ => (seconds / 86_400, texts::LIFE_DAYS),
        };
        self.with(unit, &[("count", &count.to_string())])
    }

    pub(super) fn with_time(&self, text: &Text, time: Timestamp) -> String {
        self.with(text, &[("time", &readable(time))])
    }

    /// The text of the three that matches the requester, with `time`.
    pub(super) fn by(
        &self,
        texts: &AttributionTexts,
        requester: Requester,
        time: Timestamp,
    ) -> String {
        match requester {
            Requester::Administrator => self.with_time(texts.by_administrator, time),
            Requester::Client(address) if address.is_known() => {
                let values = [
                    ("time", &*readable(time)),
                    ("address", &address.to_string()),
                ];
                self.with(texts.from, &values)
            }
            Requester::Client(_) => self.with_time(texts.at, time),
        }
    }
}

/// A link to help, and how it is shown.
pub(super) struct Support<'a> {
    pub(super) url: &'a str,
    pub(super) shown: &'a str,
}

/// The three variants of a sentence with a time.
pub(super) struct AttributionTexts {
    /// The time only.
    pub(super) at: &'static Text,
    /// The time and the masked address of the client.
    pub(super) from: &'static Text,
    /// The time, and that an administrator did it.
    pub(super) by_administrator: &'static Text,
}

/// `2026-11-23 09:00 UTC`, which all languages read alike.
fn readable(time: Timestamp) -> String {
    let text = time.rfc3339();
    let minutes = text.get(..16).unwrap_or_default().replace('T', " ");
    format!("{minutes} UTC")
}
