//! What one instance of a component sees of the host.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use wasmtime::component::{Resource, ResourceTable};
use wasmtime::{StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use self::http::{IncomingHooks, OutgoingHooks};
use self::returning::Returning;
use self::timers::Timers;
use crate::allow_list::AllowList;
use crate::faults::{Fault, Faults, ShiftedClock};
use crate::store::Stores;
use crate::variables::Missing;

mod bindings;
mod http;
mod key_value;
mod redis;
pub(crate) mod returning;
mod stdio;
mod timers;
mod variables;

pub(crate) use self::bindings::Host_ as HostBindings;
pub(crate) use self::timers::add_to_linker as add_timers_to_linker;

/// The grants and settings of a component, the same for all its instances.
pub(crate) struct Grants {
    pub(crate) component: String,
    /// The granted stores, by label.
    pub(crate) stores: Stores,
    /// The component's variables, filled in.
    pub(crate) variables: BTreeMap<String, Result<String, Missing>>,
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) allow_list: AllowList,
    /// Whether the component's output is dropped.
    pub(crate) quiet: bool,
    /// The faults of the component's calls, in tests.
    pub(crate) faults: Option<Arc<Faults>>,
}

/// The state of one instance.
pub(crate) struct GuestState {
    grants: Arc<Grants>,
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: OutgoingHooks,
    incoming: IncomingHooks,
    timers: Timers,
    returning: Returning,
    /// The open stores and connections to Redis that a fault has cut off, by their handles.
    cut_off: BTreeSet<u32>,
    limits: StoreLimits,
}

impl GuestState {
    /// The state of a new instance, with at most this many bytes of memory.
    pub(crate) fn new(grants: &Arc<Grants>, most_memory: Option<usize>) -> Self {
        let mut wasi = WasiCtx::builder();
        wasi.envs(&grants.environment);
        if let Some(faults) = &grants.faults {
            wasi.wall_clock(ShiftedClock(Arc::clone(faults)));
        }
        if !grants.quiet {
            wasi.stdout(stdio::Prefixed::new(&grants.component))
                .stderr(stdio::Prefixed::new(&grants.component));
        }
        let timers = Timers::default();
        let returning = Returning::default();
        Self {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outgoing: OutgoingHooks::new(Arc::clone(grants)),
            incoming: IncomingHooks::new(timers.clone(), returning.clone()),
            timers,
            returning,
            cut_off: BTreeSet::new(),
            grants: Arc::clone(grants),
            limits: most_memory
                .map_or_else(StoreLimitsBuilder::new, |bytes| {
                    StoreLimitsBuilder::new().memory_size(bytes)
                })
                .build(),
        }
    }

    /// What limits the instance's memory.
    pub(crate) fn limits(&mut self) -> &mut StoreLimits {
        &mut self.limits
    }

    /// Begins a call on an open store. Its fault, in tests.
    fn begin_store_call<T>(&mut self, store: &Resource<T>) -> Option<Fault> {
        self.returning.note_store_call();
        self.store_fault(store)
    }

    /// The fault of the next call on an open store or connection to Redis, in tests.
    fn store_fault<T>(&mut self, handle: &Resource<T>) -> Option<Fault> {
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

    /// Drops a store or a connection to Redis.
    fn close<T: 'static>(&mut self, handle: Resource<T>) -> wasmtime::Result<()> {
        self.cut_off.remove(&handle.rep());
        self.table.delete(handle)?;
        Ok(())
    }

    /// The responses that the component returns.
    pub(crate) fn returning(&self) -> Returning {
        self.returning.clone()
    }

    /// The view with which incoming requests are handed to the component.
    ///
    /// It keeps every header: as on Spin, the component sees the client's `Host`.
    pub(crate) fn incoming(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.incoming,
        }
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.outgoing,
        }
    }
}
