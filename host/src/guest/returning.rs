//! Responses that a guest returns while another part of it is about to run.
//!
//! Spin 4.1 has wasmtime 47, which runs everything that is due before it polls the host's tasks, one of which reads the
//! body. If what is due calls the store, the instance is blocked, and the head is sent alone. Otherwise, head and body are
//! sent together. wasmtime 48 runs one item per turn, and so hides that a guest that starts its work too early delays its
//! own answer. So the host spends some turns before it reads the body, and holds back the head meanwhile.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame};
use tokio::sync::{Notify, watch};
use wasmtime_wasi_http::{Error, WasiBody};

/// A guest whose timer has fired needs so many turns of the event loop to run: the timer completes, its result is
/// delivered, the guest resumes.
pub(crate) const TURNS_BEFORE_THE_BODY: usize = 3;
/// A guest that neither sends a body nor calls the store is not waited for.
const HELD_AT_MOST: Duration = Duration::from_millis(5);

/// The responses of one instance. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Returning(Arc<State>);

#[derive(Default)]
struct State {
    turns: Notify,
    /// How many calls of the store have begun.
    store_calls: watch::Sender<u64>,
    /// That number when the guest returned a response while another part of it was about to run, until the response is
    /// held.
    returned_at: Mutex<Option<u64>>,
}

impl Returning {
    /// Notes that the guest has returned a response, and that another part of it is about to run.
    pub(super) fn while_another_part_is_due(&self) {
        *self.returned_at() = Some(*self.0.store_calls.borrow());
        for _ in 0..TURNS_BEFORE_THE_BODY {
            self.0.turns.notify_one();
        }
    }

    /// Notes that a call of the store begins, which may block the instance.
    pub(super) fn note_store_call(&self) {
        self.0.store_calls.send_modify(|calls| *calls += 1);
    }

    /// Ends when a turn is to be spent.
    pub(crate) async fn turn(&self) {
        self.0.turns.notified().await;
    }

    /// `response` as soon as its head should be sent: at once, unless another part of the guest is about to run. Then with
    /// the beginning of its body, or when the guest calls the store.
    pub(crate) async fn hold(&self, response: Response<WasiBody>) -> Response<WasiBody> {
        let Some(before) = self.returned_at().take() else {
            return response;
        };
        let (head, mut body) = response.into_parts();
        let mut store_calls = self.0.store_calls.subscribe();
        let begun = tokio::select! {
            biased;
            _ = store_calls.wait_for(|calls| *calls > before) => None,
            frame = body.frame() => frame,
            () = tokio::time::sleep(HELD_AT_MOST) => None,
        };
        Response::from_parts(head, Begun { begun, rest: body }.boxed_unsync())
    }

    fn returned_at(&self) -> MutexGuard<'_, Option<u64>> {
        self.0
            .returned_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body whose first frame may have been read.
struct Begun {
    begun: Option<Result<Frame<Bytes>, Error>>,
    rest: WasiBody,
}

impl Body for Begun {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match self.begun.take() {
            Some(frame) => Poll::Ready(Some(frame)),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.begun.is_none() && self.rest.is_end_stream()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Waker;

    use tokio::sync::oneshot;

    use super::*;

    /// A body that comes once it is ready.
    struct Late(oneshot::Receiver<&'static str>);

    impl Body for Late {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            let text = Pin::new(&mut self.0).poll(context);
            text.map(|text| text.ok().map(|text| Ok(Frame::data(text.into()))))
        }
    }

    fn late() -> (oneshot::Sender<&'static str>, Response<WasiBody>) {
        let (sender, receiver) = oneshot::channel();
        (sender, Response::new(Late(receiver).boxed_unsync()))
    }

    fn poll<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn a_response_is_not_held_while_nothing_is_due() {
        let (_body, response) = late();
        let returning = Returning::default();
        assert!(poll(pin!(returning.hold(response))).is_ready());
    }

    #[tokio::test]
    async fn a_response_waits_for_its_body_while_another_part_is_due() {
        let (body, response) = late();
        let returning = Returning::default();
        returning.note_store_call();
        returning.while_another_part_is_due();
        let mut held = pin!(returning.hold(response));
        assert!(poll(held.as_mut()).is_pending());
        body.send("body").unwrap();
        let Poll::Ready(response) = poll(held) else {
            panic!("the response is still held");
        };
        let mut body = response.into_body();
        let frame = poll(pin!(body.frame()));
        let Poll::Ready(Some(Ok(frame))) = frame else {
            panic!("the frame that was read is lost: {frame:?}");
        };
        assert_eq!(frame.into_data().unwrap(), "body");
        let (_body, next) = late();
        assert!(poll(pin!(returning.hold(next))).is_ready());
    }

    #[tokio::test]
    async fn a_response_does_not_wait_behind_a_call_of_the_store() {
        let (_body, response) = late();
        let returning = Returning::default();
        returning.while_another_part_is_due();
        let mut held = pin!(returning.hold(response));
        assert!(poll(held.as_mut()).is_pending());
        returning.note_store_call();
        assert!(poll(held).is_ready());
    }
}
