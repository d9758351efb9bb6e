//! The schema matches the documentation and Authgear's.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use async_graphql::Positioned;
use async_graphql::parser::types::{
    FieldDefinition, InputValueDefinition, ServiceDocument, TypeKind, TypeSystemDefinition,
};
use async_graphql::{SDLExportOptions, parser::parse_schema};

use crate::http::graphql::schema::schema;

const HEAD: &str = "# The Admin API at /graphql and /_api/admin/graphql. Printed from the code; a test compares them.\n\n";

fn printed() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions()
        .use_space_ident();
    format!("{HEAD}{}", schema().sdl_with_options(options))
}

#[test]
fn the_schema_is_documented_as_it_is() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/admin.graphql");
    let printed = printed();
    if std::env::var_os("KEYBACK_RENEW_SNAPSHOTS").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap();
    for (line, (printed, kept)) in printed.lines().zip(kept.lines()).enumerate() {
        assert_eq!(printed, kept, "line {}", line + 1);
    }
    assert_eq!(printed.lines().count(), kept.lines().count());
}

/// All types with their members, without descriptions: one member per line, as in the table.
fn members(document: &ServiceDocument) -> BTreeMap<String, String> {
    let mut types = BTreeMap::new();
    for definition in &document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else {
            continue;
        };
        let mut text = String::new();
        match &definition.node.kind {
            TypeKind::Object(object) => {
                let interfaces = object.implements.iter().map(|name| name.node.as_str());
                let mut interfaces: Vec<_> = interfaces.collect();
                interfaces.sort_unstable();
                if !interfaces.is_empty() {
                    writeln!(text, "implements {}", interfaces.join(" & ")).unwrap();
                }
                fields(&mut text, &object.fields);
            }
            TypeKind::Interface(interface) => fields(&mut text, &interface.fields),
            TypeKind::InputObject(input) => {
                for field in &input.fields {
                    writeln!(text, "{}", argument(field)).unwrap();
                }
            }
            TypeKind::Enum(values) => {
                for value in &values.values {
                    writeln!(text, "{}", value.node.value.node).unwrap();
                }
            }
            TypeKind::Scalar => text.push_str("scalar\n"),
            TypeKind::Union(_) => text.push_str("union\n"),
        }
        types.insert(definition.node.name.node.to_string(), text);
    }
    types
}

fn fields(text: &mut String, fields: &[Positioned<FieldDefinition>]) {
    for field in fields {
        let field = &field.node;
        let arguments: Vec<_> = field.arguments.iter().map(argument).collect();
        let arguments = match arguments.as_slice() {
            [] => String::new(),
            some => format!("({})", some.join(", ")),
        };
        writeln!(text, "{}{arguments}: {}", field.name.node, field.ty.node).unwrap();
    }
}

fn argument(argument: &Positioned<InputValueDefinition>) -> String {
    let argument = &argument.node;
    let default = argument.default_value.as_ref();
    let default = default
        .map(|value| format!(" = {}", value.node))
        .unwrap_or_default();
    format!("{}: {}{default}", argument.name.node, argument.ty.node)
}

fn sorted(members: &str) -> Vec<&str> {
    let mut lines: Vec<_> = members.lines().collect();
    lines.sort_unstable();
    lines
}

/// The table lists for each type what clients of Authgear's Admin API rely on.
#[test]
fn types_are_exactly_as_authgear_has_them() {
    let table = include_str!("../../../../tests-data/admin-api.txt");
    let document = parse_schema(printed()).unwrap();
    let mut ours = members(&document);
    for section in table
        .split("\n\n")
        .filter(|section| !section.trim().is_empty())
    {
        let (name, expected) = section.trim().split_once('\n').unwrap();
        let found = ours
            .remove(name)
            .unwrap_or_else(|| panic!("no type {name}"));
        assert_eq!(sorted(&found), sorted(expected), "{name}");
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), Vec::<&String>::new());
}
