//! `GET /v1/admin/emails`

use serde_json::{Value, json};

use super::{all, mail_password, page, wait_for_state};
use crate::app::{App, Caller as _, Provider, Scope, strong_password, unique_email, wait_for};
use crate::v1::admin::access::Guarded;

const STATES: [&str; 7] = [
    "pending",
    "sent",
    "delivered",
    "bounced",
    "complained",
    "failed",
    "expired",
];

#[test]
fn every_mail_is_listed_newest_first_with_its_kind_and_state() {
    let app = App::start();
    assert_eq!(page(&app, ""), (Vec::new(), None));
    let [user, unlucky, later] = [app.create_user(), app.create_user(), app.create_user()];

    // One of each kind, one after the other.
    let recovery = app.recover(&user);
    app.visitor()
        .reset_password(&recovery.mail.link_token(), &strong_password())
        .expect_nothing();
    app.sink().wait_for_mail(&user.email);
    mail_password(&app, &user);
    app.sink().wait_for_mail(&user.email);
    let changes = json!({ "email": unique_email() });
    app.portal()
        .update_user(&user.id, &changes)
        .expect_json(200);
    app.sink().wait_for_mail(&user.email);
    // One that is refused, and one that waits.
    let fails = |status| Provider::Fails {
        status,
        retry_after: None,
    };
    app.sink().provider(fails(422));
    let refused = mail_password(&app, &unlucky);
    wait_for_state(&app, &refused, "failed");
    app.sink().provider(fails(503));
    let waiting = mail_password(&app, &later);
    super::wait_for_tries(&app, &waiting, 1);

    let expected = [
        (&*later.id, "temporary-password", "pending"),
        (&*unlucky.id, "temporary-password", "failed"),
        (&*user.id, "email-changed", "sent"),
        (&*user.id, "temporary-password", "sent"),
        (&*user.id, "password-changed", "sent"),
        (&*user.id, "recovery", "sent"),
    ];
    let told =
        |email: &Value| ["user_id", "kind", "state"].map(|name| text(email, name).to_owned());
    // The provider has an email before its state says so.
    let whole = wait_for(|| {
        let whole = all(&app, "limit=100");
        let seen: Vec<[String; 3]> = whole.iter().map(told).collect();
        if seen == expected.map(<[&str; 3]>::from) {
            Ok(whole)
        } else {
            Err(seen)
        }
    });
    for email in &whole {
        let shown = app.portal().find_email(text(email, "id"));
        assert_eq!(&shown.expect_json(200), email);
    }
    for limit in 1..=7 {
        assert_eq!(
            all(&app, &format!("limit={limit}")),
            whole,
            "{limit} a page"
        );
        let (first, _) = page(&app, &format!("limit={limit}"));
        assert_eq!(first[..], whole[..limit.min(6)]);
    }
    for state in STATES {
        let mut expected = whole.clone();
        expected.retain(|email| email["state"] == state);
        for limit in [1, 50] {
            let query = format!("state={state}&limit={limit}");
            assert_eq!(all(&app, &query), expected, "{query}");
        }
    }
}

#[test]
fn a_bad_query_is_refused() {
    let app = App::shared();
    for query in [
        "limit=0",
        "limit=101",
        "limit=zebra",
        "cursor=0",
        "cursor=-1",
        "cursor=zebra",
        "state=zebra",
        "state=Sent",
        "state=sent&state=failed",
        "limit=1&limit=2",
        "surprise=1",
    ] {
        let refused = app.portal().get(&format!("/v1/admin/emails?{query}"));
        assert_eq!(refused.expect_invalid(), [""], "{query}");
        assert!(!refused.text().contains("zebra"), "{}", refused.text());
    }
}

#[test]
fn only_a_key_with_the_scope_lists_emails() {
    let app = App::shared();
    let path = "/v1/admin/emails?limit=1";
    app.api_client(Scope::EmailsRead).get(path).expect_json(200);
    let guarded = Guarded {
        app: &app,
        scope: Scope::EmailsRead,
        method: "GET",
        paths: [path, "/v1/admin/emails?state=zebra"],
        body: None,
    };
    guarded.assert_refused_to_others();
}

fn text<'email>(email: &'email Value, name: &str) -> &'email str {
    let text = email[name].as_str();
    text.unwrap_or_else(|| panic!("no {name} in {email}"))
}
