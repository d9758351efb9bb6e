//! The limits of a request. They are checked in one pass over the document, before it is validated against the schema
//! or run: validating a hostile document can take longer than any answer is worth.

use std::collections::BTreeMap;

use async_graphql::Name;
use async_graphql::parser::types::{
    ExecutableDocument, Field, FragmentDefinition, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Positioned, Variables};
use serde_json::Value;

use crate::http::graphql::error::ApiError;

/// How deep brackets may be nested in the text. The parser recurses for each level.
const MAX_NESTING: usize = 64;
/// How deep fields may be nested. The deepest introspection query in use has 15 levels.
const MAX_DEPTH: usize = 20;
/// How many fields may have an alias.
const MAX_ALIASES: usize = 30;
/// How many fields an answer may have: those of a list count for each of its entries. A full page with everything that
/// the portal lists needs 5,000.
const MAX_FIELDS: usize = 20_000;
/// The maximum number of ids in `nodes`, and of users on a page.
pub(super) const MAX_PAGE: usize = 100;

/// Whether brackets are nested deeper than in any sensible document. Strings and comments are skipped.
pub(super) fn is_nested_too_deep(text: &str) -> bool {
    let mut bytes = text.as_bytes();
    let mut depth = 0_usize;
    while let Some((first, rest)) = bytes.split_first() {
        bytes = match first {
            b'{' | b'[' | b'(' => {
                depth = depth.saturating_add(1);
                rest
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                rest
            }
            b'#' => after(rest, b"\n"),
            b'"' => match rest.strip_prefix(b"\"\"") {
                Some(block) => after_string(block, b"\"\"\""),
                None => after_string(rest, b"\""),
            },
            _ => rest,
        };
        if depth > MAX_NESTING {
            return true;
        }
    }
    false
}

/// The text after the next `end`.
fn after<'a>(text: &'a [u8], end: &[u8]) -> &'a [u8] {
    let place = text.windows(end.len()).position(|found| found == end);
    let place = place.map_or(text.len(), |place| place.saturating_add(end.len()));
    text.get(place..).unwrap_or_default()
}

/// The text after a string that ends with `end`, where a backslash escapes the next character.
fn after_string<'a>(mut text: &'a [u8], end: &[u8]) -> &'a [u8] {
    while !text.is_empty() {
        text = match (text, text.strip_prefix(end)) {
            (_, Some(rest)) => return rest,
            ([b'\\', _, rest @ ..] | [_, rest @ ..], None) => rest,
            ([], None) => text,
        };
    }
    text
}

/// The size of a selection.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Each fragment counts as a field, so that empty ones do not come for free.
    fields: usize,
    depth: usize,
    /// Like `depth`, with fragments.
    levels: usize,
    aliases: usize,
    /// The fields of the selection itself, without those below.
    own_fields: usize,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            levels: self.levels.max(other.levels),
            aliases: self.aliases.saturating_add(other.aliases),
            own_fields: self.own_fields.saturating_add(other.own_fields),
        }
    }

    /// The size of the selection as part of a fragment.
    fn within_fragment(self) -> Self {
        Self {
            fields: self.fields.saturating_add(1),
            levels: self.levels.saturating_add(1),
            ..self
        }
    }
}

/// Checks all of `document`, regardless of the operation to run.
///
/// # Errors
/// The limit that is exceeded, or that a fragment contains itself.
pub(super) fn check(
    document: &ExecutableDocument,
    operation: Option<&str>,
    variables: &Variables,
) -> Result<(), ApiError> {
    let mut measured = Measured {
        document,
        variables,
        fragments: BTreeMap::new(),
        level: 0,
    };
    for (name, fragment) in &document.fragments {
        measured.fragment(name, fragment)?;
    }
    for (name, definition) in document.operations.iter() {
        let size = measured.selections(&definition.node.selection_set.node)?;
        let is_asked = operation.is_none() || name.map(Name::as_str) == operation;
        within_limits(&definition.node, size, is_asked)?;
    }
    Ok(())
}

