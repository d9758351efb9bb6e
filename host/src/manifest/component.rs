//! One component of the manifest.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};

use super::{Build, Component, schema};
use crate::allow_list::AllowedHost;
use crate::template::Template;
use crate::variables::is_valid_name;

/// The application's variables with their defaults.
type Declared = BTreeMap<String, Option<String>>;

pub(super) fn parse(
    component: &schema::Component,
    folder: &Path,
    declared: &Declared,
) -> Result<Component> {
    if let Some(field) = component.unsupported() {
        bail!("keyback-host does not support `{field}`");
    }
    let source = component.source.as_str().context(
        "keyback-host supports only a file as `source`, not one to fetch from a URL or a registry",
    )?;
    let variables = component
        .variables
        .iter()
        .map(|(name, value)| {
            ensure!(is_valid_name(name), "`{name}` cannot name a variable");
            Ok((name.clone(), parse_template(value, declared)?))
        })
        .collect::<Result<_>>()?;
    let allowed_outbound_hosts = component
        .allowed_outbound_hosts
        .iter()
        .map(|entry| parse_outbound_host(entry, declared))
        .collect::<Result<_>>()?;
    let build = component.build.as_ref();
    Ok(Component {
        source: folder.join(source),
        variables,
        environment: component.environment.clone(),
        allowed_outbound_hosts,
        key_value_stores: component.key_value_stores.iter().cloned().collect(),
        build: build.map(|build| parse_build(build, folder)).transpose()?,
    })
}

/// An entry with variables is checked once they are filled in.
fn parse_outbound_host(entry: &str, declared: &Declared) -> Result<Template> {
    let template = parse_template(entry, declared)?;
    if template.is_literal() {
        AllowedHost::parse(entry)
            .with_context(|| format!("`{entry}` in `allowed_outbound_hosts`"))?;
    }
    Ok(template)
}

fn parse_build(build: &schema::Build, folder: &Path) -> Result<Build> {
    let commands = match &build.command {
        schema::Commands::One(command) => vec![command.clone()],
        schema::Commands::Many(commands) => commands.clone(),
    };
    let workdir = Path::new(build.workdir.as_deref().unwrap_or_default());
    ensure!(
        !workdir.has_root(),
        "`workdir` of its build must be relative to the manifest"
    );
    Ok(Build {
        commands,
        folder: folder.join(workdir),
    })
}

fn parse_template(text: &str, declared: &Declared) -> Result<Template> {
    let template = Template::parse(text)?;
    for name in template.variables() {
        ensure!(
            declared.contains_key(name),
            "`{text}` names the variable `{name}`, which the manifest does not declare"
        );
    }
    Ok(template)
}
