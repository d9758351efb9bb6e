//! What an app is started with, and the command that starts it.

mod store;

use std::{
    collections::BTreeMap,
    env, fs,
    path::{self, Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tempfile::TempDir;
use toml::{Table, Value};

pub(in crate::app) use self::store::Store;
pub(crate) use self::store::StoreKind;
use super::{
    ApiKeys, App, MailSink, Output, Redis, Server, random_bytes, random_token, redis::Database,
    store_file,
};

/// The origin that the app is told it has; nothing listens there.
pub(crate) const PUBLIC_BASE_URL: &str = "https://id.example.test";

/// The state folder's name within an app's own folder.
pub(super) const STATE: &str = "state";

/// The name of the fault plan in the app's folder. The app is started with it if it exists.
pub(super) const FAULTS: &str = "faults.toml";

/// Runs a program whose writes beyond the file size limit fail instead of ending it by a signal.
const REFUSED_NOT_ENDED: [&str; 3] = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""];

/// The variable with the address of a Redis that components call themselves, and the prefix of their keys.
const STORE_URL: &str = "store_url";
const OUTBOUND_PREFIX: &str = "{keyback}:";

/// The app ended instead of serving, and printed this.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) log: String,
}

/// An app that is about to be started.
pub(crate) struct AppBuilder {
    pub(super) variables: BTreeMap<String, String>,
    pub(super) manifest: Option<Table>,
    pub(super) flags: Vec<String>,
    pub(super) logs_everything: bool,
    pub(super) folder: TempDir,
    pub(super) sink: MailSink,
    pub(super) keys: ApiKeys,
    pub(super) store: Store,
    /// How many hosts serve the app.
    pub(super) hosts: usize,
    pub(super) environment: Vec<(&'static str, PathBuf)>,
    pub(super) output: Output,
}

impl AppBuilder {
    pub(super) fn new() -> Self {
        let sink = MailSink::start();
        let keys = ApiKeys::generate();
        let variables = [
            ("secret_key", STANDARD.encode(random_bytes(32))),
            ("public_base_url", PUBLIC_BASE_URL.to_owned()),
            ("api_keys", keys.variable()),
            ("email_provider", "resend".to_owned()),
            ("email_api_origin", sink.origin().to_owned()),
            ("email_api_key", format!("re_{}", random_token(16))),
            ("email_from", "Keyback <no-reply@example.test>".to_owned()),
        ];
        // All tests call from one address, so only tests of the limits themselves set tighter ones.
        let limits = [
            "client_forgot",
            "client_verify",
            "client_reset",
            "client_sign_in",
            "app_forgot",
        ]
        .map(|limit| (format!("limit_{limit}"), "100000/60".to_owned()));
        let variables = variables
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .chain(limits)
            .collect();
        let folder = tempfile::Builder::new()
            .prefix("keyback-e2e-")
            .tempdir()
            .expect("a temporary folder can be made");
        Self {
            variables,
            manifest: None,
            logs_everything: false,
            flags: Vec::new(),
            folder,
            sink,
            keys,
            store: Store::new(),
            hosts: 1,
            environment: Vec::new(),
            output: Output::IsRead,
        }
    }

    /// Sets an environment variable of the host.
    pub(crate) fn environment(mut self, name: &'static str, value: PathBuf) -> Self {
        self.environment.push((name, value));
        self
    }

    /// Sets where the app's output goes.
    pub(crate) fn output(mut self, output: Output) -> Self {
        self.output = output;
        self
    }

    /// Puts the app's store into a database of this server.
    pub(crate) fn redis(mut self, server: &Arc<Mutex<Redis>>) -> Self {
        let database = |prefix| Database::of(Arc::clone(server), prefix);
        self.store = match StoreKind::chosen() {
            StoreKind::File | StoreKind::Redis => Store::Redis(database("")),
            StoreKind::OutboundRedis => Store::OutboundRedis(database(OUTBOUND_PREFIX)),
        };
        self
    }

    /// Serves the app from this many hosts, which clients call in turn. They need a store that they can share.
    pub(crate) fn hosts(mut self, hosts: usize) -> Self {
        self.hosts = hosts;
        self
    }

