//! How emails present the app.

use crate::mail::message::Overrides;
use crate::model::language::Language;
use crate::model::site::Site;

/// How emails present the app.
#[derive(Debug, Clone)]
pub struct MailBranding {
    /// How it presents itself everywhere.
    pub site: Site,
    /// `default_locale`: used when none of the reader's languages is available.
    pub language: Language,
    /// The operator's own words.
    pub overrides: Overrides,
}
