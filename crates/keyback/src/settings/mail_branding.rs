//! The variables that brand mails.

use crate::mail::message::{MailBranding, Overrides};
use crate::model::language::Language;
use crate::model::locale::Locale;
use crate::model::site::Site;
use crate::settings::{Section, Values};

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
