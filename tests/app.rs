//! The app under test: started on a free port, with a state folder and an email sink of its own.

mod accounts;
mod answer;
mod api_keys;
mod breach_list;
mod builder;
mod clients;
mod comparison;
mod issuer;
mod limits;
mod mail;
mod mail_sink;
mod receiver;
mod redis;
mod server;
mod stand;
mod store_file;
mod time;
mod wire;

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use tempfile::TempDir;

pub(crate) use self::{
    accounts::{Newcomer, Recovery, User},
    answer::{Answer, assert_alike, assert_same_shape},
    api_keys::Scope,
    breach_list::BreachList,
    builder::{
        AppBuilder, PUBLIC_BASE_URL, StoreKind, component, grant_another_redis, is_embedded_host,
        revoke_hosts, revoke_store, workspace,
    },
    clients::{ApiClient, Call, Caller, Visitor},
    comparison::{Distance, TRIES, ranks},
    issuer::{Algorithm, Issuer, encode, hmac},
    limits::{STATE_LIMIT, wait_for, wait_long_for},
    mail::Mail,
    mail_sink::{MailSink, Provider},
    receiver::{Receiver, Webhook},
    redis::{Keeps, Redis, has_redis},
    server::Output,
    time::{in_a_mail, unix_now, unix_seconds},
    wire::Wire,
};
use self::{api_keys::ApiKeys, builder::Store, server::Server};

/// The running app. It ends, with its state folder and its email sink, when this is dropped.
pub(crate) struct App {
    servers: Vec<Server>,
    /// Counts the clients made so far, to spread them over the hosts in turn.
    clients: AtomicUsize,
    sink: MailSink,
    keys: ApiKeys,
    variables: BTreeMap<String, String>,
    folder: TempDir,
    store: Store,
}

impl App {
    /// Starts an app of the test's own, with the shipped manifest and the usual variables.
    pub(crate) fn start() -> Self {
        Self::builder().start()
    }

    pub(crate) fn builder() -> AppBuilder {
        AppBuilder::new()
    }

    fn new(servers: Vec<Server>, from: AppBuilder) -> Self {
        Self {
            servers,
            clients: AtomicUsize::new(0),
            sink: from.sink,
            keys: from.keys,
            variables: from.variables,
            folder: from.folder,
            store: from.store,
        }
    }

