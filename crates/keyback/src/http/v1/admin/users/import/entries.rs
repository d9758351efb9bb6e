//! Finding the accounts in the body of an import: one on each line, or all in one JSON list.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::http::problem::FieldError;

/// The byte order mark of UTF-8, which some editors and exports put at the beginning.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// The first bytes of compressed files, spreadsheets and UTF-16 text, with advice for each.
const OTHER_FILES: [(&[u8], &str); 9] = [
    (b"\x1f\x8b", "is compressed with gzip: send it uncompressed"),
    (b"BZh", COMPRESSED),
    (b"\xfd7zXZ\0", COMPRESSED),
    (b"\x28\xb5\x2f\xfd", COMPRESSED),
    (b"7z\xbc\xaf\x27\x1c", COMPRESSED),
    (
        b"PK\x03\x04",
        "is a zip archive or a spreadsheet: save it as CSV",
    ),
    (b"\xd0\xcf\x11\xe0", "is a spreadsheet: save it as CSV"),
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
];
const COMPRESSED: &str = "is compressed: send it uncompressed";
const UTF_16: &str = "is UTF-16 text: save it as UTF-8";
const CSV: &str = "is a table, such as CSV: send it with the content type text/csv";
const WRAPPED: &str =
    "is one object around a list: send the list alone, or one JSON object per line";
const OTHER: &str = "must be one JSON object per line, or one JSON array of objects";

/// The JSON of one account, and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    /// The number of the line on which it begins, from 1.
    pub(super) line: usize,
    /// Its place in the list, from 0, if it is in one.
    pub(super) index: Option<usize>,
    /// The text, which should be one JSON object.
    pub(super) text: &'a [u8],
}

/// The accounts of a body, in order. Skips blank lines, and a comma after an object on its line.
///
/// # Errors
/// What to do, if the whole body is of another kind.
pub(super) fn find(body: &[u8]) -> Result<Vec<Entry<'_>>, FieldError> {
    let body = text_of(body)?;
    match body.trim_ascii_start().first() {
        None => Ok(Vec::new()),
        Some(b'[') => list(body),
        Some(b'{') => {
            let entries = objects_over_lines(body).unwrap_or_else(|| lines(body));
            match &*entries {
                [only] if wraps_others(only.text) => Err(FieldError::whole(WRAPPED)),
                _ => Ok(entries),
            }
        }
        Some(_) => {
            let entries = lines(body);
            let is_object =
                |entry: &Entry<'_>| entry.text.trim_ascii_start().first() == Some(&b'{');
            if entries.iter().any(is_object) {
                return Ok(entries);
            }
            let is_table = |entry: &Entry<'_>| entry.text.iter().any(|byte| b",;\t".contains(byte));
            let is_table = entries.first().is_some_and(is_table);
            Err(FieldError::whole(if is_table { CSV } else { OTHER }))
        }
    }
}

/// Whether `text` is an object around a list or another object, such as `{"users": [{…}]}`, and not an account.
fn wraps_others(text: &[u8]) -> bool {
    let members: Option<BTreeMap<&str, &RawValue>> = serde_json::from_slice(text).ok();
    members.is_some_and(|members| {
        let wraps = |value: &&RawValue| value.get().starts_with(['[', '{']);
        !members.contains_key("email") && members.values().any(wraps)
    })
}

/// How many lines end before `end`, from `start`: with a line feed, or with a carriage return that none follows.
pub(super) fn count_line_ends(text: &[u8], start: usize, end: usize) -> usize {
    let line = text.get(start..end).unwrap_or_default();
    let after = text.get(start.saturating_add(1)..).unwrap_or_default();
    let next = after.iter().map(Some).chain([None]);
    let is_end = |(byte, next): &(&u8, Option<&u8>)| {
        **byte == b'\n' || **byte == b'\r' && *next != Some(&b'\n')
    };
    line.iter().zip(next).filter(is_end).count()
}

