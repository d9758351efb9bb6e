//! A server of the tests' own, in a thread and on a port of its own.

use std::{net::SocketAddr, thread};

use tokio::{net::TcpListener, runtime, sync::oneshot};

/// The server; it ends when this is dropped.
pub(super) struct Stand {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

impl Stand {
    /// Listens on a free port, and passes the listener to `serve`.
    pub(super) fn open<F>(serve: impl FnOnce(TcpListener) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
        listener
            .set_nonblocking(true)
            .expect("a listener can be made non-blocking");
        let address = listener
            .local_addr()
            .expect("a bound listener has an address");
        let (stop, stopped) = oneshot::channel();
        thread::spawn(move || {
            let runtime = runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("a runtime can be made");
            runtime.spawn(async {
                let listener = TcpListener::from_std(listener);
                serve(listener.expect("the runtime takes the listener")).await;
            });
            // It ends either way: with a message, or because the sender was dropped.
            let _ = runtime.block_on(stopped);
        });
        Self {
            address,
            _stop: stop,
        }
    }

    pub(super) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}
