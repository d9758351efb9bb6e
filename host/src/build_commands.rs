//! Builds the components with the commands in the manifest.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::manifest::Manifest;

/// Runs the build commands one after the other, and stops at the first that fails.
///
/// Their output goes to standard error: standard output is for the origin at which the application is served.
///
/// # Errors
/// When a command cannot be started or fails, with the component's name.
pub(crate) fn run(manifest: &Manifest) -> Result<()> {
    for (id, component) in &manifest.components {
        let Some(build) = &component.build else {
            continue;
        };
        for command in &build.commands {
            eprintln!("Building component {id} with `{command}`");
            let status = Command::new("sh")
                .args(["-c", command])
                .current_dir(&build.folder)
                .stdout(Stdio::from(std::io::stderr()))
                .status()
                .with_context(|| format!("cannot run the build command of component `{id}`"))?;
            ensure!(
                status.success(),
                "the build command of component `{id}` failed ({status})"
            );
        }
    }
    Ok(())
}
