//! Components' output goes to the host's standard error, each line after the component's name.

use std::io::{self, Write as _};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// A line that grows longer than this is cut, in bytes.
const LONGEST_LINE: usize = 8 * 1024;

/// A standard output or error of one instance. Its clones share the unfinished line.
#[derive(Clone)]
pub(super) struct Prefixed(Arc<Mutex<Lines>>);

struct Lines {
    prefix: String,
    unfinished: Vec<u8>,
}

impl Prefixed {
    pub(super) fn new(component: &str) -> Self {
        let lines = Lines {
            prefix: format!("[{component}] "),
            unfinished: Vec::new(),
        };
        Self(Arc::new(Mutex::new(lines)))
    }
}

impl Lines {
    /// Adds printed bytes, and returns the complete lines, each with its prefix.
    fn push(&mut self, printed: &[u8]) -> Vec<u8> {
        let mut complete = Vec::new();
        for part in printed.split_inclusive(|&byte| byte == b'\n') {
            self.unfinished.extend_from_slice(part);
            if part.ends_with(b"\n") || self.unfinished.len() > LONGEST_LINE {
                complete.append(&mut self.finish());
            }
        }
        complete
    }

    fn finish(&mut self) -> Vec<u8> {
        if self.unfinished.is_empty() {
            return Vec::new();
        }
        let mut line = self.prefix.clone().into_bytes();
        line.append(&mut self.unfinished);
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        line
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let rest = self.finish();
        // There is no place left to report that standard error is closed.
        let _ = io::stderr().write_all(&rest);
    }
}

impl IsTerminal for Prefixed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Prefixed {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Prefixed {
    fn poll_write(
        self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        printed: &[u8],
    ) -> Poll<io::Result<usize>> {
        let complete = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(printed);
        Poll::Ready(io::stderr().write_all(&complete).map(|()| printed.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines() -> Lines {
        Lines {
            prefix: "[a] ".to_owned(),
            unfinished: Vec::new(),
        }
    }

    #[test]
    fn each_complete_line_gets_the_prefix() {
        let mut lines = lines();
        assert_eq!(lines.push(b"one\ntwo\nthr"), b"[a] one\n[a] two\n");
        assert_eq!(lines.push(b"ee\n"), b"[a] three\n");
        assert_eq!(lines.finish(), b"");
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut lines = lines();
        let printed = lines.push(&[b'x'; LONGEST_LINE + 1]);
        assert_eq!(printed.len(), "[a] ".len() + LONGEST_LINE + 1 + 1);
        assert!(lines.unfinished.is_empty());
    }
}