/// The body without the byte order mark.
///
/// # Errors
/// What to do, if it is not UTF-8 text.
pub(super) fn text_of(body: &[u8]) -> Result<&[u8], FieldError> {
    let body = body.strip_prefix(MARK).unwrap_or(body);
    let is_other = |(begin, _): &&(&[u8], &str)| body.starts_with(begin);
    let other = OTHER_FILES.iter().find(is_other).map(|(_, advice)| *advice);
    // Half of a character of UTF-16 without a mark.
    let is_half = matches!(body, [one, other, ..] if (*one == 0) != (*other == 0));
    match other.or(is_half.then_some(UTF_16)) {
        Some(advice) => Err(FieldError::whole(advice)),
        None => Ok(body),
    }
}

/// One entry for each line, with line ends of Unix, of Windows or of old Macs. In concatenated files, any line may
/// begin with a byte order mark.
fn lines(body: &[u8]) -> Vec<Entry<'_>> {
    let end = if body.contains(&b'\n') { b'\n' } else { b'\r' };
    let texts = body.split(|byte| *byte == end);
    (1..)
        .zip(texts.map(bare_line))
        .filter(|(_, text)| !text.trim_ascii().is_empty())
        .map(|(line, text)| Entry {
            line,
            index: None,
            text,
        })
        .collect()
}

/// The text of a line, without what may surround its object.
fn bare_line(text: &[u8]) -> &[u8] {
    let text = text.strip_prefix(MARK).unwrap_or(text);
    text.trim_ascii_end().strip_suffix(b",").unwrap_or(text)
}

fn list(body: &[u8]) -> Result<Vec<Entry<'_>>, FieldError> {
    let values: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
        let (line, column) = place_of(&error, body);
        FieldError::whole(&format!(
            "is a JSON array with an error at line {line}, column {column}"
        ))
    })?;
    let mut numbers = Numbers::new(body);
    let entries = (0..).zip(values).map(|(index, value)| Entry {
        line: numbers.of(value),
        index: Some(index),
        text: value.get().as_bytes(),
    });
    Ok(entries.collect())
}

/// The line and the column of an error. The parser counts line feeds only.
fn place_of(error: &serde_json::Error, body: &[u8]) -> (usize, usize) {
    if body.contains(&b'\n') {
        return (error.line(), error.column());
    }
    let before = body.get(..error.column()).unwrap_or_default();
    let lines = count_line_ends(body, 0, before.len());
    let last = before.rsplit(|byte| *byte == b'\r').next();
    (lines.saturating_add(1), last.map_or(0, <[u8]>::len))
}

/// Objects that span several lines each. `None` if the first line is an object by itself, or if anything between them
/// is not JSON.
fn objects_over_lines(body: &[u8]) -> Option<Vec<Entry<'_>>> {
    let first = lines(body).into_iter().next()?;
    if serde_json::from_slice::<&RawValue>(first.text).is_ok() {
        return None;
    }
    let mut numbers = Numbers::new(body);
    let values = serde_json::Deserializer::from_slice(body).into_iter::<&RawValue>();
    values
        .map(|value| {
            let value = value.ok()?;
            Some(Entry {
                line: numbers.of(value),
                index: None,
                text: value.get().as_bytes(),
            })
        })
        .collect()
}

/// The line numbers on which values begin, computed in order.
struct Numbers<'a> {
    body: &'a [u8],
    counted: usize,
    line: usize,
}

impl<'a> Numbers<'a> {
    const fn new(body: &'a [u8]) -> Self {
        Self {
            body,
            counted: 0,
            line: 1,
        }
    }

