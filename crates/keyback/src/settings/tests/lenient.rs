//! Variables that stop no call: a usable value replaces a bad one, with a warning.

use super::*;

/// Good values, and bad ones with their warnings.
type Cosmetic = (
    &'static str,
    [&'static str; 2],
    [(&'static str, &'static str); 2],
);

const COSMETIC: [Cosmetic; 15] = [
    (
        "logo_text",
        ["", "Äpp"],
        [("a\nb", "app_name is used"), ("a\tb", "app_name is used")],
    ),
    (
        "logo_image",
        ["", "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAYAAAA="],
        [
            ("https://example.com/logo.png", "the text is shown"),
            ("PHN2Zz4=", "the text is shown"),
        ],
    ),
    (
        "accent_color",
        ["", "#205080"],
        [
            ("#ff0", "#rrggbb"),
            (
                "#635bff",
                "has a contrast of only 4.31:1 and was made darker",
            ),
        ],
    ),
    (
        "accent_color_dark",
        ["", "#80c0ff"],
        [("blue", "#rrggbb"), ("#000080", ":1 and was made lighter")],
    ),
    (
        "support_url",
        ["", "https://help.example.com"],
        [("javascript:x", "nothing links"), ("help", "nothing links")],
    ),
    (
        "support_url",
        [
            "https://help.example.com/a?b=c#d",
            "mailto:help@example.com?subject=Locked%20out",
        ],
        [("https://", "nothing links"), ("mailto:", "nothing links")],
    ),
    (
        "support_url",
        ["", "https://help.example.com:8443"],
        [
            ("https://help example.com", "nothing links"),
            ("mailto:help", "nothing links"),
        ],
    ),
    (
        "cors_origins",
        [
            "https://a.example\nhttps://b.example",
            "http://localhost:8080",
        ],
        [
            ("*", "entry 1"),
            ("https://a.example,https://*.example.com", "entry 2"),
        ],
    ),
    (
        "cors_admin_origins",
        ["", "https://a.example/"],
        [("null", "entry 1"), ("https://a.example/app", "entry 1")],
    ),
    (
        "app_name",
        ["A", "Äpp & Co"],
        [("", "Keyback is used"), ("  ", "Keyback is used")],
    ),
    (
        "app_name",
        ["A", "A B"],
        [
            ("a\u{2028}b", "Keyback is used"),
            ("a\u{2029}b", "Keyback is used"),
        ],
    ),
    (
        "sign_in_url",
        ["", "https://portal.example.com/sign-in?from=reset"],
        [
            ("portal.example.com", "nothing links"),
            ("https://a@portal.example.com", "nothing links"),
        ],
    ),
    (
        "return_urls",
        [
            "https://portal.example.com",
            "https://a.example/app, http://localhost:8080 https://b.example",
        ],
        [
            ("https://a.example?b", "entry 1"),
            ("https://a.example,b.example", "entry 2"),
        ],
    ),
    (
        "default_locale",
        ["ja", "pt-BR"],
        [("", "English is used"), ("sv", "English is used")],
    ),
    (
        "mail_texts",
        ["", r#"{"*": {"recovery.subject": "{app}: new password"}}"#],
        [
            (
                r#"{"*": {"recovery.subject": "{code}"}}"#,
                "recovery.subject has a placeholder",
            ),
            (
                r#"{"*": {"recovery.subjekt": "New"}}"#,
                "unknown key recovery.subjekt",
            ),
        ],
    ),
];

#[test]
fn looks_and_links_stop_nothing_and_are_said() {
    for (name, good, bad) in COSMETIC {
        let findings = |value: &str| {
            let env = MemoryEnv::default();
            env.variables.set(name, value);
            assert!(
                block_on(load::<Courier>(env.variables())).is_ok(),
                "{name}={value}"
            );
            block_on(check::<Courier>(env.variables()))
        };
        for value in good {
            assert_eq!(findings(value).warnings, [], "{name}={value}");
        }
        for (value, said) in bad {
            let Findings { bad, warnings } = findings(value);
            assert_eq!(bad, [], "{name}={value}");
            let [warning] = &*warnings else {
                panic!("{name}={value}: {warnings:?}");
            };
            let warning = warning.to_string();
            let fits = warning.starts_with(&format!("{name}: ")) && warning.contains(said);
            assert!(fits, "{warning}");
        }
    }
}
