//! When instances of a component are made, shared and ended: as on Spin, with the same handler from wasmtime.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, timeout_at};
use wasmtime::component::{Accessor, AccessorTask, GuestTaskId};
use wasmtime::{AsContextMut as _, Store, StoreContextMut};
use wasmtime_wasi_http::WasiBody;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, InstantiationError, Proxy, ProxyHandler, ShouldAccept,
    WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use crate::guest::returning::{Returning, TURNS_BEFORE_THE_BODY};
use crate::guest::{Grants, GuestState};
use crate::limits::InstanceLimits;

/// How long a request waits for an instance if no more may be made.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a request that no instance has taken tries again.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);
/// How many requests are offered at a time for each instance that may be made. wasmtime's handler wakes one instance for
/// each request, and it may wake one that is busy or keeps requests out: the request is then taken by the instance that the
/// next request wakes. Even if each instance has let one such request wait, others must be offered.
const OFFERED_FOR_EACH: usize = 2;

/// The instances of one component, and the requests that wait for one.
pub(crate) struct Instances {
    handler: ProxyHandler<ComponentHandler>,
    /// A permit for each request that all instances together can serve at a time. A request that leaves while it waits
    /// here is dropped.
    room: Semaphore,
    /// A permit for each request that is offered to the instances. The others wait for one, in order.
    line: Arc<Semaphore>,
}

/// Goes with a request to the instance that takes it.
struct Offer {
    /// A permit from the line, which becomes free then.
    _place: OwnedSemaphorePermit,
    /// The responses of that instance.
    taken_by: Arc<OnceLock<Returning>>,
}

impl Instances {
    pub(crate) fn new(
        service: ServicePre<GuestState>,
        grants: Arc<Grants>,
        limits: InstanceLimits,
    ) -> Self {
        let room = limits.count.saturating_mul(limits.concurrent_requests);
        let offered = limits.count.saturating_mul(OFFERED_FOR_EACH);
        Self {
            handler: ProxyHandler::new(ComponentHandler {
                service,
                grants,
                limits,
                free: Arc::new(Semaphore::new(limits.count.min(Semaphore::MAX_PERMITS))),
                free_to_end: Arc::new(Semaphore::new(limits.ending().min(Semaphore::MAX_PERMITS))),
            }),
            room: Semaphore::new(room.min(Semaphore::MAX_PERMITS)),
            line: Arc::new(Semaphore::new(offered.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// The answer of an instance; `None` if all are busy for too long.
    ///
    /// # Errors
    /// When the instance fails, or none can be made.
    pub(crate) async fn handle(
        &self,
        mut request: Request<WasiBody>,
    ) -> wasmtime::Result<Option<Response<WasiBody>>> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let Ok(room) = timeout_at(deadline, self.room.acquire()).await else {
            return Ok(None);
        };
        let _room = room?;
        let line = Arc::clone(&self.line).acquire_owned();
        let Ok(offer) = timeout_at(deadline, line).await else {
            return Ok(None);
        };
        let taken_by = Arc::default();
        let mut offer = Offer {
            _place: offer?,
            taken_by: Arc::clone(&taken_by),
        };
        loop {
            let refused = match self.handler.handle(offer, request).await {
                Ok(response) => {
                    return Ok(Some(match taken_by.get() {
                        Some(returning) => returning.hold(response).await,
                        None => response,
                    }));
                }
                Err(error) => error.downcast::<InstantiationError<Offer>>()?,
            };
            if !refused.error.is::<NoneFree>() {
                return Err(wasmtime::format_err!("{:#}", refused.error));
            }
            if tokio::time::Instant::now() >= deadline {
                return Ok(None);
            }
            request = refused
                .request
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner);
            offer = refused.request_data;
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}

/// No more instances may be made.
#[derive(Debug)]
struct NoneFree;

impl fmt::Display for NoneFree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the maximum number of instances is running")
    }
}

impl std::error::Error for NoneFree {}

/// Makes the instances of one component.
struct ComponentHandler {
    service: ServicePre<GuestState>,
    grants: Arc<Grants>,
    limits: InstanceLimits,
    /// A permit for each instance that may be made.
    free: Arc<Semaphore>,
    /// A permit for each instance that may finish its last requests while another one takes its place.
    free_to_end: Arc<Semaphore>,
}

impl HandlerState for ComponentHandler {
    type StoreData = GuestState;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<GuestState, Expiration, Worker>> {
        let free = Arc::clone(&self.free).try_acquire_owned();
        let permit = free.map_err(|_| NoneFree)?;
        let state = GuestState::new(&self.grants, self.limits.memory);
        let mut store = Store::new(self.service.engine(), state);
        store.limiter(|state| state.limits());
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        let service = self.service.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: GuestState::incoming,
            expiration: Expiration {
                timeout: self.limits.idle_timeout,
                sleep: Box::pin(tokio::time::sleep(self.limits.idle_timeout)),
            },
            state: Worker {
                component: self.grants.component.clone(),
                limits: self.limits,
                permit: Mutex::new(permit),
                free_to_end: Arc::clone(&self.free_to_end),
            },
        })
    }
}

