//! The variables that brand emails.

use crate::mail::message::{MailBranding, Overrides};
use crate::model::language::Language;
use crate::model::locale::Locale;
use crate::model::site::Site;
use crate::settings::{Section, Values};

impl Section for MailBranding {
    fn read(values: &Values) -> Option<Self> {
        let site = Site::read(values);
        let language = values.read_leniently("default_locale", |text, warn| {
            let known = Locale::read(text).and_then(|locale| Language::serving(&locale));
            known.unwrap_or_else(|| {
                warn("is not a supported language, so English is used".to_owned());
                Language::English
            })
        });
        let overrides = values.read_leniently("mail_texts", Overrides::parse);
        Some(Self {
            site: site?,
            language,
            overrides,
        })
    }
}
