//! A point in time, in parts that each language puts in its own order.

use std::ops::Range;

use crate::base::timestamp::Timestamp;

/// The parts of a time in UTC.
pub(super) struct Date {
    /// Four digits.
    pub(super) year: String,
    /// 1 to 12.
    pub(super) month: usize,
    /// 1 to 31.
    pub(super) day: u8,
    /// Two digits, 00 to 23.
    pub(super) hour: String,
    /// Two digits.
    pub(super) minute: String,
}

impl Date {
    pub(super) fn of(time: Timestamp) -> Self {
        let text = time.rfc3339();
        let part = |range: Range<usize>| text.get(range).unwrap_or_default().to_owned();
        Self {
            year: part(0..4),
            month: part(5..7).parse().unwrap_or_default(),
            day: part(8..10).parse().unwrap_or_default(),
            hour: part(11..13),
            minute: part(14..16),
        }
    }
}

/// Month `number`, 1 to 12, of `names`, which lists twelve with commas; of `ours` if an operator's `names` does not.
pub(super) fn month<'a>(names: &'a str, ours: &'a str, number: usize) -> &'a str {
    let names = if names.split(',').count() == 12 {
        names
    } else {
        ours
    };
    let mut names = names.split(',').map(str::trim);
    names.nth(number.saturating_sub(1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LETTERS: &str = "a, b, c, d, e, f, g, h, i, j, k, l";

    #[test]
    fn a_time_has_five_parts() {
        let date = Date::of(Timestamp::parse("2026-03-01T09:05:59Z").unwrap());
        assert_eq!((&*date.year, date.month, date.day), ("2026", 3, 1));
        assert_eq!((&*date.hour, &*date.minute), ("09", "05"));
    }

    #[test]
    fn a_list_of_other_than_twelve_months_is_not_used() {
        assert_eq!(month(LETTERS, LETTERS, 1), "a");
        assert_eq!(month(LETTERS, LETTERS, 12), "l");
        assert_eq!(month("January", LETTERS, 2), "b");
        assert_eq!(month(LETTERS, LETTERS, 13), "");
    }
}
