//! The command line: `up`, its flags, and the mailbox's.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::*;

use crate::limits::{self, InstanceLimits};

/// Lists all commands and flags.
pub(crate) const HELP: &str = "\
Runs a Spin application (spin.toml) where Spin is not installed.

Usage: keyback-host up [OPTIONS]

Options:
  -f, --from PATH                 Manifest, or the folder of its spin.toml [default: spin.toml]
      --build                     Run the components' build commands first
      --listen ADDRESS            Address to listen on; port 0 picks a free port [default: 127.0.0.1:3000]
      --state-dir FOLDER          Folder of the default store; \"\" keeps the store in memory
                                  [default: .spin beside the manifest]
      --variable NAME=VALUE       Set a variable; repeatable. Overrides SPIN_VARIABLE_<NAME>
      --runtime-config-file FILE  Define stores: [key_value_store.<label>] with type = \"spin\" or \"redis\"
      --cache-dir FOLDER          Folder for compiled components [default: wasmtime's own cache]
      --max-instance-count NUMBER Maximum instances per component [default: 16]
      --max-instance-memory BYTES Maximum memory per instance [default: 4 GiB]
      --max-instance-reuse-count NUMBER
                                  Maximum requests per instance, in total [default: 128]
      --max-instance-concurrent-reuse-count NUMBER
                                  Maximum concurrent requests per instance [default: 16]
      --idle-instance-timeout TIME
                                  How long to keep an idle instance, such as 500ms
                                  [default: 1s]
      --mailbox ADDRESS           Also serve a development mailbox; loopback addresses only
      --faults FILE               For tests: a fault plan, re-read on every call
  -q, --quiet                     Discard the components' output
  -h, --help                      Print this help
  -V, --version                   Print the version
";

/// What the command line requests.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Up(Box<Options>),
    Help,
    Version,
}

/// The options of `up`.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) from: PathBuf,
    pub(crate) build: bool,
    pub(crate) listen: SocketAddr,
    /// Empty keeps the default store in memory.
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) runtime_config_file: Option<PathBuf>,
    pub(crate) cache_dir: Option<PathBuf>,
    pub(crate) limits: InstanceLimits,
    pub(crate) mailbox: Option<SocketAddr>,
    /// A plan of faults, for tests.
    pub(crate) faults: Option<PathBuf>,
    pub(crate) quiet: bool,
}

