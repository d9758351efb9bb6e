//! Running futures on this thread, step by step.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

thread_local! {
    /// How often anything was polled. All store calls that start in one poll are one round trip.
    static POLLS: Cell<u64> = const { Cell::new(0) };
    /// How many store calls the current poll may still do; `None` for any number.
    static PERMITS: Cell<Option<u32>> = const { Cell::new(None) };
    /// Whether the current poll ended in a sleep.
    static SLEPT: Cell<bool> = const { Cell::new(false) };
}

/// The result of a step.
#[derive(Debug)]
pub enum Step<T> {
    /// The future is done.
    Done(T),
    /// It waits for its next call to the host.
    Waiting,
    /// It sleeps: others should run first.
    Sleeping,
}

/// Runs `future` to its end.
///
/// # Panics
/// When it does not end after ten million polls.
pub fn block_on<F: Future>(future: F) -> F::Output {
    run_while(future, || true).expect("the future goes on for as long as it is let")
}

/// Runs `future` to its end, or drops it as soon as `goes_on` is false, like a crash.
///
/// # Panics
/// When neither comes after ten million polls.
pub fn run_while<F: Future>(future: F, goes_on: impl Fn() -> bool) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..10_000_000 {
        match poll(future.as_mut(), None) {
            Step::Done(output) => return Some(output),
            Step::Waiting | Step::Sleeping if !goes_on() => return None,
            Step::Waiting | Step::Sleeping => (),
        }
    }
    panic!("the future does not end");
}

/// Polls `future` once, letting it do at most one call to the store.
#[must_use]
pub fn step<F: Future + ?Sized>(future: Pin<&mut F>) -> Step<F::Output> {
    poll(future, Some(1))
}

fn poll<F: Future + ?Sized>(future: Pin<&mut F>, permits: Option<u32>) -> Step<F::Output> {
    POLLS.set(POLLS.get() + 1);
    PERMITS.set(permits);
    SLEPT.set(false);
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Step::Done(output),
        Poll::Pending if SLEPT.get() => Step::Sleeping,
        Poll::Pending => Step::Waiting,
    }
}

/// The number of the running poll.
pub(super) fn current_poll() -> u64 {
    POLLS.get()
}

/// Waits for the next poll, as a call to the host would. Wakes its own task, which joining many futures needs.
pub(super) async fn yield_once() {
    let mut polled = false;
    poll_fn(|context| {
        if std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}

/// Waits for the next poll in which a call to the store is allowed.
pub(super) async fn turn() {
    yield_once().await;
    poll_fn(|context| match PERMITS.get() {
        Some(0) => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
        permits => {
            PERMITS.set(permits.map(|permits| permits - 1));
            Poll::Ready(())
        }
    })
    .await;
}

/// Waits for the next poll, and records that others should come first.
pub(super) async fn sleep_once() {
    SLEPT.set(true);
    yield_once().await;
}
