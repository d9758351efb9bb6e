//! The form of a text for a number.
//!
//! By Unicode's CLDR (<https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html>) as far as
//! it matters: all counts are 2 or more, and each is used where its language needs one form or, in Arabic, three.

use crate::model::language::Language;

/// The form for `count`. Bars separate the `forms`, in the order two, few, many. A text without bars has one form.
pub(super) fn plural(forms: &str, language: Language, count: u64) -> &str {
    let wanted = match language {
        Language::Arabic => arabic(count),
        _ => 0,
    };
    let mut all = forms.split('|');
    all.nth(wanted)
        .or_else(|| forms.split('|').next_back())
        .unwrap_or(forms)
}

const fn arabic(count: u64) -> usize {
    match count {
        2 => 0,
        _ if matches!(count % 100, 3..=10) => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arabic_has_a_dual_and_two_plurals() {
        for (count, form) in [
            (2, "two"),
            (3, "few"),
            (10, "few"),
            (11, "many"),
            (20, "many"),
            (102, "many"),
            (103, "few"),
            (119, "many"),
        ] {
            assert_eq!(plural("two|few|many", Language::Arabic, count), form);
        }
    }

    #[test]
    fn a_text_of_one_form_is_taken_for_each_count() {
        for count in [2, 3, 11] {
            assert_eq!(plural("one", Language::Arabic, count), "one");
            assert_eq!(plural("one", Language::Polish, count), "one");
        }
    }
}
