//! When instances of a component are made, shared and ended: as Spin does it, with the same handler of wasmtime's.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::Sleep;
use wasmtime::component::{Accessor, AccessorTask, GuestTaskId};
use wasmtime::{AsContextMut as _, Store, StoreContextMut};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::guest::{Grants, GuestState};

/// How many requests an instance serves before it is replaced, and how many at a time. Spin's defaults.
const REQUESTS_PER_INSTANCE: usize = 128;
const CONCURRENT_REQUESTS_PER_INSTANCE: usize = 16;
/// How long an instance is kept without a request. Spin's default.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1);

/// Turns of the event loop between a response and its body. A guest whose timer has fired needs three to run: the timer
/// completes, its result is delivered, the guest resumes.
pub(crate) const TURNS_BEFORE_THE_BODY: usize = 3;

/// Makes the instances of one component.
pub(crate) struct ComponentHandler {
    service: ServicePre<GuestState>,
    grants: Arc<Grants>,
}

impl ComponentHandler {
    pub(crate) fn new(service: ServicePre<GuestState>, grants: Arc<Grants>) -> Self {
        Self { service, grants }
    }
}

impl HandlerState for ComponentHandler {
    type StoreData = GuestState;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<GuestState, Expiration, Worker>> {
        let mut store = Store::new(self.service.engine(), GuestState::new(&self.grants));
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let service = self.service.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: GuestState::incoming,
            expiration: Expiration(Box::pin(tokio::time::sleep(IDLE_TIMEOUT))),
            state: Worker {
                component: self.grants.component.clone(),
            },
        })
    }
}

/// Ends an instance that has nothing to do. One that has is never cut short, as on Spin.
pub(crate) struct Expiration(Pin<Box<Sleep>>);

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        if status != WorkerStatus::Idle {
            return Poll::Pending;
        }
        let deadline = (since + IDLE_TIMEOUT).into();
        if self.0.deadline() != deadline {
            self.0.as_mut().reset(deadline);
        }
        self.0.as_mut().poll(context)
    }
}

/// Decides which requests one instance serves.
pub(crate) struct Worker {
    component: String,
}

impl WorkerState for Worker {
    type StoreData = GuestState;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= REQUESTS_PER_INSTANCE {
            ShouldAccept::Never
        } else if concurrent >= CONCURRENT_REQUESTS_PER_INSTANCE {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, GuestState>,
        _data: (),
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        for _ in 0..TURNS_BEFORE_THE_BODY {
            let turn = TurnBeforeTheBody(store.data().response_returned());
            if let Err(error) = store.as_context_mut().spawn(turn) {
                crate::report(format_args!("{}: {error:#}", self.component));
            }
        }
        Box::pin(std::future::pending())
    }

    fn drop(&self, _store: Store<GuestState>, result: wasmtime::Result<()>) {
        if let Err(error) = result {
            crate::report(format_args!(
                "{}: an instance failed, with every request in it: {error:#}",
                self.component
            ));
        }
    }
}

/// Spends one turn of the event loop between a response and its body, so that a guest that is due runs first, as on Spin.
///
/// Spin 4.1 has wasmtime 47, which runs everything that is due before it polls the host's tasks; one of these takes the
/// body. wasmtime 48 runs one item a turn, and so hides that a guest which works on too early delays its own answer. A
/// host task that completes uses up one turn.
struct TurnBeforeTheBody(Arc<Notify>);

impl AccessorTask<GuestState> for TurnBeforeTheBody {
    async fn run(self, _accessor: &Accessor<GuestState>) -> wasmtime::Result<()> {
        self.0.notified().await;
        Ok(())
    }
}
