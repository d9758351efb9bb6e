//! The store on Spin: values by `spin:key-value`, counters and batches by `wasi:keyvalue`, on the same label.

use keyback::ports::{KeyValue, Outage};
use keyback::store::keys::{AnyKey, CounterKey, Key};
use spin_sdk::experimental::wasi::keyvalue::store::{Bucket, Error as BucketError, open};
use spin_sdk::experimental::wasi::keyvalue::{atomics, batch};
use spin_sdk::key_value::{Error as StoreError, Store};

const LABEL: &str = "default";

/// The default store, through both interfaces; or why it could not be opened.
pub struct SpinKeyValue {
    opened: Result<(Store, Bucket), Outage>,
}

impl SpinKeyValue {
    pub(crate) async fn open() -> Self {
        let store = Store::open(LABEL)
            .await
            .map_err(|error| store_outage(&error));
        let opened = store.and_then(|store| {
            let bucket = open(LABEL).map_err(|error| bucket_outage(&error))?;
            Ok((store, bucket))
        });
        Self { opened }
    }

    fn store(&self) -> Result<&Store, Outage> {
        self.opened
            .as_ref()
            .map(|(store, _)| store)
            .map_err(Outage::clone)
    }

    fn bucket(&self) -> Result<&Bucket, Outage> {
        self.opened
            .as_ref()
            .map(|(_, bucket)| bucket)
            .map_err(Outage::clone)
    }
}

impl KeyValue for SpinKeyValue {
    async fn get(&self, key: &Key) -> Result<Option<Vec<u8>>, Outage> {
        self.store()?
            .get(key.as_str())
            .await
            .map_err(|error| store_outage(&error))
    }

    async fn exists(&self, key: &AnyKey) -> Result<bool, Outage> {
        self.store()?
            .exists(key.as_str())
            .await
            .map_err(|error| store_outage(&error))
    }

    async fn set_many(&self, entries: Vec<(Key, Vec<u8>)>) -> Result<(), Outage> {
        let entries: Vec<_> = entries
            .into_iter()
            .map(|(key, value)| (key.as_str().to_owned(), value))
            .collect();
        batch::set_many(self.bucket()?, &entries).map_err(|error| bucket_outage(&error))
    }

    async fn delete_many(&self, keys: Vec<AnyKey>) -> Result<(), Outage> {
        let keys: Vec<_> = keys.iter().map(|key| key.as_str().to_owned()).collect();
        batch::delete_many(self.bucket()?, &keys).map_err(|error| bucket_outage(&error))
    }

    /// Not repeated after an error: it may have been done.
    async fn increment(&self, key: &CounterKey, delta: i64) -> Result<i64, Outage> {
        atomics::increment(self.bucket()?, key.as_str(), delta)
            .map_err(|error| bucket_outage(&error))
    }
}

/// The provider's own words stay out: they may quote a key or an address of the store.
fn store_outage(error: &StoreError) -> Outage {
    Outage::Store(
        match error {
            StoreError::StoreTableFull => "too many open stores",
            StoreError::NoSuchStore => "no such store",
            StoreError::AccessDenied => "not granted in spin.toml",
            StoreError::Other(_) => "the provider failed",
        }
        .to_owned(),
    )
}

fn bucket_outage(error: &BucketError) -> Outage {
    Outage::Store(
        match error {
            BucketError::NoSuchStore => "no such store",
            BucketError::AccessDenied => "not granted in spin.toml",
            BucketError::Other(_) => "the provider failed",
        }
        .to_owned(),
    )
}
