//! How the app presents itself.

use crate::model::base_url::BaseUrl;
use crate::model::colour::Colour;
use crate::model::line::one_line;
use crate::model::site::{Accent, Site};
use crate::settings::{Section, Values};

impl Section for Accent {
    fn read(values: &Values) -> Option<Self> {
        let standard = Self::default();
        let colour = |standard, ground| {
            move |text: &str| match text {
                "" => Some(standard),
                text => Colour::parse(text).filter(|colour| colour.is_readable_on(ground)),
            }
        };
        let light = values.read("accent_color", colour(standard.light, Self::LIGHT_GROUND));
        let dark = values.read(
            "accent_color_dark",
            colour(standard.dark, Self::DARK_GROUND),
        );
        Some(Self {
            light: light?,
            dark: dark?,
        })
    }
}

impl Section for Site {
    fn read(values: &Values) -> Option<Self> {
        let base_url = BaseUrl::read(values);
        let app_name = values.read("app_name", one_line);
        let logo_text = values.read("logo_text", |text| match text {
            "" => Some(None),
            text => one_line(text).map(Some),
        });
        let accent = Accent::read(values);
        let support_url = values.read("support_url", |text| match text {
            "" => Some(None),
            text => (text.starts_with("https://") || text.starts_with("mailto:"))
                .then(|| Some(text.to_owned())),
        });
        Some(Self {
            base_url: base_url?,
            logo_text: logo_text?.or_else(|| app_name.clone())?,
            app_name: app_name?,
            accent: accent?,
            support_url: support_url?,
        })
    }
}
