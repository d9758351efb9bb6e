//! The language and the words of emails, as an operator sets them and readers ask for them.

use serde_json::json;

use crate::app::{App, Caller as _, Receiver, strong_password, unique_email, unix_seconds};

#[test]
fn each_component_that_writes_mails_knows_the_readers_language_and_the_operators_words() {
    let texts = json!({
        "*": { "password-changed.fine": "All is well at {app}." },
        "de": { "recovery.subject": "{app}: neues Passwort" },
    });
    let app = App::builder()
        .variable("app_name", "Harbour")
        .variable("default_locale", "fr")
        .variable("mail_texts", texts.to_string())
        .start();
    let user = app.create_user();

    // forgot-password
    let asked = json!({ "email": user.email, "locale": "de-CH" });
    app.visitor()
        .post("/v1/forgot-password", &asked)
        .expect_status(202);
    let mail = app.sink().wait_for_mail(&user.email);
    assert_eq!(mail.subject, "Harbour: neues Passwort");
    assert!(mail.html.contains("<html lang=\"de\""));

    // reset-password
    app.visitor()
        .reset_password(&mail.link_token(), &strong_password())
        .expect_status(204);
    let mail = app.sink().wait_for_mail(&user.email);
    assert_eq!(mail.subject, "Ihr Passwort für Harbour wurde geändert");
    assert!(mail.text.contains("All is well at Harbour."));

    // accounts
    app.portal()
        .update_user(&user.id, &json!({ "email": unique_email() }))
        .expect_status(200);
    let mail = app.sink().wait_for_mail(&user.email);
    assert_eq!(
        mail.subject,
        "L’adresse e-mail de votre compte Harbour a été modifiée"
    );
}

#[test]
fn words_that_cannot_be_used_cost_no_mail_and_are_named() {
    let texts = json!({ "en": { "recovery.subject": "{code}" } });
    let app = App::builder()
        .variable("mail_texts", texts.to_string())
        .start();
    let mail = app.recover(&app.create_user()).mail;
    assert_eq!(mail.subject, "Reset your Keyback password");
    let health = app.visitor().get("/v1/health").expect_status(200);
    let warning = "mail_texts: recovery.subject has a placeholder";
    assert!(health.text().contains(warning), "{}", health.text());
}

#[test]
fn answers_go_where_the_operator_says() {
    let app = App::builder()
        .variable("email_reply_to", "Help, first <help@example.test>")
        .start();
    let user = app.create_user();
    let mail = app.recover(&user).mail;
    let reply_to = "\"Help, first\" <help@example.test>";
    assert_eq!(mail.reply_to.as_deref(), Some(reply_to));
    let app = App::shared();
    assert_eq!(app.recover(&app.create_user()).mail.reply_to, None);
}

#[test]
fn a_mailed_password_comes_with_the_way_to_the_sign_in() {
    let sign_in = "https://portal.example.test/sign-in";
    let app = App::builder().variable("sign_in_url", sign_in).start();
    let user = app.create_user();
    let order = json!({ "generate": true, "send_email": true });
    app.portal()
        .reset_users_password(&user.id, &order)
        .expect_status(200);
    let mail = app.sink().wait_for_mail(&user.email);
    assert!(
        mail.text.contains(&format!("\n{sign_in}\n")),
        "{}",
        mail.text
    );
    assert!(mail.html.contains(&format!("href=\"{sign_in}\"")));
}

#[test]
fn each_mail_names_its_account_and_no_client() {
    let app = App::shared();
    let user = app.create_user();
    let recovery = app.recover(&user).mail;
    app.visitor()
        .reset_password(&recovery.link_token(), &strong_password())
        .expect_status(204);
    let notice = app.sink().wait_for_mail(&user.email);
    for mail in [recovery, notice] {
        assert!(mail.text.contains(&user.email) && mail.html.contains(&user.email));
        assert!(!mail.everything().contains("127."), "{}", mail.text);
    }
}

#[test]
fn a_receiver_of_ones_own_gets_each_mail_as_data() {
    let receiver = Receiver::start();
    let app = receiver.mailed_by(App::builder()).start();
    let user = app.create_user();
    app.visitor()
        .post(
            "/v1/forgot-password",
            &json!({ "email": user.email, "locale": "de" }),
        )
        .expect_json(202);
    let webhook = receiver.wait_for(&user.id, 1).remove(0);
    let sent = webhook.json();
    let data = &sent["data"];
    let text = |name: &str| {
        data[name]
            .as_str()
            .unwrap_or_else(|| panic!("{name}: {data}"))
    };
    assert_eq!(sent["type"], "email.send");
    assert_eq!((text("kind"), text("locale")), ("recovery", "de"));
    assert_eq!(text("to"), user.email);
    for (link, page) in [
        ("link", "/reset-password#token="),
        ("cancel_link", "/cancel-recovery#token="),
    ] {
        assert!(text(link).contains(page), "{data}");
        assert!(text("text").contains(text(link)), "{data}");
    }
    assert!(text("text").contains(&format!("\n    {}\n", text("code"))));
    let [requested, code, link] = ["requested_at", "code_expires_at", "link_expires_at"]
        .map(|name| unix_seconds(&data[name]));
    assert!(requested < code && code < link, "{data}");
}
