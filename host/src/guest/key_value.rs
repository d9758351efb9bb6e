//! The two key-value interfaces, over the stores that the component is granted.

use tokio::runtime::Handle;
use tokio::task::block_in_place;
use wasmtime::Result as Trap;
use wasmtime::component::{Accessor, HasSelf, Resource};

use super::GuestState;
use super::bindings::spin::key_value::key_value as spin;
use super::bindings::wasi::keyvalue::{atomics, batch, store as wasi};
use crate::faults::store_call;
use crate::store::{Store, StoreError};

impl GuestState {
    fn granted(&self, label: &str) -> Option<Store> {
        self.grants.stores.get(label).cloned()
    }

    fn store(&self, handle: &Resource<Store>) -> Option<Store> {
        self.table.get(handle).ok().cloned()
    }

    /// Runs a call that blocks the instance until it ends. The thread's other tasks move to another thread.
    fn in_bucket<T>(
        &mut self,
        bucket: &Resource<Store>,
        call: impl AsyncFnOnce(Store) -> Result<T, StoreError>,
    ) -> Result<T, wasi::Error> {
        let store = self.store(bucket).ok_or(wasi::Error::NoSuchStore)?;
        let fault = self.begin_store_call(bucket);
        block_in_place(|| Handle::current().block_on(store_call(fault, call(store))))
            .map_err(|error| wasi::Error::Other(error.to_string()))
    }
}

/// Makes a call on an open store, unless it meets a fault.
async fn in_store<T, R>(
    accessor: &Accessor<T, HasSelf<GuestState>>,
    handle: &Resource<Store>,
    call: impl AsyncFnOnce(Store) -> Result<R, StoreError>,
) -> Result<R, spin::Error> {
    let (store, fault) = accessor.with(|mut access| {
        let state = access.get();
        (state.store(handle), state.begin_store_call(handle))
    });
    let store = store.ok_or(spin::Error::NoSuchStore)?;
    store_call(fault, call(store))
        .await
        .map_err(|error| spin::Error::Other(error.to_string()))
}

impl<T: 'static> spin::HostStoreWithStore<T> for HasSelf<GuestState> {
    async fn open(
        accessor: &Accessor<T, Self>,
        label: String,
    ) -> Result<Resource<Store>, spin::Error> {
        let store = accessor
            .with(|mut access| access.get().granted(&label))
            .ok_or(spin::Error::AccessDenied)?;
        store.until_it_opens().await;
        accessor
            .with(|mut access| access.get().table.push(store))
            .map_err(|_| spin::Error::StoreTableFull)
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        handle: Resource<Store>,
        key: String,
    ) -> Result<Option<Vec<u8>>, spin::Error> {
        in_store(accessor, &handle, async |store| store.get(&key).await).await
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        handle: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), spin::Error> {
        in_store(accessor, &handle, async |store| {
            store.set(&key, &value).await
        })
        .await
    }

    async fn delete(
        accessor: &Accessor<T, Self>,
        handle: Resource<Store>,
        key: String,
    ) -> Result<(), spin::Error> {
        in_store(accessor, &handle, async |store| store.delete(&key).await).await
    }

    async fn exists(
        accessor: &Accessor<T, Self>,
        handle: Resource<Store>,
        key: String,
    ) -> Result<bool, spin::Error> {
        in_store(accessor, &handle, async |store| store.exists(&key).await).await
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
        let store = self.granted(&label).ok_or(wasi::Error::AccessDenied)?;
        self.table
            .push(store)
            .map_err(|error| wasi::Error::Other(error.to_string()))
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
        self.in_bucket(&bucket, async |store| store.get(&key).await)
    }

    fn set(
        &mut self,
        bucket: Resource<Store>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), wasi::Error> {
        self.in_bucket(&bucket, async |store| store.set(&key, &value).await)
    }

    fn delete(&mut self, bucket: Resource<Store>, key: String) -> Result<(), wasi::Error> {
        self.in_bucket(&bucket, async |store| store.delete(&key).await)
    }

    fn exists(&mut self, bucket: Resource<Store>, key: String) -> Result<bool, wasi::Error> {
        self.in_bucket(&bucket, async |store| store.exists(&key).await)
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
        self.in_bucket(&bucket, async |store| store.increment(&key, delta).await)
    }
}

impl batch::Host for GuestState {
    fn get_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, wasi::Error> {
        self.in_bucket(&bucket, async |store| store.get_many(keys))
    }

    fn set_many(
        &mut self,
        bucket: Resource<Store>,
        entries: Vec<(String, Vec<u8>)>,
    ) -> Result<(), wasi::Error> {
        self.in_bucket(&bucket, async |store| store.set_many(&entries).await)
    }

    fn delete_many(
        &mut self,
        bucket: Resource<Store>,
        keys: Vec<String>,
    ) -> Result<(), wasi::Error> {
        self.in_bucket(&bucket, async |store| store.delete_many(&keys).await)
    }
}
