//! `GET /v1/admin/users/:id/events`

use serde_json::{Value, json};

use crate::app::{App, Caller as _, Scope, strong_password, unique_email, unix_seconds, wait_for};
use crate::v1::admin::access::Guarded;

#[test]
fn everything_that_happens_to_an_account_is_recorded_newest_first() {
    let app = App::shared();
    let portal = app.portal();
    let (users, resets) = (app.api_client_with("users"), app.api_client(Scope::Reset));
    let user = app.create_user();
    let path = format!("/v1/admin/users/{}/events", user.id);
    // What must have been recorded, oldest first: type, who, why.
    let mut told: Vec<(&str, &str, Option<&str>)> = Vec::new();
    let mut secrets = vec![user.email.clone(), user.password.clone()];
    let mut expect = |events: &[(&'static str, &'static str, Option<&'static str>)]| {
        told.extend_from_slice(events);
        let newest_first: Vec<_> = told.iter().rev().copied().collect();
        let page = wait_for_events(&app, &user.id, told.len());
        let recorded: Vec<_> = page.iter().map(summary).collect();
        assert_eq!(recorded, newest_first);
    };
    expect(&[("account.created", "portal", None)]);

    resets
        .require_password_change(&user.id, true)
        .expect_nothing();
    expect(&[("password.change_required", "reset", None)]);

    let order = json!({ "generate": true, "return_password": true, "reason": "lost at sea ⛵" });
    let reset = resets.reset_users_password(&user.id, &order);
    let reset = reset.expect_json(200);
    let why = Some("lost at sea ⛵");
    expect(&[
        ("password.changed", "reset", why),
        ("password.change_required", "reset", why),
        ("sessions.revoked", "reset", why),
    ]);
    let temporary = reset["password"].as_str().expect("it is returned");
    let token = app.change_token(&user.email, temporary);
    let password = strong_password();
    app.visitor()
        .reset_password(&token, &password)
        .expect_nothing();
    expect(&[
        ("password.changed", "user", None),
        ("sessions.revoked", "user", None),
    ]);
    secrets.extend([temporary.to_owned(), token, password]);

    let password = strong_password();
    let order = json!({
        "password": password, "change_on_next_sign_in": false, "sign_out_everywhere": false,
    });
    resets
        .reset_users_password(&user.id, &order)
        .expect_json(200);
    expect(&[("password.changed", "reset", None)]);
    secrets.push(password);

    for deliver in ["return", "email"] {
        let order = json!({ "deliver": deliver });
        let started = resets.start_recovery(&user.id, &order);
        secrets.push(started.text().to_owned());
        expect(&[("recovery.requested", "reset", None)]);
    }

    let email = unique_email();
    users
        .update_user(&user.id, &json!({ "email": email }))
        .expect_json(200);
    expect(&[("email.changed", "users", None)]);
    secrets.push(email);
    for (disabled, told) in [(true, "account.disabled"), (false, "account.enabled")] {
        users
            .update_user(&user.id, &json!({ "disabled": disabled }))
            .expect_json(200);
        expect(&[(told, "users", None)]);
    }
    users
        .update_user(&user.id, &json!({ "locale": "pt-BR" }))
        .expect_json(200);
    expect(&[("locale.changed", "users", None)]);
    for (required, told) in [
        (true, "password.change_required"),
        (false, "password.change_lifted"),
    ] {
        resets
            .require_password_change(&user.id, required)
            .expect_nothing();
        expect(&[(told, "reset", None)]);
    }
    users.delete_user(&user.id).expect_nothing();
    expect(&[("account.deleted", "users", None)]);

    let whole = portal.get(&path);
    for secret in secrets {
        assert!(
            !whole.text().contains(&secret),
            "{secret}: {}",
            whole.text()
        );
    }
    assert_paged(&app, &path, &events(&whole.expect_json(200)));
}

#[test]
fn an_event_tells_who_whom_when_and_from_where() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user);
    let created = wait_for_events(&app, &user.id, 2);
    app.visitor()
        .cancel_recovery(&recovery.mail.cancel_token())
        .expect_nothing();
    let page = wait_for_events(&app, &user.id, 3);
    assert_eq!(page[1..], created, "what is recorded stays as it is");
    let account = app.portal().find_user(&user.id).expect_json(200);

    let [cancelled, requested, created] = &page[..] else {
        panic!("not three events: {page:?}");
    };
    for (event, kind) in [
        (cancelled, "recovery.cancelled"),
        (requested, "recovery.requested"),
    ] {
        assert_eq!(event["type"], kind);
        assert_eq!(event["actor"], json!({ "kind": "user" }));
        let from = event["from"].as_str();
        assert!(
            from.is_some_and(|from| from.starts_with("127.0.")),
            "{event}"
        );
    }
    let expected = json!({
        "id": created["id"],
        "sequence": 1,
        "type": "account.created",
        "at": account["created_at"],
        "user_id": user.id,
        "actor": {
            "kind": "administrator",
            "id": "portal",
            "authenticated_by": "api-key",
            "audit_context": null,
        },
        "from": created["from"],
        "email": null,
        "reason": null,
    });
    assert_eq!(created, &expected);
    let times: Vec<i64> = page
        .iter()
        .map(|event| unix_seconds(&event["at"]))
        .collect();
    assert!(times.is_sorted_by(|later, earlier| later >= earlier));
    let other = app.create_user_without_password();
    assert_eq!(wait_for_events(&app, &other.id, 1).len(), 1);
}

