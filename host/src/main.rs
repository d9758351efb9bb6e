//! Runs a Spin application for development and tests. `README.md` says what it does and what it leaves to Spin.

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Result;

mod allow_list;
mod app;
mod build_commands;
mod cli;
mod faults;
mod guest;
mod instances;
mod limits;
mod mailbox;
mod manifest;
mod router;
mod runtime_config;
mod server;
mod store;
mod template;
mod trigger;
mod up;
mod variables;

fn main() -> ExitCode {
    let result = match cli::parse(std::env::args_os().skip(1)) {
        Ok(cli::Command::Up(options)) => up::run(&options),
        Ok(cli::Command::Help) => print(cli::HELP),
        Ok(cli::Command::Version) => {
            print(concat!("keyback-host ", env!("CARGO_PKG_VERSION"), "\n"))
        }
        Err(error) => {
            eprintln!("error: {error}\nRun `keyback-host --help` for the options.");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Prints a line to standard error. `eprintln!` panics if it cannot write, such as on a full disk.
fn report(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Prints to standard output at once, even if that is a pipe.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}
