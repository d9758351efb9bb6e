//! A kept-alive connection on which every byte is the test's own.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    thread,
    time::Duration,
};

use super::{Answer, Call};

/// Longer than any answer may take.
const READ_LIMIT: Duration = Duration::from_mins(1);

pub(crate) struct Wire {
    stream: TcpStream,
    authority: String,
}

impl Wire {
    pub(super) fn connect(origin: &str) -> Self {
        let authority = origin
            .strip_prefix("http://")
            .expect("the app serves HTTP")
            .to_owned();
        let stream = TcpStream::connect(&authority).expect("the app accepts connections");
        stream
            .set_nodelay(true)
            .expect("the socket takes the option");
        stream
            .set_read_timeout(Some(READ_LIMIT))
            .expect("the socket takes the option");
        Self { stream, authority }
    }

    /// Sends the call on the connection, and counts the reads that its answer takes.
    pub(crate) fn send(&mut self, call: Call) -> (Answer, usize) {
        let (name, request) = call.into_request();
        let path = request.uri().path_and_query().expect("the call has a path");
        let mut lines = vec![
            format!("{} {path} HTTP/1.1", request.method()),
            format!("Host: {}", self.authority),
            format!("Content-Length: {}", request.body().len()),
        ];
        lines.extend(request.headers().iter().map(|(name, value)| {
            let value = value.to_str().expect("the header is text");
            format!("{name}: {value}")
        }));
        let head = format!("{}\r\n\r\n", lines.join("\r\n"));
        self.exchange(&name, &[head.as_bytes(), request.body()].concat())
    }

    /// The head of a request with a JSON body; `length` is the header line that gives its length.
    pub(crate) fn head(&self, method: &str, path: &str, length: &str) -> String {
        let host = &self.authority;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
        )
    }

    /// Sends these bytes as they are, and waits for no answer.
    pub(crate) fn begin(&mut self, request: &[u8]) {
        self.stream
            .write_all(request)
            .expect("the app takes the request");
    }

    /// Sends these bytes as they are, and counts the reads that their answer takes.
    pub(crate) fn exchange(&mut self, call: &str, request: &[u8]) -> (Answer, usize) {
        self.stream
            .write_all(request)
            .expect("the app takes the request");
        self.read_answer(call)
    }

    /// Sends a request that the app may answer before all of it was sent.
    pub(crate) fn overwhelm(mut self, call: &str, request: Vec<u8>) -> Answer {
        let mut writer = self.stream.try_clone().expect("the socket can be shared");
        let sender = thread::spawn(move || {
            // The app may hang up in the middle, as it is free to.
            let _ = writer.write_all(&request);
        });
        let (answer, _) = self.read_answer(call);
        // The answer is here, so the rest need not be sent.
        let _ = self.stream.shutdown(Shutdown::Both);
        sender.join().expect("the sender never panics");
        answer
    }

    fn read_answer(&mut self, call: &str) -> (Answer, usize) {
        let mut received = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        for reads in 1.. {
            let length = self
                .stream
                .read(&mut buffer)
                .unwrap_or_else(|error| panic!("{call}: {error}"));
            assert!(
                length > 0,
                "{call}: hung up after {:?}",
                String::from_utf8_lossy(&received)
            );
            received.extend_from_slice(&buffer[..length]);
            if let Some(answer) = parse(call, &received) {
                return (answer, reads);
            }
        }
        unreachable!("the reads go on until the answer is whole")
    }
}

/// The answer, once all of it is there. An answer to HEAD is only its head.
fn parse(call: &str, received: &[u8]) -> Option<Answer> {
    let end = received.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&received[..end]).expect("the head is text");
    let body = &received[end + 4..];
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .and_then(|status| status.parse().ok());
    let headers: Vec<(String, String)> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').expect("a header has a colon");
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let header = |name: &str| {
        headers
            .iter()
            .find(|(of, _)| of == name)
            .map(|(_, value)| value.as_str())
    };
    let body = match header("content-length") {
        Some(_) if call.starts_with("HEAD ") => Some(body.to_vec()),
        Some(length) => {
            (body.len() >= length.parse().expect("the length is a number")).then(|| body.to_vec())
        }
        None if header("transfer-encoding") == Some("chunked") => unchunked(body),
        None => Some(Vec::new()),
    }?;
    let status = status.expect("the first line has a status");
    Some(Answer {
        status,
        headers,
        body,
        call: call.to_owned(),
    })
}

/// The chunks' contents, once the last chunk is there.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|bytes| bytes == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).expect("a chunk's size is text");
        let size = usize::from_str_radix(size, 16).expect("a chunk's size is hexadecimal");
        let chunk = rest.get(end + 2..end + 2 + size)?;
        whole.extend_from_slice(chunk);
        rest = rest.get(end + 2 + size + 2..)?;
        if size == 0 {
            return Some(whole);
        }
    }
}
