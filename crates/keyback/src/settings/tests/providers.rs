//! The variables of the email providers: keys, secrets of webhooks, origins, and a second provider.

use super::*;

#[test]
fn each_provider_has_keys_of_its_own_form() {
    for kind in ProviderKind::ALL {
        let (provider, example) = (kind.as_str(), kind.example());
        let named = |key: &str| {
            bad_variables(|env| {
                env.variables.set("email_provider", provider);
                env.variables
                    .set("email_api_origin", "https://mail.example.test");
                env.variables.set("email_api_key", key);
            })
        };
        assert_eq!(named(example.key), Vec::<&str>::new(), "{provider}");
        for key in example.bad_keys.iter().chain(&["", "ü"]) {
            assert_eq!(named(key), ["email_api_key"], "{provider} {key}");
        }
    }
}

#[test]
fn the_secret_of_a_providers_webhooks_may_be_missing_and_must_have_its_form() {
    for kind in ProviderKind::ALL {
        let (provider, example) = (kind.as_str(), kind.example());
        let (good, bad) = (example.secret, example.bad_secret);
        let named = |secret: &str| {
            bad_variables(|env| {
                env.variables.set("email_provider", provider);
                env.variables
                    .set("email_api_origin", "https://mail.example.test");
                env.variables.set("email_api_key", example.key);
                env.variables.set("email_webhook_secret", secret);
            })
        };
        assert_eq!(named(""), Vec::<&str>::new(), "{provider}");
        assert_eq!(named(good), Vec::<&str>::new(), "{provider}");
        assert_eq!(named(bad), ["email_webhook_secret"], "{provider}");
    }
}

#[test]
fn the_fallbacks_webhooks_have_a_secret_of_their_own() {
    for kind in ProviderKind::ALL {
        let (provider, example) = (kind.as_str(), kind.example());
        let (good, bad) = (example.secret, example.bad_secret);
        let named = |provider: &str, secret: &str| {
            bad_variables(|env| {
                env.variables.set("email_fallback_provider", provider);
                env.variables
                    .set("email_fallback_api_origin", "https://mail.example.test");
                env.variables.set("email_fallback_api_key", example.key);
                env.variables.set("email_fallback_webhook_secret", secret);
            })
        };
        assert_eq!(named(provider, ""), Vec::<&str>::new(), "{provider}");
        assert_eq!(named(provider, good), Vec::<&str>::new(), "{provider}");
        assert_eq!(
            named(provider, bad),
            ["email_fallback_webhook_secret"],
            "{provider}"
        );
        // Without a fallback, there are no findings.
        assert_eq!(named("", bad), Vec::<&str>::new(), "{provider}");
        assert_eq!(named("smtp", bad), ["email_fallback_provider"]);
    }
}

#[test]
fn an_origin_is_needed_where_the_provider_has_none_that_is_the_same_for_all() {
    for kind in ProviderKind::ALL {
        let (provider, key) = (kind.as_str(), kind.example().key);
        let bad = bad_variables(|env| {
            env.variables.set("email_provider", provider);
            env.variables.set("email_api_key", key);
        });
        let is_needed = kind.default_origin(key).is_none();
        assert_eq!(!bad.is_empty(), is_needed, "{provider}");
        assert!(bad.iter().all(|name| *name == "email_api_origin"));
    }
}

#[test]
fn ses_is_called_in_the_region_of_its_key() {
    let settings = |names: [&'static str; 3], region: &str, origin: &str| {
        let env = MemoryEnv::default();
        let [provider, key, api] = names;
        env.variables.set(provider, "ses");
        env.variables
            .set(key, &format!("AKIDEXAMPLE:secret:{region}"));
        env.variables.set(api, origin);
        block_on(load::<MailSettings>(env.variables()))
    };
    let primary = ["email_provider", "email_api_key", "email_api_origin"];
    let fallback = [
        "email_fallback_provider",
        "email_fallback_api_key",
        "email_fallback_api_origin",
    ];
    for region in ["eu-central-1", "us-gov-west-1"] {
        let endpoint = format!("https://email.{region}.amazonaws.com");
        let mail = settings(primary, region, "").unwrap();
        assert_eq!(mail.primary.origin.to_string(), endpoint);
        let mail = settings(fallback, region, "").unwrap();
        assert_eq!(mail.fallback.unwrap().origin.to_string(), endpoint);
    }
    // Regions outside `amazonaws.com`.
    for region in ["cn-north-1", "us-iso-east-1", "us-isob-east-1"] {
        for names in [primary, fallback] {
            let bad = settings(names, region, "").unwrap_err();
            assert_eq!(bad, Unavailable::Variables(vec![names[2]]));
        }
        let own = "https://email.example.test";
        let mail = settings(primary, region, own).unwrap();
        assert_eq!(mail.primary.origin.to_string(), own);
    }
}

#[test]
fn the_manifest_grants_each_providers_origin() {
    let manifest = include_str!("../../../../../spin.toml");
    let grants = manifest
        .lines()
        .filter(|line| line.starts_with("allowed_outbound_hosts") && line.contains("email_api"));
    let mut components = 0;
    for line in grants {
        components += 1;
        for origin in ProviderKind::ALL.iter().filter_map(|kind| kind.origin()) {
            assert!(line.contains(&format!("\"{origin}\"")), "{origin}: {line}");
        }
    }
    assert!(components > 0);
}

#[test]
fn a_fallback_provider_needs_a_key_and_takes_the_sender_of_the_first() {
    let fallback =
        |env: &MemoryEnv| block_on(load::<MailSettings>(env.variables())).map(|mail| mail.fallback);
    let env = MemoryEnv::default();
    assert!(fallback(&env).unwrap().is_none());
    env.variables.set("email_fallback_api_key", "re_2");
    env.variables.set("email_fallback_provider", "smtp");
    assert_eq!(
        fallback(&env).unwrap_err(),
        Unavailable::Variables(vec!["email_fallback_provider"])
    );
    env.variables.set("email_fallback_api_key", "");
    env.variables.set("email_fallback_provider", "resend");
    assert_eq!(
        fallback(&env).unwrap_err(),
        Unavailable::Variables(vec!["email_fallback_api_key"])
    );
    env.variables.set("email_fallback_api_key", "re_2");
    let from = fallback(&env).unwrap().unwrap().from;
    assert_eq!(from.to_string(), "Keyback <no-reply@example.test>");
}
