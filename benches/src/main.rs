//! Measures what each call costs on the embedded host and on Spin, against a native reference.
//! `docs/performance.md` says how, and has the figures.

mod app;
mod calls;
mod client;
mod machine;
mod measure;
mod overload;
mod plan;
mod reference;
mod report;
mod routes;
mod searches;
mod server;
mod sink;
mod slowest;
mod soak;
mod store_file;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use anyhow::{Context as _, Result, bail, ensure};
use lexopt::prelude::*;
use time::OffsetDateTime;
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use self::app::{App, Host};
use self::machine::Usage;
use self::overload::Overload;
use self::plan::Plan;
use self::report::Figured;
use self::soak::Soak;

const HELP: &str = "\
Usage: keyback-bench run [--plan full|quick|smoke] [--write PAGE]
       keyback-bench passwords [--plan full|quick|smoke] [--write PAGE]
       keyback-bench searches [--plan full|quick|smoke] [--write PAGE]
       keyback-bench soak [--plan full|smoke] [--write PAGE]
       keyback-bench overload [--plan full|smoke] [--write PAGE]
       keyback-bench reference --state-dir FOLDER

run        Measures, and prints the figures; with --write, into PAGE as well.
           KEYBACK_SPIN names a real Spin to be measured, too. The smoke plan measures the reference only.
passwords  Does one part of it only: looks for the passwords that take longest to check.
searches   Does another part only: searches among few accounts and among many.
soak       Loads the embedded host with a mix of all calls for ten minutes: whether its memory stays flat and every answer
           is right, and how long each takes. The smoke plan loads the reference for a few seconds.
overload   Signs in over more connections than the machine can hash for: how long other calls take meanwhile, and how soon
           what is too much is refused. The smoke plan is as that of a soak.
reference  Serves the app natively. Its variables are read as Spin reads them.
";

/// What a run measures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    All,
    Passwords,
    Searches,
}

/// What loads the app for a while.
#[derive(Clone, Copy)]
enum Load {
    Soak,
    Overload,
}

enum Command {
    Run {
        plan: Plan,
        command: &'static str,
        smoke: bool,
        part: Part,
        page: Option<PathBuf>,
    },
    Load {
        load: Load,
        smoke: bool,
        page: Option<PathBuf>,
    },
    Reference {
        folder: PathBuf,
    },
}

fn main() -> ExitCode {
    match try_main() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keyback-bench: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn try_main() -> Result<()> {
    match parse()? {
        Command::Reference { folder } => reference::serve(&folder),
        Command::Run {
            plan,
            command,
            smoke,
            part,
            page,
        } => {
            let figures = until_interrupted(run(&plan, command, smoke, part))?;
            print!("{figures}");
            if let Some(page) = page {
                let text = fs::read_to_string(&page)?;
                fs::write(&page, report::replace(&text, &figures)?)?;
            }
            Ok(())
        }
        Command::Load { load, smoke, page } => {
            let figures = until_interrupted(run_load(load, smoke))?;
            print!("{figures}");
            if let Some(page) = page {
                let text = fs::read_to_string(&page)?;
                let marks = match load {
                    Load::Soak => report::SOAKED,
                    Load::Overload => report::OVERLOADED,
                };
                fs::write(&page, report::replace_between(&text, marks, &figures)?)?;
            }
            Ok(())
        }
    }
}

/// Runs until it is done or interrupted. Either way the servers are dropped, which ends them.
fn until_interrupted<T>(run: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            brought = run => brought,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminated.recv() => bail!("terminated"),
        }
    })
}

async fn run_load(load: Load, smoke: bool) -> Result<String> {
    let workspace = workspace();
    let work = workspace.join("target/bench");
    fs::create_dir_all(&work)?;
    let host = if smoke {
        Host::Reference
    } else {
        hosts(workspace)?.pop().context("there is no host")?
    };
    let manifest = workspace.join("spin.toml");
    let start = async |accounts| App::start(host, &work, &manifest, accounts).await;
    match load {
        Load::Soak => {
            let (soak, command) = if smoke {
                (Soak::SMOKE, "keyback-bench soak --plan smoke")
            } else {
                (Soak::FULL, "make soak")
            };
            soak::soak(start(soak.accounts).await?, &soak, command).await
        }
        Load::Overload => {
            let (overload, command) = if smoke {
                (Overload::SMOKE, "keyback-bench overload --plan smoke")
            } else {
                (Overload::FULL, "make overload")
            };
            let app = start(overload.accounts).await?;
            overload::overload(app, &overload, command).await
        }
    }
}