    /// Starts the app with one more flag, which Spin and the embedded host both know.
    pub(crate) fn flag(mut self, name: &str, value: &str) -> Self {
        self.flags.extend([name.to_owned(), value.to_owned()]);
        self
    }

    pub(crate) fn variable(mut self, name: &str, value: impl Into<String>) -> Self {
        self.variables.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn without_variable(mut self, name: &str) -> Self {
        self.variables.remove(name);
        self
    }

    /// Sets the host's log to its most verbose level.
    pub(crate) fn logging_everything(mut self) -> Self {
        self.logs_everything = true;
        self
    }

    /// The store's file, which the app makes if it does not exist.
    pub(crate) fn store_file(&self) -> PathBuf {
        store_file::path(&self.folder.path().join(STATE))
    }

    /// The same app on the embedded host, with an empty fault plan: see [`App::plan_faults`].
    pub(crate) fn with_faults(self) -> Self {
        fs::write(self.folder.path().join(FAULTS), "").expect("the folder can be written");
        self
    }

    /// Damages the store of an app that has ended, except for its schema.
    pub(crate) fn with_damaged_store(self) -> Self {
        store_file::damage(&self.folder.path().join(STATE));
        self
    }

    /// Changes a record in the store of an app that has ended, for states that would take hours to reach.
    pub(crate) fn stored(self, key: &str, change: impl FnOnce(&mut serde_json::Value)) -> Self {
        match &self.store {
            Store::File => store_file::change(&self.folder.path().join(STATE), key, change),
            Store::Redis(database) | Store::OutboundRedis(database) => database.change(key, change),
        }
        self
    }

    /// Starts a changed copy of the shipped `spin.toml`.
    pub(crate) fn manifest(mut self, edit: impl FnOnce(&mut Table)) -> Self {
        let mut manifest = shipped_manifest();
        for source in sources(&mut manifest) {
            let absolute =
                workspace().join(source.as_str().expect("a component's source is a path"));
            *source = Value::String(
                absolute
                    .to_str()
                    .expect("the workspace's path is UTF-8")
                    .to_owned(),
            );
        }
        edit(&mut manifest);
        self.manifest = Some(manifest);
        self
    }

    /// Starts the app and waits until it serves.
    ///
    /// # Panics
    ///
    /// If it ends or takes more than five minutes instead; the message has all that it printed.
    #[track_caller]
    pub(crate) fn start(self) -> App {
        match self.try_start() {
            Ok(app) => app,
            Err(refusal) => panic!("the app did not start; it printed:\n{}", refusal.log),
        }
    }

    /// Like [`AppBuilder::start`], for tests in which the app may refuse to start.
    pub(crate) fn try_start(self) -> Result<App, Refusal> {
        let servers: Result<Vec<_>, _> = (0..self.hosts)
            .map(|_| Server::start(self.command(), self.output).map_err(|log| Refusal { log }))
            .collect();
        Ok(App::new(servers?, self))
    }

    fn command(&self) -> Command {
        let program = program();
        for source in sources(&mut shipped_manifest()) {
            require(&workspace().join(source.as_str().expect("a component's source is a path")));
        }
        let [shell, flag, script] = REFUSED_NOT_ENDED;
        let mut command = Command::new(shell);
        command.arg(flag).arg(script).arg(program);
        for (name, _) in
            env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SPIN_"))
        {
            command.env_remove(name);
        }
        if self.logs_everything {
            command.env("RUST_LOG", "trace");
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.folder.path());
        command.arg("up").arg("--from").arg(self.manifest_path());
        command.args(["--listen", "127.0.0.1:0"]);
        command
            .arg("--state-dir")
            .arg(self.folder.path().join(STATE));
        if matches!(self.store, Store::File) {
            store_file::prepare(&self.folder.path().join(STATE));
        }
        let faults = self.folder.path().join(FAULTS);
        if faults.exists() {
            command.arg("--faults").arg(faults);
        }
        if let Store::Redis(database) = &self.store {
            command
                .arg("--runtime-config-file")
                .arg(self.runtime_config(&database.url()));
        }
        command.args(&self.flags);
        // In the environment, as in a deployment: Spin logs the arguments of its process.
        let mut set = |name: &str, value: &str| {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        };
        if let Store::OutboundRedis(database) = &self.store {
            set(STORE_URL, &database.url());
        }
        for (name, value) in &self.variables {
            set(name, value);
        }
        command
    }

    fn runtime_config(&self, url: &str) -> PathBuf {
        let path = self.folder.path().join("runtime-config.toml");
        let text = format!("[key_value_store.default]\ntype = \"redis\"\nurl = \"{url}\"\n");
        fs::write(&path, text).expect("the temporary folder can be written");
        path
    }

    fn manifest_path(&self) -> PathBuf {
        let Some(manifest) = &self.manifest else {
            return StoreKind::chosen().manifest();
        };
        let path = self.folder.path().join("spin.toml");
        let text = toml::to_string(manifest).expect("a changed manifest is still TOML");
        fs::write(&path, text).expect("the temporary folder can be written");
        path
    }
}

/// One component's table in a manifest that a test edits.
pub(crate) fn component<'manifest>(
    manifest: &'manifest mut Table,
    id: &str,
) -> &'manifest mut Table {
    manifest["component"][id]
        .as_table_mut()
        .expect("the shipped manifest has this component")
}

