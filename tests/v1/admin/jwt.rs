//! Calls with a JSON Web Token in place of an API key: who may make them, and what is recorded of the caller.

mod refused;

use serde_json::{Value, json};

use super::users::events::wait_for_events;
use crate::app::{
    Algorithm, Answer, ApiClient, App, AppBuilder, Caller as _, Issuer, Scope, User, random_token,
};

/// An app that takes this provider's tokens.
fn trusting(issuer: &Issuer) -> AppBuilder {
    App::builder()
        .variable("jwt_jwks", issuer.jwks())
        .variable("jwt_audience", Issuer::AUDIENCE)
}

/// One call that a scope is for; none changes what another test of the same app sees.
fn call_for(scope: Scope, client: &ApiClient, user: &User) -> Answer {
    match scope {
        Scope::UsersRead => client.find_user(&user.id),
        Scope::UsersWrite => {
            client.post(&format!("/v1/admin/users/{}/unlock", user.id), &json!({}))
        }
        Scope::UsersDelete | Scope::UsersHashes => client.delete_user("nobody-here"),
        Scope::Reset => client.require_password_change(&user.id, false),
        Scope::SignIn => client.sign_in(&user.email, &user.password),
        Scope::Courier => client.run_courier(),
        Scope::EmailsRead => client.get("/v1/admin/emails?limit=1"),
        Scope::EmailsRetry => client.post("/v1/admin/emails/nobody-here/retry", &json!({})),
        Scope::Events => client.get(&format!("/v1/admin/users/{}/events", user.id)),
    }
}

#[track_caller]
fn assert_granted(scope: Scope, answer: &Answer, what: &str) {
    let granted = match scope {
        Scope::Reset | Scope::UsersWrite => 204,
        Scope::UsersDelete | Scope::EmailsRetry => 404,
        _ => 200,
    };
    assert_eq!(answer.status, granted, "{what}: {}", answer.text());
}

#[test]
fn a_token_of_each_algorithm_does_what_its_scope_says_and_nothing_else() {
    let issuer = Issuer::new();
    let app = trusting(&issuer).start();
    let user = app.create_user();
    for algorithm in Algorithm::ALL {
        for (word, opened) in Scope::WORDS {
            let token = issuer.token(algorithm, word);
            let bearer = app.token_bearer(&token);
            for called in Scope::ALL {
                let answer = call_for(called, &bearer, &user);
                let what = format!("{called:?} for {word}");
                if opened.contains(&called) {
                    assert_granted(called, &answer, &what);
                } else {
                    assert_eq!(answer.status, 403, "{what}: {}", answer.text());
                    answer.expect_problem(403, "forbidden");
                }
            }
        }
    }
}

