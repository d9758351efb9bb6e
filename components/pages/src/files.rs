//! The files in `static/`, as parts of the component.

use keyback::http::pages::{File, Files, Language};

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(File { name: $name, text: include_str!(concat!("../static/", $name)) }),+]
    };
}

macro_rules! languages {
    ($($tag:literal = $name:literal),+ $(,)?) => {
        &[$(Language { tag: $tag, name: $name, words: include_str!(concat!("../static/lang/", $tag, ".json")) }),+]
    };
}

pub(crate) static FILES: Files = Files::new(
    files!(
        "api.js",
        "cancel-recovery.js",
        "forgot-password.js",
        "form.js",
        "icon.svg",
        "recovery.js",
        "reset-password.js",
        "style.css",
        "text.js",
        "token.js",
        "verify-otp.js",
    ),
    languages!(
        "en" = "English",
        "de" = "Deutsch",
        "fr" = "Français",
        "es" = "Español",
        "pt" = "Português",
        "ja" = "日本語",
        "zh-Hans" = "简体中文",
    ),
);
