//! The feed of all events: complete at any time, in order, and chained so that a gap is found.

mod chains;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::chains::check;
use crate::testing::{App, Call};

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

fn create(app: &App, id: &str) {
    let body = json!({"id": id, "email": format!("{id}@example.test")});
    let _ = app.make(&app.call("/v1/admin/users", body)).expect(201);
}

fn get(app: &App, path: &str) -> Value {
    app.make(&Call::get(path)).expect(200).json()
}

fn page(app: &App, query: &str) -> Value {
    get(app, &format!("/v1/admin/events?{query}"))
}

fn list(page: &Value) -> Vec<Value> {
    page["events"].as_array().unwrap().clone()
}

/// All events, page by page.
fn pages(app: &App, query: &str, between: impl Fn()) -> Vec<Value> {
    let mut events = Vec::new();
    let mut cursor = String::new();
    for _ in 0..2_000 {
        let page = page(app, &format!("{query}{cursor}"));
        events.extend(list(&page));
        let Some(next) = page["next_cursor"].as_str() else {
            return events;
        };
        cursor = format!("&cursor={next}");
        between();
    }
    panic!("the pages do not end");
}

fn names(events: &[Value]) -> Vec<String> {
    let name = |it: &Value| format!("{} {}", it["user_id"].as_str().unwrap(), it["sequence"]);
    events.iter().map(name).collect()
}

/// All events of an export, following its links.
fn export(app: &App, query: &str) -> Vec<Value> {
    let mut events: Vec<Value> = Vec::new();
    let mut path = format!("/v1/admin/events/export?{query}");
    for _ in 0..2_000 {
        let reply = app.make(&Call::get(&path)).expect(200);
        assert!(
            reply
                .header("content-type")
                .starts_with("application/x-ndjson")
        );
        let lines = reply.body.lines();
        events.extend(lines.map(|line| serde_json::from_str::<Value>(line).unwrap()));
        let link = reply.headers.iter().find(|(name, _)| name == "link");
        let Some((_, link)) = link else {
            return events;
        };
        let target = link.strip_prefix('<').unwrap().split_once('>').unwrap();
        assert_eq!(target.1, "; rel=\"next\"");
        target.0.clone_into(&mut path);
    }
    panic!("the export does not end");
}

#[test]
fn an_event_is_in_the_feed_right_after_its_call_and_gets_its_digest_later() {
    let app = App::default();
    create(&app, "ann");
    let before = list(&page(&app, ""));
    assert_eq!(names(&before), ["ann 1"]);
    for name in ["digest", "previous_digest"] {
        assert_eq!(before[0].get(name), None);
    }
    app.advance(2 * MINUTE);
    let _ = app.run_courier();
    let after = list(&page(&app, ""));
    assert_eq!(names(&after), ["ann 1"]);
    assert_eq!(after[0]["previous_digest"], "0".repeat(64));
    assert_eq!(list(&get(&app, "/v1/admin/users/ann/events")), after);
    create(&app, "bob");
    assert_eq!(names(&list(&page(&app, ""))), ["bob 1", "ann 1"]);
    assert_eq!(names(&export(&app, "")), ["ann 1", "bob 1"]);
    assert_eq!(check(&app), 1);
    let empty = App::default();
    assert_eq!(page(&empty, ""), json!({"events": [], "next_cursor": null}));
    assert_eq!(export(&empty, ""), Vec::<Value>::new());
    assert_eq!(get(&empty, "/v1/admin/events/heads")["heads"], json!([]));
}

