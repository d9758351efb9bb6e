//! A store in Redis, or in another server that speaks its protocol. As with Spin's, all calls share one connection and
//! one flat space of keys; the label is ignored.

use std::sync::OnceLock;
use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, Cmd, ErrorKind, FromRedisValue, RedisError, RedisResult, cmd};
use tokio::runtime::{Builder, Handle, Runtime};

use super::Result;

/// The longest wait for a connection.
const CONNECTS_WITHIN: Duration = Duration::from_secs(1);
/// The longest wait for an answer. Spin's store waits for ever.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How many times a connection is retried before the calls that wait for it fail.
const RETRIES: usize = 2;
/// The longest pause between two of these.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// The connections live on a thread of their own: beside components that compute, each step of a call would wait for
/// its turn.
static CONNECTIONS: OnceLock<Runtime> = OnceLock::new();

/// One database of a server. A broken connection is made again; a call that it cut off fails, and may have been done.
#[derive(Clone)]
pub(crate) struct RedisStore {
    connection: ConnectionManager,
    runtime: Handle,
}

/// Prepares the connection to `redis://[user:password@]host[:port][/database]`, or over TLS to `rediss://…`. The first
/// call connects.
///
/// # Errors
/// When it is not such an address. The error does not show it, since it may hold a password.
pub(crate) fn prepare(url: &str) -> RedisResult<RedisStore> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECTS_WITHIN))
        .set_response_timeout(Some(ANSWERS_WITHIN))
        .set_number_of_retries(RETRIES)
        .set_max_delay(LONGEST_PAUSE);
    let client = Client::open(url)?;
    let runtime = runtime()?;
    let _entered = runtime.enter();
    let connection = ConnectionManager::new_lazy_with_config(client, config)?;
    Ok(RedisStore {
        connection,
        runtime,
    })
}

fn runtime() -> RedisResult<Handle> {
    if let Some(runtime) = CONNECTIONS.get() {
        return Ok(runtime.handle().clone());
    }
    let made = Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("redis")
        .enable_all()
        .build()?;
    Ok(CONNECTIONS.get_or_init(|| made).handle().clone())
}

impl RedisStore {
    /// Whether the server answers now.
    pub(super) async fn answers(&self) -> bool {
        self.ask::<()>(&cmd("PING")).await.is_ok()
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.ask(cmd("GET").arg(key)).await
    }

    pub(super) async fn set(&self, key: &str, value: &[u8]) -> Result<()> {
        self.ask(cmd("SET").arg(key).arg(value)).await
    }

    pub(super) async fn delete(&self, key: &str) -> Result<()> {
        self.ask(cmd("DEL").arg(key)).await
    }

    pub(super) async fn exists(&self, key: &str) -> Result<bool> {
        self.ask(cmd("EXISTS").arg(key)).await
    }

    /// A counter is a decimal number, as text.
    pub(super) async fn increment(&self, key: &str, delta: i64) -> Result<i64> {
        self.ask(cmd("INCRBY").arg(key).arg(delta)).await
    }

    pub(super) async fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<()> {
        let mut command = cmd("MSET");
        for (key, value) in entries {
            command.arg(key).arg(value.as_slice());
        }
        self.ask(&command).await
    }

    pub(super) async fn delete_many(&self, keys: &[String]) -> Result<()> {
        self.ask(cmd("DEL").arg(keys)).await
    }

    async fn ask<T: FromRedisValue + Send + 'static>(&self, command: &Cmd) -> Result<T> {
        let (command, mut connection) = (command.clone(), self.connection.clone());
        let asked = self
            .runtime
            .spawn(async move { command.query_async(&mut connection).await });
        let ended = |_| RedisError::from((ErrorKind::Client, "the call was cut off"));
        Ok(asked.await.map_err(ended)??)
    }
}
