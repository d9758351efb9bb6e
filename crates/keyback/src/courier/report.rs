//! A run of the courier: how much it may do, and what it did.

use std::cell::Cell;

use crate::courier::tasks::deliver::Delivery;
use crate::model::agenda_task::AgendaTask;

/// How often in a row the portal may fail to take an event before it is left alone for this run.
const MAX_CONSECUTIVE_FAILURES: u32 = 3;

/// How much to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// A few entries, after another request's answer.
    Few,
    /// All that is due.
    All,
}

impl Budget {
    pub(super) const fn tasks(self) -> u32 {
        match self {
            Self::Few => 8,
            Self::All => u32::MAX,
        }
    }

    /// How many tasks may be passed over for somebody who does not answer.
    pub(super) const fn skips(self) -> u32 {
        match self {
            Self::Few => 200,
            Self::All => u32::MAX,
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Emails that a provider took.
    pub delivered: u32,
    /// Emails to be tried again.
    pub retried: u32,
    /// Emails given up.
    pub failed: u32,
    /// Emails dropped since what they held had expired.
    pub expired: u32,
    /// Entries that are due and were not done: others hold them, they failed, or the budget was spent.
    pub remaining: u32,
}

/// A run, and what came of it so far.
#[derive(Debug, Default)]
pub(super) struct CourierRun {
    report: Cell<RunReport>,
    /// How often in a row the portal did not take an event.
    failures: Cell<u32>,
    follows_response: bool,
}

impl CourierRun {
    /// A run over what a request left for after its response.
    pub(super) fn after_response() -> Self {
        Self {
            follows_response: true,
            ..Self::default()
        }
    }

    /// Whether the next call may come while the run goes on, from a client who knows what the run is about.
    pub(super) const fn follows_response(&self) -> bool {
        self.follows_response
    }

    /// Counts what became of an email.
    pub(super) fn count_delivery(&self, delivery: Delivery) {
        let mut report = self.report.get();
        let counter = match delivery {
            Delivery::Delivered => &mut report.delivered,
            Delivery::Retried => &mut report.retried,
            Delivery::Failed => &mut report.failed,
            Delivery::Expired => &mut report.expired,
            Delivery::TooLate | Delivery::Stale => return,
        };
        *counter = counter.saturating_add(1);
        self.report.set(report);
    }

    /// Notes whether the portal took an event.
    pub(super) fn note_notification(&self, taken: bool) {
        let failures = self.failures.get().saturating_add(1);
        self.failures.set(if taken { 0 } else { failures });
    }

    /// Counts an entry that is due and was not done.
    pub(super) fn count_remaining(&self) {
        let mut report = self.report.get();
        report.remaining = report.remaining.saturating_add(1);
        self.report.set(report);
    }

    /// What was done so far.
    pub(super) fn report(&self) -> RunReport {
        self.report.get()
    }

    /// Whether to leave a task to a later run, so that a portal that does not answer holds up no mail.
    pub(super) fn skips(&self, task: &AgendaTask) -> bool {
        matches!(task, AgendaTask::Notify { .. }) && self.failures.get() >= MAX_CONSECUTIVE_FAILURES
    }
}
