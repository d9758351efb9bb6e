//! The sleeps of an instance's guest, and whether a part of it is about to run.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};
use wasmtime::component::Linker;

use super::GuestState;

/// How long a guest takes at most until it runs after a timer. The event loop turns three times meanwhile.
const UNTIL_IT_RUNS: Duration = Duration::from_micros(500);

/// The sleeps of a guest. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Timers(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    running: Vec<Weak<Timer>>,
    /// When those ended that have ended just now.
    ended: Vec<Instant>,
}

type Timer = Mutex<Pin<Box<Sleep>>>;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Timers {
    /// Whether more than one timer has just fired: besides the part of the guest that returns a response, another one is
    /// about to run.
    pub(super) fn have_fired(&self) -> bool {
        let state = lock(&self.0);
        let running = state.running.iter().filter_map(Weak::upgrade);
        let elapsed = running.filter(|timer| lock(timer).is_elapsed()).count();
        let ended = state.ended.iter();
        let ended = ended.filter(|at| at.elapsed() < UNTIL_IT_RUNS).count();
        elapsed + ended > 1
    }

    async fn sleep(self, duration: Duration) {
        let timer: Arc<Timer> = Arc::new(Mutex::new(Box::pin(sleep(duration))));
        lock(&self.0).running.push(Arc::downgrade(&timer));
        std::future::poll_fn(|context| lock(&timer).as_mut().poll(context)).await;
        drop(timer);
        let mut state = lock(&self.0);
        state.running.retain(|timer| timer.strong_count() > 0);
        state.ended.retain(|at| at.elapsed() < UNTIL_IT_RUNS);
        state.ended.push(Instant::now());
    }
}

/// Replaces WASI's `wait-for` by one that the host can look at.
///
/// # Errors
/// When WASI's functions are not linked yet.
pub(crate) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.allow_shadowing(true);
    linker
        .instance("wasi:clocks/monotonic-clock@0.3.0")?
        .func_wrap_concurrent("wait-for", |accessor, (nanoseconds,): (u64,)| {
            let timers = accessor.with(|mut store| store.get().timers.clone());
            Box::pin(async move {
                if nanoseconds > 0 {
                    timers.sleep(Duration::from_nanos(nanoseconds)).await;
                }
                Ok(())
            })
        })?;
    linker.allow_shadowing(false);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_timer_is_that_of_the_response() {
        let timers = Timers::default();
        let running = tokio::spawn(timers.clone().sleep(Duration::from_mins(1)));
        timers.clone().sleep(Duration::from_micros(1)).await;
        assert!(!timers.have_fired());
        running.abort();
    }

    #[tokio::test]
    async fn a_second_timer_means_that_another_part_is_about_to_run() {
        let timers = Timers::default();
        let other = timers.clone().sleep(Duration::from_micros(1));
        tokio::join!(timers.clone().sleep(Duration::from_micros(1)), other);
        assert!(timers.have_fired());
        sleep(UNTIL_IT_RUNS * 4).await;
        assert!(!timers.have_fired());
    }
}
