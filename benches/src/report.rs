//! The figures as Markdown, and the page that they go into.

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::calls::Kind;
use crate::measure::{Of, Slice, Slices};
use crate::plan::Plan;

/// The marks of a part of the page.
const MEASURED: [&str; 2] = ["<!-- measured: begin -->", "<!-- measured: end -->"];
const PASSWORDS: [&str; 2] = ["<!-- passwords: begin -->", "<!-- passwords: end -->"];

const SEARCHES: [&str; 2] = ["<!-- searches: begin -->", "<!-- searches: end -->"];
pub(crate) const OVERLOADED: [&str; 2] = ["<!-- overloaded: begin -->", "<!-- overloaded: end -->"];
pub(crate) const SOAKED: [&str; 2] = ["<!-- soaked: begin -->", "<!-- soaked: end -->"];

/// The figures of one server with one kind of call.
struct Figures {
    /// Calls per second.
    throughput: f64,
    /// In milliseconds.
    p50: f64,
    p95: f64,
    p99: f64,
    /// In seconds per 1,000 calls, of each round.
    cpu: Vec<f64>,
    /// In MiB.
    peak_memory: f64,
}

impl Figures {
    fn of(slices: &[Slice]) -> Self {
        let mut times: Vec<f64> = slices
            .iter()
            .flat_map(|slice| &slice.times)
            .map(|time| time.as_secs_f64() * 1000.0)
            .collect();
        times.sort_unstable_by(f64::total_cmp);
        let per_call = |of: fn(&Slice) -> Duration| {
            slices
                .iter()
                .map(move |slice| of(slice).as_secs_f64() / count(slice.times.len()))
        };
        let peaks = slices.iter().map(|slice| slice.peak_memory);
        Self {
            throughput: 1.0 / median(per_call(|slice| slice.elapsed)),
            p50: percentile(&times, 50),
            p95: percentile(&times, 95),
            p99: percentile(&times, 99),
            cpu: per_call(|slice| slice.cpu)
                .map(|seconds| seconds * 1000.0)
                .collect(),
            peak_memory: float(peaks.max().unwrap_or_default()) / 1024.0 / 1024.0,
        }
    }
}

/// One table for each number of connections, then the store operations. The first server is the reference.
pub(crate) fn tables(slices: &Slices, servers: &[&str], plan: &Plan) -> String {
    let mut text = String::new();
    for &connections in plan.connections {
        let plural = if connections == 1 { "" } else { "s" };
        let _ = write!(
            text,
            "\n### {connections} connection{plural}\n\n\
             | call | server | calls per s | p50, ms | p95, ms | p99, ms | CPU, s per 1,000 | CPU ratio by round | peak, MiB |\n\
             | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
        );
        for kind in Kind::ALL {
            let figures = |server| {
                let of = Of {
                    connections,
                    kind,
                    server,
                };
                slices.get(&of).map(|slices| Figures::of(slices))
            };
            let Some(reference) = figures(0) else {
                continue;
            };
            for (index, server) in servers.iter().enumerate() {
                let Some(figures) = figures(index) else {
                    continue;
                };
                let call = if index == 0 { kind.name() } else { "" };
                let _ = writeln!(
                    text,
                    "| {call} | {server} | {} |",
                    row(&figures, &reference, index > 0)
                );
            }
        }
    }
    text + &late_mails(slices, servers) + &operations(slices, servers, plan)
}

fn late_mails(slices: &Slices, servers: &[&str]) -> String {
    let mut text = String::new();
    for (index, server) in servers.iter().enumerate() {
        let of_server = slices.iter().filter(|(of, _)| of.server == index);
        let late: usize = of_server
            .flat_map(|(_, slices)| slices)
            .map(|slice| slice.late_mails)
            .sum();
        if late > 0 {
            let _ = write!(
                text,
                "\nMails of the {server} that the courier sent, after a first try that timed out: {late}.\n"
            );
        }
    }
    text
}

fn row(figures: &Figures, reference: &Figures, with_ratios: bool) -> String {
    let cell = |of: fn(&Figures) -> f64| {
        let (value, base) = (of(figures), of(reference));
        if with_ratios {
            format!("{} (×{})", significant(value), significant(value / base))
        } else {
            significant(value)
        }
    };
    let spread = if with_ratios {
        let ratios = figures.cpu.iter().zip(&reference.cpu);
        let mut ratios: Vec<f64> = ratios.map(|(value, base)| value / base).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        let end = |ratio: Option<&f64>| significant(ratio.copied().unwrap_or_default());
        format!("{} to {}", end(ratios.first()), end(ratios.last()))
    } else {
        String::new()
    };
    [
        cell(|figures| figures.throughput),
        cell(|figures| figures.p50),
        cell(|figures| figures.p95),
        cell(|figures| figures.p99),
        cell(|figures| median(figures.cpu.iter().copied())),
        spread,
        cell(|figures| figures.peak_memory),
    ]
    .join(" | ")
}

