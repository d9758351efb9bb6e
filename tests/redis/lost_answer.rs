//! A connection that breaks between a command and its answer.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
};

use super::outbound::is_outbound;
use crate::app::{App, Keeps, Redis, has_redis, strong_password};

#[test]
fn a_reset_that_was_stored_is_acknowledged_over_a_new_connection() {
    if !is_outbound() || !has_redis() {
        return;
    }
    let server = Arc::new(Mutex::new(Redis::start(Keeps::Nothing)));
    let port = server.lock().expect("no test has panicked").port();
    let between = Between::start(port);
    let url = format!("redis://127.0.0.1:{}/1", between.port);
    let app = App::builder()
        .redis(&server)
        .variable("store_url", url)
        .start();
    let user = app.create_user();
    let link = app.recover(&user).mail.link_token();
    let password = strong_password();

    between.is_armed.store(true, SeqCst);
    let reset = app.visitor().reset_password(&link, &password);
    assert!(!between.is_armed.load(SeqCst), "nothing was cut");
    reset.expect_nothing();
    app.assert_signs_in(&user, &password);
    app.visitor()
        .reset_password(&link, &strong_password())
        .expect_problem(400, "invalid-reset-token");
}

/// Stands between the app and Redis. Once armed, it passes on the next command that writes an account, and cuts the
/// connection instead of passing on the answer.
struct Between {
    port: u16,
    is_armed: Arc<AtomicBool>,
}

impl Between {
    fn start(redis: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener
            .local_addr()
            .expect("a listener has an address")
            .port();
        let is_armed = Arc::new(AtomicBool::new(false));
        let armed = Arc::clone(&is_armed);
        thread::spawn(move || {
            for client in listener.incoming() {
                let armed = Arc::clone(&armed);
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, redis));
                // A connection that cannot be made is one more that breaks.
                if let (Ok(client), Ok(server)) = (client, server) {
                    thread::spawn(move || pass_on(&client, &server, &armed));
                }
            }
        });
        Self { port, is_armed }
    }
}

fn pass_on(client: &TcpStream, server: &TcpStream, is_armed: &AtomicBool) {
    let is_cut = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _ = copy(server, client, |_| !is_cut.load(SeqCst));
            let _ = client.shutdown(Shutdown::Both);
        });
        let _ = copy(client, server, |sent| {
            let writes = contains(sent, b"MSET") && contains(sent, b"v1:account:");
            if writes && is_armed.swap(false, SeqCst) {
                is_cut.store(true, SeqCst);
            }
            true
        });
        let _ = server.shutdown(Shutdown::Both);
    });
}

/// Copies what `from` sends, until it ends or `goes_on` is false for the next piece.
fn copy(
    mut from: &TcpStream,
    mut to: &TcpStream,
    goes_on: impl Fn(&[u8]) -> bool,
) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let length = from.read(&mut buffer)?;
        let read = buffer.get(..length).unwrap_or_default();
        if read.is_empty() || !goes_on(read) {
            return Ok(());
        }
        to.write_all(read)?;
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
