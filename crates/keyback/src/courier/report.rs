//! A run of the courier: how much it may do, and what it did.

use std::cell::{Cell, OnceCell};

use crate::courier::tasks::deliver::Delivery;
use crate::flow::recovery::issue::IssueSettings;
use crate::model::agenda_task::AgendaTask;
use crate::ports::{Unavailable, Variables};
use crate::settings::{self, Section, Sending, Values};

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
    // Read when first needed: a component that never issues a challenge has no variables for that.
    sending: OnceCell<Sending>,
    issuing: OnceCell<IssueSettings>,
}

async fn once<'a, S: Section>(
    cell: &'a OnceCell<S>,
    variables: &impl Variables,
) -> Result<&'a S, Unavailable> {
    if let Some(settings) = cell.get() {
        return Ok(settings);
    }
    let settings = settings::load(variables).await?;
    Ok(cell.get_or_init(|| settings))
}

impl Section for IssueSettings {
    fn read(values: &Values) -> Option<Self> {
        let branding = Section::read(values);
        let keyring = Section::read(values);
        let lifetimes = Section::read(values);
        let rules = Section::read(values);
        Some(Self {
            branding: branding?,
            keyring: keyring?,
            lifetimes: lifetimes?,
            rules: rules?,
        })
    }
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

    /// The settings for delivering mails and telling of events.
    ///
    /// # Errors
    /// [`Unavailable::Variables`] with the names of all bad variables.
    pub(super) async fn sending(
        &self,
        variables: &impl Variables,
    ) -> Result<&Sending, Unavailable> {
        once(&self.sending, variables).await
    }

    /// The settings for issuing challenges.
    ///
    /// # Errors
    /// [`Unavailable::Variables`] with the names of all bad variables.
    pub(super) async fn issuing(
        &self,
        variables: &impl Variables,
    ) -> Result<&IssueSettings, Unavailable> {
        once(&self.issuing, variables).await
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
