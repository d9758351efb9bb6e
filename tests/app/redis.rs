//! A Redis of the tests' own: Debian's server, on a port and in a folder of its own.

use std::{
    net::TcpListener,
    path::PathBuf,
    process::Command,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU32, Ordering},
    },
};

use redis::{Client, Connection, cmd};
use serde_json::Value;
use tempfile::TempDir;

use super::Server;

/// More apps than one run of the tests starts.
const DATABASES: u32 = 8192;
/// Another process may take a free port before the server does.
const TRIES: usize = 5;
/// Files of a server's folder.
const DUMP: &str = "dump.rdb";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// A running server; it ends, with its folder, when this is dropped.
pub(crate) struct Redis {
    server: Server,
    port: u16,
    folder: TempDir,
    keeps: Keeps,
    databases: AtomicU32,
    scheme: &'static str,
}

/// What a server writes to its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeps {
    Nothing,
    /// The same, and it speaks only TLS, with a self-signed certificate.
    NothingAndSpeaksTls,
    /// Each write, before it is acknowledged.
    EachWrite,
    /// Everything, when it is asked to stop.
    AllAtTheEnd,
}

/// One database of a server, which an app has for itself.
#[derive(Clone)]
pub(super) struct Database {
    server: Arc<Mutex<Redis>>,
    number: u32,
    /// The prefix of every key.
    prefix: &'static str,
}

/// Whether there is a `redis-server`. In CI there must be.
pub(crate) fn has_redis() -> bool {
    let found = Command::new("redis-server").arg("--version").output();
    let is_there = found.is_ok_and(|output| output.status.success());
    assert!(
        is_there || std::env::var_os("CI").is_none(),
        "CI needs redis-server"
    );
    if !is_there {
        eprintln!("not tried: there is no redis-server");
    }
    is_there
}

impl Redis {
    pub(crate) fn start(keeps: Keeps) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("keyback-redis-")
            .tempdir()
            .expect("a temporary folder can be made");
        Self::start_in(folder, keeps)
    }

    /// Starts a server on the data that another one left in this folder.
    fn start_in(folder: TempDir, keeps: Keeps) -> Self {
        for _ in 0..TRIES {
            let port = TcpListener::bind("127.0.0.1:0")
                .and_then(|listener| listener.local_addr())
                .expect("a port is free")
                .port();
            if let Ok(server) = run(&folder, port, keeps) {
                return Self {
                    server,
                    port,
                    folder,
                    keeps,
                    databases: AtomicU32::new(0),
                    scheme: if keeps == Keeps::NothingAndSpeaksTls {
                        "rediss"
                    } else {
                        "redis"
                    },
                };
            }
        }
        panic!("redis-server did not start");
    }

    /// The server that all apps of a run share; the last one to finish stops it.
    fn shared() -> Arc<Mutex<Self>> {
        static SHARED: Mutex<Weak<Mutex<Redis>>> = Mutex::new(Weak::new());

        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Mutex::new(Self::start(Keeps::Nothing)));
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// Ends it with no warning at all: SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.server.kill_and_wait();
    }

    /// Begins again where it was, on the same port with the same folder.
    pub(crate) fn restart(&mut self) {
        self.server = run(&self.folder, self.port, self.keeps).expect("its port is free again");
    }

    /// Kills it, stops `other`, and restarts on its own port with the data of `other`.
    pub(crate) fn replace_by(&mut self, other: Self) {
        self.kill();
        let Self { server, folder, .. } = other;
        server.stop();
        assert!(folder.path().join(DUMP).exists(), "it kept nothing");
        self.folder = folder;
        self.keeps = Keeps::AllAtTheEnd;
        self.restart();
    }

    /// The file of its certificate, if it speaks TLS.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join(CERTIFICATE)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Sends a command to its first database.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let (name, arguments) = words.split_first().expect("a command has a name");
        let answer: redis::Value = cmd(name)
            .arg(arguments)
            .query(&mut self.connect(0))
            .unwrap_or_else(|error| panic!("{words:?}: {error}"));
        match answer {
            redis::Value::BulkString(text) => String::from_utf8_lossy(&text).into_owned(),
            other => format!("{other:?}"),
        }
    }

    /// Makes a user who may do everything; returns the address of the first database with that user's credentials.
    pub(crate) fn url_of_user(&self, name: &str, password: &str) -> String {
        let password_rule = format!(">{password}");
        let rules = ["ACL", "SETUSER", name, "on", &password_rule];
        self.command(&[&rules[..], &["~*", "&*", "+@all"]].concat());
        format!(
            "{}://{name}:{password}@127.0.0.1:{}/0",
            self.scheme, self.port
        )
    }

    fn url(&self, database: u32) -> String {
        format!("{}://127.0.0.1:{}/{database}", self.scheme, self.port)
    }

    fn connect(&self, database: u32) -> Connection {
        Client::open(self.url(database))
            .and_then(|client| client.get_connection())
            .expect("the server runs")
    }
}

