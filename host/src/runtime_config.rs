//! Which stores exist: `default` always, others as a runtime configuration file names them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::store::{self, Stores};

/// The file name that Spin gives its default store.
const DEFAULT_STORE_FILE: &str = "sqlite_key_value.db";

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key_value_store: BTreeMap<String, StoreConfig>,
}

#[derive(Deserialize)]
struct StoreConfig {
    #[serde(rename = "type")]
    kind: String,
    path: Option<PathBuf>,
}

/// Opens the stores.
///
/// The default store is a file in the state folder, or without one in memory. A store that the file names is at its
/// `path`, relative to the file, or without a path in memory.
///
/// # Errors
/// When the file is not valid or names a type other than `spin`, or a database cannot be opened.
pub(crate) fn open_stores(file: Option<&Path>, state_folder: Option<&Path>) -> Result<Stores> {
    let mut places = BTreeMap::new();
    places.insert(
        "default".to_owned(),
        state_folder.map(|folder| folder.join(DEFAULT_STORE_FILE)),
    );
    if let Some(file) = file {
        let described = || format!("the runtime configuration {}", file.display());
        let text = std::fs::read_to_string(file).with_context(described)?;
        let config: File = toml::from_str(&text).with_context(described)?;
        let folder = std::path::absolute(file)?
            .parent()
            .unwrap_or(Path::new("/"))
            .to_owned();
        for (label, store) in config.key_value_store {
            let kind = &store.kind;
            ensure!(
                kind == "spin",
                "{}: keyback-host does not support stores of type `{kind}` (store `{label}`), only `spin`",
                described()
            );
            places.insert(label, store.path.map(|path| folder.join(path)));
        }
    }
    places
        .into_iter()
        .map(|(label, place)| {
            if let Some(folder) = place.as_deref().and_then(Path::parent) {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("cannot create {}", folder.display()))?;
            }
            let store = store::open(&label, place.as_deref()).map_err(|error| {
                let place = place
                    .as_deref()
                    .map_or("memory".into(), Path::to_string_lossy);
                anyhow::anyhow!("cannot open the store `{label}` in {place}: {error}")
            })?;
            Ok((label, store))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_with(config: &str, folder: &Path) -> Result<Stores> {
        let file = folder.join("runtime-config.toml");
        std::fs::write(&file, config).unwrap();
        open_stores(Some(&file), Some(&folder.join("state")))
    }

    #[test]
    fn the_default_store_is_a_file_in_the_state_folder() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("a/b");
        let stores = open_stores(None, Some(&state)).unwrap();
        assert_eq!(stores.keys().collect::<Vec<_>>(), ["default"]);
        assert!(state.join("sqlite_key_value.db").is_file());
    }

    #[test]
    fn without_a_state_folder_the_default_store_is_in_memory() {
        let stores = open_stores(None, None).unwrap();
        stores["default"].set("a", b"1").unwrap();
    }

    #[test]
    fn a_store_of_type_spin_is_where_its_path_says() {
        let folder = tempfile::tempdir().unwrap();
        let config = "[key_value_store.default]\ntype = \"spin\"\npath = \"here/keys.db\"\n\
            [key_value_store.other]\ntype = \"spin\"\n";
        let stores = open_with(config, folder.path()).unwrap();
        assert_eq!(stores.keys().collect::<Vec<_>>(), ["default", "other"]);
        assert!(folder.path().join("here/keys.db").is_file());
        assert!(!folder.path().join("state").exists());
    }

    #[test]
    fn other_types_and_sections_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let redis = "[key_value_store.default]\ntype = \"redis\"\nurl = \"redis://localhost\"\n";
        let refusal = open_with(redis, folder.path()).err().unwrap().to_string();
        assert!(
            refusal.contains("`redis`") && refusal.contains("`default`"),
            "{refusal}"
        );
        assert!(open_with("[llm_compute]\ntype = \"spin\"\n", folder.path()).is_err());
    }
}
