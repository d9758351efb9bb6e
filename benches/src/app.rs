//! One server with the app in it: its settings, its accounts, and what is known about them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64, Base64Unpadded, Encoding as _};
use fastrand::Rng;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use crate::calls::Kind;
use crate::client::{Call, send_one};
use crate::server::Server;
use crate::sink::MailSink;
use crate::store_file::StoreFile;

/// The password of every account that was imported.
pub(crate) const PASSWORD: &str = "quiet-lantern-over-the-harbour";

/// Every server gets the same calls in the same order.
const SEED: u64 = 20_261_128;

/// Of ten accounts, six ask for a recovery, three sign in, and one is reset by an administrator. So no call needs a
/// password that another call changed.
const RECOVERING_TENTHS: usize = 6;
const SIGNING_IN_TENTHS: usize = 3;

/// A server is idle when its store does not change, and it uses almost no CPU time, in several windows in a row.
const IDLE_WINDOW: Duration = Duration::from_millis(50);
const IDLE_WINDOWS: u32 = 5;
/// CPU time in one window. The embedded host's timers use half as much, the shortest work more.
const IDLE_CPU: Duration = Duration::from_micros(250);
const IDLE_LIMIT: Duration = Duration::from_mins(5);

/// After this long, the courier has to send the emails that are still missing, such as those whose first try timed out.
const COURIER_INTERVAL: Duration = Duration::from_secs(20);
const COURIER_RUNS: usize = 30;

/// What serves the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// The native reference, in this program.
    Reference,
    /// The embedded host, or a real Spin: they share their command line.
    Spin {
        name: &'static str,
        program: PathBuf,
    },
}

impl Host {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Spin { name, .. } => name,
        }
    }

    fn command(&self, manifest: &Path, state: &Path, variables: &Variables) -> Result<Command> {
        let mut command = match self {
            Self::Reference => {
                let mut command = Command::new(std::env::current_exe()?);
                command.arg("reference");
                command
            }
            Self::Spin { program, .. } => {
                let mut command = Command::new(program);
                command.arg("up").arg("--from").arg(manifest);
                command.args(["--listen", "127.0.0.1:0"]);
                command
            }
        };
        command.arg("--state-dir").arg(state);
        let settings = std::env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| name.to_string_lossy().starts_with("SPIN_"));
        for name in settings {
            command.env_remove(name);
        }
        for (name, value) in variables {
            command.env(format!("SPIN_VARIABLE_{}", name.to_uppercase()), value);
        }
        Ok(command)
    }
}

/// A recovery that was asked for and not used yet.
pub(crate) struct Recovery {
    pub(crate) account: usize,
    pub(crate) challenge_id: String,
}

/// A running app. It ends, with its store, when this is dropped.
pub(crate) struct App {
    pub(crate) host: Host,
    pub(crate) server: Server,
    pub(crate) sink: MailSink,
    pub(crate) key: String,
    pub(crate) random: Rng,
    /// Recoveries whose emails have come.
    pub(crate) recoveries: Vec<Recovery>,
    /// Accounts with the reset tokens that their codes gave.
    pub(crate) reset_tokens: Vec<(usize, String)>,
    /// The newest passwords of accounts that were reset since the last check.
    pub(crate) passwords: HashMap<usize, String>,
    accounts: usize,
    cursors: HashMap<Group, usize>,
    created: usize,
    store: StoreFile,
    /// How long the import of the accounts took, with the work after the answers.
    pub(crate) imported_in: Duration,
    _folder: TempDir,
}

/// Which accounts a call uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Group {
    /// Each is used once: a second request within a minute would send no email.
    Recovering,
    SigningIn,
    ResetByAdministrator,
}