/// Reads the command line, without the program's name.
///
/// # Errors
/// When it does not match [`HELP`].
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Command, lexopt::Error> {
    let mut parser = lexopt::Parser::from_args(arguments);
    match parser.next()? {
        Some(Value(command)) if command == "up" => {}
        Some(Short('h') | Long("help")) | None => return Ok(Command::Help),
        Some(Short('V') | Long("version")) => return Ok(Command::Version),
        Some(Value(command)) => {
            return Err(format!("unknown command `{}`", command.to_string_lossy()).into());
        }
        Some(option) => return Err(option.unexpected()),
    }
    let mut options = Options {
        from: PathBuf::from("spin.toml"),
        build: false,
        listen: (Ipv4Addr::LOCALHOST, 3000).into(),
        state_dir: None,
        variables: Vec::new(),
        runtime_config_file: None,
        cache_dir: None,
        limits: InstanceLimits::default(),
        mailbox: None,
        faults: None,
        quiet: false,
    };
    while let Some(argument) = parser.next()? {
        match argument {
            Short('f') | Long("from") => options.from = parser.value()?.into(),
            Long("build") => options.build = true,
            Long("listen") => options.listen = address(parser.value()?)?,
            Long("state-dir") => options.state_dir = Some(parser.value()?.into()),
            Long("variable") => options.variables.push(variable(parser.value()?)?),
            Long("runtime-config-file") => {
                options.runtime_config_file = Some(parser.value()?.into());
            }
            Long("cache-dir") => options.cache_dir = Some(parser.value()?.into()),
            Long("max-instance-count") => options.limits.count = count(parser.value()?)?,
            Long("max-instance-memory") => {
                options.limits.memory = Some(count(parser.value()?)?);
            }
            Long("max-instance-reuse-count") => {
                options.limits.requests = count(parser.value()?)?;
            }
            Long("max-instance-concurrent-reuse-count") => {
                options.limits.concurrent_requests = count(parser.value()?)?;
            }
            Long("idle-instance-timeout") => {
                options.limits.idle_timeout = time(parser.value()?)?;
            }
            Long("mailbox") => options.mailbox = Some(loopback(parser.value()?)?),
            Long("faults") => options.faults = Some(parser.value()?.into()),
            Short('q') | Long("quiet") => options.quiet = true,
            Short('h') | Long("help") => return Ok(Command::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Command::Up(Box::new(options)))
}

fn count(value: OsString) -> Result<usize, lexopt::Error> {
    let value = value.string()?;
    limits::parse_count(&value)
        .ok_or_else(|| format!("`{value}` is not a whole number of 1 or more").into())
}

fn time(value: OsString) -> Result<Duration, lexopt::Error> {
    let value = value.string()?;
    let invalid = || format!("`{value}` is not a time in seconds (`2s`) or milliseconds (`500ms`)");
    limits::parse_time(&value).ok_or_else(|| invalid().into())
}

/// If a name has several addresses, the IPv4 loopback one is preferred, as on Spin.
fn address(value: OsString) -> Result<SocketAddr, lexopt::Error> {
    let value = value.string()?;
    let invalid = || lexopt::Error::from(format!("`{value}` is not an address and port"));
    let found: Vec<_> = value.to_socket_addrs().map_err(|_| invalid())?.collect();
    let preferred = found
        .iter()
        .find(|address| address.ip() == Ipv4Addr::LOCALHOST);
    preferred.or(found.first()).copied().ok_or_else(invalid)
}

fn loopback(value: OsString) -> Result<SocketAddr, lexopt::Error> {
    let address = address(value)?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err(format!("the mailbox shows every email to anyone who reaches it, so it listens on loopback addresses only, not on {address}").into())
    }
}

/// The error does not repeat the value, which may be a secret.
fn variable(value: OsString) -> Result<(String, String), lexopt::Error> {
    let value = value
        .into_string()
        .map_err(|_| "the value of a `--variable` is not UTF-8")?;
    let (name, value) = value
        .split_once('=')
        .ok_or("`--variable` needs NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &[&str]) -> Result<Command, String> {
        super::parse(line.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    fn up(line: &[&str]) -> Options {
        match parse(&[&["up"], line].concat()) {
            Ok(Command::Up(options)) => *options,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_are_spins() {
        let options = up(&[]);
        assert_eq!(options.from, PathBuf::from("spin.toml"));
        assert_eq!(options.listen, "127.0.0.1:3000".parse().unwrap());
        assert_eq!(options.state_dir, None);
        assert_eq!(options.mailbox, None);
    }

    #[test]
    fn every_option_is_read() {
        let options = up(&[
            "-f",
            "app",
            "--build",
            "--listen",
            "127.0.0.1:0",
            "--state-dir",
            "",
            "--variable",
            "a=b=c",
            "--variable",
            "d=",
            "--runtime-config-file",
            "rc.toml",
            "--cache-dir",
            "cache",
            "--max-instance-count",
            "2",
            "--max-instance-memory",
            "67108864",
            "--max-instance-reuse-count",
            "3",
            "--max-instance-concurrent-reuse-count",
            "4",
            "--idle-instance-timeout",
            "500ms",
            "--mailbox",
            "[::1]:0",
            "--faults",
            "faults.toml",
            "--quiet",
        ]);
        let path = |path: &str| Some(PathBuf::from(path));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = Options {
            from: "app".into(),
            build: true,
            listen: "127.0.0.1:0".parse().unwrap(),
            state_dir: path(""),
            variables: vec![pair("a", "b=c"), pair("d", "")],
            runtime_config_file: path("rc.toml"),
            cache_dir: path("cache"),
            limits: InstanceLimits {
                count: 2,
                memory: Some(64 * 1024 * 1024),
                requests: 3,
                concurrent_requests: 4,
                idle_timeout: Duration::from_millis(500),
            },
            mailbox: Some("[::1]:0".parse().unwrap()),
            faults: path("faults.toml"),
            quiet: true,
        };
        assert_eq!(options, expected);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(
            parse(&["up", "--lisen", "x"])
                .unwrap_err()
                .contains("--lisen")
        );
        assert!(parse(&["down"]).unwrap_err().contains("down"));
        assert!(parse(&["up", "stray"]).unwrap_err().contains("stray"));
        assert!(
            parse(&["up", "--listen", "nowhere"])
                .unwrap_err()
                .contains("nowhere")
        );
        assert!(parse(&["up", "--listen"]).is_err());
        for (flag, value) in [
            ("--max-instance-count", "none"),
            ("--idle-instance-timeout", "soon"),
        ] {
            assert!(parse(&["up", flag, value]).unwrap_err().contains(value));
        }
        assert!(
            parse(&["up", "--mailbox", "0.0.0.0:3025"])
                .unwrap_err()
                .contains("loopback")
        );
    }

    #[test]
    fn a_bad_variable_is_not_echoed() {
        assert!(
            !parse(&["up", "--variable", "hunter2"])
                .unwrap_err()
                .contains("hunter2")
        );
    }

    #[test]
    fn help_and_version_are_answered() {
        assert_eq!(parse(&[]), Ok(Command::Help));
        assert_eq!(parse(&["--help"]), Ok(Command::Help));
        assert_eq!(parse(&["up", "--help"]), Ok(Command::Help));
        assert_eq!(parse(&["--version"]), Ok(Command::Version));
    }
}
