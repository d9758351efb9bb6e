//! What the form is answered with, in all languages.

use keyback::http::pages::{Files, Language};

macro_rules! languages {
    ($($tag:literal = $name:literal),+ $(,)?) => {
        &[$(Language { tag: $tag, name: $name, words: include_str!(concat!("../static/lang/", $tag, ".json")) }),+]
    };
}

pub(crate) static WORDS: Files = Files::words_only(languages!(
    "en" = "English",
    "de" = "Deutsch",
    "fr" = "Français",
    "es" = "Español",
    "pt" = "Português",
    "ja" = "日本語",
    "zh-Hans" = "简体中文",
));
