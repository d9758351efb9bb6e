//! The passwords that take longest to check: a search for the worst text of each length, and what each costs a server.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use keyback::model::email_address::EmailAddress;
use keyback::model::password::Password;
use keyback::model::password_policy::{Blocklist, PasswordPolicy};
use nix::time::{ClockId, clock_gettime};
use serde_json::json;

use crate::app::App;
use crate::client::send_one;
use crate::report::significant;

/// In code points. 256 is the longest that is accepted.
const LENGTHS: [usize; 7] = [8, 16, 24, 40, 64, 128, 256];
/// A plain password, to compare with.
const PLAIN: &str = "heron-52fdfc072182654f";
/// The parts of the texts: look-alike characters, repetitions, words, dates and rows of keys.
const PARTS: [&str; 24] = [
    "4", "@", "8", "(", "{", "[", "<", "3", "6", "9", "1", "!", "|", "7", "0", "$", "5", "+", "%",
    "2", "a", "the", "password", "1qaz",
];
/// How often a server is sent each text.
const CALLS: usize = 9;

/// A text, and how long the library's own check of it takes.
struct Slow {
    text: String,
    took: Duration,
}

/// One table: each length's worst text on every server.
pub(crate) async fn table(apps: &mut [App], search: Duration) -> Result<String> {
    let mut text =
        String::from("\n### The slowest passwords\n\n| code points | the check alone, ms |");
    for app in &*apps {
        let _ = write!(text, " {}: p50, ms |", app.host.name());
    }
    let _ = writeln!(text, "\n| --- | --- |{}", " --- |".repeat(apps.len()));
    let policy = policy();
    // The first check builds the word lists.
    time(&policy, PLAIN)?;
    let plain = Slow {
        text: PLAIN.to_owned(),
        took: time(&policy, PLAIN)?,
    };
    row(&mut text, apps, "a plain one", &plain).await?;
    for length in LENGTHS {
        eprintln!("searching for the slowest password of {length} code points");
        let slow = find_slowest(&policy, length, search)?;
        row(&mut text, apps, &length.to_string(), &slow).await?;
    }
    Ok(text)
}

async fn row(text: &mut String, apps: &mut [App], name: &str, slow: &Slow) -> Result<()> {
    let milliseconds = |took: Duration| significant(took.as_secs_f64() * 1000.0);
    let _ = write!(text, "| {name} | {} |", milliseconds(slow.took));
    for app in apps {
        let took = send(app, &slow.text).await?;
        let _ = write!(text, " {} |", milliseconds(took));
    }
    text.push('\n');
    Ok(())
}

/// The median time of an answer to a call that would set the password. Accepted passwords are hashed as well.
async fn send(app: &mut App, password: &str) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..CALLS {
        let account = json!({ "email": app.new_address(), "password": password });
        let call = app.admin_call("/v1/admin/users", &account);
        let reply = send_one(app.server.address(), &call).await?;
        let status = reply.status.as_u16();
        ensure!([201, 422].contains(&status), "{password}: {status}");
        times.push(reply.took);
    }
    times.sort_unstable();
    times.get(CALLS / 2).copied().context("nothing was sent")
}

/// Changes a text again and again, and keeps each change that makes it slower.
fn find_slowest(policy: &PasswordPolicy, length: usize, search: Duration) -> Result<Slow> {
    let mut random = Rng::with_seed(length as u64);
    let began = cpu_time()?;
    let mut worst: Option<Slow> = None;
    while cpu_time()?.saturating_sub(began) < search {
        // Usually from the slowest so far, and sometimes from something new.
        let text = match &worst {
            Some(worst) if random.u8(..) > 8 => change(&worst.text, &mut random),
            _ => begin(&mut random),
        };
        let text: String = text.chars().cycle().take(length).collect();
        let took = time(policy, &text)?;
        if worst.as_ref().is_none_or(|worst| took > worst.took) {
            // Measured again: it may have been the machine.
            let took = took.min(time(policy, &text)?);
            if worst.as_ref().is_none_or(|worst| took > worst.took) {
                worst = Some(Slow { text, took });
            }
        }
    }
    worst.context("nothing was tried")
}

fn begin(random: &mut Rng) -> String {
    let count = random.usize(1..24);
    (0..count).map(|_| part(random)).collect()
}

/// The text with one part exchanged, moved or repeated.
fn change(text: &str, random: &mut Rng) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let from = random.usize(..characters.len());
    let to = random.usize(from..characters.len());
    match random.u8(..4) {
        0 => {
            characters.splice(from..to.min(from + 3), part(random).chars());
        }
        1 => {
            let copy: Vec<char> = characters[from..to].to_vec();
            characters.splice(to..to, copy);
        }
        2 => characters[from..=to].reverse(),
        _ => {
            characters.drain(..from);
        }
    }
    if characters.is_empty() {
        characters.push('a');
    }
    characters.into_iter().collect()
}

fn part(random: &mut Rng) -> &'static str {
    PARTS[random.usize(..PARTS.len())]
}

fn time(policy: &PasswordPolicy, text: &str) -> Result<Duration> {
    let email = EmailAddress::parse("user-00007@people.example.test")?;
    let password = Password::new(text);
    let began = cpu_time()?;
    black_box(policy.violations(&password, &email));
    Ok(cpu_time()?.saturating_sub(began))
}

/// The CPU time of this thread, whatever else the machine does.
fn cpu_time() -> Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// The default policy of the variables.
fn policy() -> PasswordPolicy {
    PasswordPolicy {
        min_length: 8,
        min_strength: 3,
        app_name: "Keyback".to_owned(),
        blocklist: Blocklist::default(),
    }
}
