//! The form's answers, in all languages.

use keyback::for_all_languages;
use keyback::http::Text;
use keyback::http::pages::{Files, Language};

macro_rules! languages {
    (; $($language:ident $tag:literal $name:literal,)+) => {
        &[$(Language {
            tag: $tag,
            name: $name,
            words: Text::plain(include_str!(concat!("../static/lang/", $tag, ".json"))),
        }),+]
    };
}

pub(crate) static WORDS: Files = Files::words_only(for_all_languages!(languages));
