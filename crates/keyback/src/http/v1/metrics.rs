//! `GET /v1/metrics`, in the Prometheus text format 0.0.4.

use std::fmt::Write as _;

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::measured::Tally;
use crate::ports::{Clock, Env};
use crate::settings::{Courier, Scope};
use crate::store::cx::Cx;
use crate::store::{agenda, counts};

const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The counters: the name without its prefix, and the help text.
const COUNTERS: [(&str, &str); 3] = [
    (
        "calls_total",
        "Calls answered, by method, route and status.",
    ),
    (
        "emails_total",
        "Emails that reached a state, by state and provider.",
    ),
    (
        "limits_hit_total",
        "Calls and attempts over a limit, by limit.",
    ),
];

/// The counts that all instances have stored, and the age of the oldest entry that is due. Writes nothing.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Courier,
) -> Result<Answer, Problem> {
    authorise(
        request,
        &settings.reset_password.access,
        Scope::Courier,
        cx.now,
    )?;
    let (tally, oldest) = futures::join!(
        counts::sum(cx.store()),
        agenda::find_oldest_due(cx.store(), cx.now),
    );
    let age = oldest?.map_or(0, |due| cx.env.clock().now().since(due).as_secs());
    Ok(Answer::text(200, MEDIA_TYPE, render(&tally?, age)))
}

fn render(tally: &Tally, oldest_due_seconds: u64) -> String {
    let mut text = String::new();
    for (name, help) in COUNTERS {
        begin(&mut text, name, "counter", help);
        for (series, count) in tally.family(name) {
            line(&mut text, series, &count.to_string());
        }
    }
    let help = "Time to hash or verify one password.";
    begin(&mut text, "hashing_seconds", "histogram", help);
    for (series, value) in tally.hashing() {
        line(&mut text, &series, &value);
    }
    let name = "oldest_due_entry_age_seconds";
    let help =
        "Age of the oldest due agenda entry, in seconds since it became due; 0 if none is due.";
    begin(&mut text, name, "gauge", help);
    line(&mut text, name, &oldest_due_seconds.to_string());
    text
}

fn begin(text: &mut String, name: &str, kind: &str, help: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "# HELP keyback_{name} {help}");
    let _ = writeln!(text, "# TYPE keyback_{name} {kind}");
}

fn line(text: &mut String, series: &str, value: &str) {
    let _ = writeln!(text, "keyback_{series} {value}");
}
