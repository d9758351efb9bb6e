//! Which stores exist: `default` always, others as a runtime configuration file names them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use serde::Deserialize;

use crate::store::{Store, Stores, redis, sqlite};

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
    url: Option<String>,
}

/// Where a store is.
enum Place {
    File(PathBuf),
    Memory,
    Redis(String),
}

/// Opens the stores.
///
/// The default store is a file in the state folder, or in memory if there is none. A store of type `spin` is at its
/// `path`, relative to the configuration file, or in memory if there is none. One of type `redis` is at its `url`; the
/// first call connects.
///
/// # Errors
/// When the file is not valid or names another type, a database cannot be opened, or a `url` is not one of Redis.
pub(crate) fn open_stores(file: Option<&Path>, state_folder: Option<&Path>) -> Result<Stores> {
    let mut places = BTreeMap::new();
    let default = state_folder.map_or(Place::Memory, |folder| {
        Place::File(folder.join(DEFAULT_STORE_FILE))
    });
    places.insert("default".to_owned(), default);
    if let Some(file) = file {
        let described = || format!("the runtime configuration {}", file.display());
        let text = std::fs::read_to_string(file).with_context(described)?;
        let config: File = toml::from_str(&text).with_context(described)?;
        let folder = std::path::absolute(file)?
            .parent()
            .unwrap_or(Path::new("/"))
            .to_owned();
        for (label, store) in config.key_value_store {
            let place = store
                .place(&folder)
                .with_context(|| format!("{}, store `{label}`", described()))?;
            places.insert(label, place);
        }
    }
    places
        .into_iter()
        .map(|(label, place)| Ok((label.clone(), open(&label, place)?)))
        .collect()
}

impl StoreConfig {
    fn place(self, folder: &Path) -> Result<Place> {
        match (self.kind.as_str(), self.path, self.url) {
            ("spin", Some(path), None) => Ok(Place::File(folder.join(path))),
            ("spin", None, None) => Ok(Place::Memory),
            ("redis", None, Some(url)) => Ok(Place::Redis(url)),
            ("spin" | "redis", ..) => {
                bail!(
                    "a store of type `spin` may have a `path`, and one of type `redis` must have a `url`"
                )
            }
            (kind, ..) => bail!(
                "keyback-host does not support stores of type `{kind}`, only `spin` and `redis`"
            ),
        }
    }
}

fn open(label: &str, place: Place) -> Result<Store> {
    let (file, described) = match place {
        Place::Redis(url) => {
            let store = redis::prepare(&url)
                .map_err(|error| anyhow!("the `url` of the store `{label}`: {error}"))?;
            return Ok(Store::Redis(store));
        }
        Place::File(file) => {
            let described = file.display().to_string();
            (Some(file), described)
        }
        Place::Memory => (None, "memory".to_owned()),
    };
    if let Some(folder) = file.as_deref().and_then(Path::parent) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let store = sqlite::open(label, file.as_deref())
        .map_err(|error| anyhow!("cannot open the store `{label}` in {described}: {error}"))?;
    Ok(Store::Sqlite(store))
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

    #[tokio::test(flavor = "multi_thread")]
    async fn without_a_state_folder_the_default_store_is_in_memory() {
        let stores = open_stores(None, None).unwrap();
        stores["default"].set("a", b"1").await.unwrap();
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

    #[tokio::test]
    async fn a_store_of_type_redis_is_where_its_url_says() {
        let folder = tempfile::tempdir().unwrap();
        for url in ["redis://localhost", "rediss://user:hunter2@db.test:6380/3"] {
            let config = format!("[key_value_store.default]\ntype = \"redis\"\nurl = \"{url}\"\n");
            let stores = open_with(&config, folder.path()).unwrap();
            assert!(matches!(stores["default"], Store::Redis(_)));
            assert!(!folder.path().join("state").exists());
        }
    }

    #[test]
    fn an_address_that_is_none_of_redis_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        for config in [
            "type = \"redis\"\nurl = \"https://user:hunter2@db.test\"\n",
            "type = \"redis\"\npath = \"hunter2\"\n",
            "type = \"redis\"\n",
            "type = \"spin\"\nurl = \"redis://:hunter2@localhost\"\n",
        ] {
            let config = format!("[key_value_store.default]\n{config}");
            let refusal = open_with(&config, folder.path()).err().unwrap();
            let refusal = format!("{refusal:#}");
            assert!(
                refusal.contains("`default`") && !refusal.contains("hunter2"),
                "{refusal}"
            );
        }
    }

    #[test]
    fn other_types_and_sections_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let other = "[key_value_store.default]\ntype = \"azure_cosmos\"\n";
        let refusal = open_with(other, folder.path()).err().unwrap();
        let refusal = format!("{refusal:#}");
        assert!(
            refusal.contains("`azure_cosmos`") && refusal.contains("`default`"),
            "{refusal}"
        );
        assert!(open_with("[llm_compute]\ntype = \"spin\"\n", folder.path()).is_err());
    }
}
