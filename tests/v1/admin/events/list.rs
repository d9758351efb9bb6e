//! `GET /v1/admin/events`

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::of;
use crate::app::{App, Caller as _, Scope};
use crate::v1::admin::access::Guarded;

#[test]
fn what_an_administrator_did_is_in_the_feed_when_the_call_is_answered() {
    let app = App::shared();
    let auditor = app.api_client(Scope::Events);
    let user = app.create_user();
    app.portal()
        .update_user(&user.id, &json!({ "disabled": true, "reason": "on leave" }))
        .expect_json(200);
    let page = auditor.get("/v1/admin/events?limit=100").expect_json(200);
    let events = of(&page, &[&user.id]);
    let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["account.disabled", "account.created"]);
    assert_eq!(events[0]["reason"], "on leave");
    assert_eq!(events[0]["actor"]["id"], "portal");
    let members = events[0].as_object().expect("an event is an object");
    let mut members: Vec<&str> = members.keys().map(String::as_str).collect();
    // It gets its digests when the courier runs.
    members.retain(|name| !name.ends_with("digest"));
    members.sort_unstable();
    assert_eq!(
        members,
        [
            "actor", "at", "email", "from", "id", "reason", "sequence", "type", "user_id"
        ]
    );
    let all: Vec<&Value> = page["events"].as_array().into_iter().flatten().collect();
    let times: Vec<&str> = all
        .iter()
        .filter_map(|event| event["at"].as_str())
        .collect();
    assert!(
        times.is_sorted_by(|newer, older| newer >= older),
        "{times:?}"
    );
}

#[test]
fn it_is_narrowed_by_type_actor_account_and_time() {
    let app = App::shared();
    let portal = app.portal();
    let user = app.create_user_without_password();
    let path = format!("/v1/admin/users/{}/unlock", user.id);
    app.api_client(Scope::UsersWrite)
        .post(&path, &json!({}))
        .expect_nothing();
    let types = |query: &str| -> Vec<Value> {
        let page = portal.get(&format!("/v1/admin/events?limit=100&{query}"));
        let page = page.expect_json(200);
        let events = of(&page, &[&user.id]);
        events.iter().map(|event| event["type"].clone()).collect()
    };
    let own = format!("user_id={}", user.id);
    assert_eq!(types(&own), ["account.unlocked", "account.created"]);
    assert_eq!(types("type=account.unlocked"), ["account.unlocked"]);
    assert_eq!(types("actor=users%3Awrite"), ["account.unlocked"]);
    assert_eq!(types(&format!("{own}&actor=portal")), ["account.created"]);
    assert_eq!(types(&format!("{own}&actor=system")), Vec::<Value>::new());
    let events = portal
        .get(&format!("/v1/admin/events?{own}"))
        .expect_json(200);
    let created = events["events"][1]["at"]
        .as_str()
        .expect("an event has a time");
    let created = created.replace(':', "%3A");
    assert_eq!(types(&format!("{own}&since={created}")).len(), 2);
    assert_eq!(
        types(&format!("{own}&until={created}")),
        Vec::<Value>::new()
    );
    let (past, future) = ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00%2B01:00");
    assert_eq!(
        types(&format!("{own}&since={past}&until={future}")).len(),
        2
    );
    assert_eq!(types(&format!("since={future}")), Vec::<Value>::new());
    assert_eq!(types(&format!("until={past}")), Vec::<Value>::new());
    assert_eq!(types("user_id=nobody-here"), Vec::<Value>::new());
}

#[test]
fn pages_show_each_event_once_while_others_happen() {
    let app = App::shared();
    let users: Vec<_> = (0..7).map(|_| app.create_user_without_password()).collect();
    let ids: Vec<&str> = users.iter().map(|user| &*user.id).collect();
    let mut seen = Vec::new();
    let mut cursor = String::new();
    for turn in 0.. {
        assert!(turn < 500, "the pages do not end");
        let query = format!("?limit=3&type=account.created{cursor}");
        let page = app
            .portal()
            .get(&format!("/v1/admin/events{query}"))
            .expect_json(200);
        assert!(
            page["events"]
                .as_array()
                .is_some_and(|events| events.len() <= 3)
        );
        seen.extend(
            of(&page, &ids)
                .into_iter()
                .map(|event| event["user_id"].to_string()),
        );
        if turn < 3 {
            app.create_user_without_password();
            app.portal().run_courier().expect_status(200);
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        if seen.len() == ids.len() {
            break;
        }
        cursor = format!("&cursor={next}");
    }
    let unique: BTreeSet<&String> = seen.iter().collect();
    assert_eq!((seen.len(), unique.len()), (7, 7), "{seen:?}");
}

#[test]
fn what_is_no_question_is_refused() {
    let app = App::shared();
    for query in [
        "limit=0",
        "limit=101",
        "limit=zebra",
        "type=account",
        "since=yesterday",
        "user_id=a%20b",
        "cursor=zebra",
        "cursor=1",
        "sort=up",
        "actor=a&actor=b",
    ] {
        app.portal()
            .get(&format!("/v1/admin/events?{query}"))
            .expect_invalid();
    }
    for path in [
        "/v1/admin/events",
        "/v1/admin/events/export",
        "/v1/admin/events/heads",
    ] {
        let refused = app.portal().post(path, &json!({}));
        refused.expect_problem(405, "method-not-allowed");
    }
}

#[test]
fn only_a_key_with_the_scope_sees_the_feed() {
    let app = App::shared();
    for paths in [
        ["/v1/admin/events", "/v1/admin/events?limit=zebra"],
        [
            "/v1/admin/events/export",
            "/v1/admin/events/export?cursor=zebra",
        ],
        ["/v1/admin/events/heads", "/v1/admin/events/heads?x=1"],
    ] {
        app.api_client(Scope::Events)
            .get(paths[0])
            .expect_status(200);
        let guarded = Guarded {
            app: &app,
            scope: Scope::Events,
            method: "GET",
            paths,
            body: None,
        };
        guarded.assert_refused_to_others();
    }
}
