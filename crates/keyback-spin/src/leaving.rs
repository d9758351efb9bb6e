//! Answers that the host has not accepted yet. Work after earlier answers waits for them: an answer whose body comes
//! later than its head is sent in two segments, and a client on a kept-alive connection waits 40 ms for the second
//! (Nagle's algorithm and delayed acknowledgements).

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use spin_sdk::time::sleep;

use crate::A_MOMENT;

/// How often work waits at most. Each wait takes a millisecond or two, and a host may never accept an answer.
const MAX_YIELDS: u32 = 100;

thread_local! {
    static LEAVING: Cell<u32> = const { Cell::new(0) };
}

/// An answer of this instance that is being sent, until it is dropped.
pub(crate) struct Leaving(());

impl Leaving {
    pub(crate) fn begin() -> Self {
        LEAVING.set(LEAVING.get().saturating_add(1));
        Self(())
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        LEAVING.set(LEAVING.get().saturating_sub(1));
    }
}

/// Runs `work`, but pauses it while an answer is being sent.
pub(crate) async fn give_way<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut yields_left = MAX_YIELDS;
    loop {
        let gives_way = yields_left > 0;
        let done = poll_fn(|context| {
            if gives_way && LEAVING.get() > 0 {
                return Poll::Ready(None);
            }
            work.as_mut().poll(context).map(Some)
        });
        if let Some(done) = done.await {
            return done;
        }
        yields_left = yields_left.saturating_sub(1);
        sleep(A_MOMENT).await;
    }
}
