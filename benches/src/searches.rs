//! Searching for accounts: what a page costs among few accounts and among many.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use crate::app::{App, Host};
use crate::client::{Call, send_all, send_one};
use crate::report::significant;

/// What each search is called, and its query.
const SEARCHES: [(&str, &str); 5] = [
    ("the newest", "limit=20"),
    ("all of one domain", "limit=20&q=people."),
    ("one address", "q=user00042%40"),
    (
        "by state, a page in the middle",
        "limit=20&no_password=false&cursor=older-60",
    ),
    ("nobody", "q=zebra"),
];
/// How often the courier is run until all accounts can be found.
const COURIER_RUNS: usize = 60;

/// One table: each search among each number of accounts, on every server.
pub(crate) async fn table(
    hosts: &[Host],
    work: &Path,
    manifest: &Path,
    sizes: &[usize],
    calls: usize,
) -> Result<String> {
    let mut text = String::from("\n### Searching\n\n| search | server |");
    for size in sizes {
        let _ = write!(text, " {size} accounts: p50, ms | CPU, s per 1,000 |");
    }
    let _ = writeln!(
        text,
        "\n| --- | --- |{}",
        " --- | --- |".repeat(sizes.len())
    );
    for host in hosts {
        let mut rows: Vec<String> = SEARCHES
            .iter()
            .map(|(name, _)| format!("| {name} | {} |", host.name()))
            .collect();
        let mut followed = format!(
            "| importing them, until all can be found | {} |",
            host.name()
        );
        for size in sizes {
            eprintln!("searching among {size} accounts: {}", host.name());
            let app = App::start(host.clone(), work, manifest, *size).await?;
            let took = app.imported_in + follow(&app).await?;
            let _ = write!(followed, " {} s | |", significant(took.as_secs_f64()));
            for (row, (_, query)) in rows.iter_mut().zip(SEARCHES) {
                let (p50, cpu) = search(&app, query, calls).await?;
                let milliseconds = significant(p50.as_secs_f64() * 1000.0);
                let _ = write!(row, " {milliseconds} | {} |", significant(cpu));
            }
            app.server.stop().await?;
        }
        rows.push(followed);
        text += &rows.join("\n");
        text.push('\n');
    }
    Ok(text)
}

/// Runs the courier until a search is complete. Returns how long that took.
async fn follow(app: &App) -> Result<Duration> {
    let began = Instant::now();
    for _ in 0..COURIER_RUNS {
        let run = app.admin_call("/v1/courier/run", &json!({}));
        send_one(app.server.address(), &run).await?;
        let found = send_one(app.server.address(), &app.search("q=people.&limit=1")).await?;
        if found.json()["total"].is_number() {
            return Ok(began.elapsed());
        }
    }
    anyhow::bail!("the directory did not follow")
}

/// The median time of an answer, and the CPU time of 1,000 answers in seconds.
async fn search(app: &App, query: &str, count: usize) -> Result<(Duration, f64)> {
    app.until_idle().await?;
    let calls: Vec<Call> = (0..count).map(|_| app.search(query)).collect();
    let before = app.server.cpu()?;
    let sent = send_all(app.server.address(), 1, &calls).await?;
    let used = app.server.cpu()?.saturating_sub(before);
    let mut times = Vec::new();
    for reply in sent.replies {
        ensure!(reply.status == 200, "{query}: {}", reply.status);
        times.push(reply.took);
    }
    times.sort_unstable();
    let p50 = times.get(count / 2).copied().context("nothing was sent")?;
    let count = u32::try_from(count).context("too many calls")?;
    Ok((p50, used.as_secs_f64() * 1000.0 / f64::from(count)))
}
