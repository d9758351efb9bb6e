//! What is read from a body, and the errors for the rest.

use super::*;

fn errors(body: &str) -> Vec<(String, String)> {
    let finish = |errors: Vec<FieldError>| {
        errors
            .into_iter()
            .map(|error| (error.pointer, error.detail))
            .collect()
    };
    match Fields::parse(body.as_bytes()) {
        Err(errors) => finish(errors),
        Ok(mut fields) => {
            let text = |text: &str| Ok::<_, Infallible>(text.to_owned());
            let _ = fields.text("a", text);
            let _ = fields.boolean("b", true);
            finish(fields.finish())
        }
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_and_where() {
    let told = errors(r#"{"a":1,"b":"x","c/d~":2,"b":true,"e":{"f":[]}}"#);
    let pointers: Vec<_> = told.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/b", "/a", "/b", "/c~1d~0", "/e"]);
}

#[test]
fn a_member_that_is_null_is_absent() {
    let missing = [("/a".to_owned(), "is missing".to_owned())];
    assert_eq!(errors(r#"{"a":null,"b":null}"#), missing);
    // Only members that the call knows may be `null`.
    assert_eq!(
        errors(r#"{"a":"x","c":null}"#),
        [("/c".to_owned(), "is not a known member".to_owned())]
    );
    let mut fields = Fields::parse(br#"{"a":null,"b":null,"c":null}"#).unwrap();
    let text = |text: &str| Ok::<_, Infallible>(text.to_owned());
    assert_eq!(fields.optional_text("a", text), Some(None));
    assert_eq!(fields.optional_boolean("b"), Some(None));
    assert_eq!(fields.optional_seconds("c", 1..=2), Some(None));
    assert_eq!(fields.finish().len(), 0);
}

#[test]
fn a_merge_patch_keeps_sets_and_removes() {
    let mut fields = Fields::parse(br#"{"a":null,"b":"x","d":null,"e":7}"#).unwrap();
    let text = |text: &str| Ok::<_, Infallible>(text.to_owned());
    assert_eq!(fields.patched_text("a", text), Some(Patched::Removed));
    let set = Patched::Set("x".to_owned());
    assert_eq!(fields.patched_text("b", text), Some(set));
    assert_eq!(fields.patched_text("c", text), Some(Patched::Kept));
    assert_eq!(fields.patched_text("e", text), None);
    fields.refuse_removal("c", "stays");
    fields.refuse_removal("d", "stays");
    let details: Vec<_> = fields.finish().into_iter().map(|it| it.detail).collect();
    assert_eq!(details, ["must be a string", "stays"]);
}

#[test]
fn nothing_is_given_twice_in_an_object_either() {
    let mut fields = Fields::parse(br#"{"b":{"c":"x","d":1,"c":"y"}}"#).unwrap();
    let text = |text: &str| Ok::<_, Infallible>(text.to_owned());
    let read = fields.optional_object("b", |it| it.text("c", text));
    assert_eq!(read, None);
    let told: Vec<_> = fields.finish().into_iter().map(|it| it.pointer).collect();
    assert_eq!(told, ["/b/c", "/b/d"]);
}

#[test]
fn lists_and_objects_tell_where_they_are_wrong() {
    let body = br#"{"a":["x","",7],"b":{"c":1,"d":true},"e":[],"f":7,"g":["x"],"h":{"c":"x"}}"#;
    let mut fields = Fields::parse(body).unwrap();
    let text = |text: &str| {
        let text = Some(text).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or("is empty")
    };
    let texts = |fields: &mut Fields, name| fields.optional_texts(name, 3, text);
    let object = |fields: &mut Fields, name| fields.optional_object(name, |it| it.text("c", text));
    assert_eq!(texts(&mut fields, "a"), None);
    assert_eq!(object(&mut fields, "b"), None);
    assert_eq!(texts(&mut fields, "e"), None);
    assert_eq!(object(&mut fields, "f"), None);
    assert_eq!(texts(&mut fields, "g"), Some(Some(vec!["x".to_owned()])));
    assert_eq!(object(&mut fields, "h"), Some(Some("x".to_owned())));
    assert_eq!(texts(&mut fields, "none"), Some(None));
    assert_eq!(object(&mut fields, "none"), Some(None));
    let told = fields.finish();
    let pointers: Vec<_> = told.iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(pointers, ["/a/1", "/a/2", "/b/c", "/b/d", "/e", "/f"]);
}

#[test]
fn what_is_not_one_object_is_refused_as_a_whole() {
    for (body, detail) in [
        ("", "is not valid JSON"),
        ("{", "is not valid JSON"),
        ("{} {}", "is not valid JSON"),
        ("[]", "must be a JSON object"),
        (r#"[{"a":""}]"#, "must be a JSON object"),
        ("null", "must be a JSON object"),
        (r#""a""#, "must be a JSON object"),
        (r#"{"a":"\ud800"}"#, "is not valid JSON"),
        (r#"{"a":1e999}"#, "is not valid JSON"),
    ] {
        assert_eq!(errors(body), [(String::new(), detail.to_owned())], "{body}");
    }
    assert_eq!(errors(&format!(r#"{{"a":{}"#, "[".repeat(10_000))).len(), 1);
    assert_eq!(Fields::parse(b"{\"a\":\"\xff\"}").unwrap_err().len(), 1);
    assert_eq!(errors(r#"{"a":"x"}"#), []);
    assert_eq!(errors("{}"), [("/a".to_owned(), "is missing".to_owned())]);
}

#[test]
fn seconds_are_whole_numbers_however_they_are_written() {
    let read = |number: &str| {
        let mut fields = Fields::parse(format!(r#"{{"a":{number}}}"#).as_bytes()).unwrap();
        fields.optional_seconds("a", 300..=600).flatten()
    };
    for number in ["300", "300.0", "3e2", "0.3e3"] {
        assert_eq!(read(number), Some(Duration::from_mins(5)), "{number}");
    }
    for number in [
        "300.5", "299", "299.9", "-300.0", "601.0", "3e200", "\"300\"",
    ] {
        assert_eq!(read(number), None, "{number}");
    }
}