/// Ends an instance that is idle. A busy one is never cut short, as on Spin.
struct Expiration {
    timeout: Duration,
    sleep: Pin<Box<Sleep>>,
}

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
        let deadline = (since + self.timeout).into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

/// Decides which requests one instance serves.
struct Worker {
    component: String,
    limits: InstanceLimits,
    /// Given back when the instance is gone, or exchanged for one to end.
    permit: Mutex<OwnedSemaphorePermit>,
    free_to_end: Arc<Semaphore>,
}

impl WorkerState for Worker {
    type StoreData = GuestState;
    type RequestData = Offer;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.limits.requests {
            // On a busy machine its last requests take seconds, and many instances end at the same time.
            if let Ok(permit) = Arc::clone(&self.free_to_end).try_acquire_owned() {
                *self.permit.lock().unwrap_or_else(PoisonError::into_inner) = permit;
            }
            ShouldAccept::Never
        } else if concurrent >= self.limits.concurrent_requests {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, GuestState>,
        offer: Offer,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        let returning = store.data().returning();
        let _ = offer.taken_by.set(returning.clone());
        drop(offer);
        for _ in 0..TURNS_BEFORE_THE_BODY {
            let turn = TurnBeforeTheBody(returning.clone());
            if let Err(error) = store.as_context_mut().spawn(turn) {
                crate::report(format_args!("{}: {error:#}", self.component));
            }
        }
        Box::pin(std::future::pending())
    }

    fn drop(&self, _store: Store<GuestState>, result: wasmtime::Result<()>) {
        if let Err(error) = result {
            crate::report(format_args!(
                "{}: an instance failed, and all its requests with it: {error:#}",
                self.component
            ));
        }
    }
}

/// Spends one turn of the event loop between a response and its body: a host task that completes uses up one. Those that no
/// response has needed end with the instance.
struct TurnBeforeTheBody(Returning);

impl AccessorTask<GuestState> for TurnBeforeTheBody {
    async fn run(self, _accessor: &Accessor<GuestState>) -> wasmtime::Result<()> {
        self.0.turn().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_that_end_make_room_for_others_but_only_so_many_at_a_time() {
        let limits = InstanceLimits {
            count: 4,
            requests: 3,
            ..InstanceLimits::default()
        };
        let free = Arc::new(Semaphore::new(limits.count));
        let free_to_end = Arc::new(Semaphore::new(1));
        let workers = [(); 4].map(|()| Worker {
            component: "test".to_owned(),
            limits,
            permit: Mutex::new(Arc::clone(&free).try_acquire_owned().unwrap()),
            free_to_end: Arc::clone(&free_to_end),
        });
        let ends = |worker: &Worker| {
            let answer = worker.should_accept_request(1, limits.requests);
            matches!(answer, ShouldAccept::Never)
        };
        let [first, second, third, fourth] = workers;
        assert!(matches!(
            first.should_accept_request(1, 2),
            ShouldAccept::Yes
        ));
        assert_eq!(free.available_permits(), 0);
        assert!(ends(&first) && ends(&second));
        assert_eq!(free.available_permits(), 1);
        drop(first);
        assert_eq!(free.available_permits(), 1);
        assert!(ends(&third));
        assert_eq!(free.available_permits(), 2);
        drop((second, third, fourth));
        assert_eq!(free.available_permits(), limits.count);
        assert_eq!(free_to_end.available_permits(), 1);
    }
}