fn parse() -> Result<Command> {
    let mut parser = lexopt::Parser::from_env();
    let Some(Value(command)) = parser.next()? else {
        bail!("{HELP}");
    };
    let (mut plan, mut make, mut smoke) = (Plan::FULL, "make bench", false);
    let (mut page, mut folder) = (None, None);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("plan") => {
                (plan, make, smoke) = match parser.value()?.string()?.as_str() {
                    "full" => (Plan::FULL, "make bench", false),
                    "quick" => (Plan::QUICK, "make bench-quick", false),
                    "smoke" => (Plan::SMOKE, "keyback-bench run --plan smoke", true),
                    _ => bail!("{HELP}"),
                };
            }
            Long("write") => page = Some(parser.value()?.into()),
            Long("state-dir") => folder = Some(parser.value()?.into()),
            _ => bail!("{HELP}"),
        }
    }
    match command.to_str() {
        Some(command @ ("run" | "passwords" | "searches")) => Ok(Command::Run {
            plan,
            command: make,
            smoke,
            part: match command {
                "passwords" => Part::Passwords,
                "searches" => Part::Searches,
                _ => Part::All,
            },
            page,
        }),
        Some(command @ ("soak" | "overload")) => Ok(Command::Load {
            load: if command == "soak" {
                Load::Soak
            } else {
                Load::Overload
            },
            smoke,
            page,
        }),
        Some("reference") => Ok(Command::Reference {
            folder: folder.context("--state-dir is missing")?,
        }),
        _ => bail!("{HELP}"),
    }
}

async fn run(plan: &Plan, command: &str, smoke: bool, part: Part) -> Result<Figured> {
    let workspace = workspace();
    let work = workspace.join("target/bench");
    fs::create_dir_all(&work)?;
    let manifest = workspace.join("spin.toml");
    let hosts = if smoke {
        vec![Host::Reference]
    } else {
        hosts(workspace)?
    };
    let mut figured = Figured::default();
    if part != Part::Searches {
        let mut apps = Vec::new();
        for host in &hosts {
            eprintln!("starting: {}", host.name());
            apps.push(App::start(host.clone(), &work, &manifest, plan.accounts).await?);
        }
        if part == Part::All {
            figured.calls = Some(measure_calls(&mut apps, plan, command, &work).await?);
        }
        figured.passwords = Some(slowest::table(&mut apps, plan.search).await?);
    }
    if part != Part::Passwords && !plan.searched.is_empty() {
        let (sizes, calls) = (plan.searched, plan.quick);
        let table = searches::table(&hosts, &work, &manifest, sizes, calls).await?;
        figured.searches = Some(table);
    }
    Ok(figured)
}

async fn measure_calls(
    apps: &mut [App],
    plan: &Plan,
    command: &str,
    work: &Path,
) -> Result<String> {
    let (machine, load) = (machine::describe(work)?, machine::load());
    let before = Usage::now(apps)?;
    let slices = measure::measure(apps, plan).await?;
    let others = Usage::now(apps)?.others_since(&before);

    let mut text = String::new();
    let _ = writeln!(text, "- Date: {}", OffsetDateTime::now_utc().date());
    let _ = writeln!(text, "- Command: `{command}`");
    if let Some(revision) = machine::revision(workspace()) {
        let _ = writeln!(text, "- Source: commit {revision}");
    }
    let _ = writeln!(text, "- Machine: {machine}");
    let _ = writeln!(
        text,
        "- Load average: {load} before, {} after; other processes used {:.0} % of the machine's CPU time meanwhile",
        machine::load(),
        others * 100.0
    );
    let _ = writeln!(
        text,
        "- Accounts: {}; rounds: {}; calls in a round: {} that hash a password and of verify-otp, {} of forgot-password, \
         {} of the others",
        plan.accounts, plan.rounds, plan.slow, plan.quick, plan.plain
    );
    let names: Vec<&str> = apps.iter().map(|app| app.host.name()).collect();
    Ok(text + &report::tables(&slices, &names, plan))
}

/// The reference first, then all hosts that are compared with it.
fn hosts(workspace: &Path) -> Result<Vec<Host>> {
    let embedded = workspace.join("target/host/keyback-host");
    ensure!(
        embedded.exists(),
        "{} is missing: run `make build host` first",
        embedded.display()
    );
    let mut hosts = vec![
        Host::Reference,
        Host::Spin {
            name: "embedded host",
            program: embedded,
        },
    ];
    if let Some(spin) = env::var_os("KEYBACK_SPIN") {
        let program = std::path::absolute(spin).context("KEYBACK_SPIN names no file")?;
        hosts.push(Host::Spin {
            name: "Spin",
            program,
        });
    }
    Ok(hosts)
}

fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or_else(|| Path::new("."))
}
