//! Schemas of bodies and queries. Handlers read these member by member, so there are no types for them. The tests
//! compare the names with those that a handler reads.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

/// Any text.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// An address, as in HTML's `<input type=email>`.
pub(super) fn email() -> Value {
    json!({"type": "string", "format": "email", "maxLength": 254})
}

/// The id of an account.
pub(super) fn account_id() -> Value {
    json!({"type": "string", "pattern": "^[!-~]{1,128}$", "maxLength": 128, "not": {"enum": [".", ".."]}})
}

/// One line for the event.
pub(super) fn reason() -> Value {
    json!({"type": "string", "maxLength": 500, "pattern": "^[^\\x00-\\x1f\\x7f-\\x9f]*$"})
}

/// `true` or `false`.
pub(super) fn flag(default: bool) -> Value {
    json!({"type": "boolean", "default": default})
}

/// `true` or `false`, with a default that depends on the other members.
pub(super) fn either() -> Value {
    json!({"type": "boolean"})
}

/// Only this value.
pub(super) fn just(value: &Value) -> Value {
    json!({"const": value})
}

/// A whole number.
pub(super) fn number(range: &RangeInclusive<u64>) -> Value {
    json!({"type": "integer", "minimum": range.start(), "maximum": range.end()})
}

/// A whole number with a default.
pub(super) fn limit(most: u64, default: u64) -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": most, "default": default})
}

/// One of these words.
pub(super) fn word<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({"type": "string", "enum": words.into_iter().collect::<Vec<_>>()})
}

/// A text that matches a pattern.
pub(super) fn form(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

/// A time in RFC 3339, or a date, from 1970 on.
pub(super) fn instant() -> Value {
    // Existing days, and the leap days of the next decades.
    let days = "((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";
    let leap = "(19(7[26]|8[048]|9[26])|20([02468][048]|[13579][26]))-02-29";
    let zone = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])";
    let time = format!("(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{{1,9}})?{zone})?");
    let date = format!("((19[7-9][0-9]|[2-9][0-9]{{3}})-{days}|{leap})");
    json!({"type": "string", "pattern": format!("^{date}{time}$"), "examples": ["2026-11-23T09:00:00Z", "2026-11-23"]})
}

/// A list of 1 to `most` of these.
pub(super) fn list(items: &Value, most: usize) -> Value {
    json!({"type": "array", "items": items, "minItems": 1, "maxItems": most})
}

/// The members of a JSON object; any other member is refused.
#[derive(Debug, Clone)]
pub(super) struct Object {
    schema: Map<String, Value>,
    properties: Map<String, Value>,
    required: Vec<String>,
}

/// An object without members.
pub(super) fn object() -> Object {
    Object {
        schema: Map::new(),
        properties: Map::new(),
        required: Vec::new(),
    }
}

impl Object {
    /// With a title that distinguishes this alternative.
    pub(super) fn titled(mut self, title: &str) -> Self {
        self.schema.insert("title".to_owned(), title.into());
        self
    }

    /// With a required member.
    pub(super) fn required(mut self, name: &str, schema: Value, about: &str) -> Self {
        self.required.push(name.to_owned());
        self.given(name, schema, about)
    }

    /// With a member that may be absent or `null`, which mean the same.
    pub(super) fn optional(self, name: &str, schema: Value, about: &str) -> Self {
        self.given(name, nullable(schema), about)
    }

    /// With a member that may be absent, but not `null`.
    pub(super) fn given(mut self, name: &str, mut schema: Value, about: &str) -> Self {
        if !about.is_empty() {
            schema["description"] = about.into();
        }
        self.properties.insert(name.to_owned(), schema);
        self
    }

    /// Without a member of another alternative: it may only be absent or `null`.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        for name in names {
            self.properties
                .insert((*name).to_owned(), json!({"type": "null"}));
        }
        self
    }

    /// With another rule of JSON Schema.
    pub(super) fn ruled(mut self, keyword: &str, rule: Value) -> Self {
        self.schema.insert(keyword.to_owned(), rule);
        self
    }

    pub(super) fn build(self) -> Value {
        let mut schema = self.schema;
        schema.insert("type".to_owned(), "object".into());
        schema.insert("properties".to_owned(), Value::Object(self.properties));
        schema.insert("additionalProperties".to_owned(), false.into());
        if !self.required.is_empty() {
            schema.insert("required".to_owned(), json!(self.required));
        }
        Value::Object(schema)
    }
}

/// A body of one of several forms.
pub(super) fn one_of(alternatives: impl IntoIterator<Item = Object>) -> Value {
    let alternatives = alternatives.into_iter().map(Object::build);
    json!({"oneOf": alternatives.collect::<Vec<_>>()})
}

fn nullable(mut schema: Value) -> Value {
    let nothing = json!({"type": "null"});
    if let Some(kind) = schema.get("type").cloned() {
        schema["type"] = json!([kind, "null"]);
        if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
            words.push(Value::Null);
        }
        return schema;
    }
    json!({"anyOf": [schema, nothing]})
}
