//! The store on Spin: values by `spin:key-value`, counters and batches by `wasi:keyvalue`, on the same label.

use std::cell::OnceCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{Either, LocalBoxFuture, Shared, select};
use keyback::ports::{KeyValue, Unavailable};
use keyback::store::keys::{AnyKey, CounterKey, Key};
use spin_sdk::experimental::wasi::keyvalue::store::{
    Bucket, Error as BucketError, open as wasi_open,
};
use spin_sdk::experimental::wasi::keyvalue::{atomics, batch};
use spin_sdk::key_value::{Error as StoreError, Store};
use spin_sdk::time::sleep;

const LABEL: &str = "default";
/// The longest wait for the store to open. While Redis is down, Spin may not answer at all for minutes.
const OPENS_WITHIN: Duration = Duration::from_millis(900);
/// After a busy phase, an instance may see this timeout before it sees that the store opened long ago.
const GRACE: Duration = Duration::from_millis(1);

type Opened = Result<Rc<(Store, Bucket)>, Unavailable>;

/// The default store, through both interfaces. The first call opens it, so a request that needs no store is answered
/// without one.
#[derive(Default)]
pub struct SpinKeyValue {
    opening: OnceCell<Shared<LocalBoxFuture<'static, Opened>>>,
}

impl SpinKeyValue {
    async fn open(&self) -> Opened {
        let opening = self.opening.get_or_init(|| open().boxed_local().shared());
        opening.clone().await
    }
}

async fn open() -> Opened {
    let store = match select(pin!(Store::open(LABEL)), pin!(sleep(OPENS_WITHIN))).await {
        Either::Left((store, _)) => store,
        Either::Right(((), store)) => match select(store, pin!(sleep(GRACE))).await {
            Either::Left((store, _)) => store,
            Either::Right(_) => {
                let words = "the store is not responding".to_owned();
                return Err(Unavailable::Store(words));
            }
        },
    };
    let store = store.map_err(|error| store_outage(&error))?;
    // This call blocks the instance; but the store is open by now, so there is no wait.
    let bucket = wasi_open(LABEL).map_err(|error| bucket_outage(&error))?;
    Ok(Rc::new((store, bucket)))
}

impl KeyValue for SpinKeyValue {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Unavailable> {
        self.open()
            .await?
            .0
            .get(key.as_str())
            .await
            .map_err(|error| store_outage(&error))
    }

    async fn exists(&self, key: &AnyKey) -> Result<bool, Unavailable> {
        self.open()
            .await?
            .0
            .exists(key.as_str())
            .await
            .map_err(|error| store_outage(&error))
    }

    async fn set_many(&self, entries: Vec<(Key, Vec<u8>)>) -> Result<(), Unavailable> {
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(key, value)| (key.as_str().to_owned(), value))
            .collect();
        batch::set_many(&self.open().await?.1, &entries).map_err(|error| bucket_outage(&error))
    }

    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Unavailable> {
        let keys: Vec<_> = keys.iter().map(|key| key.as_str().to_owned()).collect();
        batch::delete_many(&self.open().await?.1, &keys).map_err(|error| bucket_outage(&error))
    }

    /// Never retried after an error: the increment may have been done.
    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Unavailable> {
        atomics::increment(&self.open().await?.1, key.as_str(), delta)
            .map_err(|error| bucket_outage(&error))
    }
}

/// The provider's own message is left out: it may quote a key or an address of the store.
fn store_outage(error: &StoreError) -> Unavailable {
    Unavailable::Store(
        match error {
            StoreError::StoreTableFull => "too many open stores",
            StoreError::NoSuchStore => "no such store",
            StoreError::AccessDenied => "not granted in spin.toml",
            StoreError::Other(_) => "the provider failed",
        }
        .to_owned(),
    )
}

fn bucket_outage(error: &BucketError) -> Unavailable {
    Unavailable::Store(
        match error {
            BucketError::NoSuchStore => "no such store",
            BucketError::AccessDenied => "not granted in spin.toml",
            BucketError::Other(_) => "the provider failed",
        }
        .to_owned(),
    )
}
