//! Many accounts: how long an import takes, how much memory, and whether they are found. `docs/import-hashes.md` has what
//! was measured.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{HASH, HASHED, counts};
use crate::app::{
    Answer, App, Caller as _, random_token, strong_password, unique_email, wait_long_for,
};

/// 10,000 lines may take this many times as long as 1,000. Ten is linear, a hundred quadratic. A ratio holds on a
/// loaded machine too.
const MOST_RATIO: u32 = 40;

/// How many bytes more the app's largest process may use for ten thousand lines than for one thousand.
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
    // Thirty thousand more: the memory that one call used is free for the next.
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

/// A page among 100,000 accounts may take this many times as long as among 100; only a loaded machine slows it down.
const MOST_SLOWER: u32 = 10;

#[test]
fn others_are_answered_while_an_import_runs() {
    let app = App::start();
    let lines = lines(20_000).join("\n");
    thread::scope(|scope| {
        let import = scope.spawn(|| {
            let start = Instant::now();
            let answer = app.portal().import_users(lines);
            assert_eq!(answer.expect_json(200), counts(20_000, 0));
            start.elapsed()
        });
        let mut slowest = Duration::ZERO;
        let mut count = 0;
        while !import.is_finished() {
            let start = Instant::now();
            app.portal()
                .get("/v1/admin/users/nobody")
                .expect_status(404);
            slowest = slowest.max(start.elapsed());
            count += 1;
        }
        let took = import.join().expect("the import does not panic");
        eprintln!("{count} answers within {took:.1?}, the slowest in {slowest:.1?}");
        assert!(slowest < took / 4, "{slowest:?} of {took:?}");
    });
}

/// How long a call may take during an import: it takes a fraction of a second, or eight seconds if others keep both
/// cores busy.
const MOST_BESIDE: Duration = Duration::from_secs(30);

/// Makes a call that is answered in time.
#[track_caller]
fn in_time(slowest: &mut Duration, call: impl FnOnce() -> Answer) -> Answer {
    let start = Instant::now();
    let answer = call();
    let took = start.elapsed();
    assert!(took < MOST_BESIDE, "{} took {took:.1?}", answer.call);
    *slowest = took.max(*slowest);
    answer
}

#[test]
fn accounts_are_created_and_disabled_beside_an_import_of_6_000_lines() {
    let app = App::start();
    let lines = lines(6_000);
    let other = app.create_user();
    thread::scope(|scope| {
        let import = scope.spawn(|| {
            let start = Instant::now();
            let answer = app.portal().import_users(lines.join("\n"));
            (answer, start.elapsed())
        });
        let (portal, mut slowest, mut rounds) = (app.portal(), Duration::ZERO, 0);
        let mut created = Vec::new();
        while !import.is_finished() {
            let account = json!({ "email": unique_email(), "password": strong_password() });
            let answer = in_time(&mut slowest, || portal.create_user(&account));
            created.push(answer.expect_json(201));
            let changes = json!({ "disabled": rounds % 2 == 0 });
            let answer = in_time(&mut slowest, || portal.update_user(&other.id, &changes));
            assert_eq!(answer.expect_json(200)["disabled"], changes["disabled"]);
            in_time(&mut slowest, || app.visitor().get("/v1/health")).expect_json(200);
            rounds += 1;
        }
        let (answer, took) = import.join().expect("the import does not panic");
        assert_eq!(answer.expect_json(200), counts(6_000, 0));
        eprintln!("{rounds} rounds within {took:.1?}, the slowest call in {slowest:.1?}");
        // On any machine, they did not wait for its end.
        assert!(rounds > 2, "{rounds} rounds within {took:?}");
        for account in created {
            let id = account["id"].as_str().expect("it has an id");
            assert_eq!(portal.find_user(id).expect_json(200), account);
        }
    });
    wait_long_for(|| {
        app.portal().run_courier().expect_json(200);
        let page = search(&app, "q=people.example.test&limit=1");
        if page["total"].as_u64() > Some(6_000) {
            return Ok(());
        }
        Err(page)
    });
    for line in [&lines[0], &lines[5_999]] {
        let line: Value = serde_json::from_str(line).expect("it is JSON");
        let email = line["email"].as_str().expect("it has an address");
        let signed_in = app.portal().sign_in(email, HASHED).expect_json(200);
        assert_eq!(signed_in["user_id"], line["id"]);
    }
}

#[test]
fn a_hundred_thousand_accounts_are_imported_and_found() {
    let app = App::start();
    import_numbered(&app, 0..100);
    let among_few = time_of_page(&app);
    for first in (100..100_000).step_by(20_000) {
        import_numbered(&app, first..100_000.min(first + 20_000));
    }
    wait_long_for(|| {
        app.portal().run_courier().expect_json(200);
        let page = search(&app, "limit=1");
        if page["total"] == 100_000 {
            return Ok(());
        }
        Err(page)
    });
    let among_many = time_of_page(&app);
    eprintln!("a page took {among_few:.1?} among 100 accounts, {among_many:.1?} among 100,000");
    assert!(among_many < MOST_SLOWER * among_few.max(Duration::from_millis(2)));

    let one = search(&app, "q=person-054321%40");
    assert_eq!(
        (&one["total"], &one["users"][0]["id"]),
        (&json!(1), &json!("crm-054321"))
    );
    for (query, total) in [
        ("q=person-0543", 100),
        ("q=crm-09", 10_000),
        ("q=many.example.test", 100_000),
        ("q=many.example.test&no_password=true", 0),
        ("q=person-1", 0),
    ] {
        assert_eq!(search(&app, query)["total"], total, "{query}");
    }
    let newest = search(&app, "limit=2");
    assert_eq!(newest["users"][0]["id"], "crm-099999");
    let cursor = newest["next_cursor"].as_str().expect("there are more");
    let next = search(&app, &format!("limit=2&cursor={cursor}"));
    assert_eq!(next["users"][0]["id"], "crm-099997");
    let oldest = search(&app, "order=oldest&limit=1");
    assert_eq!(oldest["users"][0]["id"], "crm-000000");
}

fn search(app: &App, query: &str) -> Value {
    let page = app.portal().get(&format!("/v1/admin/users?{query}"));
    page.expect_json(200)
}

/// The shortest of several times: a loaded machine only adds.
fn time_of_page(app: &App) -> Duration {
    let time = |_| {
        let start = Instant::now();
        search(app, "q=many.example.test&limit=20");
        start.elapsed()
    };
    (0..20).map(time).min().unwrap_or_default()
}

/// Accounts whose addresses and ids have their number.
fn import_numbered(app: &App, numbers: Range<u32>) {
    let count = u32::try_from(numbers.len()).expect("they are few");
    let line = |number| {
        let email = format!("person-{number:06}@many.example.test");
        json!({ "id": format!("crm-{number:06}"), "email": email, "password_hash": HASH })
            .to_string()
    };
    let lines: Vec<String> = numbers.map(line).collect();
    let answer = app.portal().import_users(lines.join("\n"));
    assert_eq!(answer.expect_json(200), counts(count, 0));
}

/// Lines as another system's export has them: an id, an address and a hash.
fn lines(count: u32) -> Vec<String> {
    let line = |_| {
        let email = unique_email();
        json!({ "id": random_token(16), "email": email, "password_hash": HASH }).to_string()
    };
    (0..count).map(line).collect()
}
