//! The machine that ran the measurement, and what else it did.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use nix::time::{ClockId, clock_gettime};

use crate::app::App;

/// How many writes are flushed to measure what one costs.
const FLUSHES: usize = 101;

/// What the machine is.
pub(crate) fn describe(work: &Path) -> Result<String> {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let (cpus, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let value = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let value = line.and_then(|line| line.split_once(':'));
        value.map_or_else(
            || "unknown".to_owned(),
            |(_, value)| value.trim().to_owned(),
        )
    };
    let cores = cpus.matches("processor\t").count();
    let kibibytes: f64 = value(&memory, "MemTotal")
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or_default();
    Ok(format!(
        "{cores} cores ({}), {:.0} GiB of memory, Linux {}; a write of 4 KiB and its fdatasync take {:.2} ms (median)",
        value(&cpus, "model name"),
        kibibytes / 1024.0 / 1024.0,
        read("/proc/sys/kernel/osrelease").trim(),
        flush_time(work)?.as_secs_f64() * 1000.0,
    ))
}

/// The state of the source: the commit, and whether it was changed since.
pub(crate) fn revision(workspace: &Path) -> Option<String> {
    let describe = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .current_dir(workspace)
        .output()
        .ok()?;
    let revision = String::from_utf8(describe.stdout).ok()?;
    (!revision.trim().is_empty()).then(|| revision.trim().to_owned())
}

/// The load averages, as the kernel reports them.
pub(crate) fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<&str> = load.split(' ').take(3).collect();
    load.join(", ")
}

/// The CPU time of the machine so far.
pub(crate) struct Usage {
    /// In ticks of all cores.
    total: f64,
    busy: f64,
    /// In seconds, of the servers and of this program.
    ours: f64,
}

impl Usage {
    pub(crate) fn now(apps: &[App]) -> Result<Self> {
        let stat = fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("/proc/stat is empty")?;
        // proc(5): user, nice, system, idle, iowait, irq, softirq, steal. What follows is counted in these as well.
        let ticks: Vec<f64> = line
            .split_whitespace()
            .skip(1)
            .take(8)
            .filter_map(|ticks| ticks.parse().ok())
            .collect();
        let total: f64 = ticks.iter().sum();
        let idle: f64 = ticks.iter().skip(3).take(2).sum();
        let own = Duration::from(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?);
        let servers: Result<Duration> = apps.iter().map(|app| app.server.cpu()).sum();
        Ok(Self {
            total,
            busy: total - idle,
            ours: (own + servers?).as_secs_f64(),
        })
    }

    /// The share of the machine's CPU time, from 0 to 1, that other processes used since `earlier`.
    pub(crate) fn others_since(&self, earlier: &Self) -> f64 {
        // USER_HZ is 100 on every platform that Linux runs on today.
        let ours = (self.ours - earlier.ours) * 100.0;
        let busy = self.busy - earlier.busy;
        ((busy - ours) / (self.total - earlier.total)).max(0.0)
    }
}

/// The cost of flushing a page to the disk, which every change of a store pays.
fn flush_time(folder: &Path) -> Result<Duration> {
    let path = folder.join("flush");
    let mut file = File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..FLUSHES {
        let began = Instant::now();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        times.push(began.elapsed());
    }
    fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times[FLUSHES / 2])
}