#[test]
fn pages_of_any_length_show_each_event_once_while_the_courier_comes() {
    let app = App::default();
    for number in 0..12 {
        create(&app, &format!("user{number}"));
        app.advance(1);
        if number == 5 {
            app.advance(2 * MINUTE);
            let _ = app.run_courier();
        }
    }
    let all = names(&pages(&app, "limit=100", || ()));
    assert_eq!(all.len(), 12);
    assert_eq!(all.first().unwrap(), "user11 1");
    let oldest_first: Vec<String> = all.iter().rev().cloned().collect();
    for limit in [1, 2, 5, 12, 13] {
        let query = format!("limit={limit}");
        assert_eq!(names(&pages(&app, &query, || ())), all);
        assert_eq!(names(&export(&app, &query)), oldest_first);
        let fork = app.fork();
        let comes = || {
            fork.advance(MINUTE);
            let _ = fork.run_courier();
        };
        assert_eq!(names(&pages(&fork, &query, comes)), all);
    }
}

#[test]
fn a_filter_shows_what_it_names() {
    let app = App::default();
    let start = get_time(&app);
    create(&app, "ann");
    create(&app, "bob");
    app.advance(10);
    let middle = get_time(&app);
    let _ = app.forgot("ann@example.test").expect(202);
    let unlock = app.call("/v1/admin/users/bob/unlock", json!({}));
    let _ = app.make(&unlock).expect(204);
    app.advance(10);
    let end = get_time(&app);
    for settled in [false, true] {
        if settled {
            app.run_courier_for(3);
        }
        for (query, expected) in [
            ("type=account.created", &["bob 1", "ann 1"][..]),
            ("type=recovery.requested", &["ann 2"]),
            ("type=email.failed", &[]),
            ("actor=user", &["ann 2"]),
            ("actor=system", &[]),
            ("actor=all", &["bob 2", "bob 1", "ann 1"]),
            ("actor=all&type=account.unlocked", &["bob 2"]),
            ("user_id=bob", &["bob 2", "bob 1"]),
            ("user_id=bob&type=account.created", &["bob 1"]),
            ("user_id=nobody", &[]),
            (&format!("since={middle}"), &["ann 2", "bob 2"]),
            (&format!("until={middle}"), &["bob 1", "ann 1"]),
            (
                &format!("since={start}&until={middle}&actor=all"),
                &["bob 1", "ann 1"],
            ),
            (&format!("since={end}"), &[]),
            (&format!("until={start}"), &[]),
        ] {
            let sorted = |events: &[Value]| names(events).into_iter().collect::<BTreeSet<_>>();
            let expected: BTreeSet<String> = expected.iter().map(|&it| it.to_owned()).collect();
            for limit in [1, 100] {
                let query = format!("{query}&limit={limit}");
                let shown = pages(&app, &query, || ());
                assert_eq!(sorted(&shown), expected, "{query} {settled}");
                assert_eq!(sorted(&export(&app, &query)), expected, "{query} {settled}");
            }
        }
    }
    for bad in [
        "type=nothing",
        "type=",
        "since=yesterday",
        "until=1",
        "user_id=a%20b",
        "cursor=x",
        "cursor=1",
        "user_id=bob&cursor=1.2",
        "limit=0",
        "limit=101",
        "page=2",
    ] {
        let path = format!("/v1/admin/events?{bad}");
        let _ = app.make(&Call::get(&path)).expect(422);
    }
}

/// The time now, encoded for a query.
fn get_time(app: &App) -> String {
    use crate::ports::{Clock as _, Env as _};
    app.env.clock().now().rfc3339().replace(':', "%3A")
}

