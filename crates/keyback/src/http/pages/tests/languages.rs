//! Every language has all texts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::model::language;

/// The folders that have a file for each language.
const FOLDERS: [&str; 5] = [
    "components/forgot-password/static/lang",
    "components/pages/static/lang",
    "components/pages/static/portal/lang",
    "components/pages/static/problems/lang",
    "crates/keyback/texts/mail",
];
/// Its English texts are part of the problem types.
const WITHOUT_ENGLISH: &str = "components/pages/static/problems/lang";

type Texts = BTreeMap<String, String>;

fn path(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(folder)
}

fn texts(folder: &str, tag: &str) -> Texts {
    let file = path(folder).join(format!("{tag}.json"));
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{folder}/{tag}.json: {error}"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{folder}/{tag}.json: {error}"))
}

#[test]
fn each_folder_has_a_file_for_each_language_and_no_other() {
    let expected: BTreeSet<_> = language::Language::ALL
        .iter()
        .map(|language| format!("{}.json", language.tag()))
        .collect();
    for folder in FOLDERS {
        let files = std::fs::read_dir(path(folder)).unwrap();
        let names: BTreeSet<_> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, expected, "{folder}");
    }
}

#[test]
fn each_language_has_every_text_with_the_same_placeholders() {
    let placeholders = |text: &str| -> BTreeSet<String> {
        let parts = text.split('{').skip(1);
        parts
            .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
            .collect()
    };
    let mut wrong = Vec::new();
    for folder in FOLDERS {
        let tags = language::Language::ALL.map(language::Language::tag);
        let [first, second, ..] = tags;
        let model = if folder == WITHOUT_ENGLISH {
            second
        } else {
            first
        };
        let expected = texts(folder, model);
        for tag in tags {
            if folder == WITHOUT_ENGLISH && tag == first {
                continue;
            }
            let found = texts(folder, tag);
            for (key, text) in &expected {
                match found.get(key) {
                    None => wrong.push(format!("{folder}/{tag}.json lacks {key}")),
                    Some(found) if placeholders(found) != placeholders(text) => {
                        wrong.push(format!("{folder}/{tag}.json: {key} has other placeholders"));
                    }
                    Some(_) => {}
                }
            }
            for key in found.keys().filter(|key| !expected.contains_key(*key)) {
                wrong.push(format!(
                    "{folder}/{tag}.json has {key}, and {model}.json has not"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_readme_lists_every_language() {
    let tags = language::Language::ALL.map(|language| format!("`{}`", language.tag()));
    let list = tags.join(", ");
    assert!(
        include_str!("../../../../../../README.md").contains(&list),
        "{list}"
    );
}
