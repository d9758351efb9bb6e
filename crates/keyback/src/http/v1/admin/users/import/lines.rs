//! The accounts in the body of an import, in any of its forms.

use crate::base::timestamp::Timestamp;
use crate::flow::accounts::create::Draft;
use crate::flow::accounts::import::CHUNK;
use crate::http::fields::Fields;
use crate::http::problem::{FieldError, Problem};
use crate::http::query;
use crate::http::request::{MAX_BODY_BYTES, Request};
use crate::http::v1::admin::users::create::read_draft;
use crate::http::v1::admin::users::import::entries;
use crate::http::v1::admin::users::import::table::{Mapping, Table};
use crate::http::v1::admin::users::import::tally::Place;
use crate::settings::TemporaryPasswordLifetime;

/// Maximum lines of a call: the answer may contain a failure for each.
const MAX_LINES: usize = 100_000;

/// The accounts of a body, in their order.
pub(super) struct Lines<'a> {
    pub(super) lines: Box<dyn Iterator<Item = Line> + 'a>,
    /// The columns of a table that mean nothing here.
    pub(super) ignored: Option<Vec<String>>,
}

/// One account, or its error.
pub(super) struct Line {
    place: Place,
    members: Result<Fields, Vec<FieldError>>,
}

/// Finds the accounts of a body.
///
/// # Errors
/// What to do, if the whole body is of another kind; 413 for too many lines.
pub(super) fn find(request: &Request, mapping: Option<Mapping>) -> Result<Lines<'_>, Problem> {
    let refused = |error| Problem::validation_failed(vec![error]);
    let body = request.lines()?;
    if request.is_table() {
        let text = entries::text_of(body).map_err(refused)?;
        let table = Table::begin(text, &mapping.unwrap_or_default()).map_err(refused)?;
        if table.as_ref().is_some_and(|it| it.row_count() > MAX_LINES) {
            return Err(Problem::payload_too_large());
        }
        let ignored = table.as_ref().map(|table| table.ignored.clone());
        let rows = table.into_iter().flatten().map(|row| Line {
            place: Place {
                line: row.line,
                index: None,
            },
            members: match row.members {
                Ok(members) => Ok(Fields::of(members)),
                Err(detail) => Err(vec![FieldError::whole(detail)]),
            },
        });
        return Ok(Lines {
            lines: Box::new(rows),
            ignored,
        });
    }
    if mapping.is_some() {
        return Err(query::refuse("map works only with text/csv"));
    }
    let entries = entries::find(body).map_err(refused)?;
    if entries.len() > MAX_LINES {
        return Err(Problem::payload_too_large());
    }
    let lines = entries.into_iter().map(|entry| Line {
        place: Place {
            line: entry.line,
            index: entry.index,
        },
        members: if entry.text.len() > MAX_BODY_BYTES {
            Err(vec![FieldError::whole("is longer than 16 KiB")])
        } else {
            Fields::parse(entry.text)
        },
    });
    Ok(Lines {
        lines: Box::new(lines),
        ignored: None,
    })
}

/// Some lines, which are imported together.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// The place of each line, with the errors of an invalid one.
    pub(super) lines: Vec<(Place, Result<(), Vec<FieldError>>)>,
    /// The accounts of the valid ones.
    pub(super) drafts: Vec<Draft>,
}

/// The next lines.
pub(super) fn next_chunk(
    lines: &mut dyn Iterator<Item = Line>,
    lifetime: TemporaryPasswordLifetime,
    now: Timestamp,
) -> Chunk {
    let mut chunk = Chunk::default();
    for Line { place, members } in lines.take(CHUNK) {
        let draft = members.and_then(|fields| read_members(fields, lifetime, now));
        let read = draft.map(|draft| chunk.drafts.push(draft));
        chunk.lines.push((place, read));
    }
    chunk
}

/// The members of a creation, and the additional ones of an export.
fn read_members(
    mut fields: Fields,
    lifetime: TemporaryPasswordLifetime,
    now: Timestamp,
) -> Result<Draft, Vec<FieldError>> {
    let disabled = fields.boolean("disabled", false);
    let created_at = fields.optional_text("created_at", |text| {
        let time = Timestamp::parse(text);
        time.filter(|time| *time <= now)
            .ok_or("must be an RFC 3339 time in the past, such as 2026-11-23T09:00:00Z")
    });
    let draft = read_draft(&mut fields, lifetime);
    let errors = fields.finish();
    match (draft, disabled, created_at) {
        (Some(draft), Some(disabled), Some(created_at)) if errors.is_empty() => Ok(Draft {
            disabled,
            created_at,
            ..draft
        }),
        _ => Err(errors),
    }
}
