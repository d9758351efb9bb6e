//! HTML that clients of all ages take: well-formed, whole without its style sheet, and with nothing from elsewhere.

use super::*;

/// The tags that have no end.
const VOID: [&str; 3] = ["meta", "br", "!doctype"];

/// The names of all elements, if each ends where it must.
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
            assert!(html.contains(&format!("<html lang=\"{}\"", language.tag())));
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
fn links_are_visible_as_text() {
    let env = env();
    let (_, link, cancel) = secrets(&env);
    let html = mail(&env, Language::English, "recovery").html;
    for link in [
        format!(">https://id.example.test/reset-password#token={link}</a>"),
        format!(">https://id.example.test/cancel-recovery#token={cancel}</a>"),
    ] {
        assert!(html.contains(&link), "{link}");
    }
    env.variables.set("support_url", "mailto:help@example.test");
    let changed = mail(&env, Language::English, "password-changed");
    assert!(changed.html.contains("href=\"mailto:help@example.test\""));
    assert!(changed.html.contains(">help@example.test</a>"));
    assert!(changed.text.ends_with("\n\nhelp@example.test"));
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
    assert!(style.contains(".button{background-color:#ffd000!important}"));
    assert!(style.contains(".button a{color:#000000!important}"));
}

#[test]
fn the_preview_ends_before_the_code() {
    let env = env();
    let (code, ..) = secrets(&env);
    let html = mail(&env, Language::English, "recovery").html;
    let (preview, _) = html.split_once("</div>").unwrap();
    assert!(preview.contains("Someone, hopefully you"));
    assert!(preview.matches("&#847;").count() >= 100 && !preview.contains(&code));
}
