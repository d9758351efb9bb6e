//! The app's process, and the processes that it starts.

use std::{
    fs,
    io::{self, BufRead as _, BufReader, Read},
    os::unix::process::CommandExt as _,
    process::{self, Child, Command, Stdio},
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// Long enough to compile every component on a busy machine, with others that do the same at the first start.
const START_LIMIT: Duration = Duration::from_mins(5);

/// How long the app may take to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// How many lines of its log an app shows when its test fails.
const SHOWN_LINES: usize = 30;

/// The process groups to end if the tests are interrupted, since nothing is dropped then.
static RUNNING: Mutex<Vec<Pid>> = Mutex::new(Vec::new());

/// A running app; dropping it kills the process group that it leads, and nothing else.
pub(super) struct Server {
    child: Child,
    group: Pid,
    origin: String,
    log: Log,
}

type Log = Arc<Mutex<String>>;

/// Where the app's output goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// It is read, to its end.
    IsRead,
    /// Standard error is full. Standard output is not read after the line that has the app's origin.
    IsFull,
    /// The same, and nobody ever reads standard error.
    HasNoReader,
}

impl Output {
    /// Standard error. What is `piped` is to be read.
    fn errors(self) -> io::Result<Stdio> {
        Ok(match self {
            Self::IsRead => Stdio::piped(),
            Self::IsFull => fs::OpenOptions::new().write(true).open("/dev/full")?.into(),
            Self::HasNoReader => io::pipe()?.1.into(),
        })
    }
}

impl Server {
    /// Runs the command and waits until it prints its origin.
    ///
    /// # Errors
    ///
    /// Everything that it printed, if it ends or takes too long instead.
    pub(super) fn start(command: Command, output: Output) -> Result<Self, String> {
        Self::start_with(command, output, served_origin)
    }

    /// Like [`Server::start`], for a program whose origin `origin` finds in a line.
    pub(super) fn start_and_read(
        command: Command,
        origin: fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        Self::start_with(command, Output::IsRead, origin)
    }

    fn start_with(
        mut command: Command,
        output: Output,
        origin: fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        end_what_runs_when_interrupted();
        command.stdin(Stdio::null()).process_group(0);
        let errors = output.errors().expect("there is such an output");
        command.stdout(Stdio::piped()).stderr(errors);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        // Closes the test's copy of the app's standard error, so that nothing keeps a pipe open.
        drop(command);
        let group = Pid::from_child(&child);
        lock(&RUNNING).push(group);

        let log = Log::default();
        let (found, origin_found) = mpsc::channel();
        let lines = child.stdout.take().expect("the output is piped");
        follow(lines, &log, move |line| {
            let origin = origin(line);
            let is_enough = origin.is_some() && output != Output::IsRead;
            if let Some(origin) = origin {
                // Nobody listens any more once the app serves.
                let _ = found.send(origin);
            }
            !is_enough
        });
        if let Some(errors) = child.stderr.take() {
            follow(errors, &log, |_| true);
        }

        let mut server = Self {
            child,
            group,
            origin: String::new(),
            log,
        };
        if let Ok(origin) = origin_found.recv_timeout(START_LIMIT) {
            server.origin = origin;
            Ok(server)
        } else {
            Err(server.log())
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn log(&self) -> String {
        lock(&self.log).clone()
    }

    /// The largest peak of resident memory among the processes of the group, in bytes: proc(5), `VmHWM` in `status`.
    pub(super) fn peak_memory(&self) -> u64 {
        let peaks = processes(self.group).filter_map(peak_memory);
        peaks.max().expect("the app's process has memory")
    }

    /// Resets the peaks to what is resident now. Does nothing where the kernel does not support that.
    pub(super) fn forget_peak_memory(&self) {
        for process in processes(self.group) {
            let _ = fs::write(format!("/proc/{process}/clear_refs"), "5");
        }
    }

    /// Makes the app's writes to files fail, or succeed again.
    pub(super) fn refuse_writes(&self, refused: bool) {
        // Of util-linux. The hard limit stays, so that the soft one can be put back.
        let limit = if refused {
            "--fsize=0:"
        } else {
            "--fsize=unlimited:"
        };
        for process in processes(self.group) {
            let mut prlimit = Command::new("prlimit");
            prlimit.arg("--pid").arg(process.to_string()).arg(limit);
            let status = prlimit.status().expect("util-linux has prlimit");
            assert!(status.success(), "the limit of {process} stays");
        }
    }

    /// Ends the app with no warning at all: SIGKILL.
    pub(super) fn kill(&self) {
        signal(self.group, Signal::KILL);
    }

    /// Ends it with no warning, and waits until it has ended.
    pub(super) fn kill_and_wait(&mut self) {
        self.kill();
        let _ = self.child.wait();
    }

    /// Asks the app to end, and waits until it has.
    pub(super) fn stop(mut self) {
        signal(self.group, Signal::TERM);
        let deadline = Instant::now() + STOP_LIMIT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        lock(&RUNNING).retain(|group| *group != self.group);
        // It fails only if the child was waited for before.
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
            eprintln!("the last lines of a program's log:\n{}", shown.join("\n"));
        }
    }
}

/// The processes of a group.
fn processes(group: Pid) -> impl Iterator<Item = i32> {
    let all = fs::read_dir("/proc").expect("Linux has /proc");
    all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(move |&process| is_in_group(process, group))
}

/// The fifth field of proc(5)'s `stat`; the second one, a name in parentheses, may have spaces.
fn is_in_group(process: i32, group: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(") ").map_or("", |(_, after)| after);
    fields.split(' ').nth(2) == Some(&group.as_raw_nonzero().to_string())
}

/// `None` if the process has ended.
fn peak_memory(process: i32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}

fn signal(group: Pid, signal: Signal) {
    // It fails when the group has ended, which is what was wanted.
    let _ = kill_process_group(group, signal);
}

fn end_what_runs_when_interrupted() {
    static HANDLED: Once = Once::new();

    HANDLED.call_once(|| {
        let interrupted = || {
            lock(&RUNNING)
                .iter()
                .for_each(|&group| signal(group, Signal::KILL));
            process::exit(130);
        };
        ctrlc::set_handler(interrupted).expect("the tests have no other handler");
    });
}

/// Reads a stream in a thread, so that the app never waits for a reader. Stops at its end, or at the first line for
/// which `goes_on` is false.
fn follow(
    stream: impl Read + Send + 'static,
    log: &Log,
    goes_on: impl Fn(&str) -> bool + Send + 'static,
) {
    let log = Arc::clone(log);
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut line = Vec::new();
        while stream
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(&line);
            lock(&log).push_str(&text);
            if !goes_on(&text) {
                return;
            }
            line.clear();
        }
    });
}

/// The origin in a line such as `Serving http://127.0.0.1:41234`, in colour or not.
fn served_origin(line: &str) -> Option<String> {
    let (_, after) = line.split_once("Serving")?;
    let (_, address) = after.split_once("http://")?;
    let address: String = address
        .chars()
        .take_while(|&letter| letter.is_ascii_digit() || ".:".contains(letter))
        .collect();
    Some(format!("http://{address}"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