    /// An app like that of [`App::start`], shared by the tests that are running; the last one to finish stops it.
    ///
    /// Two hosts serve it if its store can be shared.
    ///
    /// For tests that bring their own accounts and change nothing that another test could notice. An imported hash is
    /// noticed: refused sign-ins take whole seconds from then on.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<App>> = Mutex::new(Weak::new());

        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let hosts = match StoreKind::chosen() {
                StoreKind::File => 1,
                StoreKind::Redis | StoreKind::OutboundRedis => 2,
            };
            let app = Arc::new(Self::builder().hosts(hosts).start());
            *shared = Arc::downgrade(&app);
            app
        })
    }

    /// Stops the app and returns what it was started with: the same state folder, sink, keys and variables.
    pub(crate) fn stop(mut self) -> AppBuilder {
        self.servers.drain(..).for_each(Server::stop);
        self.resume()
    }

    /// Like [`App::stop`], but with SIGKILL.
    pub(crate) fn kill(mut self) -> AppBuilder {
        self.servers.clear();
        self.resume()
    }

    fn resume(self) -> AppBuilder {
        AppBuilder {
            variables: self.variables,
            manifest: None,
            logs_everything: false,
            flags: Vec::new(),
            folder: self.folder,
            sink: self.sink,
            keys: self.keys,
            store: self.store,
            hosts: 1,
            environment: Vec::new(),
            output: Output::IsRead,
        }
    }

    /// Kills the app while others still call it. [`App::kill`] then returns what it was started with.
    pub(crate) fn end(&self) {
        self.servers.iter().for_each(Server::kill);
    }

    pub(crate) fn sink(&self) -> &MailSink {
        &self.sink
    }

    /// The value that the app was given for a variable.
    pub(crate) fn variable(&self, name: &str) -> &str {
        &self.variables[name]
    }

    /// The name and the value of each variable that the manifest declares to be secret. Panics if one has no value.
    pub(crate) fn secret_variables(&self) -> Vec<(String, &str)> {
        let names = builder::secret_variables().into_iter();
        let values = names.map(|name| {
            let value = self.variables.get(&name);
            let value = value.unwrap_or_else(|| panic!("the test gives {name} no value"));
            (name, value.as_str())
        });
        values.collect()
    }

    /// All that the app has printed so far.
    pub(crate) fn log(&self) -> String {
        self.servers.iter().map(Server::log).collect()
    }

    /// Resets the peak that [`App::peak_memory`] reports. Linux only.
    pub(crate) fn forget_peak_memory(&self) {
        self.servers.iter().for_each(Server::forget_peak_memory);
    }

    /// Peak memory, in bytes, of the largest of the app's processes since the last reset. Linux only.
    pub(crate) fn peak_memory(&self) -> u64 {
        let peaks = self.servers.iter().map(Server::peak_memory);
        peaks.max().expect("a host serves it")
    }

    /// Injects faults into components' calls from now on, as `host/README.md` describes; an empty plan has none.
    pub(crate) fn plan_faults(&self, plan: &str) {
        let file = self.folder.path().join(builder::FAULTS);
        let new = file.with_extension("new");
        fs::write(&new, plan).expect("the folder can be written");
        // So that the host never reads half of it.
        fs::rename(&new, &file).expect("the folder can be written");
    }

    /// Makes the disk look full to the app, or no longer: writes to files fail, reads still work. Linux only.
    pub(crate) fn fill_disk(&self, is_full: bool) {
        for server in &self.servers {
            server.refuse_writes(is_full);
        }
    }

    /// The result of `PRAGMA integrity_check` on the store's file: `ok`, or what is broken.
    pub(crate) fn integrity(&self) -> String {
        store_file::integrity(&self.state_folder())
    }

    /// All keys in the store.
    pub(crate) fn stored_names(&self) -> Vec<String> {
        match &self.store {
            Store::File => store_file::names(&self.state_folder()),
            Store::Redis(database) | Store::OutboundRedis(database) => database.names(),
        }
    }

    /// The store's file.
    pub(crate) fn store_file(&self) -> PathBuf {
        store_file::path(&self.state_folder())
    }

    /// The folder that holds whatever the app keeps.
    pub(crate) fn state_folder(&self) -> PathBuf {
        self.folder.path().join(builder::STATE)
    }

    /// The text in the store under a key, as it is at rest.
    pub(crate) fn stored(&self, key: &str) -> Option<String> {
        match &self.store {
            Store::File => store_file::find(&self.state_folder(), key),
            Store::Redis(database) | Store::OutboundRedis(database) => database.find(key),
        }
    }

    /// Every file of the app's folder, or every key and value of its database.
    pub(crate) fn kept(&self) -> Vec<Vec<u8>> {
        match &self.store {
            Store::File => files_below(&self.state_folder()),
            Store::Redis(database) | Store::OutboundRedis(database) => database.content(),
        }
    }

    /// Whether a text occurs verbatim in the app's folder or database.
    pub(crate) fn keeps(&self, text: &str) -> bool {
        let holds = |bytes: &Vec<u8>| {
            bytes
                .windows(text.len())
                .any(|bytes| bytes == text.as_bytes())
        };
        self.kept().iter().any(holds)
    }

    /// Somebody without credentials: a person's browser, or an attacker.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor::new(self.origin())
    }

    /// A portal's back end, whose API key has every scope.
    pub(crate) fn portal(&self) -> ApiClient {
        ApiClient::new(self.origin(), self.keys.all_scopes())
    }

    /// The API key that has every scope.
    pub(crate) fn all_scopes(&self) -> &str {
        self.keys.all_scopes()
    }

    /// The origin to call: the next host's, if there are several.
    pub(crate) fn origin(&self) -> &str {
        let client = self.clients.fetch_add(1, Ordering::Relaxed);
        self.servers[client % self.servers.len()].origin()
    }

    /// A client whose API key has one scope and no other.
    pub(crate) fn api_client(&self, scope: Scope) -> ApiClient {
        self.api_client_with(scope.name())
    }

    /// A client whose API key has this word among its scopes and no other.
    pub(crate) fn api_client_with(&self, word: &str) -> ApiClient {
        ApiClient::new(self.origin(), self.keys.only(word))
    }

    /// A client that sends this as its bearer token, valid or not.
    pub(crate) fn token_bearer(&self, token: &str) -> ApiClient {
        ApiClient::new(self.origin(), token)
    }

    /// A kept-alive connection on which every byte is the test's own.
    pub(crate) fn wire(&self) -> Wire {
        Wire::connect(self.origin())
    }
}

/// `length` random bytes in base64url, as tokens are written.
pub(crate) fn random_token(length: usize) -> String {
    URL_SAFE_NO_PAD.encode(random_bytes(length))
}

/// A password that passes the shipped policy.
pub(crate) fn strong_password() -> String {
    format!("heron-{}", random_token(12))
}

pub(crate) fn unique_email() -> String {
    format!("u{}@people.example.test", api_keys::hex(&random_bytes(8)))
}

/// A code of the same length that is not this one.
pub(crate) fn wrong_code(right: &str) -> String {
    let (last, rest) = right.as_bytes().split_last().expect("a code has digits");
    let digit = if *last == b'9' { b'0' } else { last + 1 };
    rest.iter()
        .chain([&digit])
        .copied()
        .map(char::from)
        .collect()
}

/// The same text with one letter in its middle changed: well formed, and unknown.
pub(crate) fn altered(text: &str) -> String {
    let middle = text.len() / 2;
    text.char_indices()
        .map(|(at, letter)| match letter {
            'a' if at == middle => 'b',
            _ if at == middle => 'a',
            other => other,
        })
        .collect()
}

/// Every file below a folder, read whole: a store's file and its log alike.
pub(crate) fn files_below(folder: &Path) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).expect("the folder can be listed");
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("the folder's entry can be read").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            match fs::read(&path) {
                Ok(file) => files.push(file),
                // SQLite deletes a journal when its transaction ends.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }
    files
}

fn random_bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    bytes
}