fn operations(slices: &Slices, servers: &[&str], plan: &Plan) -> String {
    let mut text = format!(
        "\n### The store, per call\n\n\
         | call | changing operations | reading operations | transactions: {} |\n\
         | --- | --- | --- |{}\n",
        servers.join(" | "),
        " --- |".repeat(servers.len())
    );
    for kind in Kind::ALL {
        let per_call = |server, of: fn(&Slice) -> u64| {
            let (mut sum, mut calls) = (0, 0);
            for &connections in plan.connections {
                let of_slices = Of {
                    connections,
                    kind,
                    server,
                };
                for slice in slices.get(&of_slices).into_iter().flatten() {
                    sum += of(slice);
                    calls += slice.times.len();
                }
            }
            format!("{:.1}", float(sum) / count(calls))
        };
        let mut cells = vec![
            kind.name().to_owned(),
            per_call(0, |slice| slice.operations.unwrap_or_default().0),
            per_call(0, |slice| slice.operations.unwrap_or_default().1),
        ];
        cells.extend(
            (0..servers.len()).map(|server| per_call(server, |slice| slice.transactions.into())),
        );
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// The page with new figures of all calls and of the slowest passwords, if they were measured.
///
/// # Errors
/// When the page has no marks.
pub(crate) fn replace(page: &str, figures: &Figured) -> Result<String> {
    let mut page = page.to_owned();
    for (marks, figures) in [
        (MEASURED, &figures.calls),
        (PASSWORDS, &figures.passwords),
        (SEARCHES, &figures.searches),
    ] {
        if let Some(figures) = figures {
            page = replace_between(&page, marks, figures)?;
        }
    }
    Ok(page)
}

/// The page with other figures between two marks.
///
/// # Errors
/// When the page has no such marks.
pub(crate) fn replace_between(
    page: &str,
    [begin, end]: [&str; 2],
    figures: &str,
) -> Result<String> {
    let (before, rest) = page.split_once(begin).context("the page has no marks")?;
    let (_, after) = rest
        .split_once(end)
        .context("the page has no second mark")?;
    Ok(format!("{before}{begin}\n{figures}{end}{after}"))
}

/// What a run has measured, as Markdown.
#[derive(Default)]
pub(crate) struct Figured {
    /// Every call.
    pub(crate) calls: Option<String>,
    /// The slowest passwords.
    pub(crate) passwords: Option<String>,
    /// Searches for accounts.
    pub(crate) searches: Option<String>,
}

impl std::fmt::Display for Figured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        [&self.calls, &self.passwords, &self.searches]
            .into_iter()
            .flatten()
            .try_for_each(|figures| f.write_str(figures))
    }
}

/// The smallest value that at least `percent` of all values do not exceed.
pub(crate) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let upper = values.get(values.len() / 2).copied();
    f64::midpoint(percentile(&values, 50), upper.unwrap_or_default())
}

/// Three significant digits, with all digits of the whole part and at most three decimals.
pub(crate) fn significant(value: f64) -> String {
    let decimals = match value.abs() {
        value if value >= 100.0 => 0,
        value if value >= 10.0 => 1,
        value if value >= 1.0 => 2,
        _ => 3,
    };
    format!("{value:.decimals$}")
}

#[expect(
    clippy::cast_precision_loss,
    reason = "no count here comes near 2 to the power of 53"
)]
fn float(value: u64) -> f64 {
    value as f64
}

fn count(value: usize) -> f64 {
    float(value as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        let found = [50, 95, 99].map(|percent| significant(percentile(&sorted, percent)));
        assert_eq!(found, ["100", "190", "198"]);
        assert_eq!(significant(percentile(&[7.0], 99)), "7.00");
        let medians = [vec![3.0, 1.0, 2.0], vec![4.0, 1.0]].map(|all| median(all.into_iter()));
        assert_eq!(medians.map(significant), ["2.00", "2.50"]);
    }

    #[test]
    fn numbers_have_three_digits() {
        let written = [1234.4, 56.78, 1.234, 0.0456].map(significant);
        assert_eq!(written, ["1234", "56.8", "1.23", "0.046"]);
    }

    #[test]
    fn a_page_keeps_what_is_outside_of_its_marks() {
        let [begin, end] = MEASURED;
        let [other_begin, other_end] = PASSWORDS;
        let page = format!("text\n{begin}\nold\n{end}\nmore\n{other_begin}\n{other_end}\n");
        let figures = Figured {
            calls: Some("new\n".to_owned()),
            passwords: None,
            searches: None,
        };
        let replaced = replace(&page, &figures).unwrap();
        assert_eq!(replaced, page.replace("old", "new"));
        assert!(replace("text", &figures).is_err());
    }
}
