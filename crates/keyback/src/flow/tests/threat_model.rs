//! The tests that the threat model names exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const THREAT_MODEL: &str = include_str!("../../../../../docs/threat-model.md");

/// All tests below `folder` in Rust or for a browser, as one text.
fn sources(folder: &Path, into: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "node_modules" {
            sources(&path, into);
        } else if matches!(name.rsplit_once('.'), Some((_, "rs" | "js"))) {
            into.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

/// The names in the last column of a row of a table: threat, rule, standard, tests.
fn tests_in(row: &str) -> impl Iterator<Item = &str> {
    let columns: Vec<&str> = row.trim_matches('|').split('|').collect();
    assert_eq!(columns.len(), 4, "{row}");
    columns[3].split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = String::new();
    sources(&root.join("src"), &mut text);
    sources(&root.join("../../tests"), &mut text);
    let rows = THREAT_MODEL
        .lines()
        .filter(|line| line.starts_with('|') && !line.starts_with("| ---"))
        .filter(|line| !line.starts_with("| threat |"));
    let mut named = BTreeSet::new();
    for row in rows {
        for name in tests_in(row) {
            let in_rust = text.contains(&format!("fn {name}("));
            let in_browser = text.contains(&format!("test('{name}'"));
            assert!(in_rust || in_browser, "no test is named {name}");
            named.insert(name);
        }
        assert!(row.contains('`'), "no test: {row}");
    }
    assert!(named.len() > 80, "{}", named.len());
}
