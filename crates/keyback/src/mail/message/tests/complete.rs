//! Every language is complete.

use std::collections::BTreeSet;

use super::*;
use crate::mail::message::texts;

fn placeholders(text: &str) -> BTreeSet<&str> {
    let parts = text.split('{').skip(1);
    parts.filter_map(|part| part.split('}').next()).collect()
}

#[test]
fn each_language_has_the_keys_of_the_table_and_no_other() {
    for (language, file) in Language::ALL.into_iter().zip(texts::FILES) {
        let words: serde_json::Map<_, _> = serde_json::from_str(file).unwrap();
        let lines = file.lines().filter(|line| line.contains(':')).count();
        assert_eq!(words.len(), texts::KEYS.len(), "{}", language.tag());
        assert_eq!(lines, words.len(), "one text a line, none twice");
        assert!(!file.contains('\\'), "no text needs an escape");
        for text in texts::ALL {
            assert_eq!(words[text.key], text.in_language(language), "{}", text.key);
        }
    }
}

#[test]
fn each_text_has_the_same_placeholders_in_all_languages() {
    for (text, key) in texts::ALL.iter().zip(texts::KEYS) {
        let [english, ..] = text.words;
        let names = placeholders(english);
        let mut documented: BTreeSet<_> = key.placeholders.iter().copied().collect();
        if names.contains("app") {
            documented.insert("app");
        }
        for words in text.words {
            assert_eq!(placeholders(words), documented, "{words}");
            assert!(key.accepts(words), "{words}");
        }
    }
}

#[test]
fn each_mail_is_complete_in_each_language() {
    let env = env();
    let (code, link, cancel) = secrets(&env);
    for language in Language::ALL {
        for (
            name,
            Message {
                subject,
                text,
                html,
                ..
            },
        ) in mails(&env, language)
        {
            let shown = format!("{name} in {}", language.tag());
            let body = html.split_once("<body").unwrap().1;
            for part in [subject.as_str(), &text, body] {
                assert!(!part.contains(['{', '}']), "{shown}: {part}");
                let keys = texts::KEYS.iter().filter(|key| key.name.contains('.'));
                for key in keys {
                    assert!(!part.contains(key.name), "{shown} shows {}", key.name);
                }
            }
            assert!(subject.contains("Harbour") && !subject.contains('\n'));
            let mut facts = vec!["https://help.example.test/"];
            if name.starts_with("recovery") {
                facts.extend([code.as_str(), &link, &cancel, "2026", "10", "20"]);
                assert!(!subject.contains(&code), "it would show on locked screens");
            }
            if name.starts_with("password-changed") {
                facts.extend(["2026", "/forgot-password"]);
            }
            if name.starts_with("invitation") {
                facts.extend(["/reset-password#token=", "7"]);
            }
            if name.starts_with("temporary-password") {
                facts.push(PASSWORD);
            }
            if name == "temporary-password" {
                facts.push("2026");
            }
            if matches!(name, "invitation" | "temporary-password") {
                facts.push("https://portal.example.test/sign-in?a=1");
            }
            facts.push("ann@example.test");
            for fact in facts {
                assert!(
                    text.contains(fact) && html.contains(fact),
                    "{shown}: {fact}"
                );
            }
        }
    }
}

#[test]
fn no_two_languages_say_the_same() {
    let env = env();
    for (index, (name, _)) in mails(&env, Language::English).iter().enumerate() {
        let texts: BTreeSet<_> = Language::ALL
            .map(|language| mails(&env, language)[index].1.text.clone())
            .into();
        assert_eq!(texts.len(), Language::ALL.len(), "{name}");
    }
}

#[test]
fn lives_are_told_in_whole_units_and_never_too_long() {
    let env = env();
    let shown = |seconds: &str, language| {
        env.variables.set("link_ttl_seconds", seconds);
        mail(&env, language, "recovery").text
    };
    for (seconds, language, life) in [
        ("60", Language::English, "within 60 seconds,"),
        ("1200", Language::English, "within 20 minutes,"),
        ("7199", Language::English, "within 119 minutes,"),
        ("86400", Language::English, "within 24 hours,"),
        ("1200", Language::German, "innerhalb von 20 Minuten "),
        ("7200", Language::French, "dans les 2 heures,"),
        ("120", Language::Polish, "w ciągu 2 minut,"),
        ("1320", Language::Polish, "w ciągu 22 minut,"),
        ("1200", Language::Japanese, "20分以内"),
        ("1200", Language::Chinese, "20 分钟内"),
        ("120", Language::Arabic, "خلال دقيقتين "),
        ("180", Language::Arabic, "خلال 3 دقائق "),
        ("1200", Language::Arabic, "خلال 20 دقيقة "),
        ("7200", Language::Arabic, "خلال ساعتين "),
    ] {
        assert!(shown(seconds, language).contains(life), "{life}");
    }
    env.variables.set("allow_short_lifetimes", "true");
    env.variables.set("otp_ttl_seconds", "1");
    assert!(shown("60", Language::English).contains("code within 1 second:"));
}

/// The number of words in the text without its addresses. Reading three or four of them takes a second.
fn words(name: &str) -> usize {
    let text = mail(&env(), Language::English, name).text;
    let words = text.split_whitespace();
    words.filter(|word| !word.starts_with("http")).count()
}

#[test]
fn a_mail_is_read_in_half_a_minute() {
    for (name, most) in [
        ("recovery", 100),
        ("recovery-by-administrator", 110),
        ("password-changed", 70),
        ("temporary-password", 70),
        ("invitation", 80),
        ("email-changed", 60),
        ("account-deleted", 50),
    ] {
        let count = words(name);
        assert!(count <= most, "{name}: {count} words");
    }
}

#[test]
fn the_code_comes_before_the_link() {
    let env = env();
    let (code, link, _) = secrets(&env);
    for language in Language::ALL {
        let mail = mail(&env, language, "recovery");
        for part in [&mail.text, &mail.html] {
            let place = |it: &str| part.find(it).unwrap();
            assert!(place(&code) < place(&link), "{}", language.tag());
        }
    }
}

#[test]
fn the_documentation_lists_every_key() {
    let documented = include_str!("../../../../../../docs/mails.md");
    let rows = texts::KEYS.iter().zip(texts::ALL).map(|(key, text)| {
        let names = key.placeholders.iter().map(|name| format!("`{{{name}}}`"));
        let placeholders = names.collect::<Vec<_>>().join(", ");
        format!("| `{}` | {placeholders} | {} |", key.name, text.words[0]).replace("|  |", "| |")
    });
    let table = rows.collect::<Vec<_>>().join("\n");
    assert!(documented.contains(&format!("\n{table}\n\n")), "{table}");
}

#[test]
fn a_recovery_that_an_administrator_began_does_not_say_that_the_reader_asked() {
    let env = env();
    for language in Language::ALL {
        let [asked, begun] = ["recovery", "recovery-by-administrator"].map(|name| {
            mail(&env, language, name)
                .text
                .lines()
                .next()
                .unwrap()
                .to_owned()
        });
        assert_ne!(asked, begun);
    }
}
