//! A round over the agenda: how much it may do, and what it did.

use std::cell::Cell;

use crate::flow::afterwards::OwnEntry;
use crate::flow::deliver::Delivery;
use crate::model::agenda_task::AgendaTask;

/// How often in a row the portal may fail to take an event before it is left alone for this round.
const PATIENCE: u32 = 3;

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
pub struct Report {
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

/// A round of tasks, and what came of them.
#[derive(Debug, Default)]
pub(super) struct Round {
    report: Cell<Report>,
    /// How often in a row the portal did not take an event.
    untold: Cell<u32>,
}

impl Round {
    pub(super) fn count(&self, done: &Done) {
        match done.told {
            Some(true) => self.untold.set(0),
            Some(false) => self.untold.set(self.untold.get().saturating_add(1)),
            None => {}
        }
        let mut report = self.report.get();
        let counter = match done.delivery {
            Some(Delivery::Delivered) => &mut report.delivered,
            Some(Delivery::Retried) => &mut report.retried,
            Some(Delivery::Failed) => &mut report.failed,
            Some(Delivery::Expired) => &mut report.expired,
            Some(Delivery::TooLate | Delivery::Stale) | None => return,
        };
        *counter = counter.saturating_add(1);
        self.report.set(report);
    }

    pub(super) fn count_remaining(&self) {
        let mut report = self.report.get();
        report.remaining = report.remaining.saturating_add(1);
        self.report.set(report);
    }

    /// What was done so far.
    pub(super) fn report(&self) -> Report {
        self.report.get()
    }

    /// Whether to leave a task to a later round, so that a portal that does not answer holds up no mail.
    pub(super) fn leaves(&self, task: &AgendaTask) -> bool {
        matches!(task, AgendaTask::Tell { .. }) && self.untold.get() >= PATIENCE
    }
}

/// What came of a task.
#[derive(Debug)]
pub(super) struct Done {
    /// Whether it is done: its entry can go.
    pub(super) finished: bool,
    /// What is to be done next.
    pub(super) next: Vec<OwnEntry>,
    /// What became of the email that it tried to deliver.
    pub(super) delivery: Option<Delivery>,
    /// Whether the portal took the event that it was told of.
    pub(super) told: Option<bool>,
}

impl Done {
    /// It is done.
    pub(super) const fn finished() -> Self {
        Self::then(Vec::new())
    }

    /// It is done, and this is to be done next.
    pub(super) const fn then(next: Vec<OwnEntry>) -> Self {
        Self {
            finished: true,
            next,
            delivery: None,
            told: None,
        }
    }

    /// It is done: the portal was told of an event, and took it or did not.
    pub(super) fn told(took: bool) -> Self {
        Self {
            told: Some(took),
            ..Self::finished()
        }
    }

    /// It could not be begun in the time that was left.
    pub(super) const fn unfinished() -> Self {
        Self {
            finished: false,
            next: Vec::new(),
            delivery: None,
            told: None,
        }
    }
}
