//! Ten thousand accounts in one call: how long it takes, and how much memory. `docs/import-hashes.md` has what was
//! measured.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{HASH, HASHED, counts};
use crate::app::{App, Caller as _, random_token, unique_email};

/// How many times the time of 1,000 lines 10,000 may take. Ten is proportional, and a hundred would be the square. A ratio
/// holds on a loaded machine too.
const MOST_RATIO: u32 = 40;

/// How much more the app's largest process may ever take for ten thousand lines than for one thousand.
const MOST_GROWTH: u64 = 64 * 1024 * 1024;

#[test]
fn the_time_of_an_import_grows_with_its_lines_and_no_faster() {
    let app = App::start();
    let time = |lines: &[String]| -> Duration {
        let start = Instant::now();
        let answer = app.portal().import_users(lines.join("\n"));
        let took = start.elapsed();
        let count = u32::try_from(lines.len()).expect("they are few");
        assert_eq!(answer.expect_json(200), counts(count, 0));
        took
    };
    let before = time(&lines(1_000));
    let lines = lines(10_000);
    let took = time(&lines);
    let last: Value = serde_json::from_str(&lines[9_999]).expect("it is JSON");
    let email = last["email"].as_str().expect("it has an address");
    let signed_in = app.portal().sign_in(email, HASHED).expect_json(200);
    assert_eq!(signed_in["user_id"], last["id"]);
    // The whole list is there, in the order of the lines.
    let page = app.portal().get("/v1/admin/users?limit=2");
    let page = page.expect_json(200);
    assert_eq!(page["users"][0]["id"], last["id"], "{page}");
    assert!(page["previous_cursor"].is_null(), "{page}");

    // The load may change meanwhile.
    let thousand = before.max(time(&self::lines(1_000)));
    eprintln!("1,000 lines took {thousand:.1?}, 10,000 took {took:.1?}");
    assert!(took < MOST_RATIO * thousand, "{took:?} to {thousand:?}");
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "a process's memory is read from Linux's /proc"
)]
fn memory_does_not_grow_with_what_was_imported() {
    let app = App::start();
    let peak_of = |count: u32| {
        app.forget_peak_memory();
        let answer = app.portal().import_users(lines(count).join("\n"));
        assert_eq!(answer.expect_json(200), counts(count, 0));
        app.peak_memory()
    };
    let thousand = peak_of(1_000);
    // Thirty thousand more: what one call took is there for the next.
    let peaks = [10_000; 3].map(peak_of);
    let mebibytes = |bytes: u64| bytes >> 20;
    eprintln!(
        "with 1,000 lines: {} MiB; with 10,000, thrice: {:?} MiB",
        mebibytes(thousand),
        peaks.map(mebibytes)
    );
    for peak in peaks {
        let more = peak.saturating_sub(thousand);
        assert!(more < MOST_GROWTH, "10,000 lines took {more} bytes more");
    }
}

/// Lines as another system's export has them: an id, an address and a hash.
fn lines(count: u32) -> Vec<String> {
    let line = |_| {
        let email = unique_email();
        json!({ "id": random_token(16), "email": email, "password_hash": HASH }).to_string()
    };
    (0..count).map(line).collect()
}
