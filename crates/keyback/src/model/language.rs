//! The languages that Keyback writes in.

use crate::model::locale::Locale;

/// The one list of languages, in the order of the pages' menus. Calls the macro `$then` with the rest of the arguments,
/// a semicolon, and for each language its name in code, its tag (BCP 47) and its own name. The tag is also the name of
/// the language's files.
#[macro_export]
macro_rules! for_all_languages {
    ($then:ident $($arguments:tt)*) => {
        $then! {
            $($arguments)*;
            English "en" "English",
            German "de" "Deutsch",
            French "fr" "Français",
            Spanish "es" "Español",
            Portuguese "pt" "Português",
            Italian "it" "Italiano",
            Dutch "nl" "Nederlands",
            Polish "pl" "Polski",
            Japanese "ja" "日本語",
            Chinese "zh-Hans" "简体中文",
            Korean "ko" "한국어",
            Arabic "ar" "العربية",
        }
    };
}

macro_rules! define {
    (; $($language:ident $tag:literal $name:literal,)+) => {
        /// A language that Keyback writes in. Portuguese is Brazil's; Chinese is in simplified characters.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Language {
            $(#[doc = concat!("`", $tag, "`: ", $name)] $language,)+
        }

        impl Language {
            /// Every language. The first is the fallback for readers whose language is not available.
            pub const ALL: [Self; [$($tag),+].len()] = [$(Self::$language),+];

            /// Its tag (BCP 47).
            #[must_use]
            pub const fn tag(self) -> &'static str {
                match self { $(Self::$language => $tag,)+ }
            }
        }
    };
}
for_all_languages!(define);

impl Language {
    /// The language with exactly this tag.
    #[must_use]
    pub fn tagged(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Whether it is written from right to left.
    #[must_use]
    pub const fn is_right_to_left(self) -> bool {
        matches!(self, Self::Arabic)
    }

    /// The value of HTML's attribute `dir`.
    #[must_use]
    pub const fn direction(self) -> &'static str {
        if self.is_right_to_left() {
            "rtl"
        } else {
            "ltr"
        }
    }

    /// The language for a reader of `locale`: `pt-BR` and `pt-PT` get `pt`, and every kind of Chinese gets `zh-Hans`,
    /// which its readers would prefer to another language.
    #[must_use]
    pub fn serving(locale: &Locale) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| same_language(language.tag(), locale.as_str()))
    }

    /// The language for the first of `choices` that has one, or else `otherwise`.
    #[must_use]
    pub fn first_serving(choices: &[Option<&Locale>], otherwise: Self) -> Self {
        choices
            .iter()
            .find_map(|choice| choice.and_then(Self::serving))
            .unwrap_or(otherwise)
    }
}

/// Whether two tags, or a tag and a range, have the same language: their first subtags are compared.
#[must_use]
pub fn same_language(one: &str, other: &str) -> bool {
    primary(one).eq_ignore_ascii_case(primary(other))
}

fn primary(tag: &str) -> &str {
    let mut subtags = tag.split(|it: char| !it.is_ascii_alphanumeric());
    subtags.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locale(tag: &str) -> Locale {
        Locale::read(tag).unwrap()
    }

    #[test]
    fn a_locale_is_served_in_its_language() {
        for (tag, language) in [
            ("en-GB", Some("en")),
            ("de", Some("de")),
            ("DE-at", Some("de")),
            ("pt-BR", Some("pt")),
            ("zh", Some("zh-Hans")),
            ("zh-CN", Some("zh-Hans")),
            ("zh_CN", Some("zh-Hans")),
            ("de_DE.UTF-8", Some("de")),
            ("zh-Hant-TW", Some("zh-Hans")),
            ("nl-BE", Some("nl")),
            ("ar_EG", Some("ar")),
            ("sv", None),
            ("des", None),
        ] {
            let served = Language::serving(&locale(tag)).map(Language::tag);
            assert_eq!(served, language, "{tag}");
        }
    }

    #[test]
    fn the_first_choice_that_is_served_decides() {
        let (sv, fr, ja) = (locale("sv"), locale("fr"), locale("ja"));
        let chosen =
            |choices: &[Option<&Locale>]| Language::first_serving(choices, Language::Spanish).tag();
        assert_eq!(chosen(&[Some(&fr), Some(&ja)]), "fr");
        assert_eq!(chosen(&[Some(&sv), Some(&ja)]), "ja");
        assert_eq!(chosen(&[None, Some(&ja)]), "ja");
        assert_eq!(chosen(&[Some(&sv), None]), "es");
        assert_eq!(chosen(&[]), "es");
    }

    #[test]
    fn a_tag_names_one_language() {
        for language in Language::ALL {
            assert_eq!(Language::tagged(language.tag()), Some(language));
        }
        for none in ["", "*", "DE", "zh", "sv"] {
            assert_eq!(Language::tagged(none), None, "{none}");
        }
    }
}
