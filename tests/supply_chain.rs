//! What comes from elsewhere: each direct dependency has its reason, and no build takes another version than the locked one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::app::workspace;

/// Files of the repository, below its root.
fn tracked() -> Vec<PathBuf> {
    let mut git = Command::new("git");
    let output = git.args(["ls-files", "-z"]).current_dir(workspace());
    let output = output.output().expect("there is a git");
    assert!(output.status.success(), "the tests run in a checkout");
    let names = String::from_utf8(output.stdout).expect("names are text");
    let names = names.split_terminator('\0').map(PathBuf::from);
    // One that is deleted and not committed yet is no longer there.
    names
        .filter(|path| workspace().join(path).is_file())
        .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(workspace().join(path)).expect("the file is text")
}

/// The direct dependencies that the workspace's manifests name.
fn direct_dependencies() -> BTreeSet<String> {
    let manifests = tracked();
    let manifests = manifests.iter().filter(|path| path.ends_with("Cargo.toml"));
    let manifests = manifests.map(|path| read(path).parse::<toml::Table>().expect("it is TOML"));
    let mut names = BTreeSet::new();
    for manifest in manifests {
        let targets = manifest.get("target").and_then(|it| it.as_table());
        let targets = targets.into_iter().flat_map(toml::Table::values);
        for part in targets.filter_map(|it| it.as_table()).chain([&manifest]) {
            for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
                let crates = part.get(kind).and_then(|it| it.as_table());
                names.extend(crates.into_iter().flat_map(toml::Table::keys).cloned());
            }
        }
    }
    names
}

/// The rows of the tables of crates in `docs/dependencies.md`: a crate and its reason.
fn reasons() -> BTreeMap<String, String> {
    let text = read(Path::new("docs/dependencies.md"));
    let rows = text.lines().filter_map(|line| {
        let (name, reason) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((name.to_owned(), reason.strip_suffix(" |")?.to_owned()))
    });
    let mut reasons = BTreeMap::new();
    for (name, reason) in rows {
        let other = reasons.insert(name.clone(), reason);
        assert!(other.is_none(), "{name} has two rows");
    }
    reasons
}

#[test]
fn each_direct_dependency_has_its_reason() {
    let named: BTreeSet<_> = reasons().into_keys().collect();
    let used = direct_dependencies();
    let unexplained: Vec<_> = used.difference(&named).collect();
    let gone: Vec<_> = named.difference(&used).collect();
    assert!(used.len() > 50, "only {used:?} were found");
    assert!(unexplained.is_empty(), "no reason: {unexplained:?}");
    assert!(gone.is_empty(), "no longer used: {gone:?}");
    for (name, reason) in reasons() {
        assert!(reason.len() > 10, "{name}: {reason:?} is no reason");
    }
}

/// Whether a line runs or shows a command of cargo that would take other versions than the lock file's.
fn may_unlock(line: &str) -> bool {
    let commands = line.match_indices("cargo ").map(|(at, _)| &line[at..]);
    commands.into_iter().any(|command| {
        let verb = command.split_whitespace().nth(1).unwrap_or_default();
        let resolves = ["build", "clippy", "doc", "install", "run", "test"].contains(&verb);
        resolves && !command.contains("--locked")
    })
}

#[test]
fn a_command_without_the_lock_is_found() {
    for unlocked in [
        "cargo build --release",
        "\tRUSTDOCFLAGS=x cargo doc --no-deps",
    ] {
        assert!(may_unlock(unlocked), "{unlocked}");
    }
    for locked in [
        "cargo build --locked",
        "cargo fmt --all",
        "of cargo and others",
    ] {
        assert!(!may_unlock(locked), "{locked}");
    }
}

#[test]
fn every_command_takes_the_locked_versions() {
    let files = tracked().into_iter().filter(|path| {
        let kind = path.extension().and_then(|it| it.to_str());
        let scripts = ["scripts", "deploy", ".ci", ".github", ".devcontainer"];
        // The standard library is built with the lock file that comes with its sources.
        path != Path::new("scripts/wasm-target")
            && (scripts.iter().any(|folder| path.starts_with(folder))
                || ["Makefile", "spin.toml"]
                    .iter()
                    .any(|it| path == Path::new(it))
                || kind == Some("md"))
    });
    let mut read_files = 0;
    for path in files {
        let text =
            String::from_utf8_lossy(&fs::read(workspace().join(&path)).expect("it is there"))
                .into_owned();
        read_files += 1;
        for line in text.lines() {
            assert!(!may_unlock(line), "{}: {line}", path.display());
        }
    }
    assert!(read_files > 50, "only {read_files} files were read");
}

/// The packages of a lock file, with their versions.
fn locked(path: &str) -> BTreeSet<(String, String)> {
    let lock: toml::Table = read(Path::new(path)).parse().expect("it is TOML");
    let packages = lock["package"].as_array().expect("it lists packages");
    let text = |package: &toml::Value, member: &str| {
        let text = package[member].as_str().expect("it is text");
        text.to_owned()
    };
    let packages = packages.iter();
    packages
        .map(|it| (text(it, "name"), text(it, "version")))
        .collect()
}

/// What `make deny` says about the app's crates then holds for the fuzz targets, and what they find holds for the app.
#[test]
fn the_fuzz_targets_are_built_with_the_versions_of_the_app() {
    let (app, fuzz) = (locked("Cargo.lock"), locked("fuzz/Cargo.lock"));
    let other = fuzz.difference(&app).map(|(name, _)| name.as_str());
    assert_eq!(other.collect::<Vec<_>>(), ["keyback-fuzz", "libfuzzer-sys"]);
}