#[test]
fn an_administrators_event_tells_from_where_too() {
    let app = App::shared();
    let user = app.create_user();
    let portal = app.portal();
    portal
        .require_password_change(&user.id, true)
        .expect_nothing();
    wait_for_events(&app, &user.id, 2);
    portal
        .update_user(&user.id, &json!({ "disabled": true }))
        .expect_json(200);
    for event in wait_for_events(&app, &user.id, 3) {
        let from = event["from"].as_str();
        assert!(
            from.is_some_and(|from| from.starts_with("127.0.")),
            "{event}"
        );
    }
}

#[test]
fn a_bad_query_or_an_unknown_account_is_refused() {
    let app = App::shared();
    let newcomer = app.create_user_without_password();
    for query in [
        "limit=0",
        "limit=101",
        "limit=zebra",
        "limit=",
        "cursor=0",
        "cursor=-1",
        "cursor=zebra",
        "limit=1&limit=2",
        "email=zebra",
    ] {
        let path = format!("/v1/admin/users/{}/events?{query}", newcomer.id);
        assert_eq!(app.portal().get(&path).expect_invalid(), [""], "{query}");
    }
    for id in ["nobody-here", "a.b"] {
        app.portal()
            .get(&format!("/v1/admin/users/{id}/events"))
            .expect_problem(404, "not-found");
    }
}

#[test]
fn only_a_key_with_the_scope_sees_events() {
    let app = App::shared();
    let newcomer = app.create_user_without_password();
    let path = format!("/v1/admin/users/{}/events", newcomer.id);
    app.api_client(Scope::Events).get(&path).expect_json(200);
    let guarded = Guarded {
        app: &app,
        scope: Scope::Events,
        method: "GET",
        paths: [&path, "/v1/admin/users/nobody-here/events?limit=zebra"],
        body: None,
    };
    guarded.assert_refused_to_others();
}

/// Asserts that pages of any length show the same events in the same order, and end.
#[track_caller]
fn assert_paged(app: &App, path: &str, whole: &[Value]) {
    for limit in [1, 3, whole.len(), 100] {
        let mut paged = Vec::new();
        let mut query = format!("?limit={limit}");
        loop {
            let page = app.portal().get(&format!("{path}{query}"));
            let page = page.expect_json(200);
            let events = events(&page);
            assert!(events.len() <= limit, "{page}");
            paged.extend(events);
            let Some(cursor) = page["next_cursor"].as_str() else {
                assert!(page["next_cursor"].is_null(), "{page}");
                break;
            };
            assert!(paged.len() < whole.len(), "an empty page follows");
            query = format!("?limit={limit}&cursor={cursor}");
        }
        assert_eq!(paged, whole, "{limit} a page");
    }
}

/// The account's events, newest first, once there are so many.
#[track_caller]
pub(crate) fn wait_for_events(app: &App, id: &str, count: usize) -> Vec<Value> {
    wait_for(|| {
        let page = app.portal().get(&format!("/v1/admin/users/{id}/events"));
        let events = events(&page.expect_json(200));
        if events.len() >= count {
            Ok(events)
        } else {
            Err(events)
        }
    })
}

/// The events of a page, without the digests that they may get at any time.
fn events(page: &Value) -> Vec<Value> {
    let events = page["events"].as_array().expect("a page has events");
    let without_digests = |event: &Value| {
        let mut event = event.clone();
        let members = event.as_object_mut().expect("an event is an object");
        members.retain(|name, _| !name.ends_with("digest"));
        event
    };
    events.iter().map(without_digests).collect()
}

/// An event's type, who made it happen and why.
fn summary(event: &Value) -> (&str, &str, Option<&str>) {
    let kind = event["type"].as_str().unwrap_or_default();
    let actor = &event["actor"];
    let actor = match actor["kind"].as_str() {
        Some("administrator") => actor["id"].as_str(),
        kind => kind,
    };
    (kind, actor.unwrap_or_default(), event["reason"].as_str())
}
