//! The layers are as ARCHITECTURE.md draws them: each names only those below it.

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

#[test]
fn each_layer_names_only_those_below_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    for (layer, allowed) in LAYERS {
        collect(&source.join(layer), &mut files);
        files.push(source.join(format!("{layer}.rs")));
        for file in files.drain(..).filter(|file| file.exists()) {
            let text = fs::read_to_string(&file).unwrap();
            // What a test module at the end of a file names does not count.
            let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let uses = code
                .lines()
                .filter_map(|line| line.trim_start().strip_prefix("use crate::"));
            let names = uses.map(|path| path.split([':', ';', ' ']).next().unwrap());
            for name in names.filter(|name| LAYERS.iter().any(|(known, _)| known == name)) {
                let fits = name == *layer || allowed.contains(&name);
                assert!(fits, "{} names {name}", file.display());
            }
        }
    }
}

/// All source files below `folder` that are not tests.
fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|name| name == "tests");
        if path.is_dir() && !is_test {
            collect(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") && !is_test {
            files.push(path);
        }
    }
}
