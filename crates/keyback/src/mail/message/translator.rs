//! The words of one email.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::mail::message::dates::{Date, month};
use crate::mail::message::plurals::plural;
use crate::mail::message::text::{Text, fill};
use crate::mail::message::{MailBranding, Requester, texts};
use crate::model::language::Language;
use crate::model::locale::Locale;
use crate::model::site::Site;

/// The values that may have another writing direction than the text around them, except addresses of pages: some
/// clients would take the character after the address as part of it.
const FOREIGN: [&str; 2] = ["app", "email"];

/// Writes the texts of one email, in one language and with the operator's name.
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

    /// The side on which lines begin.
    pub(super) const fn start(&self) -> &'static str {
        if self.language.is_right_to_left() {
            "right"
        } else {
            "left"
        }
    }

    /// Where the reader can get help.
    pub(super) fn support(&self) -> Option<Support<'a>> {
        let url = self.site().support_url.as_deref()?;
        let shown = url.strip_prefix("mailto:").unwrap_or(url);
        Some(Support { url, shown })
    }

    /// A text without placeholders except `{app}`, for a header: without invisible characters.
    pub(super) fn header(&self, text: &Text) -> String {
        fill(self.words(text), &[("app", &self.site().app_name)])
    }

    /// A text without placeholders except `{app}`.
    pub(super) fn text(&self, text: &Text) -> String {
        self.with(text, &[])
    }

    /// A text and the values of its placeholders.
    pub(super) fn with(&self, text: &Text, values: &[(&str, &str)]) -> String {
        self.fill(self.words(text), values)
    }

    /// The operator's words, or Keyback's.
    fn words(&self, text: &Text) -> &str {
        let own = self.branding.overrides.find(text, self.language);
        own.unwrap_or_else(|| text.in_language(self.language))
    }

    fn fill(&self, words: &str, values: &[(&str, &str)]) -> String {
        let app = [("app", self.site().app_name.as_str())];
        let values = [&app, values].concat();
        if !self.language.is_right_to_left() {
            return fill(words, &values);
        }
        let isolated: Vec<_> = values
            .iter()
            .map(|(name, value)| (*name, isolate(name, value)))
            .collect();
        let isolated: Vec<_> = isolated.iter().map(|(name, it)| (*name, &**it)).collect();
        fill(words, &isolated)
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
        let words = plural(self.words(unit), self.language, count);
        self.fill(words, &[("count", &count.to_string())])
    }

    /// A time as the language writes it, with its zone: `28 November 2026 at 08:18 (UTC)`.
    pub(super) fn time(&self, time: Timestamp) -> String {
        let date = Date::of(time);
        let ours = texts::DATE_MONTHS.in_language(self.language);
        let month = month(self.words(texts::DATE_MONTHS), ours, date.month);
        let day = match date.day {
            1 => self.words(texts::DATE_FIRST).to_owned(),
            day => day.to_string(),
        };
        let values = [
            ("day", &*day),
            ("month", month),
            ("year", &*date.year),
            ("hour", &*date.hour),
            ("minute", &*date.minute),
        ];
        self.with(texts::DATE, &values)
    }

    pub(super) fn with_time(&self, text: &Text, time: Timestamp) -> String {
        self.with(text, &[("time", &self.time(time))])
    }

    /// The text of the two that matches the requester, with the account's address and `time`.
    pub(super) fn by(
        &self,
        texts: &AttributionTexts,
        requester: Requester,
        email: &str,
        time: Timestamp,
    ) -> String {
        let text = match requester {
            Requester::Administrator => texts.by_administrator,
            Requester::User => texts.at,
        };
        self.with(text, &[("email", email), ("time", &self.time(time))])
    }
}

/// `value` between FSI and PDI (Unicode, UAX #9), if it has a direction of its own.
fn isolate(name: &str, value: &str) -> String {
    if FOREIGN.contains(&name) {
        format!("\u{2068}{value}\u{2069}")
    } else {
        value.to_owned()
    }
}

/// A link to help, and its text.
pub(super) struct Support<'a> {
    pub(super) url: &'a str,
    pub(super) shown: &'a str,
}

/// The two variants of a sentence with a time.
pub(super) struct AttributionTexts {
    /// The user did it.
    pub(super) at: &'static Text,
    /// An administrator did it.
    pub(super) by_administrator: &'static Text,
}
