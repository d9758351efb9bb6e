//! Reading an import that is a table (RFC 4180): a header row with the names of the members, and an account on each row.
//!
//! Tables come from spreadsheets and from other systems: with commas, semicolons or tabs between cells, with irrelevant
//! columns, and with names of their own.

use std::collections::BTreeMap;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use serde_json::Value;

use crate::http::problem::FieldError;
use crate::http::request::MAX_BODY_BYTES;
use crate::http::v1::admin::users::import::entries::count_line_ends;

/// The members that a column can set.
const MEMBERS: [&str; 9] = [
    "email",
    "id",
    "locale",
    "password",
    "password_hash",
    "change_on_next_sign_in",
    "disabled",
    "created_at",
    "reason",
];
/// Members whose cells are true or false.
const BOOLEANS: [&str; 2] = ["change_on_next_sign_in", "disabled"];
/// Members that are valid with a line break in them. All others refuse one by themselves.
const ANY_TEXT: [&str; 2] = ["locale", "password"];
/// The maximum number of columns.
const MAX_COLUMNS: usize = 256;

const TOO_LONG: &str = "is longer than 16 KiB, or has more than 256 cells";
const TOO_MANY_CELLS: &str = "has more cells than the header row";
const UNCLOSED: &str = "has a quotation mark that is not closed";
const LINE_BREAK: &str = "has a line break in a cell: is a quotation mark not closed?";

/// The columns of the members, by their names in the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mapping(BTreeMap<String, &'static str>);

impl Mapping {
    /// Parses `name:member` pairs, joined by commas.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut mapping = BTreeMap::new();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (name, member) = pair.rsplit_once(':').ok_or("must be column:member pairs")?;
            let known = MEMBERS.into_iter().find(|known| *known == member.trim());
            let member = known.ok_or(
                "names an unknown member: use email, id, locale, password, password_hash, \
                 change_on_next_sign_in, disabled, created_at or reason",
            )?;
            mapping.insert(name.trim().to_owned(), member);
        }
        Ok(Self(mapping))
    }
}

/// A table after its header row.
#[derive(Debug)]
pub(super) struct Table<'a> {
    rows: Rows<'a>,
    columns: Vec<Option<&'static str>>,
    /// The names of the columns that mean nothing here.
    pub(super) ignored: Vec<String>,
}

/// A row: where it begins, and its members or its error.
pub(super) struct Row {
    /// The number of its line, from 1.
    pub(super) line: usize,
    pub(super) members: Result<BTreeMap<String, Value>, &'static str>,
}

impl<'a> Table<'a> {
    /// Reads the header row of `text`, without a byte order mark. `None` for a text without rows.
    ///
    /// # Errors
    /// What to do, if the columns are ambiguous.
    pub(super) fn begin(text: &'a [u8], mapping: &Mapping) -> Result<Option<Self>, FieldError> {
        let refused = |detail: &str| FieldError::whole(detail);
        if std::str::from_utf8(text).is_err() {
            return Err(refused("is not UTF-8 text: save it as CSV in UTF-8"));
        }
        let mut rows = Rows::new(text);
        let Some((_, header)) = rows.next() else {
            return Ok(None);
        };
        let header =
            header.map_err(|detail| refused(&format!("has a header row that {detail}")))?;
        let names: Vec<&str> = header.iter().map(|cell| cell.trim()).collect();
        if let Some(name) = mapping
            .0
            .keys()
            .find(|name| !names.contains(&name.as_str()))
        {
            let name: String = name.chars().take(64).collect();
            return Err(refused(&format!(
                "has no column \"{name}\", but map names it"
            )));
        }
        let columns: Vec<_> = names.iter().map(|name| member_of(name, mapping)).collect();
        for member in MEMBERS {
            if columns.iter().filter(|it| **it == Some(member)).count() > 1 {
                return Err(refused(&format!("has two columns for {member}")));
            }
        }
        if !columns.contains(&Some("email")) {
            return Err(refused(
                "has no column email in its first row: rename one, or map one to it, such as ?map=mail:email",
            ));
        }
        let ignored = names.iter().zip(&columns);
        let ignored = ignored.filter(|(name, column)| column.is_none() && !name.is_empty());
        Ok(Some(Self {
            ignored: ignored.map(|(name, _)| (*name).to_owned()).collect(),
            rows,
            columns,
        }))
    }

