//! A server under measurement: its process, its address, and what it uses.

use std::collections::VecDeque;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use nix::sys::signal::{Signal, killpg};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Long enough to compile every component on a busy machine.
const START_LIMIT: Duration = Duration::from_mins(5);
/// How many lines of a server's output are kept to be shown.
const SHOWN_LINES: usize = 30;
/// How long a server may take to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(30);

type Output = Arc<Mutex<VecDeque<String>>>;

/// A running server. Dropping it ends the process group that it leads.
pub(crate) struct Server {
    group: Pid,
    processes: Vec<Pid>,
    address: SocketAddr,
    output: Output,
    ended: JoinHandle<()>,
}

impl Server {
    /// Runs the command and waits until it prints where it serves.
    pub(crate) async fn start(mut command: Command) -> Result<Self> {
        command.process_group(0).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .with_context(|| format!("cannot run {}", command.as_std().get_program().display()))?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let mut server = Self {
            group: Pid::from_raw(id.context("the server ended at once")?),
            processes: Vec::new(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            output: Output::default(),
            ended: tokio::spawn(async move { drop(child.wait().await) }),
        };
        let (found, mut address) = unbounded_channel();
        follow(output, &server.output, found.clone());
        follow(errors, &server.output, found);
        match timeout(START_LIMIT, address.recv()).await {
            Ok(Some(address)) => server.address = address,
            _ => bail!("a server did not start:\n{}", server.output()),
        }
        server.processes = processes_of(server.group);
        Ok(server)
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The last lines that the server printed.
    pub(crate) fn output(&self) -> String {
        let lines = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The CPU time that the server has used: user and system time of all its threads, including those that ended.
    ///
    /// This is the sum of `utime` and `stime` in proc(5)'s `stat`, but in nanoseconds, not hundredths of a second.
    pub(crate) fn cpu(&self) -> Result<Duration> {
        let of = |&process| Ok(Duration::from(clock_getcpuclockid(process)?.now()?));
        let used: Result<Duration, nix::Error> = self.processes.iter().map(of).sum();
        used.map_err(|_| anyhow!("a server ended:\n{}", self.output()))
    }

    /// The largest peak of resident memory among the server's processes, in bytes: `VmHWM` of proc(5)'s `status`.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        self.most("VmHWM:")
    }

    /// The resident memory, in bytes, of the server's process that has most: `VmRSS` of proc(5)'s `status`.
    pub(crate) fn memory(&self) -> Result<u64> {
        self.most("VmRSS:")
    }

    fn most(&self, field: &str) -> Result<u64> {
        let values = self.processes.iter().filter_map(|process| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let value = status.lines().find_map(|line| line.strip_prefix(field))?;
            let kibibytes: u64 = value.trim().strip_suffix(" kB")?.parse().ok()?;
            Some(kibibytes * 1024)
        });
        values.max().context("the server's memory cannot be read")
    }

    /// Resets the peaks to what is resident now.
    pub(crate) fn forget_peak_memory(&self) -> Result<()> {
        for process in &self.processes {
            fs::write(format!("/proc/{process}/clear_refs"), "5")?;
        }
        Ok(())
    }

    /// Asks the server to end, and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        // It fails if the group has ended, which is what is wanted.
        let _ = killpg(self.group, Signal::SIGTERM);
        timeout(STOP_LIMIT, &mut self.ended)
            .await
            .context("a server does not end")??;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It fails if the group has ended, which is what is wanted.
        let _ = killpg(self.group, Signal::SIGKILL);
    }
}

/// Reads a stream to its end, so that the server never waits for a reader.
fn follow(
    stream: Option<impl AsyncRead + Send + Unpin + 'static>,
    output: &Output,
    found: UnboundedSender<SocketAddr>,
) {
    let Some(stream) = stream else { return };
    let output = Arc::clone(output);
    tokio::spawn(async move {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if let Some(address) = served_address(&line) {
                // Nobody listens any more once the address is known.
                let _ = found.send(address);
            }
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.push_back(line);
            if output.len() > SHOWN_LINES {
                output.pop_front();
            }
        }
    });
}

/// The address in a line such as `Serving http://127.0.0.1:41234`, in colour or not.
fn served_address(line: &str) -> Option<SocketAddr> {
    let (_, after) = line.split_once("Serving")?;
    let (_, address) = after.split_once("http://")?;
    let end = address.find(|letter: char| !letter.is_ascii_digit() && !".:".contains(letter));
    address[..end.unwrap_or(address.len())].parse().ok()
}

/// The processes of a group: `spin up` starts another that serves.
fn processes_of(group: Pid) -> Vec<Pid> {
    let all = fs::read_dir("/proc").into_iter().flatten();
    let ids = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_in_group = |&process: &i32| {
        // The fifth field; the second, a name in parentheses, may have spaces.
        let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
        let stat = stat.unwrap_or_default();
        let fields = stat.rsplit_once(") ").map_or("", |(_, after)| after);
        fields.split(' ').nth(2) == Some(&group.to_string())
    };
    ids.filter(is_in_group).map(Pid::from_raw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_plain_and_coloured_lines() {
        let address = Some(SocketAddr::from(([127, 0, 0, 1], 41234)));
        assert_eq!(served_address("Serving http://127.0.0.1:41234"), address);
        assert_eq!(
            served_address("\x1b[1mServing\x1b[0m http://127.0.0.1:41234\x1b[0m"),
            address
        );
        assert_eq!(served_address("Listening"), None);
    }
}
