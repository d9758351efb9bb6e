//! The app's name, addresses and colours, for pages and emails.

use crate::model::base_url::BaseUrl;
use crate::model::colour::Colour;
use crate::model::token::Token;

/// The app's name, addresses and colours.
#[derive(Debug, Clone)]
pub struct Site {
    /// `public_base_url`, from which all links are built.
    pub base_url: BaseUrl,
    /// `app_name`. New passwords are also compared with it.
    pub app_name: String,
    /// Shown in place of a logo: `logo_text`, or the name.
    pub logo_text: String,
    /// The colours of buttons and links.
    pub accent: Accent,
    /// `support_url`, linked as help.
    pub support_url: Option<String>,
}

/// A colour for light and one for dark backgrounds, each with a contrast of at least 4.5:1 there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent {
    /// `accent_color`, for the light scheme.
    pub light: Colour,
    /// `accent_color_dark`, for the dark scheme.
    pub dark: Colour,
}

impl Accent {
    /// The darkest of the light backgrounds in pages and emails.
    pub const LIGHT_GROUND: Colour = Colour::new(0xf6, 0xf5, 0xf2);
    /// The lightest of the dark backgrounds in pages and emails.
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
    /// The page that sets a new password, with `token` in its fragment.
    #[must_use]
    pub fn reset_link(&self, token: &Token) -> String {
        self.link("/reset-password", token)
    }

    /// The page that cancels a recovery, with `token` in its fragment.
    #[must_use]
    pub fn cancel_link(&self, token: &Token) -> String {
        self.link("/cancel-recovery", token)
    }

    /// The page that asks for a code.
    #[must_use]
    pub fn code_page(&self) -> String {
        self.base_url.join("/verify-otp")
    }

    fn link(&self, path: &str, token: &Token) -> String {
        format!("{}#token={}", self.base_url.join(path), token.reveal())
    }
}
