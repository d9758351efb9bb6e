//! What a body may contain: one JSON object with the members that the call knows.

use serde_json::json;

use super::{BODY_LIMIT, ROUTES};
use crate::app::App;

#[test]
fn what_is_not_one_json_object_is_refused_as_a_whole() {
    let app = App::shared();
    let not_objects: [&[u8]; 15] = [
        b"",
        b" ",
        b"{",
        b"}",
        b"{\"email\":}",
        b"{email: 1}",
        b"{} {}",
        b"{},",
        b"null",
        b"true",
        b"7",
        b"\"text\"",
        b"[]",
        b"\xff\xfe{}",
        b"{\"email\":\"\xc3\x28\"}",
    ];
    for route in &ROUTES {
        for body in not_objects {
            assert_eq!(
                route.send_json(&app, body).expect_invalid(),
                [""],
                "{}: {body:?}",
                route.path
            );
        }
        let in_an_array = json!([(route.body)(&app)]).to_string();
        assert_eq!(
            route.send_json(&app, in_an_array).expect_invalid(),
            [""],
            "{}",
            route.path
        );
        let cut = (route.body)(&app).to_string();
        assert_eq!(
            route
                .send_json(&app, &cut.as_bytes()[..cut.len() - 1])
                .expect_invalid(),
            [""],
            "{}",
            route.path
        );
    }
}

#[test]
fn a_member_of_a_wrong_type_is_named() {
    let app = App::shared();
    for route in &ROUTES {
        for value in [
            json!(null),
            json!(7),
            json!(true),
            json!([]),
            json!({}),
            json!(["zebra"]),
        ] {
            let refused = route.send_json(&app, route.with_member(&app, value.clone()));
            assert_eq!(
                refused.expect_invalid(),
                [route.pointer()],
                "{}: {value}",
                route.path
            );
        }
    }
    let route = &ROUTES[2];
    let mut body = (route.body)(&app);
    body["sign_out_everywhere"] = json!("yes");
    assert_eq!(
        route.send_json(&app, body.to_string()).expect_invalid(),
        ["/sign_out_everywhere"]
    );
}

#[test]
fn a_missing_member_is_named() {
    let app = App::shared();
    for route in &ROUTES {
        let mut body = (route.body)(&app);
        body.as_object_mut()
            .expect("a body is an object")
            .remove(route.member);
        let refused = route.send_json(&app, body.to_string());
        assert_eq!(
            refused.expect_invalid(),
            [route.pointer()],
            "{}",
            route.path
        );
    }
}

#[test]
fn an_unknown_member_is_named() {
    let app = App::shared();
    for route in &ROUTES {
        let mut body = (route.body)(&app);
        body["surprise"] = json!("zebra");
        let refused = route.send_json(&app, body.to_string());
        assert_eq!(refused.expect_invalid(), ["/surprise"], "{}", route.path);
        assert!(!refused.text().contains("zebra"), "{}", refused.text());
    }
}

#[test]
fn a_name_with_a_slash_or_a_tilde_is_escaped_in_its_pointer() {
    let app = App::shared();
    for route in &ROUTES {
        let mut body = (route.body)(&app);
        body["a/b~c"] = json!(1);
        assert_eq!(
            route.send_json(&app, body.to_string()).expect_invalid(),
            ["/a~1b~0c"],
            "{}",
            route.path
        );
    }
}

#[test]
fn a_duplicate_member_is_refused_even_with_the_same_value() {
    let app = App::shared();
    for route in &ROUTES {
        let body = (route.body)(&app);
        let member = format!("{}:{}", json!(route.member), body[route.member]);
        let twice = body.to_string().replacen('{', &format!("{{{member},"), 1);
        let pointers = route.send_json(&app, twice).expect_invalid();
        assert!(
            pointers == [""] || pointers == [route.pointer()],
            "{}: {pointers:?}",
            route.path
        );
    }
}

#[test]
fn odd_numbers_and_deep_nesting_are_refused() {
    let app = App::shared();
    let digits = "9".repeat(5000);
    let arrays = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let objects = format!("{}1{}", "{\"a\":".repeat(2000), "}".repeat(2000));
    for route in &ROUTES {
        for raw in [
            "1e400",
            "-0",
            "1e-999999",
            "NaN",
            "0x10",
            &digits,
            &arrays,
            &objects,
            &"[".repeat(10_000),
        ] {
            let start = &raw[..raw.len().min(20)];
            let pointers = route
                .send_json(&app, route.with_raw_member(&app, raw))
                .expect_invalid();
            assert!(
                pointers == [""] || pointers == [route.pointer()],
                "{} {start}: {pointers:?}",
                route.path
            );
        }
        route
            .send_json(&app, "[".repeat(BODY_LIMIT))
            .expect_invalid();
        route
            .send_json(&app, "{\"a\":".repeat(3000))
            .expect_invalid();
    }
}

#[test]
fn lone_surrogates_are_refused() {
    let app = App::shared();
    for route in &ROUTES {
        for raw in [
            r#""\ud800""#,
            r#""zebra\udfff""#,
            r#""\ud800\u0041""#,
            r#""\uZZZZ""#,
        ] {
            let pointers = route
                .send_json(&app, route.with_raw_member(&app, raw))
                .expect_invalid();
            assert!(
                pointers == [""] || pointers == [route.pointer()],
                "{} {raw}: {pointers:?}",
                route.path
            );
        }
    }
}
