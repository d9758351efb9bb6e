use super::*;

fn mapping(text: &str) -> Mapping {
    Mapping::parse(text).unwrap()
}

/// Each row's line, and its members as JSON or its error.
fn rows(text: &str, map: &str) -> Vec<(usize, String)> {
    let table = Table::begin(text.as_bytes(), &mapping(map)).unwrap();
    let show = |row: Row| {
        let members = row.members.map(|members| {
            let members: serde_json::Map<String, Value> = members.into_iter().collect();
            Value::Object(members).to_string()
        });
        (row.line, members.unwrap_or_else(str::to_owned))
    };
    table.into_iter().flatten().map(show).collect()
}

fn row(line: usize, text: &str) -> (usize, String) {
    (line, text.to_owned())
}

#[test]
fn cells_are_parted_by_commas_semicolons_or_tabs() {
    let expected = [
        row(2, r#"{"email":"a@example.com","id":"a"}"#),
        row(3, r#"{"email":"b@example.com","id":"b,;"}"#),
    ];
    for text in [
        "email,id\na@example.com,a\nb@example.com,\"b,;\"\n",
        "email;id\r\na@example.com;a\r\nb@example.com;\"b,;\"\r\n",
        "\"email\"\t\"id\"\na@example.com\ta\nb@example.com\tb,;",
        "email;id\na@example.com;a;;\nb@example.com; \"b,;\" ;",
    ] {
        let found = rows(text, "");
        if text.contains(" \"") {
            // A quotation mark after a blank is part of the cell.
            assert_eq!(found[0], expected[0]);
        } else {
            assert_eq!(found, expected, "{text:?}");
        }
    }
    assert_eq!(
        rows("email\na@example.com\n", ""),
        [row(2, r#"{"email":"a@example.com"}"#)]
    );
}

#[test]
fn quotation_marks_and_line_ends_in_cells_are_understood() {
    let text = "\r\nemail,reason,notes\r\n\r\na@example.com,\"say \"\"hi\"\"\"\r\n\"b@example.com\",\"two\r\nlines\",\"a\r\n\"\r\n,\r\nc@example.com,\r\n";
    let expected = [
        row(4, r#"{"email":"a@example.com","reason":"say \"hi\""}"#),
        row(5, r#"{"email":"b@example.com","reason":"two\r\nlines"}"#),
        row(9, r#"{"email":"c@example.com"}"#),
    ];
    assert_eq!(rows(text, ""), expected);
}

#[test]
fn columns_are_found_by_name_or_by_the_mapping_and_others_are_named() {
    let text = "Mail,UID,EMAIL,phone,Disabled\na@example.com,7,old@example.com,1,yes\n";
    let map = "Mail:email,UID:id";
    assert_eq!(
        rows(text, map),
        [row(
            2,
            r#"{"disabled":true,"email":"a@example.com","id":"7"}"#
        )]
    );
    let table = Table::begin(text.as_bytes(), &mapping(map))
        .unwrap()
        .unwrap();
    assert_eq!(table.ignored, ["EMAIL", "phone"]);
    assert_eq!(table.row_count(), 1);
}

#[test]
fn only_true_and_false_are_read_and_blanks_around_cells_are_not_part_of_them() {
    let text =
        "email,password,change_on_next_sign_in\n a@example.com , p w ,maybe\nb@example.com,,0\n";
    let expected = [
        row(
            2,
            r#"{"change_on_next_sign_in":"maybe","email":"a@example.com","password":"p w"}"#,
        ),
        row(
            3,
            r#"{"change_on_next_sign_in":false,"email":"b@example.com"}"#,
        ),
    ];
    assert_eq!(rows(text, ""), expected);
}

#[test]
fn a_bad_row_spoils_only_itself() {
    let long = "x".repeat(MAX_BODY_BYTES);
    let cells = ",".repeat(MAX_COLUMNS);
    let text = format!("email,id\na,b,c\nb,{long}\nc{cells}\nd,\"e\nf,g\n");
    let expected = [
        row(2, TOO_MANY_CELLS),
        row(3, TOO_LONG),
        row(4, TOO_LONG),
        row(5, UNCLOSED),
    ];
    assert_eq!(rows(&text, ""), expected);
}

#[test]
fn rows_in_a_cell_that_is_not_closed_are_reported() {
    for end in ["\n", "\r\n", "\r"] {
        for (cells, expected) in [
            (&["a,\"de", "b,fr", "c,it"][..], row(2, UNCLOSED)),
            // The mark of the second row closes the cell of the first, and more follows it.
            (&["a,\"de", "b,\"fr", "c,it"], row(2, UNCLOSED)),
            (&["a,\"de", "b,\"", "c,it"], row(2, LINE_BREAK)),
        ] {
            let text = format!("email,locale{end}{}{end}", cells.join(end));
            assert_eq!(rows(&text, "")[0], expected, "{text:?}");
        }
        let ignored = format!("email,notes{end}a,\"x{end}b,\"y{end}c,z{end}");
        assert_eq!(rows(&ignored, "")[0], row(2, UNCLOSED));
        let numbered = format!("email,locale{end}a,de,x{end}{end}b,fr,x{end}");
        let expected = [row(2, TOO_MANY_CELLS), row(4, TOO_MANY_CELLS)];
        assert_eq!(rows(&numbered, ""), expected);
    }
}

#[test]
fn what_is_not_clear_is_refused_once() {
    let refused = |text: &[u8], map: &str| {
        let refused = Table::begin(text, &mapping(map)).unwrap_err();
        assert_eq!(refused.pointer, "");
        refused.detail
    };
    for (text, map, advice) in [
        (&b"mail,id\na@example.com,a"[..], "", "?map=mail:email"),
        (b"a@example.com,a\n", "", "no column email"),
        (b"email,id\n", "mail:id", "no column \"mail\""),
        (b"email,Email\n", "", "two columns for email"),
        (b"email,a,b\n", "a:id,b:id", "two columns for id"),
        (b"email,name\na@example.com,M\xfcller\n", "", "UTF-8"),
    ] {
        let detail = refused(text, map);
        assert!(detail.contains(advice), "{detail}");
    }
    assert!(Table::begin(b"", &mapping("")).unwrap().is_none());
    assert!(Table::begin(b"\r\n\n", &mapping("")).unwrap().is_none());
    assert!(Mapping::parse("mail").is_err());
    assert!(Mapping::parse("mail:zebra").is_err());
    assert_eq!(
        Mapping::parse("a:b:email, ,").unwrap(),
        mapping("a:b:email")
    );
}
