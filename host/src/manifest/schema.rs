//! `spin.toml` as it is written. What Spin supports and this host does not is named here, so that errors can name it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestFile {
    pub(super) spin_manifest_version: Value,
    pub(super) application: Application,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Variable>,
    #[serde(default)]
    pub(super) trigger: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    pub(super) component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Application {
    pub(super) name: String,
    #[serde(default)]
    pub(super) version: String,
    #[serde(default)]
    pub(super) trigger: BTreeMap<String, BTreeMap<String, Value>>,
    #[serde(rename = "description")]
    _description: Option<Value>,
    #[serde(rename = "authors")]
    _authors: Option<Value>,
    #[serde(rename = "targets")]
    _targets: Option<Value>,
    #[serde(rename = "tool")]
    _tool: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    pub(super) default: Option<String>,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(rename = "secret")]
    _secret: Option<bool>,
    #[serde(rename = "description")]
    _description: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpTrigger {
    pub(super) id: Option<String>,
    pub(super) route: Value,
    pub(super) component: Option<Value>,
    pub(super) components: Option<Value>,
    pub(super) static_response: Option<Value>,
    pub(super) executor: Option<Executor>,
}

#[derive(Deserialize)]
pub(super) struct Executor {
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    pub(super) source: Value,
    #[serde(default)]
    pub(super) variables: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) environment: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub(super) key_value_stores: Vec<String>,
    pub(super) build: Option<Build>,

    files: Option<Value>,
    exclude_files: Option<Value>,
    allowed_http_hosts: Option<Value>,
    sqlite_databases: Option<Value>,
    ai_models: Option<Value>,
    dependencies: Option<Value>,
    dependencies_inherit_configuration: Option<Value>,

    #[serde(rename = "description")]
    _description: Option<Value>,
    #[serde(rename = "targets")]
    _targets: Option<Value>,
    #[serde(rename = "profile")]
    _profile: Option<Value>,
    #[serde(rename = "tool")]
    _tool: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Build {
    pub(super) command: Commands,
    pub(super) workdir: Option<String>,
    #[serde(rename = "watch")]
    _watch: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Commands {
    One(String),
    Many(Vec<String>),
}

impl Component {
    /// The first field that is set, and that this host does not support.
    pub(super) fn unsupported(&self) -> Option<&'static str> {
        let fields = [
            ("files", &self.files),
            ("exclude_files", &self.exclude_files),
            ("allowed_http_hosts", &self.allowed_http_hosts),
            ("sqlite_databases", &self.sqlite_databases),
            ("ai_models", &self.ai_models),
            ("dependencies", &self.dependencies),
            (
                "dependencies_inherit_configuration",
                &self.dependencies_inherit_configuration,
            ),
        ];
        fields
            .into_iter()
            .find(|(_, value)| value.as_ref().is_some_and(|value| !is_empty(value)))
            .map(|(name, _)| name)
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Table(entries) => entries.is_empty(),
        Value::Boolean(set) => !set,
        _ => false,
    }
}