    /// The number of rows, without the header row.
    pub(super) fn row_count(&self) -> usize {
        // A clone of csv-core's reader cannot continue: its table of states is not cloned.
        Rows::new(self.rows.text).skip(1).count()
    }

    /// The members of a row's cells; `None` for a row of blank cells.
    fn members(&self, cells: &[String]) -> Option<Result<BTreeMap<String, Value>, &'static str>> {
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            return None;
        }
        let beyond = cells.iter().skip(self.columns.len());
        if beyond.clone().any(|cell| !cell.trim().is_empty()) {
            return Some(Err(TOO_MANY_CELLS));
        }
        let named = self.columns.iter().zip(cells);
        // Such a cell has probably swallowed rows.
        let mut any_texts = named.clone().filter(|(column, _)| {
            let member = column.unwrap_or_default();
            ANY_TEXT.contains(&member)
        });
        if any_texts.any(|(_, cell)| has_line_break(cell.trim().as_bytes())) {
            return Some(Err(LINE_BREAK));
        }
        let members = named.filter_map(|(column, cell)| {
            let name = (*column)?;
            let cell = cell.trim().to_owned();
            (!cell.is_empty()).then(|| (name.to_owned(), value_of(name, cell)))
        });
        Some(Ok(members.collect()))
    }
}

impl Iterator for Table<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            let (line, cells) = self.rows.next()?;
            let members = match cells {
                Ok(cells) => self.members(&cells),
                Err(detail) => Some(Err(detail)),
            };
            if let Some(members) = members {
                return Some(Row { line, members });
            }
        }
    }
}

/// The member that a column sets.
fn member_of(name: &str, mapping: &Mapping) -> Option<&'static str> {
    if let Some(member) = mapping.0.get(name) {
        return Some(member);
    }
    let known = MEMBERS
        .into_iter()
        .find(|member| name.eq_ignore_ascii_case(member))?;
    // Another column was mapped to this member.
    let is_mapped = mapping.0.values().any(|member| *member == known);
    (!is_mapped).then_some(known)
}

fn value_of(member: &str, cell: String) -> Value {
    if !BOOLEANS.contains(&member) {
        return Value::String(cell);
    }
    match cell.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Value::Bool(true),
        "false" | "no" | "0" => Value::Bool(false),
        _ => Value::String(cell),
    }
}

/// The rows of a table, each with its line number.
struct Rows<'a> {
    text: &'a [u8],
    reader: Reader,
    separator: u8,
    at: usize,
    line: usize,
    /// Buffers for the cells of a row, and for where each ends.
    cells: Vec<u8>,
    ends: Vec<usize>,
}

impl std::fmt::Debug for Rows<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rows from line {}", self.line)
    }
}

impl<'a> Rows<'a> {
    fn new(text: &'a [u8]) -> Self {
        let separator = separator_of(text);
        Self {
            text,
            reader: ReaderBuilder::new().delimiter(separator).build(),
            separator,
            at: 0,
            line: 1,
            cells: vec![0; MAX_BODY_BYTES],
            ends: vec![0; MAX_COLUMNS],
        }
    }

    /// Cuts the row into its cells.
    fn cells(cells: &[u8], ends: &[usize]) -> Vec<String> {
        let mut from = 0;
        let mut texts = Vec::new();
        for end in ends {
            let cell = cells.get(from..*end).unwrap_or_default();
            texts.push(String::from_utf8_lossy(cell).into_owned());
            from = *end;
        }
        texts
    }
}

