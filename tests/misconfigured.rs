//! A missing or weak variable: components that are granted it serve nothing, and only the operator learns why.

use serde_json::json;

use crate::app::{
    Algorithm, Answer, App, Caller as _, Issuer, PUBLIC_BASE_URL, random_token, strong_password,
    unique_email,
};

type Calls = fn(&App) -> Vec<Answer>;

/// The calls whose components are granted the variable `secret_key`.
const WITH_SECRETS: [Calls; 2] = [recovery_calls, portal_calls];

#[test]
fn a_weak_secret_key_stops_every_call_that_needs_one() {
    let weak = ["", "c2hvcnQ=", "not base64!", &"A".repeat(44)];
    for secret_key in weak {
        let app = App::builder().variable("secret_key", secret_key).start();
        for answer in WITH_SECRETS.iter().flat_map(|calls| calls(&app)) {
            assert_refused(&answer, "secret_key");
        }
        assert_named_by_health(&app, "secret_key");
    }
}

#[test]
fn a_secret_key_that_was_never_set_stops_the_app_or_every_call_that_needs_one() {
    assert_unset_is_refused("secret_key", &WITH_SECRETS);
}

#[test]
fn a_public_address_that_was_never_set_stops_the_app_or_every_call() {
    assert_unset_is_refused(
        "public_base_url",
        &[recovery_calls, portal_calls, account_calls],
    );
}

#[test]
fn bad_api_keys_stop_every_call_that_needs_one() {
    let hash = "0".repeat(64);
    let bad = [
        String::new(),
        "nonsense".to_owned(),
        "{}".to_owned(),
        json!([{ "id": "portal", "sha256": "short", "scopes": ["users"] }]).to_string(),
        json!([{ "id": "portal", "sha256": hash, "scopes": ["everything"] }]).to_string(),
        json!([{ "id": "portal", "scopes": ["users"] }]).to_string(),
    ];
    for api_keys in bad {
        let app = App::builder().variable("api_keys", api_keys).start();
        for answer in portal_calls(&app).iter().chain(&account_calls(&app)) {
            assert_refused(answer, "api_keys");
        }
        assert_named_by_health(&app, "api_keys");
    }
}

