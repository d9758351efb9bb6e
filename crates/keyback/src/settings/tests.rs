//! Bad variables are named, all at once.

mod lenient;
mod providers;

use super::*;
use crate::ports::{Env as _, Unavailable};
use crate::testing::{MemoryEnv, block_on};

fn bad_variables(change: impl FnOnce(&MemoryEnv)) -> Vec<&'static str> {
    let env = MemoryEnv::default();
    change(&env);
    match block_on(load::<Courier>(env.variables())) {
        Ok(_) => Vec::new(),
        Err(Unavailable::Variables(names)) => names,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_defaults_of_the_manifest_are_good() {
    assert_eq!(bad_variables(|_| ()), Vec::<&str>::new());
}

#[test]
fn every_bad_variable_is_named() {
    let bad = bad_variables(|env| {
        env.variables.unset("secret_key");
        env.variables.set("public_base_url", "http://example.com");
        env.variables.set("otp_ttl_seconds", "601");
        env.variables.set("limit_app_forgot", "lots");
    });
    assert_eq!(
        bad,
        [
            "public_base_url",
            "secret_key",
            "otp_ttl_seconds",
            "limit_app_forgot"
        ]
    );
}

#[test]
fn each_range_is_held() {
    for (name, good, bad) in [
        ("otp_length", ["6", "10"], ["5", "11"]),
        ("otp_ttl_seconds", ["30", "600"], ["29", "601"]),
        ("link_ttl_seconds", ["60", "86400"], ["59", "86401"]),
        ("reset_token_ttl_seconds", ["60", "3600"], ["59", "3601"]),
        ("attempts_per_challenge", ["1", "100"], ["0", "101"]),
        ("attempts_per_account_per_day", ["1", "100"], ["0", "101"]),
        ("password_min_length", ["8", "64"], ["7", "65"]),
        ("password_min_strength", ["0", "4"], ["-1", "5"]),
        (
            "password_blocklist",
            ["", "acme,Road Runner"],
            ["ab", "acme,!!!"],
        ),
        ("password_breach_check", ["on", "off"], ["true", "yes"]),
        ("api_docs", ["on", "off"], ["true", "yes"]),
        (
            "courier_url_token",
            ["", "0123456789abcdef0123456789-_ABCD"],
            ["short", "0123456789abcdef0123456789+/ABCD"],
        ),
        (
            "password_breach_api_origin",
            ["", "https://breaches.example.test"],
            ["breaches.example.test", "https://a.test/range"],
        ),
        ("trusted_proxy_hops", ["0", "16"], ["-1", "17"]),
        (
            "trusted_proxy_header",
            ["", "X-Forwarded-For"],
            ["a b", "a:b"],
        ),
        (
            "trusted_proxy_header",
            ["CF-Connecting-IP", "Fly-Client-IP"],
            ["Forwarded", "Spin-Client-Addr"],
        ),
        (
            "webhook_allowed_host",
            ["https://*:*", ""],
            ["portal.example.com", "https://portal:x"],
        ),
        (
            "email_api_origin",
            ["https://mail.example.test", "http://127.0.0.1:1"],
            ["http://[::1]:3025", "https://*.example.test"],
        ),
        ("cooldown_seconds", ["0", "86400"], ["-1", "86401"]),
        (
            "graphql_token_ttl_seconds",
            ["60", "31536000"],
            ["59", "31536001"],
        ),
        ("limit_account", ["1/1", "5/3600,10/86400"], ["", "5"]),
        ("email_provider", ["resend", "resend"], ["", "smtp"]),
        ("email_api_key", ["re_1", "re_2"], ["", "re_ 1"]),
        (
            "email_reply_to",
            ["", "Help <help@example.test>"],
            ["nobody", "a@b.test, c@d.test"],
        ),
        ("allow_short_lifetimes", ["true", "false"], ["yes", "1"]),
    ] {
        for value in good {
            assert_eq!(
                bad_variables(|env| env.variables.set(name, value)),
                Vec::<&str>::new(),
                "{name}={value}"
            );
        }
        for value in bad {
            assert_eq!(
                bad_variables(|env| env.variables.set(name, value)),
                [name],
                "{name}={value}"
            );
        }
    }
}

#[test]
fn why_a_variable_is_bad_is_said_without_its_value() {
    let env = MemoryEnv::default();
    env.variables.set("otp_length", "11");
    env.variables.set("email_api_key", "re_ secret");
    env.variables.set(
        "api_keys",
        r#"[{"id":"a","sha256":"changeme","scopes":[]}]"#,
    );
    env.variables.unset("secret_key");
    let said: Vec<_> = block_on(check::<Courier>(env.variables())).bad;
    let said: Vec<_> = said.iter().map(ToString::to_string).collect();
    for expected in [
        "otp_length: must be 6 to 10",
        "email_api_key: must be a key in the provider's format",
        "api_keys: entry 1 needs a sha256 of 64 lower-case hexadecimal digits",
        "secret_key: is not set",
    ] {
        assert!(said.iter().any(|it| it == expected), "{said:?}");
    }
}

/// The warnings of the health check, as text.
fn warnings(change: impl FnOnce(&MemoryEnv)) -> Vec<String> {
    let env = MemoryEnv::default();
    change(&env);
    let Findings { bad, warnings } = block_on(check::<Courier>(env.variables()));
    assert_eq!(bad, []);
    warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn what_has_no_effect_is_named() {
    const SECRET: &str = "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==";
    let current = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    for (name, value, why) in [
        (
            "trusted_proxy_hops",
            "2",
            "has no effect without trusted_proxy_header",
        ),
        (
            "webhook_secret",
            SECRET,
            "has no effect without webhook_url",
        ),
        (
            "email_fallback_api_key",
            "re_2",
            "has no effect without email_fallback_provider",
        ),
        (
            "email_fallback_from",
            "a@b.test",
            "has no effect without email_fallback_provider",
        ),
        (
            "email_fallback_api_origin",
            "https://b.test",
            "has no effect without email_fallback_provider",
        ),
        (
            "email_fallback_webhook_secret",
            SECRET,
            "has no effect without email_fallback_provider",
        ),
        (
            "secret_key_previous",
            current,
            "is the same as secret_key, so nothing is rotated",
        ),
        (
            "api_keys",
            "[]",
            "no key has the scope courier, so no scheduler can retry failed emails",
        ),
    ] {
        let said = warnings(|env| env.variables.set(name, value));
        assert_eq!(said, [format!("{name}: {why}")]);
    }
    assert_eq!(warnings(|_| ()), Vec::<String>::new());
}

#[test]
fn a_portal_that_no_event_can_reach_is_named() {
    let said = |url: &str, grant: &str| {
        warnings(|env| {
            env.variables.set("webhook_url", url);
            env.variables.set(
                "webhook_secret",
                "whsec_a2V5YmFjayB0ZXN0cywgbm90IGEgc2VjcmV0IQ==",
            );
            env.variables.set("webhook_allowed_host", grant);
        })
    };
    let (portal, local) = (
        "https://portal.example.com/hook",
        "http://127.0.0.1:3001/hook",
    );
    let unreachable =
        ["webhook_url: is not covered by webhook_allowed_host, so no event can be sent"];
    for (url, grant) in [(portal, "https://*:*"), (local, "http://127.0.0.1:*")] {
        assert_eq!(said(url, grant), Vec::<String>::new(), "{url} {grant}");
    }
    for (url, grant) in [
        (local, "https://*:*"),
        (portal, "https://other.example.com"),
        (portal, ""),
    ] {
        assert_eq!(said(url, grant), unreachable, "{url} {grant}");
    }
}

#[test]
fn why_no_address_can_be_found_is_said() {
    let env = MemoryEnv::default();
    env.variables.set("trusted_proxy_header", "forwarded");
    let bad = block_on(check::<Courier>(env.variables())).bad;
    let bad: Vec<_> = bad.iter().map(ToString::to_string).collect();
    assert_eq!(
        bad,
        [
            "trusted_proxy_header: must be a header that lists plain addresses, such as X-Forwarded-For. Forwarded (RFC 7239) is not supported"
        ]
    );
}

#[test]
fn codes_may_be_short_lived_only_when_that_is_allowed() {
    assert_eq!(
        bad_variables(|env| {
            env.variables.set("otp_ttl_seconds", "1");
            env.variables.set("allow_short_lifetimes", "true");
        }),
        Vec::<&str>::new()
    );
}

#[test]
fn the_manifest_grants_no_loopback_address_by_itself() {
    let manifest = include_str!("../../../../spin.toml");
    let mut grants = manifest
        .lines()
        .filter(|line| line.starts_with("allowed_outbound_hosts"));
    let is_loopback = |line: &str| {
        ["127.", "localhost", "[::1]"]
            .iter()
            .any(|it| line.contains(it))
    };
    assert_eq!(grants.find(|line| is_loopback(line)), None);
}
