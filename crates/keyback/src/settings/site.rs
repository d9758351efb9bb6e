//! How the app presents itself. None of these variables stops a call.

use crate::model::base_url::BaseUrl;
use crate::model::colour::Colour;
use crate::model::email_address::EmailAddress;
use crate::model::line::one_line;
use crate::model::logo::Logo;
use crate::model::site::{Accent, Site};
use crate::model::web_address::WebAddress;
use crate::settings::{Section, Values};

const NO_LINE: &str = "is not one line of 1 to 100 characters";

impl Section for Accent {
    fn read(values: &Values) -> Option<Self> {
        let standard = Self::default();
        Some(Self {
            light: values.read_leniently("accent_color", |text, warn| {
                colour(text, standard.light, Self::LIGHT_GROUND, warn)
            }),
            dark: values.read_leniently("accent_color_dark", |text, warn| {
                colour(text, standard.dark, Self::DARK_GROUND, warn)
            }),
        })
    }
}

/// The colour that `text` names, made darker or lighter until it is readable on `ground`; `standard` if `text` is empty
/// or invalid.
fn colour(text: &str, standard: Colour, ground: Colour, warn: &mut dyn FnMut(String)) -> Colour {
    if text.is_empty() {
        return standard;
    }
    let Some(given) = Colour::parse(text) else {
        warn("is not in the form #rrggbb, so the default colour is used".to_owned());
        return standard;
    };
    let (colour, change) = given.readable_on(ground);
    if let Some(change) = change {
        // 4.499 is not enough, and must not be shown as 4.50.
        let contrast = given.contrast(ground).min(4.49);
        warn(format!(
            "has a contrast of only {contrast:.2}:1 and was made {change}"
        ));
    }
    colour
}

/// Whether `text` is a usable address: a page, possibly with a fragment, or a mailbox (RFC 6068).
fn is_help(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix("mailto:") {
        let to = rest.split('?').next().unwrap_or_default();
        let is_plain = !text.contains(|it: char| it.is_whitespace() || it.is_control());
        return is_plain && EmailAddress::parse(&to.replace("%40", "@")).is_ok();
    }
    let page = text.split('#').next().unwrap_or_default();
    let fragment = text.get(page.len()..).unwrap_or_default();
    let is_plain = fragment.bytes().all(|byte| byte.is_ascii_graphic());
    text.starts_with("https://") && is_plain && WebAddress::parse(page).is_some()
}

/// `app_name`; `Keyback` replaces one that is not a single line.
pub(super) fn app_name(values: &Values) -> String {
    values.read_leniently("app_name", |text, warn| {
        one_line(text).unwrap_or_else(|| {
            warn(format!("{NO_LINE}, so Keyback is used"));
            "Keyback".to_owned()
        })
    })
}

/// `logo_image`: `None` if the pages show `logo_text`.
#[derive(Debug, Clone)]
pub struct LogoImage(
    /// Read leniently: a bad one stops no page.
    pub Option<Logo>,
);

impl Section for LogoImage {
    fn read(values: &Values) -> Option<Self> {
        Some(Self(values.read_leniently("logo_image", |text, warn| {
            let logo = Logo::parse(text);
            if logo.is_none() && !text.is_empty() {
                warn(
                    "is not the base64 of a PNG file of up to 32 KiB, so the text is shown"
                        .to_owned(),
                );
            }
            logo
        })))
    }
}

impl Section for Site {
    fn read(values: &Values) -> Option<Self> {
        let base_url = BaseUrl::read(values);
        let app_name = app_name(values);
        let logo_text = values.read_leniently("logo_text", |text, warn| {
            let line = one_line(text);
            if line.is_none() && !text.is_empty() {
                warn(format!("{NO_LINE}, so app_name is used"));
            }
            line
        });
        let accent = Accent::read(values);
        let support_url = values.read_leniently("support_url", |text, warn| {
            let fits = is_help(text);
            if !fits && !text.is_empty() {
                warn("is not an https or mailto URL, so nothing links to it".to_owned());
            }
            fits.then(|| text.to_owned())
        });
        Some(Self {
            base_url: base_url?,
            logo_text: logo_text.unwrap_or_else(|| app_name.clone()),
            app_name,
            accent: accent?,
            support_url,
        })
    }
}
