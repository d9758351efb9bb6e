//! HTML for clients of all ages: well-formed, complete without its style sheet, and without external resources.

use serde_json::json;

use super::*;

/// The tags without an end tag.
const VOID: [&str; 3] = ["meta", "br", "!doctype"];

/// The names of all elements, if each one ends correctly.
fn elements(html: &str) -> Result<Vec<&str>, String> {
    let (mut open, mut all) = (Vec::new(), Vec::new());
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").ok_or("an open comment")?.1;
            continue;
        }
        let (tag, after) = after.split_once('>').ok_or("an open tag")?;
        rest = after;
        let name = tag.split([' ', '\n']).next().unwrap_or_default();
        if tag.matches('"').count() % 2 != 0 {
            return Err(format!("a tag with an open quote: {tag}"));
        }
        if let Some(name) = name.strip_prefix('/') {
            let last = open.pop();
            if last != Some(name) {
                return Err(format!("</{name}> ends {last:?}"));
            }
        } else {
            all.push(name);
            if !VOID.contains(&name) {
                open.push(name);
            }
        }
    }
    if open.is_empty() {
        Ok(all)
    } else {
        Err(format!("{open:?} without an end"))
    }
}

#[test]
fn the_check_sees_what_is_not_well_formed() {
    assert_eq!(elements("<p>a<br>b</p>").unwrap(), ["p", "br"]);
    for bad in [
        "<p>",
        "<p></b></p>",
        "</p>",
        "<p a=\">x</p>",
        "<p",
        "<!-- x",
    ] {
        assert!(elements(bad).is_err(), "{bad}");
    }
}

#[test]
fn each_mail_is_well_formed_and_names_its_language() {
    for language in Language::ALL {
        for (name, message) in mails(&env(), language) {
            let html = &message.html;
            let elements = elements(html).unwrap_or_else(|why| panic!("{name}: {why}"));
            for once in ["html", "head", "title", "body", "h1"] {
                let count = elements.iter().filter(|it| **it == once).count();
                assert_eq!(count, 1, "{name}: {once}");
            }
            assert!(html.starts_with("<!doctype html>"));
            // Clients that drop `html` and `body` keep their content.
            let (tag, direction) = (language.tag(), language.direction());
            for element in ["html", "div"] {
                let start = format!("<{element} lang=\"{tag}\" dir=\"{direction}\">");
                assert!(html.contains(&start), "{start}");
            }
            let tables = html.matches("<table").count();
            assert_eq!(html.matches("role=\"presentation\"").count(), tables);
        }
    }
}

#[test]
fn nothing_is_loaded_and_nothing_runs() {
    for (name, message) in mails(&env(), Language::English) {
        for forbidden in [
            "<img", "<script", "<link", "<form", "src=", "url(", "@import", "onclick",
        ] {
            assert!(!message.html.contains(forbidden), "{name}: {forbidden}");
        }
        for link in message.html.split("href=\"").skip(1) {
            let ours = [
                "https://id.example.test/",
                "https://help.example.test/",
                "https://portal.example.test/",
            ];
            assert!(
                ours.iter().any(|origin| link.starts_with(origin)),
                "{name}: {link}"
            );
        }
    }
}

#[test]
fn the_link_is_visible_as_text_at_the_end() {
    let env = env();
    let (_, link, cancel) = secrets(&env);
    let html = mail(&env, Language::English, "recovery").html;
    let shown = format!(">https://id.example.test/reset-password#token={link}</a>");
    let (before, after) = html.split_once(&shown).expect("the link as text");
    assert!(!after.contains("href=") && before.contains("Cancel this request</a>"));
    assert!(html.contains(&format!("/cancel-recovery#token={cancel}\"")));
    env.variables.set("support_url", "mailto:help@example.test");
    let changed = mail(&env, Language::English, "password-changed");
    assert!(changed.html.contains("href=\"mailto:help@example.test\""));
    assert!(changed.html.contains(">help@example.test</a>"));
    assert!(changed.text.ends_with("\n\nhelp@example.test"));
}

#[test]
fn the_page_for_the_code_is_a_link_if_the_text_names_it() {
    let env = env();
    let page = "https://id.example.test/verify-otp";
    let linked = format!(">{page}</a>");
    for language in Language::ALL {
        let mail = mail(&env, language, "recovery-by-administrator");
        assert_eq!(mail.html.matches(page).count(), 2, "{}", language.tag());
        assert!(mail.html.contains(&format!("href=\"{page}\"")));
        assert!(mail.html.contains(&linked) && mail.text.contains(page));
    }
    let texts = json!({"*": {"recovery.code-by-administrator": "Code <{life}>"}});
    env.variables.set("mail_texts", &texts.to_string());
    let html = mail(&env, Language::English, "recovery-by-administrator").html;
    assert!(html.contains(">Code &#60;10 minutes&#62;</p>") && !html.contains(page));
}

#[test]
fn what_is_written_from_left_to_right_is_isolated_in_arabic() {
    let env = env();
    let (code, link, _) = secrets(&env);
    let mail = mail(&env, Language::Arabic, "recovery");
    for isolated in [
        "\u{2068}Harbour\u{2069}",
        "\u{2068}ann@example.test\u{2069}",
    ] {
        assert!(mail.text.contains(isolated) && mail.html.contains(isolated));
    }
    assert!(!mail.subject.contains('\u{2068}'));
    // Users copy them.
    assert!(mail.text.contains(&format!("\n    {code}\n")));
    assert!(mail.text.contains(&format!("#token={link}\n")));
    for (text, element) in [(&code, "<td"), (&link, "<a")] {
        let (before, _) = mail.html.rsplit_once(&format!("{text}</")).unwrap();
        let (_, tag) = before.rsplit_once(element).unwrap();
        assert!(tag.contains("dir=\"ltr\""), "{tag}");
    }
}

#[test]
fn the_accent_is_inline_for_light_and_in_the_style_sheet_for_dark() {
    let env = env();
    env.variables.set("accent_color", "#205080");
    env.variables.set("accent_color_dark", "#ffd000");
    let html = mail(&env, Language::English, "recovery").html;
    let (style, body) = html.split_once("</style>").unwrap();
    assert!(body.contains("background-color:#205080") && body.contains("color:#ffffff"));
    assert!(!style.contains("#205080") && !body.contains("#ffd000"));
    // Outlook.com ignores the reader's colour scheme and marks what it has recoloured.
    for of in ["\n", "[data-ogsb] "] {
        assert!(style.contains(&format!(
            "{of}.button{{background-color:#ffd000!important}}"
        )));
    }
    for of in ["\n", "[data-ogsc] "] {
        assert!(style.contains(&format!("{of}.button a{{color:#000000!important}}")));
    }
}

#[test]
fn the_preview_ends_before_the_code() {
    let env = env();
    let (code, ..) = secrets(&env);
    let html = mail(&env, Language::English, "recovery").html;
    let (preview, _) = html.split_once("</div>").unwrap();
    assert!(preview.contains("We received a request"));
    assert!(preview.matches("&#847;").count() >= 100 && !preview.contains(&code));
}
