//! How the app presents itself.

use crate::model::base_url::BaseUrl;
use crate::model::colour::Colour;
use crate::model::token::Token;

/// How the app presents itself.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where users see it.
    pub base_url: BaseUrl,
    /// Its name.
    pub app_name: String,
    /// What stands where a logo would: the name, unless the operator has other words for it.
    pub logo_text: String,
    /// The colour of buttons and links.
    pub accent: Accent,
    /// Where users find help.
    pub support_url: Option<String>,
}

/// A colour for light grounds and one for dark ones. Text of either can be read on its ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent {
    /// On light grounds.
    pub light: Colour,
    /// On dark ones.
    pub dark: Colour,
}

impl Accent {
    /// The darkest of the light grounds in pages and mails.
    pub const LIGHT_GROUND: Colour = Colour::new(0xf6, 0xf5, 0xf2);
    /// The lightest of the dark ones.
    pub const DARK_GROUND: Colour = Colour::new(0x1b, 0x1e, 0x20);
}

impl Default for Accent {
    fn default() -> Self {
        Self {
            light: Colour::new(0x0d, 0x5c, 0x6b),
            dark: Colour::new(0x83, 0xcf, 0xdd),
        }
    }
}

impl Site {
    /// A link to `path` with `token` in its fragment.
    #[must_use]
    pub fn link(&self, path: &str, token: &Token) -> String {
        format!("{}#token={}", self.base_url.join(path), token.reveal())
    }
}
