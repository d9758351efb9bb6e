//! The frame of a page: the app's name, its files, and the words of one language.

use crate::http::pages::brand;
use crate::http::pages::files::Files;
use crate::http::pages::language::{Language, Words};
use crate::model::logo::Logo;
use crate::model::web_address::WebAddress;
use crate::settings::{Accent, Pages, Site};

/// The values that every template gets.
#[derive(Debug)]
pub(in crate::http) struct PageLayout<'a> {
    pub(in crate::http) app_name: &'a str,
    pub(in crate::http) logo_text: &'a str,
    pub(in crate::http) support_url: Option<&'a str>,
    pub(in crate::http) language: &'static Language,
    pub(in crate::http) languages: &'static [Language],
    pub(in crate::http) logo: Option<&'a Logo>,
    /// The operator's sign-in page, which each page links to.
    pub(in crate::http) sign_in_url: Option<&'a WebAddress>,
    accent: Accent,
    files: &'a Files,
    words: Words,
}

impl<'a> PageLayout<'a> {
    /// A layout in `language`. If the settings cannot be read, the page is unbranded.
    pub(in crate::http) fn new(
        site: Option<&'a Site>,
        files: &'a Files,
        language: &'static Language,
    ) -> Self {
        Self {
            app_name: site.map_or("Keyback", |site| &site.app_name),
            logo_text: site.map_or("Keyback", |site| &site.logo_text),
            accent: site.map_or_else(Accent::default, |site| site.accent),
            support_url: site.and_then(|site| site.support_url.as_deref()),
            language,
            languages: files.languages(),
            logo: None,
            sign_in_url: None,
            files,
            words: language.words(),
        }
    }

    /// The layout of the pages that the component `pages` serves, with the operator's logo and the link back.
    pub(in crate::http) fn of(
        settings: Option<&'a Pages>,
        files: &'a Files,
        language: &'static Language,
    ) -> Self {
        let site = settings.map(|settings| &settings.site);
        let sign_in_url = settings.and_then(|settings| settings.return_urls.sign_in_url.as_ref());
        let layout = Self::new(site, files, language).leading_back(sign_in_url);
        Self {
            logo: settings.and_then(|settings| settings.logo.0.as_ref()),
            ..layout
        }
    }

    /// The layout with a link back to `sign_in_url`.
    pub(in crate::http) fn leading_back(self, sign_in_url: Option<&'a WebAddress>) -> Self {
        Self {
            sign_in_url,
            ..self
        }
    }

    /// The path of the logo.
    #[expect(clippy::unused_self, reason = "a template calls it on the layout")]
    pub(in crate::http) fn logo_url(&self, logo: &Logo) -> String {
        brand::logo_url(logo)
    }

    /// The text `key`, or the key itself if it is missing.
    pub(in crate::http) fn t(&self, key: &str) -> String {
        let text = self.words.text(key);
        text.unwrap_or(key).replace("{app}", self.app_name)
    }

    pub(in crate::http) fn count(&self, key: &str, count: u32) -> String {
        self.t(key).replace("{count}", &count.to_string())
    }

    pub(in crate::http) fn file(&self, name: &str) -> String {
        self.files.url(name)
    }

    /// The style sheet of the operator's colours, unless they are the default.
    pub(in crate::http) fn brand_file(&self) -> Option<String> {
        brand::url(self.accent)
    }

    pub(in crate::http) fn scripts(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.files.scripts()
    }

    pub(in crate::http) fn language_file(&self) -> String {
        self.file(&self.language.file_name())
    }
}
