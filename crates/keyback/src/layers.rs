//! The modules name each other as ARCHITECTURE.md draws it: each layer only those below it, and without cycles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Each layer, and which of the others it may name.
const LAYERS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("model", &["base"]),
    ("ports", &["base", "model"]),
    ("store", &["base", "model", "ports"]),
    ("mail", &["base", "model", "ports"]),
    ("portal", &["base", "model", "ports"]),
    ("breach", &["base", "model", "ports"]),
    ("settings", &["base", "model", "ports", "mail", "portal"]),
    (
        "flow",
        &["base", "model", "ports", "store", "mail", "breach"],
    ),
    // It loads the settings for sending and for issuing when a task first needs them.
    (
        "courier",
        &[
            "base", "model", "ports", "store", "mail", "portal", "flow", "settings",
        ],
    ),
    (
        "http",
        &[
            "base", "model", "ports", "store", "mail", "flow", "courier", "settings",
        ],
    ),
];

/// Modules exempt from the test for cycles: the enum of all providers, and GraphQL types that refer to each other.
const NAMED_BACK: [&str; 3] = [
    "mail::registry",
    "http::graphql::schema::connection",
    "http::graphql::schema::user",
];

/// Modules that are compiled for tests only, so shipped code cannot name them.
const FOR_TESTS: [&str; 6] = ["asked", "fuzz", "layers", "openapi", "testing", "tests"];

/// Modules, such as `store::cx`, and the others that each of them names.
type Names = BTreeMap<String, BTreeSet<String>>;

#[test]
fn each_layer_names_only_those_below_it() {
    for (module, named) in names() {
        let layer = module.split("::").next().unwrap();
        let known = LAYERS.iter().find(|(known, _)| *known == layer);
        let (_, below) = known.unwrap_or_else(|| panic!("{layer} is not one of the layers"));
        for name in named {
            let other = name.split("::").next().unwrap();
            let fits = other == layer || below.contains(&other);
            assert!(fits, "{module} names {name}");
        }
    }
}

#[test]
fn no_modules_name_each_other_in_a_circle() {
    let mut names = names();
    for (module, named) in &mut names {
        // A module may name its parents.
        named.retain(|it| !module.starts_with(&format!("{it}::")));
        named.retain(|it| !NAMED_BACK.contains(&it.as_str()));
    }
    for module in names.keys() {
        let mut circle = reach(&names, module);
        circle.retain(|it| reach(&names, it).contains(module));
        assert_eq!(circle, BTreeSet::new(), "in a circle");
    }
}

/// All modules that `start` names, directly or indirectly.
fn reach<'n>(names: &'n Names, start: &str) -> BTreeSet<&'n String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![&names[start]];
    while let Some(named) = open.pop() {
        let new = named.iter().filter(|it| reached.insert(*it));
        open.extend(new.map(|it| &names[it]));
    }
    reached
}

fn names() -> Names {
    let mut code = BTreeMap::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    collect(&source, "", &mut code);
    code.remove("lib");
    let names_in = |(module, text): (&String, &String)| {
        let mut paths = Vec::new();
        let mut rest = text.as_str();
        while let Some(start) = rest.find(is_of_word) {
            rest = read_tree(&[], &rest[start..], &mut paths);
        }
        let mut named: BTreeSet<_> = paths
            .iter()
            .filter_map(|it| find(&code, module, it))
            .collect();
        named.remove(module);
        (module.clone(), named)
    };
    code.iter().map(names_in).collect()
}

/// Reads a path, or several such as `a::{b, c::D}`, from the beginning of `text`. Returns what follows.
fn read_tree<'t>(before: &[&'t str], text: &'t str, paths: &mut Vec<Vec<&'t str>>) -> &'t str {
    let (word, rest) = text.split_at(text.find(|it| !is_of_word(it)).unwrap_or(text.len()));
    if text.starts_with('}') {
        // After the last comma of several lines.
        return text;
    }
    let path = [before, &[word]].concat();
    let Some(mut rest) = rest.strip_prefix("::") else {
        paths.push(path);
        return rest;
    };
    if !rest.starts_with('{') {
        return read_tree(&path, rest, paths);
    }
    while !rest.starts_with('}') {
        rest = read_tree(&path, rest[1..].trim_start(), paths);
        // What may follow is another name: `a as b`.
        rest = &rest[rest.find([',', '}']).unwrap()..];
    }
    &rest[1..]
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The module that has what `path` names in `module`, if that is one of the crate's.
fn find(code: &BTreeMap<String, String>, module: &str, path: &[&str]) -> Option<String> {
    if path.len() == 1 {
        // A word, which names nothing of another module.
        return None;
    }
    let mut place: Vec<&str> = module.split("::").collect();
    for word in path {
        match *word {
            "crate" => place.clear(),
            "super" => drop(place.pop()),
            word => place.push(word),
        }
    }
    let known = (1..=place.len()).map(|length| place[..length].join("::"));
    known.rev().find(|it| code.contains_key(it))
}

/// The code that is shipped of each module in `folder`, which is that of the module `around`.
fn collect(folder: &Path, around: &str, code: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let module = format!("{around}{name}");
        if FOR_TESTS.contains(&name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{module}::"), code);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let shipped = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let lines = shipped
                .lines()
                .filter(|it| !it.trim_start().starts_with("//"));
            code.insert(module, lines.collect::<Vec<_>>().join("\n"));
        }
    }
}
