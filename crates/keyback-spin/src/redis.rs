//! The store in a Redis that the component calls itself, by `spin:redis`: for hosts without atomic increments.
//!
//! Each call of the port is one command, so each is atomic. Nothing is sent twice: a command whose answer was lost may have
//! been done.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, LocalBoxFuture, Shared, select};
use keyback::ports::{KeyValue, Unavailable};
use keyback::store::keys::{AnyKey, CounterKey, Key};
use spin_sdk::redis::{Connection, Error, RedisParameter, RedisResult};
use spin_sdk::time::sleep;

/// The variable with the address: `redis://[user:password@]host[:port][/database]`, or `rediss://…` over TLS.
const URL: &str = "store_url";
/// Prefix of each key, so that others can use the same database. In a cluster, the braces put all keys into one hash
/// slot, as a command with several keys requires.
const PREFIX: &str = "{keyback}:";
/// The longest wait for a new connection. Hosts set no limit.
const OPENS_WITHIN: Duration = Duration::from_millis(900);
/// The longest wait for an existing connection to answer, before a new one is made.
const PINGS_WITHIN: Duration = Duration::from_millis(300);
/// The longest wait for the answer to a command.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);
/// After a busy phase, an instance may see a timeout before it sees the answer that arrived long ago.
const GRACE: Duration = Duration::from_millis(1);

type Opened = Result<Rc<Connection>, Unavailable>;

thread_local! {
    /// The connection of this instance, once it is open.
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

/// The store of one request. The first call opens it, so a request that needs no store is answered without one.
#[derive(Default)]
pub struct SpinRedis {
    opening: RefCell<Option<Shared<LocalBoxFuture<'static, Opened>>>>,
}

impl SpinRedis {
    async fn open(&self) -> Opened {
        let opening = {
            let mut opening = self.opening.borrow_mut();
            let opening = opening.get_or_insert_with(|| open().boxed_local().shared());
            opening.clone()
        };
        opening.await
    }

    /// Sends a command, and returns its one answer.
    async fn ask(
        &self,
        command: &str,
        arguments: Vec<RedisParameter>,
    ) -> Result<RedisResult, Unavailable> {
        let connection = self.open().await?;
        let asked = within(ANSWERS_WITHIN, connection.execute(command, arguments)).await;
        if asked.is_err() {
            // Later calls of this request reconnect, to read whether the command was done.
            forget(&connection);
            self.opening.borrow_mut().take_if(|opening| {
                let opened = opening.peek().and_then(|it| it.as_ref().ok());
                opened.is_some_and(|opened| Rc::ptr_eq(opened, &connection))
            });
        }
        asked?.into_iter().next().ok_or_else(unexpected)
    }
}

/// The instance's connection if it still answers, or else a new one. Two requests may each open one at the same time;
/// then the first one is kept for later requests.
async fn open() -> Opened {
    if let Some(connection) = CONNECTION.with_borrow(Clone::clone) {
        let answered = within(PINGS_WITHIN, connection.execute("PING", [])).await;
        if answered.is_ok() {
            return Ok(connection);
        }
        forget(&connection);
    }
    within(OPENS_WITHIN, async {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the address of the store"
        )]
        let url = spin_sdk::variables::get(URL).await;
        let url = url.map_err(|_| Error::InvalidAddress)?;
        let connection = Rc::new(Connection::open(url).await?);
        CONNECTION.with_borrow_mut(|known| {
            known.get_or_insert_with(|| Rc::clone(&connection));
        });
        Ok(connection)
    })
    .await
}

/// Makes later requests open another connection.
fn forget(broken: &Rc<Connection>) {
    CONNECTION.with_borrow_mut(|known| {
        if known
            .as_ref()
            .is_some_and(|known| Rc::ptr_eq(known, broken))
        {
            *known = None;
        }
    });
}

/// Waits at most `time` for a call to the host.
async fn within<T>(
    time: Duration,
    call: impl Future<Output = Result<T, Error>>,
) -> Result<T, Unavailable> {
    let call = pin!(call);
    let answer = match select(call, pin!(sleep(time))).await {
        Either::Left((answer, _)) => answer,
        Either::Right(((), call)) => match select(call, pin!(sleep(GRACE))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => return Err(outage("the store is not responding")),
        },
    };
    // The host's own message is left out: it may quote a key or the address.
    answer.map_err(|error| {
        outage(match error {
            Error::InvalidAddress => "store_url is not allowed in spin.toml",
            Error::TooManyConnections => "too many connections",
            Error::TypeError => "unexpected reply from the store",
            Error::Other(_) => "the provider failed",
        })
    })
}

fn outage(words: &str) -> Unavailable {
    Unavailable::Store(words.to_owned())
}

fn unexpected() -> Unavailable {
    outage("unexpected reply from the store")
}

fn named(key: &str) -> RedisParameter {
    RedisParameter::Binary([PREFIX, key].concat().into_bytes())
}

impl KeyValue for SpinRedis {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Unavailable> {
        match self.ask("GET", vec![named(key.as_str())]).await? {
            RedisResult::Nil => Ok(None),
            RedisResult::Binary(value) => Ok(Some(value)),
            RedisResult::Status(_) | RedisResult::Int64(_) => Err(unexpected()),
        }
    }

    async fn exists(&self, key: &AnyKey) -> Result<bool, Unavailable> {
        match self.ask("EXISTS", vec![named(key.as_str())]).await? {
            RedisResult::Int64(count) => Ok(count > 0),
            _ => Err(unexpected()),
        }
    }

    async fn set_many(&self, entries: Vec<(Key, Vec<u8>)>) -> Result<(), Unavailable> {
        let arguments = entries
            .into_iter()
            .flat_map(|(key, value)| [named(key.as_str()), RedisParameter::Binary(value)])
            .collect();
        match self.ask("MSET", arguments).await? {
            RedisResult::Status(_) => Ok(()),
            _ => Err(unexpected()),
        }
    }

    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Unavailable> {
        let keys = keys.iter().map(|key| named(key.as_str())).collect();
        match self.ask("DEL", keys).await? {
            RedisResult::Int64(_) => Ok(()),
            _ => Err(unexpected()),
        }
    }

    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Unavailable> {
        let arguments = vec![named(key.as_str()), RedisParameter::Int64(delta)];
        match self.ask("INCRBY", arguments).await? {
            RedisResult::Int64(sum) => Ok(sum),
            _ => Err(unexpected()),
        }
    }
}
