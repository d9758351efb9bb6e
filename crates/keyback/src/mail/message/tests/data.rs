//! The content of emails as data.

use serde_json::{Value, json};

use super::*;

fn data(env: &MemoryEnv, name: &str) -> Value {
    json!(mail(env, Language::German, name).data)
}

#[test]
fn a_recoverys_data_has_its_secrets_and_times() {
    let env = env();
    let (code, link, cancel) = secrets(&env);
    let expected = json!({
        "locale": "de",
        "by_administrator": false,
        "code": code,
        "code_expires_at": "2026-11-23T09:10:00Z",
        "link": format!("https://id.example.test/reset-password#token={link}"),
        "link_expires_at": "2026-11-23T09:20:00Z",
        "cancel_link": format!("https://id.example.test/cancel-recovery#token={cancel}"),
        "requested_at": "2026-11-23T09:00:00Z",
    });
    assert_eq!(data(&env, "recovery"), expected);
    let by_administrator = &data(&env, "recovery-by-administrator")["by_administrator"];
    assert_eq!(by_administrator, &json!(true));
}

#[test]
fn the_data_of_other_mails_is_what_they_say() {
    let env = env();
    let sign_in = "https://portal.example.test/sign-in?a=1&b=2";
    let invitation = data(&env, "invitation");
    assert_eq!(invitation["link_expires_at"], "2026-11-30T09:00:00Z");
    assert_eq!(invitation["sign_in_url"], sign_in);
    let by_administrator = |rest: Value| {
        let mut all = json!({"locale": "de", "by_administrator": true});
        all.as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        all
    };
    let at = "2026-11-23T09:00:00Z";
    for (name, rest) in [
        (
            "temporary-password",
            json!({
                "password": PASSWORD,
                "password_expires_at": "2026-11-26T09:00:00Z",
                "must_change": true,
                "sign_in_url": sign_in,
            }),
        ),
        (
            "temporary-password-for-ever",
            json!({"password": PASSWORD, "must_change": false}),
        ),
        (
            "password-changed-by-administrator",
            json!({"changed_at": at}),
        ),
        ("email-changed", json!({"changed_at": at})),
        ("account-deleted", json!({"deleted_at": at})),
    ] {
        assert_eq!(data(&env, name), by_administrator(rest), "{name}");
    }
}

#[test]
fn a_mail_of_an_earlier_version_is_read_and_has_no_data() {
    let old = json!({"to": "a@b.test", "subject": "S", "text": "T", "html": "H"});
    let message: Message = serde_json::from_value(old.clone()).unwrap();
    assert_eq!(message.data, None);
    assert_eq!(json!(message), old);
}

#[test]
fn what_is_printed_of_a_mail_has_no_secret() {
    let data = MailData {
        locale: "en".to_owned(),
        code: Some("460584".to_owned()),
        link: Some("https://id.example.test/reset-password#token=x".to_owned()),
        password: Some("tidal-amber".to_owned()),
        ..MailData::default()
    };
    assert_eq!(format!("{data:?}"), "MailData(en)");
    let message = Message {
        to: "ann@example.test".to_owned(),
        subject: "Reset your password".to_owned(),
        text: "460584".to_owned(),
        html: "460584".to_owned(),
        data: Some(data),
    };
    assert_eq!(format!("{message:?}"), "Message(\"Reset your password\")");
}
