//! Times as answers have them.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// Seconds since 1970, now.
pub(crate) fn unix_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("it is after 1970").as_secs()
}

/// Seconds since 1970 of a time in an answer: RFC 3339 in UTC with whole seconds, such as `2026-08-01T12:00:00Z`.
#[track_caller]
pub(crate) fn unix_seconds(time: &Value) -> i64 {
    let text = time.as_str().unwrap_or_else(|| panic!("{time} is no text"));
    let shape: String = text
        .chars()
        .map(|letter| if letter.is_ascii_digit() { '0' } else { letter })
        .collect();
    assert_eq!(shape, "0000-00-00T00:00:00Z", "{text}");
    let number =
        |from: usize, to: usize| -> i64 { text[from..to].parse().expect("these are digits") };
    let days = days_before_month(number(0, 4), number(5, 7)) + number(8, 10) - 1;
    ((days * 24 + number(11, 13)) * 60 + number(14, 16)) * 60 + number(17, 19)
}

/// The same time as English emails write it.
#[track_caller]
pub(crate) fn in_a_mail(time: &Value) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let text = time.as_str().unwrap_or_else(|| panic!("{time} is no text"));
    let month: usize = text[5..7].parse().expect("these are digits");
    let (year, month, day) = (&text[..4], MONTHS[month - 1], &text[8..10]);
    let day = day.trim_start_matches('0');
    format!("{day} {month} {year} at {} (UTC)", &text[11..16])
}

/// Days from 1970-01-01 to the first of a month of the Gregorian calendar.
fn days_before_month(year: i64, month: i64) -> i64 {
    // Years begin in March here, so that a leap day is the last of its year.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 - 719_468
}
