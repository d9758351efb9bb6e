//! The build for hosts whose store has no atomic increments: its manifest, and what its components import.

use std::{collections::BTreeMap, fs, path::PathBuf, process::Command};

use toml::Table;
use wasmparser::{Parser, Payload};

use crate::app::workspace;

/// The largest app that Akamai Functions accepts.
const MOST_BYTES: usize = 50 * 1024 * 1024;

#[test]
fn the_manifest_is_what_its_script_makes_of_the_other() {
    let script = workspace().join("scripts/redis-manifest");
    let made = Command::new(script)
        .output()
        .expect("the script can be run");
    assert!(made.status.success());
    let written = fs::read(workspace().join("spin-redis.toml")).expect("there is such a manifest");
    assert!(
        made.stdout == written,
        "run scripts/redis-manifest >spin-redis.toml"
    );
}

#[test]
fn each_component_has_its_address_and_no_other_store() {
    let (ours, other) = (manifest("spin-redis.toml"), manifest("spin.toml"));
    assert_eq!(ours["trigger"], other["trigger"]);
    assert_eq!(
        ours["application"]["targets"],
        vec!["akamai-functions"].into()
    );
    let components = ours["component"].as_table().expect("there are components");
    for (id, component) in components {
        let has_store = other["component"][id].get("key_value_stores").is_some();
        assert!(component.get("key_value_stores").is_none(), "{id}");
        let url = component["variables"].get("store_url");
        assert_eq!(url.is_some(), has_store, "{id}");
        let hosts = component["allowed_outbound_hosts"].to_string();
        assert_eq!(hosts.contains("redis://*:*"), has_store, "{id}");
    }
    assert_eq!(
        ours["variables"]["store_url"].to_string(),
        "{ required = true, secret = true }"
    );
}

#[test]
fn its_components_import_no_key_value_interface_and_fit_the_edge() {
    let sources = sources("spin-redis.toml");
    if let Some(missing) = sources.values().find(|source| !source.exists()) {
        assert!(
            std::env::var_os("CI").is_none(),
            "{} is missing: run `make build-redis`",
            missing.display()
        );
        eprintln!("not tried: `make build-redis` was not run");
        return;
    }
    let mut bytes = 0;
    for (id, source) in &sources {
        let wasm = fs::read(source).expect("a component can be read");
        bytes += wasm.len();
        let imports = imports(&wasm);
        let has = |word: &str| imports.iter().any(|import| import.contains(word));
        assert!(
            !has("key-value") && !has("keyvalue"),
            "{id} imports {imports:?}"
        );
        assert_eq!(
            has("spin:redis/redis@3.0.0"),
            id != "pages",
            "{id} imports {imports:?}"
        );
    }
    assert!(bytes < MOST_BYTES, "{bytes} bytes");
}

#[test]
fn the_components_of_the_usual_build_import_the_store_of_the_host() {
    for (id, source) in sources("spin.toml") {
        let imports = imports(&fs::read(source).expect("`make build` was run"));
        let has = |word: &str| imports.iter().any(|import| import.contains(word));
        assert!(!has("spin:redis"), "{id} imports {imports:?}");
        assert_eq!(has("wasi:keyvalue"), id != "pages", "{id}: {imports:?}");
    }
}

/// The names of what a component imports.
fn imports(wasm: &[u8]) -> Vec<String> {
    let mut depth = 0_usize;
    let mut imports = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        match payload.expect("a component is well-formed") {
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    let import = import.expect("an import is well-formed");
                    imports.push(import.name.name.to_owned());
                }
            }
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    imports
}

fn sources(name: &str) -> BTreeMap<String, PathBuf> {
    let manifest = manifest(name);
    let components = manifest["component"]
        .as_table()
        .expect("there are components");
    let source = |component: &toml::Value| {
        let source = component["source"].as_str();
        workspace().join(source.expect("a component's source is a path"))
    };
    components
        .iter()
        .map(|(id, component)| (id.clone(), source(component)))
        .collect()
}

fn manifest(name: &str) -> Table {
    let text = fs::read_to_string(workspace().join(name)).expect("there is such a manifest");
    text.parse().expect("a manifest is TOML")
}
