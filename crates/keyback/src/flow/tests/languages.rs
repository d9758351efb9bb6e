//! The language of each email: that of the request, or else the account's, or else the operator's.

use serde_json::{Value, json};

use crate::flow::recovery::forgot_password::Request;
use crate::testing::{App, Mail};

/// The app with an account at [`App::EMAIL`] that has the id `ann`.
fn app(locale: Option<&str>) -> App {
    let app = App::default();
    let mut account = json!({"id": "ann", "email": App::EMAIL, "password": App::PASSWORD});
    if let Some(locale) = locale {
        account["locale"] = locale.into();
    }
    let _ = app.make(&app.call("/v1/admin/users", account)).expect(201);
    app
}

fn only_mail(app: &App) -> Mail {
    let mut mails = app.take_mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    mails.remove(0)
}

fn asked(app: &App, locale: Option<&str>) -> Mail {
    let mut body = json!({"email": App::EMAIL});
    if let Some(locale) = locale {
        body["locale"] = locale.into();
    }
    let _ = app.make(&app.call("/v1/forgot-password", body)).expect(202);
    only_mail(app)
}

fn administers(app: &App, path: &str, method: &'static str, body: Value) -> Mail {
    let path = format!("/v1/admin/users/ann{path}");
    let reply = app.make(&app.call(&path, body).by(method));
    assert!(reply.status < 300, "{}", reply.status);
    only_mail(app)
}

#[test]
fn a_recovery_mail_is_in_the_first_language_that_there_is() {
    for (request, account, default, subject) in [
        (
            Some("fr-CA"),
            Some("de"),
            "ja",
            "Réinitialisation de votre mot de passe Keyback",
        ),
        (
            Some("sv"),
            Some("de-AT"),
            "ja",
            "Passwort für Keyback zurücksetzen",
        ),
        (None, Some("pt-PT"), "ja", "Redefinir sua senha de Keyback"),
        (None, Some("sv"), "ja", "Keyback のパスワードの再設定"),
        (
            None,
            Some("nl"),
            "ja",
            "Stel je wachtwoord voor Keyback opnieuw in",
        ),
        (
            Some("ar-EG"),
            None,
            "ja",
            "إعادة تعيين كلمة مرورك في Keyback",
        ),
        (None, None, "es-MX", "Restablecer su contraseña de Keyback"),
        (Some("zh-CN"), None, "en", "重置您的 Keyback 密码"),
        (None, None, "en", "Reset your Keyback password"),
    ] {
        let app = app(account);
        app.env.variables.set("default_locale", default);
        assert_eq!(asked(&app, request).subject, subject);
    }
}

#[test]
fn the_notice_at_the_end_is_in_the_language_of_the_recovery() {
    let app = app(Some("fr"));
    let mail = asked(&app, Some("de"));
    assert_eq!(app.reset(&mail.link(), App::NEW_PASSWORD).status, 204);
    let notice = only_mail(&app);
    assert_eq!(notice.subject, "Ihr Passwort für Keyback wurde geändert");
    assert!(
        notice
            .text
            .contains("wurde am 23. November 2026 um 09:00 Uhr (UTC) geändert.")
    );
}

#[test]
fn a_change_that_a_sign_in_asks_for_is_told_in_the_accounts_language() {
    let app = app(Some("fr"));
    let _ = asked(&app, Some("de"));
    let call = app.call(
        "/v1/admin/users/ann/password-change",
        json!({"required": true}),
    );
    let _ = app.make(&call.by("PUT"));
    let change = app.sign_in(App::EMAIL, App::PASSWORD).expect(200).json();
    let token = change["password_change"]["token"].as_str().unwrap();
    assert_eq!(app.reset(token, App::NEW_PASSWORD).status, 204);
    assert!(only_mail(&app).subject.starts_with("Votre mot de passe"));
}

#[test]
fn what_administrators_do_is_told_in_the_accounts_language() {
    let app = app(Some("de"));
    let temporary = json!({"generate": true, "send_email": true});
    let mail = administers(&app, "/reset-password", "POST", temporary);
    assert_eq!(mail.subject, "Ihr neues Passwort für Keyback");
    let returned = json!({"generate": true, "return_password": true});
    let mail = administers(&app, "/reset-password", "POST", returned);
    assert!(
        mail.text
            .starts_with("Ein Administrator hat am 23. November 2026")
    );
    let mail = administers(&app, "", "PATCH", json!({"email": "ann@example.org"}));
    assert_eq!(mail.to, App::EMAIL);
    assert_eq!(
        mail.subject,
        "Die E-Mail-Adresse Ihres Kontos bei Keyback wurde geändert"
    );
}

#[test]
fn a_bad_text_of_the_operator_costs_no_mail() {
    let app = app(None);
    app.env
        .variables
        .set("mail_texts", r#"{"en": {"nope": "x"}}"#);
    assert_eq!(app.forgot(App::EMAIL).status, 202);
    let mails = app.take_mails();
    assert_eq!(mails[0].subject, "Reset your Keyback password");
}

#[test]
fn a_request_that_was_sealed_without_a_language_is_still_read() {
    let old = json!({
        "challenge_id": "a".repeat(22), "email": App::EMAIL, "client": "192.0.2.1",
        "requested_at": 1_795_424_400_000_u64, "opened": [],
    });
    let request: Request = serde_json::from_value(old).unwrap();
    assert_eq!(request.locale, None);
}

#[test]
fn a_language_that_is_not_understood_costs_no_mail() {
    for (locale, subject) in [
        ("pt_BR", "Redefinir sua senha de Keyback"),
        ("de_DE.UTF-8", "Passwort für Keyback zurücksetzen"),
        ("x-klingon", "Reset your Keyback password"),
        ("POSIX", "Reset your Keyback password"),
        ("", "Reset your Keyback password"),
        (&"z".repeat(200), "Reset your Keyback password"),
    ] {
        let with_none = app(None);
        assert_eq!(asked(&with_none, Some(locale)).subject, subject, "{locale}");
        // The account's own language is as good as the request's.
        let with_it = app(Some(locale));
        assert_eq!(asked(&with_it, None).subject, subject, "{locale}");
    }
}
