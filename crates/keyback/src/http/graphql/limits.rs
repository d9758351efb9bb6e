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

/// How many brackets a document may open, strings and comments included. The parser recurses for each that is nested:
/// in a component, some thousand overflow the stack.
const MAX_BRACKETS: usize = 300;
/// How often [`BLOCK`] may occur. From each, the parser may read to the end of the document.
const MAX_BLOCKS: usize = 100;
/// What block strings begin and end with.
const BLOCK: &str = "\"\"\"";
/// How deep selections may be nested, with fragments. The measuring below recurses for each level.
const MAX_NESTING: usize = 64;
/// How deep fields may be nested. The deepest introspection query in use has 15 levels.
const MAX_DEPTH: usize = 20;
/// How many fields may have an alias.
const MAX_ALIASES: usize = 30;
/// How many fields an answer may have: those of a list count for each of its entries. A full page with everything that
/// the portal lists needs 5,000.
const MAX_FIELDS: usize = 20_000;
/// How many fields a query may have at its root. Each is run, also where several are the same.
const MAX_ROOT_FIELDS: usize = 30;
/// How deep lists of the schema may be nested in an introspection query: the usual ones nest none. `possibleTypes` and
/// `interfaces` lead back to each other, so each level would multiply the answer.
const MAX_SCHEMA_LISTS: usize = 2;
/// How many fields an answer about the schema may have, if each of its lists were as long as the longest of that name. The usual
/// introspection queries have 1.4 million this way, and get some thousand.
const MAX_SCHEMA_FIELDS: usize = 2_000_000;
/// The lists of the schema that lead from a type to others, and how many entries each has at most.
pub(super) const NESTING_LISTS: [(&str, usize); 4] = [
    ("fields", 45),
    ("inputFields", 10),
    ("interfaces", 3),
    ("possibleTypes", 8),
];
/// The other lists of the schema.
pub(super) const OTHER_LISTS: [(&str, usize); 4] = [
    ("types", 80),
    ("args", 10),
    ("enumValues", 20),
    ("directives", 6),
];
/// The maximum number of ids in `nodes`, and of users on a page.
pub(super) const MAX_PAGE: usize = 100;
/// The order that has no index.
const LAST_LOGIN_AT: &str = "LAST_LOGIN_AT";
/// What it costs to sort users in that order, in fields of the answer: up to 500 users are read, with three reads each.
const SORTING: usize = 1_000;

/// Checks the text of a document before it is parsed. It is only counted: to tell what is text in it, one would have to
/// agree with the parser about every string and comment.
///
/// # Errors
/// The limit that is exceeded.
pub(super) fn check_text(text: &str) -> Result<(), ApiError> {
    let brackets = text.bytes().filter(|it| matches!(it, b'{' | b'[' | b'('));
    let blocks = text.matches(BLOCK).count();
    for (count, limit, what) in [
        (brackets.count(), MAX_BRACKETS, "opening brackets"),
        (blocks, MAX_BLOCKS, "block strings"),
    ] {
        if count > limit {
            return Err(too_many(what, limit));
        }
    }
    Ok(())
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
    /// How many of [`NESTING_LISTS`] are nested.
    schema_lists: usize,
    /// Like `fields`, with the lists of the schema multiplied.
    schema_fields: usize,
}

impl Size {
    fn beside(self, other: Self) -> Self {
        Self {
            fields: self.fields.saturating_add(other.fields),
            depth: self.depth.max(other.depth),
            levels: self.levels.max(other.levels),
            aliases: self.aliases.saturating_add(other.aliases),
            own_fields: self.own_fields.saturating_add(other.own_fields),
            schema_lists: self.schema_lists.max(other.schema_lists),
            schema_fields: self.schema_fields.saturating_add(other.schema_fields),
        }
    }

    /// The size of the selection as part of a fragment.
    fn within_fragment(self) -> Self {
        Self {
            fields: self.fields.saturating_add(1),
            schema_fields: self.schema_fields.saturating_add(1),
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
        (size.own_fields, MAX_ROOT_FIELDS, "fields of the query"),
        (size.depth, MAX_DEPTH, LEVELS),
        (size.aliases, MAX_ALIASES, "aliases"),
        (size.fields, MAX_FIELDS, "fields in the answer"),
        (
            size.schema_lists,
            MAX_SCHEMA_LISTS,
            "nested lists of the schema",
        ),
        (
            size.schema_fields,
            MAX_SCHEMA_FIELDS,
            "fields in the answer",
        ),
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
        let fields = below.fields.saturating_add(1).saturating_mul(times);
        let name = field.name.node.as_str();
        let length = |lists: &[(&str, usize)]| {
            let list = lists.iter().find(|(list, _)| *list == name);
            list.map(|(_, length)| *length)
        };
        let nesting = length(&NESTING_LISTS);
        let entries = nesting.or_else(|| length(&OTHER_LISTS)).unwrap_or(1);
        Ok(Size {
            fields: fields.saturating_add(self.sorting(field)),
            depth: below.depth.saturating_add(1),
            levels: below.levels.saturating_add(1),
            aliases: below
                .aliases
                .saturating_add(usize::from(field.alias.is_some())),
            own_fields: 1,
            schema_lists: below
                .schema_lists
                .saturating_add(usize::from(nesting.is_some())),
            schema_fields: below
                .schema_fields
                .saturating_add(1)
                .saturating_mul(entries),
        })
    }

    /// How many entries the field's list has at most.
    fn entries(&self, field: &Field) -> usize {
        match field.name.node.as_str() {
            "users" => ["first", "last"]
                .into_iter()
                .filter_map(|name| self.argument(field, name)?.as_u64())
                .filter_map(|count| usize::try_from(count).ok())
                .min()
                .map_or(MAX_PAGE, |count| count.clamp(1, MAX_PAGE)),
            "nodes" => match self.argument(field, "ids") {
                Some(Value::Array(ids)) => ids.len().max(1),
                Some(_) => 1,
                None => MAX_PAGE,
            },
            _ => 1,
        }
    }

    /// What it costs to sort the users of `field`, where no index does.
    fn sorting(&self, field: &Field) -> usize {
        let is_sorted = field.name.node == "users"
            && field.get_argument("sortBy").is_some()
            && self
                .argument(field, "sortBy")
                .is_none_or(|order| order == LAST_LOGIN_AT);
        if is_sorted { SORTING } else { 0 }
    }

    /// An argument's value; `None` if there is none, or if it comes from a variable that was not given.
    fn argument(&self, field: &Field, name: &str) -> Option<Value> {
        let value = field.get_argument(name)?.node.clone();
        let value = value.into_const_with(|name| self.variables.get(&name).cloned().ok_or(()));
        value.ok()?.into_json().ok()
    }
}
