//! `/v1/admin/…`: the calls of administrators.

pub mod emails;
pub mod events;
pub mod users;

use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::line::is_line;

/// The longest reason, in characters.
const MAX_REASON: usize = 500;

/// Reads the `reason` that every changing call takes, for its event.
#[expect(
    clippy::option_option,
    reason = "as `Fields` has it: refused, absent and given are three things"
)]
fn read_reason(fields: &mut Fields) -> Option<Option<String>> {
    fields.optional_text("reason", parse_reason)
}

/// Reads the `reason` of a call that needs no body from its body or its query: some clients and proxies drop the body of a
/// `DELETE` (RFC 9110 §9.3.5).
fn read_reason_anywhere(request: &Request) -> Result<Option<String>, Problem> {
    let of_query = request.query(&["reason"])?.parsed("reason", parse_reason)?;
    Ok(request.optional_members(read_reason)?.or(of_query))
}

/// Parses a reason, which must be one line and not too long.
///
/// # Errors
/// The rule that it breaks.
pub(in crate::http) fn parse_reason(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || is_line(text, MAX_REASON) {
        Ok(text.to_owned())
    } else {
        Err("must be one line of at most 500 characters")
    }
}
