//! The two key-value interfaces, over the stores that the component is granted.

use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::sleep;
use wasmtime::Result as Trap;
use wasmtime::component::{Accessor, HasSelf, Resource};

use super::GuestState;
use super::bindings::spin::key_value::key_value as spin;
use super::bindings::wasi::keyvalue::{atomics, batch, store as wasi};
use crate::faults::{Fault, store_call};
use crate::store::{Store, StoreError};

/// How often a store that does not open is looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

impl GuestState {
    fn open(&mut self, label: &str) -> Option<Resource<Store>> {
        let store = self.grants.stores.get(label)?.clone();
        self.table.push(store).ok()
    }

    fn is_stalled(&self, label: &str) -> bool {
        let store = self.grants.stores.get(label);
        store.is_some_and(Store::is_stalled)
    }

    fn store(&self, handle: &Resource<Store>) -> Option<Store> {
        self.table.get(handle).ok().cloned()
    }

    fn close(&mut self, handle: Resource<Store>) -> Trap<()> {
        self.cut_off.remove(&handle.rep());
        self.table.delete(handle)?;
        Ok(())
    }

    /// What the next call on an open store meets, in tests.
    fn fault(&mut self, handle: &Resource<Store>) -> Option<Fault> {
        let faults = self.grants.faults.as_ref()?;
        if self.cut_off.contains(&handle.rep()) {
            return Some(Fault::Drop);
        }
        let fault = faults.next_of_store();
        if fault == Some(Fault::Drop) {
            self.cut_off.insert(handle.rep());
        }
        fault
    }

    fn in_bucket<T>(
        &mut self,
        bucket: &Resource<Store>,
        call: impl FnOnce(Store) -> Result<T, StoreError>,
    ) -> Result<T, wasi::Error> {
        let store = self.store(bucket).ok_or(wasi::Error::NoSuchStore)?;
        let fault = self.fault(bucket);
        block_in_place(|| store_call(fault, || call(store)))
            .map_err(|error| wasi::Error::Other(error.to_string()))
    }
}

/// Runs a call on a store. SQLite blocks, so the thread's other tasks move to another thread.
fn in_store<T, R>(
    accessor: &Accessor<T, HasSelf<GuestState>>,
    handle: &Resource<Store>,
    call: impl FnOnce(Store) -> Result<R, StoreError>,
) -> Result<R, spin::Error> {
    let (store, fault) = accessor.with(|mut access| {
        let state = access.get();
        (state.store(handle), state.fault(handle))
    });
    let store = store.ok_or(spin::Error::NoSuchStore)?;
    block_in_place(|| store_call(fault, || call(store)))
        .map_err(|error| spin::Error::Other(error.to_string()))
}

impl<T: 'static> spin::HostStoreWithStore<T> for HasSelf<GuestState> {
    async fn open(
        accessor: &Accessor<T, Self>,
        label: String,
    ) -> Result<Resource<Store>, spin::Error> {
        while accessor.with(|mut access| access.get().is_stalled(&label)) {
            sleep(BETWEEN_LOOKS).await;
        }
        accessor
            .with(|mut access| access.get().open(&label))
            .ok_or(spin::Error::AccessDenied)
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> Result<Option<Vec<u8>>, spin::Error> {
        in_store(accessor, &store, |store| store.get(&key))
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), spin::Error> {
        in_store(accessor, &store, |store| store.set(&key, &value))
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> Result<(), spin::Error> {
        in_store(accessor, &store, |store| store.delete(&key))
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        store: Resource<Store>,
        key: String,
    ) -> Result<bool, spin::Error> {
        in_store(accessor, &store, |store| store.exists(&key))
    }
}

impl spin::HostStore for GuestState {
    fn drop(&mut self, store: Resource<Store>) -> Trap<()> {
        self.close(store)
    }
}

impl spin::Host for GuestState {
    fn convert_error(&mut self, error: spin::Error) -> Trap<spin::Error> {
        Ok(error)
    }
}

impl wasi::Host for GuestState {
    fn open(&mut self, label: String) -> Result<Resource<Store>, wasi::Error> {
        GuestState::open(self, &label).ok_or(wasi::Error::AccessDenied)
    }

    fn convert_error(&mut self, error: wasi::Error) -> Trap<wasi::Error> {
        Ok(error)
    }
}

impl wasi::HostBucket for GuestState {
    fn get(
        &mut self,
        bucket: Resource<Store>,
        key: String,
    ) -> Result<Option<Vec<u8>>, wasi::Error> {
        self.in_bucket(&bucket, |store| store.get(&key))
    }

    fn set(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), wasi::Error> {
        self.in_bucket(&bucket, |store| store.set(&key, &value))
    }

    fn delete(&mut self, bucket: Resource<Store>, key: String) -> Result<(), wasi::Error> {
        self.in_bucket(&bucket, |store| store.delete(&key))
    }

    fn exists(&mut self, bucket: Resource<Store>, key: String) -> Result<bool, wasi::Error> {
        self.in_bucket(&bucket, |store| store.exists(&key))
    }

    fn drop(&mut self, bucket: Resource<Store>) -> Trap<()> {
        self.close(bucket)
    }
}

impl atomics::Host for GuestState {
    fn increment(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        delta: i64,
    ) -> Result<i64, wasi::Error> {
        self.in_bucket(&bucket, |store| store.increment(&key, delta))
    }
}

impl batch::Host for GuestState {
    fn get_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, wasi::Error> {
        self.in_bucket(&bucket, |store| store.get_many(keys))
    }

    fn set_many(
        &mut self,
        bucket: Resource<Store>,
        entries: Vec<(String, Vec<u8>)>,
    ) -> Result<(), wasi::Error> {
        self.in_bucket(&bucket, |store| store.set_many(&entries))
    }

    fn delete_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> Result<(), wasi::Error> {
        self.in_bucket(&bucket, |store| store.delete_many(&keys))
    }
}
