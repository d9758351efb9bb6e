//! `GET /v1/admin/events/export`

use serde_json::Value;

use super::{export, parse};
use crate::app::{App, Caller as _, strong_password};

#[test]
fn it_has_one_event_a_line_oldest_first() {
    let app = App::start();
    let user = app.create_user();
    let order = serde_json::json!({ "password": strong_password() });
    app.portal()
        .reset_users_password(&user.id, &order)
        .expect_json(200);
    let other = app.create_user_without_password();
    let told = |query: &str| -> Vec<(Value, Value)> {
        let text = export(&app, query);
        assert!(text.is_empty() || text.ends_with('\n'));
        let events = text.lines().map(parse);
        events
            .map(|event| (event["user_id"].clone(), event["type"].clone()))
            .collect()
    };
    let all = told("");
    let expected = [
        (&user.id, "account.created"),
        (&user.id, "password.changed"),
        (&user.id, "password.change_required"),
        (&user.id, "sessions.revoked"),
        (&other.id, "account.created"),
    ];
    let expected = expected.map(|(id, kind)| (Value::from(id.as_str()), Value::from(kind)));
    assert_eq!(all, expected);
    assert_eq!(
        told("?type=account.created"),
        [expected[0].clone(), expected[4].clone()]
    );
    assert_eq!(told(&format!("?user_id={}", user.id)), expected[..4]);
    assert_eq!(told("?actor=system"), []);
}

#[test]
fn a_link_leads_to_the_rest() {
    let app = App::start();
    for _ in 0..5 {
        app.create_user_without_password();
    }
    let whole = export(&app, "");
    let mut parts = String::new();
    let mut path = "/v1/admin/events/export?limit=2&actor=portal".to_owned();
    for turn in 0.. {
        assert!(turn < 5, "the links do not end");
        let answer = app.portal().get(&path).expect_status(200);
        parts.push_str(answer.text());
        let Some(link) = answer.header("link") else {
            break;
        };
        let target = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""));
        target
            .expect("the link is to the next")
            .clone_into(&mut path);
        assert!(
            path.contains("limit=2&") || path.contains("&limit=2"),
            "{path}"
        );
    }
    assert_eq!(parts, whole);
}
