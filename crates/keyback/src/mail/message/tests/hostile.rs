//! Words of operators and administrators are shown unchanged, and are never markup.

use serde_json::json;

use super::*;

const HOSTILE: &str = r#"<img src=x onerror=alert(1)> & "A" {time} 'B'"#;

#[test]
fn names_are_escaped_in_html_and_left_alone_in_text() {
    let env = env();
    env.variables.set("app_name", HOSTILE);
    env.variables.set("logo_text", "<b>logo</b>");
    for language in Language::ALL {
        for (name, message) in mails(&env, language) {
            assert!(message.subject.contains(HOSTILE), "{name}");
            assert!(message.text.contains(HOSTILE), "{name}");
            for markup in ["<img", "<b>", "\"A\"", "'B'"] {
                assert!(!message.html.contains(markup), "{name}: {markup}");
            }
            assert!(
                message
                    .html
                    .contains("&#60;img src=x onerror=alert(1)&#62;")
            );
            assert!(message.html.contains("&#60;b&#62;logo"));
            assert!(message.html.contains("?a=1&#38;b=2"), "{name}");
        }
    }
}

#[test]
fn a_typed_password_is_shown_as_it_is() {
    let env = env();
    let branding: MailBranding = block_on(settings::load(env.variables())).unwrap();
    let translator = Translator::for_reader(&branding, &[]);
    let password = Password::new("</td> two  blanks & {app}");
    let mail = TemporaryPasswordMail {
        password: &password,
        must_change: false,
        expires_at: None,
        sign_in_url: None,
    };
    let message = prepare_temporary_password("a@b.test", &mail, &translator).unwrap();
    assert!(message.text.contains("\n    </td> two  blanks & {app}\n"));
    let cell = ">&#60;/td&#62; two  blanks &#38; {app}</td>";
    assert!(message.html.contains(cell), "{}", message.html);
    assert!(message.html.contains("white-space:pre-wrap"));
}

#[test]
fn an_operators_words_are_used_and_escaped() {
    let env = env();
    let texts = json!({
        "*": {"recovery.subject": "{app}: <reset>"},
        "de": {"recovery.intro": "Moin von <{app}>!", "recovery.asked": "{time}, {app}"},
    });
    env.variables.set("mail_texts", &texts.to_string());
    let german = mail(&env, Language::German, "recovery");
    assert_eq!(german.subject, "Harbour: <reset>");
    assert!(german.text.starts_with("Moin von <Harbour>!\n"));
    assert!(
        german
            .text
            .contains("\n23. November 2026 um 09:00 Uhr (UTC), Harbour\n")
    );
    assert!(german.html.contains("Moin von &#60;Harbour&#62;!"));
    assert!(german.html.contains("Harbour: &#60;reset&#62;"));
    let french = mail(&env, Language::French, "recovery");
    assert_eq!(french.subject, "Harbour: <reset>");
    assert!(french.text.starts_with("Nous avons reçu"));
}

#[test]
fn who_wants_no_language_that_there_is_gets_the_default() {
    let env = env();
    env.variables.set("default_locale", "fr-CA");
    let branding: MailBranding = block_on(settings::load(env.variables())).unwrap();
    let swedish = Locale::read("sv").unwrap();
    let translator = Translator::for_reader(&branding, &[Some(&swedish), None]);
    assert_eq!(translator.language, Language::French);
}
