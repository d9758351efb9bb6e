//! The language and the words of mails, as an operator sets them and readers ask for them.

use serde_json::json;

use crate::app::{App, Caller as _, strong_password, unique_email};

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
        "Votre compte Harbour a une autre adresse e-mail"
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