#[test]
fn a_token_may_have_several_scopes_none_or_some_that_are_for_others() {
    let issuer = Issuer::new();
    let app = trusting(&issuer).start();
    let user = app.create_user();
    let is_granted = |scopes: Value, called: Scope| {
        let mut claims = Issuer::claims("");
        claims["scope"] = scopes;
        let algorithm = Algorithm::EdDsa;
        let token = issuer.sign(algorithm, &Issuer::header(algorithm), &claims);
        let answer = call_for(called, &app.token_bearer(&token), &user);
        if answer.status == 403 {
            answer.expect_problem(403, "forbidden");
            return false;
        }
        assert_granted(called, &answer, "a scope");
        true
    };
    assert!(is_granted(
        json!("openid users events mail"),
        Scope::UsersRead
    ));
    assert!(is_granted(json!("openid users events mail"), Scope::Events));
    for others in [
        "",
        "openid users events mail",
        "Reset",
        "reset,users",
        "resets",
        "preset",
        "admin",
        "*",
    ] {
        assert!(!is_granted(json!(others), Scope::Reset), "{others}");
    }
    // An API key works beside tokens.
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn an_event_keeps_who_the_token_is_about_and_what_is_for_the_record() {
    let issuer = Issuer::new();
    let app = trusting(&issuer).start();
    let actor_of = |changes: &[(&str, Value)]| {
        let mut claims = Issuer::claims("reset");
        let members = claims.as_object_mut().expect("claims are an object");
        for (name, value) in changes {
            if value.is_null() {
                members.remove(*name);
            } else {
                members.insert((*name).to_owned(), value.clone());
            }
        }
        let token = issuer.sign(Algorithm::Es256, &Issuer::header(Algorithm::Es256), &claims);
        let bearer = app.token_bearer(&token);
        let user = app.create_user();
        bearer
            .require_password_change(&user.id, true)
            .expect_nothing();
        let events = wait_for_events(&app, &user.id, 2);
        assert_eq!(events[0]["type"], "password.change_required");
        events[0]["actor"].clone()
    };
    let context = json!({ "ticket": "HELP-7", "operator": { "name": "Grüße ⛵" }, "seen": [1, 2] });
    assert_eq!(
        actor_of(&[("audit_context", context.clone())]),
        json!({ "kind": "administrator", "id": "admin-7", "authenticated_by": "jwt", "audit_context": context })
    );
    assert_eq!(
        actor_of(&[("audit_context", json!("HELP-8"))]),
        json!({ "kind": "administrator", "id": "admin-7", "authenticated_by": "jwt", "audit_context": "HELP-8" })
    );
    // Without a subject, the key takes its place.
    assert_eq!(
        actor_of(&[("sub", Value::Null)]),
        json!({ "kind": "administrator", "id": "es256-2026", "authenticated_by": "jwt", "audit_context": null })
    );
}

#[test]
fn without_a_set_of_keys_no_token_is_taken() {
    let issuer = Issuer::new();
    let app = App::shared();
    let user = app.create_user();
    for algorithm in Algorithm::ALL {
        for scope in Scope::ALL {
            let token = issuer.token(algorithm, scope.name());
            call_for(scope, &app.token_bearer(&token), &user).expect_problem(401, "unauthorized");
        }
    }
}

#[test]
fn keys_are_rotated_by_adding_the_new_one_and_removing_the_old_one() {
    let (old, new) = (Issuer::new(), Issuer::new());
    let set = |issuers: &[&Issuer]| {
        let keys = issuers
            .iter()
            .zip(["first", "second"])
            .map(|(issuer, kid)| {
                let mut jwk = issuer.jwk(Algorithm::EdDsa);
                jwk["kid"] = json!(kid);
                jwk
            });
        json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
    };
    let token = |issuer: &Issuer, kid: Option<&str>| {
        let mut header = json!({ "alg": "EdDSA" });
        if let Some(kid) = kid {
            header["kid"] = json!(kid);
        }
        issuer.sign(Algorithm::EdDsa, &header, &Issuer::claims("users"))
    };
    let status = |app: &App, token: &str| {
        let path = format!("/v1/admin/users?email={}@example.test", random_token(8));
        app.token_bearer(token).get(&path).status
    };

    let app = trusting(&old).variable("jwt_jwks", set(&[&old])).start();
    assert_eq!(status(&app, &token(&old, Some("first"))), 200);
    assert_eq!(status(&app, &token(&old, None)), 200, "there is only one");
    assert_eq!(status(&app, &token(&new, Some("second"))), 401);
    assert_eq!(status(&app, &token(&new, None)), 401);

    let app = app.stop().variable("jwt_jwks", set(&[&old, &new])).start();
    assert_eq!(status(&app, &token(&old, Some("first"))), 200);
    assert_eq!(status(&app, &token(&new, Some("second"))), 200);
    assert_eq!(status(&app, &token(&old, Some("second"))), 401);
    assert_eq!(status(&app, &token(&new, None)), 401, "which of the two?");

    let app = app.stop().variable("jwt_jwks", set(&[&new])).start();
    assert_eq!(status(&app, &token(&old, Some("first"))), 401);
    assert_eq!(status(&app, &token(&new, Some("first"))), 200);
}
