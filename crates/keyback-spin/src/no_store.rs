//! The store of a component that has none, so that the component does not import the interface.

use keyback::ports::{KeyValue, Unavailable};
use keyback::store::keys::{AnyKey, CounterKey, Key};

/// Every call fails.
#[derive(Debug)]
pub struct NoStore;

fn outage() -> Unavailable {
    Unavailable::Store("this component has none".to_owned())
}

impl KeyValue for NoStore {
    async fn get(&self, _: &Key) -> Result<Option<Vec<u8>>, Unavailable> {
        Err(outage())
    }

    async fn exists(&self, _: &AnyKey) -> Result<bool, Unavailable> {
        Err(outage())
    }

    async fn set_many(&self, _: Vec<(Key, Vec<u8>)>) -> Result<(), Unavailable> {
        Err(outage())
    }

    async fn delete_many(&self, _: Vec<AnyKey>) -> Result<(), Unavailable> {
        Err(outage())
    }

    async fn increment(&self, _: &CounterKey, _: i64) -> Result<i64, Unavailable> {
        Err(outage())
    }
}