fn run(folder: &TempDir, port: u16, keeps: Keeps) -> Result<Server, String> {
    let mut command = Command::new("redis-server");
    let port = port.to_string();
    command.args(["--bind", "127.0.0.1"]);
    if keeps == Keeps::NothingAndSpeaksTls {
        make_certificate(folder);
        command.args(["--port", "0", "--tls-port", &port]);
        command.args(["--tls-auth-clients", "no", "--tls-cert-file"]);
        command.arg(folder.path().join(CERTIFICATE));
        command.arg("--tls-key-file").arg(folder.path().join(KEY));
        command.arg("--tls-ca-cert-file");
        command.arg(folder.path().join(CERTIFICATE));
    } else {
        command.args(["--port", &port]);
    }
    command.args(["--databases", &DATABASES.to_string(), "--dbfilename", DUMP]);
    command.arg("--dir").arg(folder.path());
    match keeps {
        Keeps::Nothing | Keeps::NothingAndSpeaksTls => {
            command.args(["--save", "", "--appendonly", "no"])
        }
        Keeps::EachWrite => command.args([
            "--save",
            "",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ]),
        // So long a time never passes, but having a save rule makes it write when it stops.
        Keeps::AllAtTheEnd => command.args(["--save", "1000000 1", "--appendonly", "no"]),
    };
    let is_ready = |line: &str| {
        line.contains("Ready to accept connections")
            .then(String::new)
    };
    Server::start_and_read(command, is_ready)
}

fn make_certificate(folder: &TempDir) {
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt"]);
    openssl.args(["ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]);
    openssl.args([
        "-subj",
        "/CN=redis",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]);
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.args(["-out", CERTIFICATE, "-keyout", KEY]);
    let made = openssl.current_dir(folder.path()).output();
    let made = made.expect("openssl can be run");
    let errors = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{errors}");
}

impl Database {
    /// A database of the server that all apps share.
    pub(super) fn of_all(prefix: &'static str) -> Self {
        Self::of(Redis::shared(), prefix)
    }

    /// The next unused database of a server.
    pub(super) fn of(server: Arc<Mutex<Redis>>, prefix: &'static str) -> Self {
        let number = lock(&server).databases.fetch_add(1, Ordering::Relaxed);
        assert!(number < DATABASES, "every database is in use");
        Self {
            server,
            number,
            prefix,
        }
    }

    pub(super) fn url(&self) -> String {
        lock(&self.server).url(self.number)
    }

    /// The text under a key.
    pub(super) fn find(&self, key: &str) -> Option<String> {
        let value: Option<Vec<u8>> = cmd("GET")
            .arg([self.prefix, key].concat())
            .query(&mut self.connect())
            .expect("the server answers");
        value.map(|value| String::from_utf8(value).expect("the value is text"))
    }

    /// Changes the JSON under a key.
    pub(super) fn change(&self, key: &str, change: impl FnOnce(&mut Value)) {
        let text = self
            .find(key)
            .unwrap_or_else(|| panic!("nothing is stored under {key}"));
        let mut value: Value = serde_json::from_str(&text).expect("the record is JSON");
        change(&mut value);
        cmd("SET")
            .arg([self.prefix, key].concat())
            .arg(value.to_string())
            .exec(&mut self.connect())
            .expect("the server answers");
    }

    /// All keys in the database, without its prefix.
    pub(super) fn names(&self) -> Vec<String> {
        let keys: Vec<String> = cmd("KEYS")
            .arg("*")
            .query(&mut self.connect())
            .expect("the server answers");
        let names = keys.iter().filter_map(|key| key.strip_prefix(self.prefix));
        names.map(str::to_owned).collect()
    }

    /// Every key and every value of the database.
    pub(super) fn content(&self) -> Vec<Vec<u8>> {
        let mut connection = self.connect();
        let keys: Vec<Vec<u8>> = cmd("KEYS")
            .arg("*")
            .query(&mut connection)
            .expect("the server answers");
        let values: Vec<Option<Vec<u8>>> = match keys.as_slice() {
            [] => Vec::new(),
            keys => cmd("MGET")
                .arg(keys)
                .query(&mut connection)
                .expect("the server answers"),
        };
        keys.into_iter()
            .chain(values.into_iter().flatten())
            .collect()
    }

    fn connect(&self) -> Connection {
        lock(&self.server).connect(self.number)
    }
}

fn lock(server: &Mutex<Redis>) -> std::sync::MutexGuard<'_, Redis> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}
