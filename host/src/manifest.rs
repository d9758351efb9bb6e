//! The application as its `spin.toml` describes it, checked as far as possible without running it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use toml::Value;

use crate::template::Template;
use crate::variables::is_valid_name;

mod component;
mod schema;

/// A parsed `spin.toml`: routes, components and variables.
pub(crate) struct Manifest {
    /// The folder that the manifest is in: its relative paths start here.
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
    pub(crate) version: String,
    /// The declared variables with their defaults; those without one are required.
    pub(crate) variables: BTreeMap<String, Option<String>>,
    pub(crate) routes: Vec<Route>,
    pub(crate) components: BTreeMap<String, Component>,
}

/// Which component answers which paths.
pub(crate) struct Route {
    /// As the manifest has it: `/exact`, `/with/:parameter` or `/below/...`.
    pub(crate) pattern: String,
    pub(crate) component: String,
}

/// A component and what it is granted.
pub(crate) struct Component {
    pub(crate) source: PathBuf,
    pub(crate) variables: BTreeMap<String, Template>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) allowed_outbound_hosts: Vec<Template>,
    pub(crate) key_value_stores: BTreeSet<String>,
    pub(crate) build: Option<Build>,
}

/// How a component is built.
pub(crate) struct Build {
    pub(crate) commands: Vec<String>,
    pub(crate) folder: PathBuf,
}

impl Manifest {
    /// Reads the manifest at `path`, which is its file or the folder of its `spin.toml`.
    ///
    /// # Errors
    /// When it cannot be read, is not valid, or asks for something that this host does not support.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        let file = if path.is_dir() {
            path.join("spin.toml")
        } else {
            path.to_owned()
        };
        let text = std::fs::read_to_string(&file)
            .with_context(|| format!("cannot read {}", file.display()))?;
        let file = std::path::absolute(file)?;
        let folder = file.parent().unwrap_or(Path::new("/"));
        Self::parse(&text, folder).with_context(|| format!("cannot run {}", file.display()))
    }

    fn parse(text: &str, folder: &Path) -> Result<Self> {
        let file: schema::ManifestFile = toml::from_str(text)?;
        ensure!(
            file.spin_manifest_version.as_integer() == Some(2),
            "`spin_manifest_version` must be 2; keyback-host supports no other"
        );
        check_application_trigger(&file.application)?;

        let variables = file
            .variables
            .into_iter()
            .map(|(name, variable)| {
                let default = parse_variable(&name, variable)?;
                Ok((name, default))
            })
            .collect::<Result<BTreeMap<_, _>>>()?;

        let parse_component = |id: &str, component: &schema::Component| {
            component::parse(component, folder, &variables)
                .with_context(|| format!("component `{id}`"))
        };
        let mut components = BTreeMap::new();
        for (id, component) in &file.component {
            components.insert(id.clone(), parse_component(id, component)?);
        }
        let mut routes = Vec::new();
        for (kind, triggers) in file.trigger {
            ensure!(
                kind == "http",
                "keyback-host does not support triggers of type `{kind}`, only `http`"
            );
            for (index, trigger) in triggers.into_iter().enumerate() {
                let trigger: schema::HttpTrigger = trigger
                    .try_into()
                    .with_context(|| format!("[[trigger.http]] number {}", index + 1))?;
                let (route, inline) = parse_trigger(trigger, index)?;
                if let Some(component) = inline {
                    let component = parse_component(&route.component, &component)?;
                    let replaced = components.insert(route.component.clone(), component);
                    ensure!(
                        replaced.is_none(),
                        "there are two components named `{}`",
                        route.component
                    );
                }
                routes.push(route);
            }
        }
        check_routes(&routes, &components)?;
        Ok(Self {
            folder: folder.to_owned(),
            name: file.application.name,
            version: file.application.version,
            variables,
            routes,
            components,
        })
    }
}

/// Each route must have its component, and there must be at least one route.
fn check_routes(routes: &[Route], components: &BTreeMap<String, Component>) -> Result<()> {
    ensure!(!routes.is_empty(), "the manifest has no [[trigger.http]]");
    for route in routes {
        ensure!(
            components.contains_key(&route.component),
            "route `{}` names component `{}`, which the manifest does not define",
            route.pattern,
            route.component
        );
    }
    Ok(())
}

fn check_application_trigger(application: &schema::Application) -> Result<()> {
    for (kind, settings) in &application.trigger {
        let only_default_base = kind == "http"
            && settings
                .iter()
                .all(|(name, value)| name == "base" && value.as_str() == Some("/"));
        ensure!(
            only_default_base,
            "keyback-host does not support settings in [application.trigger.{kind}]"
        );
    }
    Ok(())
}

fn parse_variable(name: &str, variable: schema::Variable) -> Result<Option<String>> {
    ensure!(
        is_valid_name(name),
        "`{name}` cannot name a variable (lower-case letters, digits, single underscores)"
    );
    ensure!(
        variable.required != variable.default.is_some(),
        "variable `{name}` must either be required or have a default"
    );
    Ok(variable.default)
}

fn parse_trigger(
    trigger: schema::HttpTrigger,
    index: usize,
) -> Result<(Route, Option<schema::Component>)> {
    let Value::String(pattern) = trigger.route else {
        bail!("keyback-host does not support private routes (`route = {{ private = true }}`)");
    };
    ensure!(
        trigger.static_response.is_none(),
        "keyback-host does not support static responses (route `{pattern}`)"
    );
    ensure!(
        trigger.components.is_none(),
        "keyback-host does not support `components` in a trigger (route `{pattern}`)"
    );
    if let Some(executor) = trigger.executor {
        let kind = executor.kind;
        ensure!(
            kind == "http",
            "keyback-host does not support the executor `{kind}` (route `{pattern}`)"
        );
    }
    let (component, inline) = match trigger.component {
        Some(Value::String(id)) => (id, None),
        Some(inline @ Value::Table(_)) => {
            let id = trigger
                .id
                .unwrap_or_else(|| format!("http-trigger{}", index + 1));
            let component = inline
                .try_into()
                .with_context(|| format!("the component of route `{pattern}`"))?;
            (format!("{id}-component"), Some(component))
        }
        _ => bail!("route `{pattern}` has no component"),
    };
    Ok((Route { pattern, component }, inline))
}

#[cfg(test)]
mod tests;
