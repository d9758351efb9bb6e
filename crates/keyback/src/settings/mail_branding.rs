//! How mails present the app.

use crate::mail::message::Overrides;
use crate::model::language::Language;
use crate::model::locale::Locale;
use crate::settings::{Section, Site, Values};

/// How mails present the app.
#[derive(Debug, Clone)]
pub struct MailBranding {
    /// How it presents itself everywhere.
    pub site: Site,
    /// The language of a mail to someone who wants none that there is.
    pub language: Language,
    /// The operator's own words.
    pub overrides: Overrides,
}

impl Section for MailBranding {
    fn read(values: &Values) -> Option<Self> {
        let site = Site::read(values);
        let language = values.read("default_locale", |text| {
            Language::serving(&Locale::parse(text).ok()?)
        });
        let overrides = values.read("mail_texts", Overrides::parse);
        Some(Self {
            site: site?,
            language: language?,
            overrides: overrides?,
        })
    }
}