impl App {
    /// Starts the app in a folder of its own below `work` and imports its accounts.
    pub(crate) async fn start(
        host: Host,
        work: &Path,
        manifest: &Path,
        accounts: usize,
    ) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("store-").tempdir_in(work)?;
        let sink = MailSink::start()?;
        let key = format!("kb_bench_{}", random_hex()?);
        let variables = variables(&sink, &key)?;
        let start = async || {
            let command = host.command(manifest, folder.path(), &variables)?;
            let server = Server::start(command).await;
            server.with_context(|| format!("the {} did not start", host.name()))
        };
        let server = start().await?;
        let store = StoreFile::in_folder(folder.path());
        let began = Instant::now();
        import(server.address(), &key, accounts).await?;
        // Work after the import that is cut off would leave a lease, and delay others.
        until_idle(&server, &store).await?;
        // Otherwise the first calls would pay for the feed of the import's events.
        let run = Call::post("/v1/courier/run", &json!({})).with_key(&key);
        send_one(server.address(), &run).await?;
        until_idle(&server, &store).await?;
        let imported_in = began.elapsed();
        // The memory that the import used does not count for the peaks.
        server.stop().await?;
        let server = start().await?;
        Ok(Self {
            host,
            server,
            sink,
            key,
            random: Rng::with_seed(SEED),
            recoveries: Vec::new(),
            reset_tokens: Vec::new(),
            passwords: HashMap::new(),
            accounts,
            cursors: HashMap::new(),
            created: 0,
            store,
            imported_in,
            _folder: folder,
        })
    }

    /// The next account of a group, in turn.
    pub(crate) fn next(&mut self, group: Group) -> Result<usize> {
        let recovering = self.accounts * RECOVERING_TENTHS / 10;
        let signing_in = self.accounts * SIGNING_IN_TENTHS / 10;
        let (first, count) = match group {
            Group::Recovering => (0, recovering),
            Group::SigningIn => (recovering, signing_in),
            Group::ResetByAdministrator => (
                recovering + signing_in,
                self.accounts - recovering - signing_in,
            ),
        };
        let cursor = self.cursors.entry(group).or_default();
        let turn = *cursor;
        *cursor += 1;
        if group == Group::Recovering && turn >= count {
            bail!(
                "{} accounts are too few for so many recoveries",
                self.accounts
            );
        }
        Ok(first + turn % count)
    }

    /// Whether a call of this kind can be made now, that is, whether there is an email, a token or an account for it.
    pub(crate) fn can(&self, kind: Kind) -> bool {
        match kind {
            Kind::ForgotKnown => {
                let asked = self.cursors.get(&Group::Recovering);
                asked.is_none_or(|asked| *asked < self.accounts * RECOVERING_TENTHS / 10)
            }
            Kind::VerifyOtp | Kind::ResetByLink => {
                let next = self.recoveries.first();
                next.is_some_and(|next| self.sink.has_secrets(&email(next.account)))
            }
            Kind::ResetByCode => !self.reset_tokens.is_empty(),
            _ => true,
        }
    }

    /// An address that no account has yet.
    pub(crate) fn new_address(&mut self) -> String {
        self.created += 1;
        format!("new{}@people.example.test", self.created)
    }

    /// A password that the policy takes.
    pub(crate) fn new_password(&mut self) -> String {
        format!("heron-{:016x}", self.random.u64(..))
    }

    pub(crate) fn admin_call(&self, path: impl Into<String>, body: &serde_json::Value) -> Call {
        Call::post(path, body).with_key(&self.key)
    }

    pub(crate) fn search(&self, query: &str) -> Call {
        Call::get(&format!("/v1/admin/users?{query}")).with_key(&self.key)
    }

    pub(crate) fn sign_in(&self, account: usize, password: &str) -> Call {
        let body = json!({ "email": email(account), "password": password });
        self.admin_call("/v1/sign-in", &body)
    }

    /// Checks by signing in that some of the passwords set since the last check are valid, and the old one is not.
    pub(crate) async fn check_passwords(&mut self) -> Result<()> {
        let server = self.server.address();
        for (account, password) in self.passwords.drain().take(3).collect::<Vec<_>>() {
            for (password, expected) in [(password.as_str(), 200), (PASSWORD, 401)] {
                let reply = send_one(server, &self.sign_in(account, password)).await?;
                ensure!(
                    reply.status == expected,
                    "after a reset, a sign-in is answered with {} and not with {expected}",
                    reply.status
                );
            }
        }
        Ok(())
    }

    /// Waits until `count` emails have come since the start. Returns when the last came, and how many the courier sent.
    pub(crate) async fn wait_for_mails(&self, count: usize) -> Result<(std::time::Instant, usize)> {
        let mut late = 0;
        for _ in 0..COURIER_RUNS {
            if let Some(last) = self.sink.wait_for(count, COURIER_INTERVAL).await {
                return Ok((last, late));
            }
            late = late.max(count.saturating_sub(self.sink.received()));
            let run = self.admin_call("/v1/courier/run", &json!({}));
            send_one(self.server.address(), &run).await?;
        }
        bail!("only {} of {count} emails came", self.sink.received())
    }

    /// How many transactions have changed the store; the number wraps.
    pub(crate) fn transactions(&self) -> Result<u32> {
        self.store.transactions()
    }

    /// Waits until the server is idle.
    pub(crate) async fn until_idle(&self) -> Result<()> {
        until_idle(&self.server, &self.store).await
    }
}