impl Iterator for Rows<'_> {
    type Item = (usize, Result<Vec<String>, &'static str>);

    fn next(&mut self) -> Option<Self::Item> {
        let begin = self.at;
        let (mut cells_end, mut ends_end) = (0_usize, 0_usize);
        let mut is_too_long = false;
        loop {
            let input = self.text.get(self.at..).unwrap_or_default();
            let (result, read, written, ended) = self.reader.read_record(
                input,
                self.cells.get_mut(cells_end..).unwrap_or_default(),
                self.ends.get_mut(ends_end..).unwrap_or_default(),
            );
            self.at = self.at.saturating_add(read);
            cells_end = cells_end.saturating_add(written);
            ends_end = ends_end.saturating_add(ended);
            match result {
                // An empty input means the end.
                ReadRecordResult::InputEmpty if input.is_empty() => return None,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    // The rest of the row is read and dropped.
                    is_too_long = true;
                    (cells_end, ends_end) = (0, 0);
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => return None,
            }
        }
        let raw = self.text.get(begin..self.at).unwrap_or_default();
        let blank = raw.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        let first = begin.saturating_add(blank);
        let line = self
            .line
            .saturating_add(count_line_ends(self.text, begin, first));
        let ends = count_line_ends(self.text, begin, self.at);
        self.line = self.line.saturating_add(ends);
        // A cell that goes on over the end of its line has swallowed the rows after it, unless it is closed well.
        let row = if has_line_break(raw.trim_ascii()) && !is_closed_well(raw, self.separator) {
            Err(UNCLOSED)
        } else if is_too_long {
            Err(TOO_LONG)
        } else {
            let ends = self.ends.get(..ends_end).unwrap_or_default();
            Ok(Self::cells(&self.cells, ends))
        };
        Some((line, row))
    }
}

fn has_line_break(text: &[u8]) -> bool {
    text.iter().any(|byte| b"\r\n".contains(byte))
}

/// Whether each quotation mark that opens a cell has one that closes it, at the end of the cell. Anywhere else, a mark is
/// a character like any other.
fn is_closed_well(row: &[u8], separator: u8) -> bool {
    let ends_cell = |byte: &u8| *byte == separator || b"\r\n".contains(byte);
    let mut rest = row;
    while !rest.is_empty() {
        let mut cell = rest;
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let Some(closed) = after_closing(quoted) else {
                return false;
            };
            let blanks = closed.iter().take_while(|byte| **byte == b' ').count();
            cell = closed.get(blanks..).unwrap_or_default();
            if cell.first().is_some_and(|byte| !ends_cell(byte)) {
                return false;
            }
        }
        let end = cell.iter().position(ends_cell);
        let next = end.and_then(|end| cell.get(end.saturating_add(1)..));
        rest = next.unwrap_or_default();
    }
    true
}

/// What follows the mark that closes a cell; two marks are a character of it.
fn after_closing(mut cell: &[u8]) -> Option<&[u8]> {
    loop {
        let mark = cell.iter().position(|byte| *byte == b'"')?;
        cell = cell.get(mark.saturating_add(1)..)?;
        match cell.strip_prefix(b"\"") {
            Some(rest) => cell = rest,
            None => return Some(cell),
        }
    }
}

/// The separator: whichever of the three occurs most often in the first line, outside quotation marks.
fn separator_of(text: &[u8]) -> u8 {
    let text = text.trim_ascii_start();
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in text {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\r' | b'\n' if !is_quoted => break,
            _ if is_quoted => {}
            _ => {
                if let Some((_, count)) = counts.iter_mut().find(|(known, _)| known == byte) {
                    *count = count.saturating_add(1);
                }
            }
        }
    }
    let [comma, ..] = counts;
    let most = counts
        .into_iter()
        .fold(comma, |most, it| if it.1 > most.1 { it } else { most });
    most.0
}

#[cfg(test)]
mod tests;
