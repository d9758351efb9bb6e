//! Times in the format of each language.

use super::*;
use crate::base::timestamp::Timestamp;

fn shown(language: Language, time: &str) -> String {
    let branding: MailBranding = block_on(settings::load(env().variables())).unwrap();
    let locale = Locale::read(language.tag()).unwrap();
    Translator::for_reader(&branding, &[Some(&locale)]).time(Timestamp::parse(time).unwrap())
}

#[test]
fn a_time_is_written_as_the_language_writes_it_with_its_zone() {
    for (language, expected) in [
        (Language::English, "8 March 2026 at 08:18 (UTC)"),
        (Language::German, "8. März 2026 um 08:18 Uhr (UTC)"),
        (Language::French, "8 mars 2026 à 08:18 (UTC)"),
        (Language::Spanish, "8 de marzo de 2026 (08:18 UTC)"),
        (Language::Portuguese, "8 de março de 2026 (08:18 UTC)"),
        (Language::Italian, "8 marzo 2026, ore 08:18 (UTC)"),
        (Language::Dutch, "8 maart 2026 om 08:18 uur (UTC)"),
        (Language::Polish, "8 marca 2026 r. o godz. 08:18 (UTC)"),
        (Language::Japanese, "2026年3月8日 08:18（UTC）"),
        (Language::Chinese, "2026年3月8日 08:18（UTC）"),
        (Language::Korean, "2026년 3월 8일 08:18(UTC)"),
        (Language::Arabic, "8 مارس 2026 الساعة 08:18 (UTC)"),
    ] {
        assert_eq!(shown(language, "2026-03-08T08:18:59Z"), expected);
    }
}

#[test]
fn the_first_of_a_month_is_an_ordinal_where_that_is_usual() {
    for (language, expected) in [
        (Language::English, "1 December"),
        (Language::French, "1er décembre"),
        (Language::Portuguese, "1º de dezembro"),
        (Language::Italian, "1º dicembre"),
        (Language::Korean, "12월 1일"),
    ] {
        let shown = shown(language, "2026-12-01");
        assert!(shown.contains(expected), "{shown}");
    }
}

#[test]
fn each_language_has_twelve_months() {
    for words in texts::DATE_MONTHS.words {
        assert_eq!(words.split(", ").count(), 12, "{words}");
    }
}