    fn of(&mut self, value: &RawValue) -> usize {
        let start = value
            .get()
            .as_ptr()
            .addr()
            .saturating_sub(self.body.as_ptr().addr());
        let ends = count_line_ends(self.body, self.counted, start);
        self.line = self.line.saturating_add(ends);
        self.counted = start;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(body: &[u8]) -> Vec<(usize, Option<usize>, String)> {
        let entries = find(body).unwrap().into_iter();
        let text = |text: &[u8]| String::from_utf8_lossy(text.trim_ascii()).into_owned();
        entries
            .map(|entry| (entry.line, entry.index, text(entry.text)))
            .collect()
    }

    fn on_line(line: usize, text: &str) -> (usize, Option<usize>, String) {
        (line, None, text.to_owned())
    }

    fn in_list(line: usize, index: usize, text: &str) -> (usize, Option<usize>, String) {
        (line, Some(index), text.to_owned())
    }

    #[test]
    fn lines_come_with_marks_carriage_returns_blanks_and_commas() {
        for body in [
            "{\"a\":1}\n\n{\"b\":2}",
            "\u{feff}{\"a\":1}\r\n\r\n{\"b\":2}\r\n",
            " {\"a\":1},\n \t\n{\"b\":2},\n",
            "{\"a\":1},\r\r{\"b\":2},\r",
            "\u{feff}{\"a\":1}\n\n\u{feff}{\"b\":2}\n",
        ] {
            let expected = [on_line(1, "{\"a\":1}"), on_line(3, "{\"b\":2}")];
            assert_eq!(found(body.as_bytes()), expected, "{body}");
        }
        for empty in ["", "\u{feff}", "\r\n \n"] {
            assert_eq!(found(empty.as_bytes()), [], "{empty:?}");
        }
        // A bad line is an error by itself.
        let expected = [on_line(1, "zebra"), on_line(2, "{}")];
        assert_eq!(found(b"zebra\n{}"), expected);
    }

    #[test]
    fn a_list_may_be_on_one_line_or_on_many() {
        let expected = [in_list(1, 0, "{\"a\":1}"), in_list(1, 1, "7")];
        assert_eq!(found(b"[{\"a\":1},7]"), expected);
        assert_eq!(found("\u{feff} [{\"a\":1}, 7]\r\n".as_bytes()), expected);
        let expected = [in_list(2, 0, "{\n}"), in_list(5, 1, "{}")];
        assert_eq!(found(b"[\n{\n},\n\n{}\n]"), expected);
        assert_eq!(found(b"[]"), []);
        // Old Macs end lines with a carriage return alone.
        let expected = [in_list(2, 0, "{\r}"), in_list(5, 1, "{}")];
        assert_eq!(found(b"[\r{\r},\r\r{}\r]"), expected);
    }

    #[test]
    fn objects_may_be_written_over_several_lines() {
        let expected = [on_line(1, "{\n\"a\": 1\n}"), on_line(4, "{}")];
        assert_eq!(found(b"{\n\"a\": 1\n}\n{}"), expected);
        let expected = [on_line(1, "{\r\"a\": 1\r}"), on_line(4, "{}")];
        assert_eq!(found(b"{\r\"a\": 1\r}\r{}"), expected);
        // A truncated line spoils only itself.
        let expected = [on_line(1, "{\"a\":"), on_line(2, "{}")];
        assert_eq!(found(b"{\"a\":\n{}"), expected);
    }

    #[test]
    fn whatever_else_is_refused_once_and_says_what_to_do() {
        let utf_16: Vec<u8> = "[{}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (body, advice) in [
            (&b"\x1f\x8b\x08\0"[..], "uncompressed"),
            (b"PK\x03\x04", "spreadsheet"),
            (b"\xff\xfe{\0", "UTF-8"),
            (b"\xfe\xff\0{", "UTF-8"),
            (&utf_16, "UTF-8"),
            (b"email,id\na@example.com,a", "text/csv"),
            (b"\xef\xbb\xbf\"email\";\"id\"\r\n", "text/csv"),
            (b"email\tid\na\tb", "text/csv"),
            (b"email\na@example.com", "one JSON object per line"),
            (b"<users/>", "one JSON object per line"),
            (b"[{},]", "line 1, column 5"),
            (b"[{}", "line 1, column 3"),
            (b"[\r{},\r]", "line 3, column 1"),
            (b"e\0m\0a\0", "UTF-8"),
            (b"\0e\0m", "UTF-8"),
            (b"\xfd7zXZ\0\0", "uncompressed"),
            (b"BZh91AY", "uncompressed"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "CSV"),
            (b"\0{\0}", "UTF-8"),
            (
                b"{\"users\": [{\"email\": \"a@example.com\"}]}",
                "send the list alone",
            ),
            (
                b"{\n\"start\": 0,\n\"users\": [\n{}]\n}\n",
                "send the list alone",
            ),
            (b"[{}]\n[{}]", "line 2, column 1"),
        ] {
            let refused = find(body).unwrap_err();
            assert_eq!(refused.pointer, "");
            assert!(refused.detail.contains(advice), "{}", refused.detail);
        }
    }
}
