//! Schemas, as tables of members.

use serde_json::Value;

use super::{items, members, text_at};

/// A member of an object, or a parameter.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) required: bool,
    pub(super) kind: Kind,
    /// HTML of the document's description: its text escaped, its code marked up.
    pub(super) about: String,
}

/// Which values a schema allows, in words for the page.
#[derive(Debug, Clone, Default)]
pub(super) struct Kind {
    /// Such as `string, up to 254 characters`.
    pub(super) text: String,
    /// The schema that it refers to.
    pub(super) schema: Option<String>,
    /// The text after the name of the schema.
    pub(super) rest: &'static str,
}

/// A schema with a name.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) name: String,
    /// HTML of the document's description: its text escaped, its code marked up.
    pub(super) about: String,
    pub(super) members: Vec<Member>,
    /// The allowed words, if it has no members, with the meaning of each, as HTML.
    pub(super) words: Vec<(String, String)>,
}

/// All schemas of `document` that have a name.
pub(super) fn all(document: &Value) -> Vec<Named> {
    let schemas = document
        .pointer("/components/schemas")
        .and_then(Value::as_object);
    let named = schemas.into_iter().flatten().map(|(name, schema)| Named {
        name: name.clone(),
        about: rich(text_at(schema, "/description")),
        members: members_of(schema),
        words: words_of(schema),
    });
    named.collect()
}

/// The members of an object, in all its alternatives.
pub(super) fn members_of(schema: &Value) -> Vec<Member> {
    let mut found: Vec<Member> = Vec::new();
    let mut forms = 0_usize;
    for form in forms_of(schema) {
        forms = forms.saturating_add(1);
        for (name, property) in members(form, "properties") {
            if text_at(property, "/type") == "null" {
                continue;
            }
            let required = items(form, "required").any(|it| it == name);
            let known = found.iter_mut().find(|it| it.name == *name);
            match known {
                Some(member) => {
                    member.required &= required;
                    if member.about.is_empty() {
                        *member = Member::of(name, property, member.required);
                    }
                }
                None => found.push(Member::of(name, property, required && forms == 1)),
            }
        }
    }
    // A member that some alternatives lack is optional.
    for member in &mut found {
        member.required &=
            forms_of(schema).all(|form| items(form, "required").any(|it| *it == member.name));
    }
    found.sort_by_key(|member| !member.required);
    found
}

/// The alternatives of an object are in `oneOf`.
pub(super) fn forms_of(schema: &Value) -> impl Iterator<Item = &Value> {
    let alone = schema.get("oneOf").is_none().then_some(schema);
    alone.into_iter().chain(items(schema, "oneOf"))
}

impl Member {
    pub(super) fn of(name: &str, schema: &Value, required: bool) -> Self {
        Self {
            name: name.to_owned(),
            required,
            kind: kind_of(schema),
            about: rich(text_at(schema, "/description")),
        }
    }
}

/// The words of an enumeration that describes each of them.
fn words_of(schema: &Value) -> Vec<(String, String)> {
    let words = items(schema, "oneOf").filter_map(|it| {
        let word = it.get("const")?.as_str()?;
        Some((word.to_owned(), rich(text_at(it, "/description"))))
    });
    words.collect()
}

/// The kind of value that this schema allows.
pub(super) fn kind_of(schema: &Value) -> Kind {
    if let Some(name) = name_of(schema) {
        return Kind {
            schema: Some(name),
            ..Kind::default()
        };
    }
    if let Some(name) = items(schema, "anyOf").find_map(name_of) {
        return Kind {
            schema: Some(name),
            rest: " or null",
            ..Kind::default()
        };
    }
    if let Some(listed) = schema.get("items") {
        let inner = kind_of(listed);
        return Kind {
            text: format!("list of {}", inner.text),
            rest: "",
            ..inner
        };
    }
    if let Some(only) = schema.get("const") {
        return Kind {
            text: only.to_string(),
            ..Kind::default()
        };
    }
    let words: Vec<String> = items(schema, "enum").map(show).collect();
    let text = if words.is_empty() {
        plain(schema)
    } else {
        words.join(", ")
    };
    Kind {
        text,
        ..Kind::default()
    }
}

fn name_of(schema: &Value) -> Option<String> {
    let path = schema.get("$ref")?.as_str()?;
    path.rsplit('/').next().map(str::to_owned)
}

fn show(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), |text| format!("\"{text}\""))
}

/// The type, with its limits.
fn plain(schema: &Value) -> String {
    let kinds = match schema.get("type") {
        Some(Value::Array(kinds)) => {
            let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join(" or ")
        }
        Some(kind) => kind.as_str().unwrap_or_default().to_owned(),
        None => "any value".to_owned(),
    };
    let number = |name: &str| schema.get(name).and_then(Value::as_u64);
    let mut parts = vec![kinds];
    if let Some(format) = schema.get("format").and_then(Value::as_str) {
        parts.push(format.to_owned());
    }
    if let (Some(least), Some(most)) = (number("minimum"), number("maximum")) {
        parts.push(format!("{least} to {most}"));
    }
    if let Some(most) = number("maxLength") {
        parts.push(format!("up to {most} characters"));
    }
    if let Some(default) = schema.get("default") {
        parts.push(format!("default {default}"));
    }
    parts.join(", ")
}

/// A description as HTML, with the text between backticks as code.
pub(super) fn rich(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        let escaped = part
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        if index % 2 == 1 {
            html.push_str("<code>");
            html.push_str(&escaped);
            html.push_str("</code>");
        } else {
            html.push_str(&escaped);
        }
    }
    html
}
