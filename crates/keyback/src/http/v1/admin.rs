//! `/v1/admin/…`: the calls of administrators.

pub mod emails;
pub mod users;

use crate::http::fields::Fields;

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

fn parse_reason(text: &str) -> Result<String, &'static str> {
    let fits = text.chars().count() <= MAX_REASON && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err("must be one line of at most 500 characters")
    }
}