#[test]
fn a_thousand_events_fill_several_parts_and_two_days() {
    let app = App::default();
    for chunk in 0..10 {
        let line = |number: usize| json!({"id": format!("u{chunk}-{number}"), "email": format!("u{chunk}-{number}@example.test")});
        let lines: Vec<Value> = (0..70).map(line).collect();
        let _ = app.make(&Call::import(&lines)).expect(200);
        app.advance(MINUTE);
        if chunk == 6 {
            app.run_courier_for(3);
            app.advance(3 * DAY);
        }
    }
    create(&app, "last");
    app.run_courier_for(3);
    assert_eq!(check(&app), 701);
    let answer = get(&app, "/v1/admin/events/heads");
    let counts: Vec<u64> = answer["heads"]
        .as_array()
        .unwrap()
        .iter()
        .map(|head| head["count"].as_u64().unwrap())
        .collect();
    assert_eq!(counts, [490, 0, 0, 211], "each day has a head");
    let all = names(&pages(&app, "limit=100", || ()));
    assert_eq!(all.len(), 701);
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), 701);
    let mut exported = names(&export(&app, "limit=100"));
    exported.reverse();
    assert_eq!(
        exported.iter().collect::<BTreeSet<_>>(),
        all.iter().collect()
    );
    // Events far from the end are found too, page by page.
    assert_eq!(
        names(&pages(&app, "limit=3&user_id=u0-0", || ())),
        ["u0-0 1"]
    );
    // Other requests of the instance run between the steps of an export: three parts, and 701 events by the hundred.
    assert_eq!(pauses_of(&app, "?limit=1000"), 3 + 8);
    let first = &export(&app, "limit=1")[0];
    let until = first["at"].as_str().unwrap().replace(':', "%3A");
    assert_eq!(
        pages(&app, &format!("until={until}"), || ()),
        Vec::<Value>::new()
    );
}

/// How often an export pauses for others.
fn pauses_of(app: &App, query: &str) -> u32 {
    let before = app.env.clock.sleeps();
    let _ = app
        .make(&Call::get(&format!("/v1/admin/events/export{query}")))
        .expect(200);
    app.env.clock.sleeps() - before
}

#[test]
fn an_export_of_one_account_pauses_as_well() {
    let app = App::default();
    create(&app, "ann");
    for _ in 0..150 {
        let _ = app
            .make(&app.call("/v1/admin/users/ann/sign-out", json!({})))
            .expect(204);
    }
    assert_eq!(pauses_of(&app, "?user_id=ann"), 2);
}

#[test]
fn an_event_that_cannot_be_read_holds_up_no_others() {
    let app = App::default();
    for id in ["ann", "bob", "cy"] {
        create(&app, id);
    }
    // As serde_json writes it, and never reads it again.
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    app.write("v1:event:bob:1", deep.into_bytes());
    app.run_courier_for(3);
    let shown = |id: &str| names(&list(&page(&app, &format!("user_id={id}"))));
    assert_eq!(shown("ann"), ["ann 1"]);
    assert_eq!(shown("cy"), ["cy 1"]);
    assert_eq!(check(&app), 2, "the others have their digests");
    app.advance(91 * DAY);
    app.run_courier_for(3);
    assert!(app.env.store.bytes("v1:event:bob:1").is_none());
}

#[test]
fn what_became_of_a_mail_comes_into_the_feed_later() {
    let app = App::with_account();
    app.env.http.answer_with(400, None);
    let _ = app.forgot(App::EMAIL).expect(202);
    app.run_courier_for(5);
    let kinds: Vec<Value> = list(&page(&app, ""))
        .iter()
        .map(|it| it["type"].clone())
        .collect();
    assert_eq!(
        kinds,
        ["email.failed", "recovery.requested", "account.created"]
    );
    assert_eq!(check(&app), 3);
}

#[test]
fn the_feed_goes_with_its_events() {
    let app = App::with_account();
    for _ in 0..5 {
        app.run_courier_for(3);
        let _ = app.recover();
        app.advance(31 * DAY);
    }
    app.run_courier_for(3);
    let shown = list(&page(&app, ""));
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(export(&app, "").len() == 2);
    let parts = |app: &App| {
        let names = app.env.store.names();
        let of_feed = |it: &&String| {
            it.starts_with("v1:event-feed-part:") || it.starts_with("v1:event-head:")
        };
        names.iter().filter(of_feed).count()
    };
    assert!(parts(&app) > 0);
    app.advance(100 * DAY);
    app.run_courier_for(3);
    assert_eq!(parts(&app), 0);
    assert_eq!(page(&app, ""), json!({"events": [], "next_cursor": null}));
    create(&app, "bob");
    app.run_courier_for(3);
    assert_eq!(names(&list(&page(&app, ""))), ["bob 1"]);
}