#[test]
fn keys_for_tokens_that_are_bad_or_for_nobody_stop_every_call_that_needs_one() {
    let issuer = Issuer::new();
    let private = {
        let mut jwk = issuer.jwk(Algorithm::EdDsa);
        jwk["d"] = json!(random_token(32));
        json!({ "keys": [jwk] }).to_string()
    };
    let unclear = {
        let [one, other] = [Algorithm::EdDsa, Algorithm::Es256].map(|algorithm| {
            let mut jwk = issuer.jwk(algorithm);
            jwk["kid"] = json!("same");
            jwk
        });
        json!({ "keys": [one, other] }).to_string()
    };
    let (good, us) = (issuer.jwks(), Issuer::AUDIENCE);
    for (jwks, audience, named) in [
        ("nonsense", us, "jwt_jwks"),
        (r#"{"keys":[]}"#, us, "jwt_jwks"),
        (&private, us, "jwt_jwks"),
        (&unclear, us, "jwt_jwks"),
        ("", us, "jwt_jwks"),
        (&good, "", "jwt_audience"),
        (&good, "two words", "jwt_audience"),
    ] {
        let app = App::builder()
            .variable("jwt_jwks", jwks)
            .variable("jwt_audience", audience)
            .start();
        for answer in portal_calls(&app).iter().chain(&account_calls(&app)) {
            assert_refused(answer, named);
        }
        assert_named_by_health(&app, named);
    }
}

#[test]
fn a_bad_mail_setting_stops_the_calls_that_send_mail() {
    let bad: [(&str, &str); 5] = [
        ("email_provider", "pigeon"),
        ("email_from", "nobody"),
        ("email_reply_to", "nobody"),
        ("email_api_key", ""),
        // Needs `allow_short_lifetimes`.
        ("otp_ttl_seconds", "1"),
    ];
    for (name, value) in bad {
        let app = App::builder().variable(name, value).start();
        assert_refused(&app.visitor().forgot_password(&unique_email()), name);
        assert_named_by_health(&app, name);
    }
}

#[test]
fn what_cannot_work_is_named_with_its_reason() {
    let key = |id: &str| json!({ "id": id, "sha256": "0".repeat(64), "scopes": ["courier"] });
    let twice = json!([key("one"), key("two")]).to_string();
    for (name, value, why) in [
        ("trusted_proxy_header", "Forwarded", "X-Forwarded-For"),
        ("trusted_proxy_header", "host", "client's address"),
        ("api_keys", &*twice, "entry 2 repeats the sha256"),
        (
            "webhook_allowed_host",
            "portal.example.com",
            "scheme://host:port",
        ),
        ("email_api_origin", "https://*.example.com", "an origin"),
        ("public_base_url", "https://id.example.com:", "an origin"),
    ] {
        let app = App::builder().variable(name, value).start();
        let health = app.visitor().get("/v1/health").expect_status(503);
        let reason = format!("{name}: ");
        let text = health.text();
        assert!(text.contains(&reason) && text.contains(why), "{text}");
    }
}

#[test]
fn what_has_no_effect_stops_nothing_and_is_named() {
    let app = App::builder()
        .variable("trusted_proxy_hops", "2")
        .variable("email_fallback_api_key", "re_2")
        .variable("webhook_url", "https://portal.example.com/hook")
        .variable(
            "webhook_secret",
            "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==",
        )
        .variable("webhook_allowed_host", "https://other.example.com:*")
        .variable(
            "cors_origins",
            "https://a.example.com https://*.example.com",
        )
        .start();
    app.visitor()
        .forgot_password(&unique_email())
        .expect_status(202);
    let health = app.visitor().get("/v1/health").expect_json(200);
    for warning in [
        "trusted_proxy_hops: has no effect without trusted_proxy_header",
        "email_fallback_api_key: has no effect without email_fallback_provider",
        "webhook_url: is not covered by webhook_allowed_host",
        "cors_origins: entry 2 is not an https origin",
    ] {
        assert!(health.to_string().contains(warning), "{health}");
    }
}

#[test]
fn looks_and_links_stop_nothing_and_health_says_what_stands_in() {
    let texts = json!({ "en": { "recovery.subjekt": "New password" } }).to_string();
    let app = App::builder()
        .variable("accent_color", "#635bff")
        .variable("accent_color_dark", "brand")
        .variable("support_url", "help")
        .variable("default_locale", "sv")
        .variable("mail_texts", texts)
        .start();
    let visitor = app.visitor();
    visitor.forgot_password(&unique_email()).expect_status(202);
    visitor
        .call("GET", "/forgot-password")
        .fetch()
        .expect_status(200);
    let health = visitor.get("/v1/health").expect_status(200);
    for warning in [
        "accent_color: has a contrast of only 4.31:1 and was made darker",
        "accent_color_dark: ",
        "support_url: ",
        "default_locale: ",
        "mail_texts: unknown key recovery.subjekt",
    ] {
        assert!(health.text().contains(warning), "{}", health.text());
    }
    assert!(!health.text().contains("#635bff"), "{}", health.text());
}

#[test]
fn a_key_that_anyone_could_guess_opens_nothing_and_is_named() {
    let digest = "057ba03d6c44104863dc7361fe4578965d1887360f90a0895882e58a6248fc86";
    let keys = json!([{ "id": "ops", "sha256": digest, "scopes": ["users"] }]).to_string();
    let app = App::builder().variable("api_keys", keys).start();
    let health = app.visitor().get("/v1/health").expect_status(503);
    let reason =
        "api_keys: entry 1 is not in the form kb_<id>_<secret> with a secret of at least 32 bytes";
    assert!(health.text().contains(reason), "{}", health.text());
    let stranger = app.visitor().sending("authorization", "Bearer changeme");
    stranger.get("/v1/admin/users").expect_status(401);
}

#[test]
fn a_public_address_must_be_https_or_loopback() {
    let bad = [
        "",
        "id.example.test",
        "http://id.example.test",
        "https://id.example.test/portal",
        "ftp://id.example.test",
    ];
    for public_base_url in bad {
        let app = App::builder()
            .variable("public_base_url", public_base_url)
            .start();
        let refused = app.visitor().forgot_password(&unique_email());
        refused.expect_status(503);
    }
    let app = App::builder()
        .variable("public_base_url", "http://127.0.0.1:3000")
        .start();
    let taken = app.visitor().forgot_password(&unique_email());
    taken.expect_status(202);
}

/// A platform may refuse to start without a required variable; one that starts must not serve.
#[track_caller]
fn assert_unset_is_refused(name: &str, calls: &[Calls]) {
    match App::builder().without_variable(name).try_start() {
        Ok(app) => {
            for answer in calls.iter().flat_map(|calls| calls(&app)) {
                let text = answer.text().to_owned();
                let answer = answer.expect_status(503);
                assert!(!text.contains(name), "{}: {text}", answer.call);
            }
            assert_named_by_health(&app, name);
        }
        Err(refusal) => assert!(refusal.log.contains(name), "{}", refusal.log),
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, name: &str) {
    answer.expect_problem(503, "service-unavailable");
    let text = answer.text().replace(PUBLIC_BASE_URL, "");
    let tells = text.contains(name) || text.contains("variable");
    assert!(!tells, "{}: {text}", answer.call);
}

#[track_caller]
fn assert_named_by_health(app: &App, name: &str) {
    let health = app.visitor().get("/v1/health").expect_status(503);
    assert!(health.text().contains(name), "{}", health.text());
}

fn recovery_calls(app: &App) -> Vec<Answer> {
    let visitor = app.visitor();
    vec![
        visitor.forgot_password(&unique_email()),
        visitor.verify_otp(&random_token(16), "000000"),
        visitor.reset_password(&random_token(32), &strong_password()),
        visitor.cancel_recovery(&random_token(32)),
        visitor.post("/v1/forgot-password", &json!({ "nonsense": 1 })),
    ]
}

fn portal_calls(app: &App) -> Vec<Answer> {
    vec![
        app.portal().sign_in(&unique_email(), &strong_password()),
        app.portal().run_courier(),
        app.visitor().post("/v1/sign-in", &json!({})),
    ]
}

fn account_calls(app: &App) -> Vec<Answer> {
    vec![
        app.portal()
            .create_user(&json!({ "email": unique_email() })),
        app.portal().find_user("nobody-here"),
    ]
}