fn within_limits(
    definition: &OperationDefinition,
    size: Size,
    is_asked: bool,
) -> Result<(), ApiError> {
    if is_asked && definition.ty == OperationType::Mutation && size.own_fields > 1 {
        let message = format!(
            "too many mutation fields in one request: got {}, limit is 1",
            size.own_fields
        );
        return Err(ApiError::bad_request(&message));
    }
    for (count, limit, what) in [
        (size.depth, MAX_DEPTH, LEVELS),
        (size.aliases, MAX_ALIASES, "aliases"),
        (size.fields, MAX_FIELDS, "fields in the answer"),
    ] {
        if count > limit {
            return Err(too_many(what, limit));
        }
    }
    Ok(())
}

const LEVELS: &str = "levels of fields";

fn too_many(what: &str, limit: usize) -> ApiError {
    ApiError::bad_request(&format!("too many {what} in one request: limit is {limit}"))
}

/// The sizes of fragments by name; `None` while one is being measured.
struct Measured<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    fragments: BTreeMap<&'a str, Option<Size>>,
    /// How deep in the document the measuring is.
    level: usize,
}

impl<'a> Measured<'a> {
    /// Measures each fragment once, however often it is spread.
    fn fragment(
        &mut self,
        name: &'a Name,
        fragment: &'a Positioned<FragmentDefinition>,
    ) -> Result<Size, ApiError> {
        match self.fragments.get(name.as_str()) {
            Some(Some(size)) => return Ok(*size),
            Some(None) => {
                let message = format!("graphql fragment cycle detected at \"{name}\"");
                return Err(ApiError::bad_request(&message));
            }
            None => {}
        }
        self.fragments.insert(name, None);
        let size = self.selections(&fragment.node.selection_set.node)?;
        self.fragments.insert(name, Some(size));
        Ok(size)
    }

    fn selections(&mut self, set: &'a SelectionSet) -> Result<Size, ApiError> {
        self.level = self.level.saturating_add(1);
        let mut sum = Size::default();
        for selection in &set.items {
            // A fragment that was measured before only adds its levels.
            if self.level.saturating_add(sum.levels) > MAX_NESTING {
                return Err(too_many(LEVELS, MAX_DEPTH));
            }
            sum = sum.beside(self.selection(&selection.node)?);
        }
        self.level = self.level.saturating_sub(1);
        Ok(sum)
    }

    fn selection(&mut self, selection: &'a Selection) -> Result<Size, ApiError> {
        match selection {
            Selection::Field(field) => self.field(&field.node),
            Selection::InlineFragment(inline) => {
                let size = self.selections(&inline.node.selection_set.node)?;
                Ok(size.within_fragment())
            }
            Selection::FragmentSpread(spread) => {
                let name = &spread.node.fragment_name.node;
                let size = match self.document.fragments.get_key_value(name) {
                    Some((name, fragment)) => self.fragment(name, fragment)?,
                    // The validation by the schema reports it.
                    None => Size::default(),
                };
                Ok(size.within_fragment())
            }
        }
    }

    fn field(&mut self, field: &'a Field) -> Result<Size, ApiError> {
        let below = self.selections(&field.selection_set.node)?;
        let times = self.entries(field);
        Ok(Size {
            fields: below.fields.saturating_add(1).saturating_mul(times),
            depth: below.depth.saturating_add(1),
            levels: below.levels.saturating_add(1),
            aliases: below
                .aliases
                .saturating_add(usize::from(field.alias.is_some())),
            own_fields: 1,
        })
    }

    /// How many entries the field's list has.
    fn entries(&self, field: &Field) -> usize {
        let argument = |name: &str| -> Option<Value> {
            let value = field.get_argument(name)?.node.clone();
            let value = value.into_const_with(|name| {
                let given = self.variables.get(&name);
                Ok::<_, ()>(given.cloned().unwrap_or_default())
            });
            value.ok()?.into_json().ok()
        };
        match field.name.node.as_str() {
            "users" => ["first", "last"]
                .into_iter()
                .filter_map(|name| argument(name)?.as_u64())
                .filter_map(|count| usize::try_from(count).ok())
                .min()
                .map_or(MAX_PAGE, |count| count.clamp(1, MAX_PAGE)),
            "nodes" => argument("ids")
                .and_then(|ids| ids.as_array().map(Vec::len))
                .unwrap_or(1)
                .max(1),
            _ => 1,
        }
    }
}