async fn until_idle(server: &Server, store: &StoreFile) -> Result<()> {
    let deadline = Instant::now() + IDLE_LIMIT;
    let mut idle = 0;
    let mut before = (server.cpu()?, store.transactions()?);
    while idle < IDLE_WINDOWS {
        ensure!(
            Instant::now() < deadline,
            "the server is still busy long after its last answer"
        );
        sleep(IDLE_WINDOW).await;
        let now = (server.cpu()?, store.transactions()?);
        let is_idle = now.0.saturating_sub(before.0) < IDLE_CPU && now.1 == before.1;
        idle = if is_idle { idle + 1 } else { 0 };
        before = now;
    }
    Ok(())
}

/// How many accounts one call imports: about three megabytes.
const IMPORTED_AT_ONCE: usize = 20_000;

async fn import(server: SocketAddr, key: &str, accounts: usize) -> Result<()> {
    let hash = own_hash(PASSWORD)?;
    let lines: Vec<String> = (0..accounts)
        .map(|account| {
            json!({ "id": id(account), "email": email(account), "password_hash": hash }).to_string()
        })
        .collect();
    for lines in lines.chunks(IMPORTED_AT_ONCE) {
        let call = Call {
            content_type: "application/x-ndjson",
            body: lines.join("\n").into(),
            ..Call::post("/v1/admin/users/import", &json!(null)).with_key(key)
        };
        let reply = send_one(server, &call).await?;
        let created = reply.json()["created"].as_u64();
        ensure!(
            created == u64::try_from(lines.len()).ok(),
            "the import was answered with {}: {}",
            reply.status,
            String::from_utf8_lossy(&reply.body)
        );
    }
    Ok(())
}

pub(crate) fn id(account: usize) -> String {
    format!("user-{account:05}")
}

pub(crate) fn email(account: usize) -> String {
    format!("user{account:05}@people.example.test")
}

type Variables = Vec<(&'static str, String)>;

/// The app's settings: the shipped ones, with limits per client that the load of one machine does not reach.
fn variables(sink: &MailSink, key: &str) -> Result<Variables> {
    let scopes = [
        "users",
        "users:hashes",
        "reset",
        "sign-in",
        "courier",
        "events",
        "emails",
    ];
    let digest = base16ct::lower::encode_string(&Sha256::digest(key));
    let keys = json!([{ "id": "bench", "sha256": digest, "scopes": scopes }]);
    let mut variables = vec![
        ("secret_key", Base64::encode_string(&random_bytes()?)),
        ("public_base_url", "https://id.example.test".to_owned()),
        ("api_keys", keys.to_string()),
        ("email_provider", "resend".to_owned()),
        ("email_api_origin", sink.origin()),
        ("email_api_key", format!("re_{}", random_hex()?)),
        ("email_from", "Keyback <no-reply@example.test>".to_owned()),
    ];
    // The windows are the shipped ones: another length could cost another operation.
    let windows = [
        ("limit_client_forgot", 3600),
        ("limit_client_verify", 60),
        ("limit_client_reset", 60),
        ("limit_client_sign_in", 60),
        ("limit_app_forgot", 60),
    ];
    variables.extend(windows.map(|(name, seconds)| (name, format!("10000000/{seconds}"))));
    Ok(variables)
}

/// A hash in Keyback's own form, which is imported unchanged and needs no rehash.
fn own_hash(password: &str) -> Result<String> {
    let salt = *b"a salt of 16 B  ";
    let mut output = [0; 32];
    let params = Params::new(19_456, 2, 1, None)?;
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
        password.as_bytes(),
        &salt,
        &mut output,
    )?;
    let (salt, output) = (
        Base64Unpadded::encode_string(&salt),
        Base64Unpadded::encode_string(&output),
    );
    Ok(format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${output}"))
}

fn random_bytes() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn random_hex() -> Result<String> {
    Ok(base16ct::lower::encode_string(&random_bytes()?))
}
