//! The body of a call.

use serde_json::Value;

use super::schema::{Member, forms_of, members_of, rich};
use super::{members, text_at};

/// The body of a call, as its section of the page describes it.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) required: bool,
    /// The titles of its alternatives, if it has several.
    pub(super) forms: Vec<String>,
    /// The members of the JSON object, or of the objects in the JSON list.
    pub(super) members: Vec<Member>,
    pub(super) is_list: bool,
    /// HTML about the other media types.
    pub(super) others: Vec<String>,
    /// An example in JSON.
    pub(super) example: Option<String>,
}

impl Body {
    /// The body of `operation`, if it takes one.
    pub(super) fn of(operation: &Value) -> Option<Self> {
        let body = operation.get("requestBody")?;
        let json = body.get("content")?.get("application/json")?;
        let schema = json.get("schema")?;
        let object = schema.get("items").unwrap_or(schema);
        let titles = forms_of(schema).map(|form| text_at(form, "/title"));
        let content = || members(body, "content");
        let others = content().filter(|(media, _)| *media != "application/json");
        Some(Self {
            required: body
                .get("required")
                .and_then(Value::as_bool)
                .unwrap_or_default(),
            forms: titles
                .filter(|title| !title.is_empty())
                .map(str::to_owned)
                .collect(),
            members: members_of(object),
            is_list: schema.get("items").is_some(),
            others: others
                .map(|(media, it)| {
                    rich(&format!(
                        "`{media}`: {}",
                        text_at(it, "/schema/description")
                    ))
                })
                .collect(),
            example: json.get("example").map(Value::to_string),
        })
    }
}