/// Takes a component's store away.
pub(crate) fn revoke_store(manifest: &mut Table, id: &str) {
    let component = component(manifest, id);
    component.remove("key_value_stores");
    hosts(component).retain(|host| !is_redis(host));
}

/// Takes every host away that a component may call, except its store.
pub(crate) fn revoke_hosts(manifest: &mut Table, id: &str) {
    hosts(component(manifest, id)).retain(is_redis);
}

fn hosts(component: &mut Table) -> &mut Vec<Value> {
    component["allowed_outbound_hosts"]
        .as_array_mut()
        .expect("the shipped manifest lists hosts")
}

/// Grants a component another Redis than its own.
pub(crate) fn grant_another_redis(manifest: &mut Table, id: &str) {
    for host in hosts(component(manifest, id))
        .iter_mut()
        .filter(|host| is_redis(host))
    {
        *host = "redis://redis.example.test:6379".into();
    }
}

fn is_redis(host: &Value) -> bool {
    host.as_str().is_some_and(|host| host.starts_with("redis"))
}

fn sources(manifest: &mut Table) -> impl Iterator<Item = &mut Value> {
    let components = manifest["component"]
        .as_table_mut()
        .expect("the shipped manifest has components");
    components
        .iter_mut()
        .filter_map(|(_, component)| component.get_mut("source"))
}

/// The variables that the manifest declares to be secret.
pub(super) fn secret_variables() -> Vec<String> {
    let manifest = shipped_manifest();
    let variables = manifest["variables"]
        .as_table()
        .expect("the shipped manifest has variables");
    let is_secret = |variable: &Value| variable.get("secret") == Some(&Value::Boolean(true));
    let secret = variables.iter().filter(|(_, it)| is_secret(it));
    secret.map(|(name, _)| name.clone()).collect()
}

fn shipped_manifest() -> Table {
    let manifest = StoreKind::chosen().manifest();
    let text = fs::read_to_string(manifest).expect("the workspace has a manifest");
    text.parse().expect("the shipped manifest is TOML")
}

/// Whether the app runs on the embedded host, which can be told to misbehave, and not on a Spin.
pub(crate) fn is_embedded_host() -> bool {
    env::var_os("KEYBACK_SPIN").is_none()
}

/// The binary that runs the app: nothing else knows which one it is.
fn program() -> PathBuf {
    let program = match env::var_os("KEYBACK_SPIN") {
        Some(spin) => path::absolute(spin).expect("KEYBACK_SPIN names a file"),
        None => workspace().join("target/host/keyback-host"),
    };
    require(&program);
    program
}

fn require(file: &Path) {
    assert!(
        file.exists(),
        "{} is missing: run `make build host` first, or `make build-redis host` for outbound-redis",
        file.display()
    );
}

pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests are a member of the workspace")
}
