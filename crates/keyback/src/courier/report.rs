//! A run of the courier: its limits and its results.

use std::cell::{Cell, OnceCell, RefCell};
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::courier::pace::Pace;
use crate::flow::recovery::issue::IssueSettings;
use crate::model::agenda_task::AgendaTask;
use crate::ports::{Unavailable, Variables};
use crate::settings::{self, Issuing, Sending};
use crate::store::agenda::Place;

/// After this many failures in a row to send events to the portal, it is left alone for this run.
const MAX_CONSECUTIVE_FAILURES: u32 = 3;

/// How much work to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// A few entries, after a request's answer.
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

    /// How many accounts of an earlier version are read at most: about five seconds' worth.
    pub(super) const fn accounts(self) -> i64 {
        match self {
            Self::Few => 100,
            Self::All => 10_000,
        }
    }

    /// How many tasks may be skipped because their receiver does not answer.
    pub(super) const fn skips(self) -> u32 {
        match self {
            Self::Few => 200,
            Self::All => u32::MAX,
        }
    }
}

/// Counts of what a run of the courier did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Emails that a provider accepted.
    pub delivered: u32,
    /// Emails to be tried again.
    pub retried: u32,
    /// Emails that were rejected, or failed at their last attempt.
    pub failed: u32,
    /// Emails dropped because their content had expired.
    pub expired: u32,
    /// Entries that are due and were not done: leased by others, failed, or beyond the budget.
    pub remaining: u32,
}

/// The result of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::courier) enum Delivery {
    /// The provider has accepted it.
    Delivered,
    /// It will be tried again.
    Retried,
    /// No provider accepts any email for now. This does not count as a try.
    Postponed,
    /// It will not be tried again.
    Failed,
    /// Its content has expired or was replaced, so it is not sent.
    Expired,
    /// This try was made already.
    Stale,
    /// There was too little time left to begin.
    TooLate,
    /// No provider accepts any email for so long, so this run waits. Nothing was written.
    Waits(Duration),
}

/// A run and its results so far.
#[derive(Debug, Default)]
pub(super) struct CourierRun {
    report: Cell<RunReport>,
    /// Failures in a row to send an event to the portal.
    failures: Cell<u32>,
    follows_response: bool,
    // Read when first needed: a component that never issues a challenge has no variables for that.
    sending: OnceCell<Sending>,
    issuing: OnceCell<IssueSettings>,
    /// Until when the run may wait for a receiver; `None` if it may not.
    waits_until: Option<Timestamp>,
    primary: Pace,
    fallback: Pace,
    has_fallback: Cell<bool>,
    portal: Pace,
    /// Whether all emails were processed, so that the run may wait for the portal.
    waits_for_portal: Cell<bool>,
    /// Entries with events that the portal does not accept for now.
    postponed: RefCell<Vec<Place>>,
}

impl CourierRun {
    /// A run over the agenda, which may wait until `waits_until` for receivers that are throttled for a moment.
    pub(super) fn over_agenda(waits_until: Option<Timestamp>) -> Self {
        Self {
            waits_until,
            ..Self::default()
        }
    }

    /// A run over the work that a request left for after its response.
    pub(super) fn after_response() -> Self {
        Self {
            follows_response: true,
            ..Self::default()
        }
    }

    /// True after a response: the caller may time its next call against this run.
    pub(super) const fn follows_response(&self) -> bool {
        self.follows_response
    }

    /// The settings for sending emails and events.
    ///
    /// # Errors
    /// [`Unavailable::Variables`] with the names of all bad variables.
    pub(super) async fn sending(
        &self,
        variables: &impl Variables,
    ) -> Result<&Sending, Unavailable> {
        if let Some(settings) = self.sending.get() {
            return Ok(settings);
        }
        let settings = settings::load(variables).await?;
        Ok(self.sending.get_or_init(|| settings))
    }

    /// The settings for issuing challenges.
    ///
    /// # Errors
    /// [`Unavailable::Variables`] with the names of all bad variables.
    pub(super) async fn issuing(
        &self,
        variables: &impl Variables,
    ) -> Result<&IssueSettings, Unavailable> {
        if let Some(settings) = self.issuing.get() {
            return Ok(settings);
        }
        let Issuing {
            branding,
            keyring,
            challenge,
            issue,
        } = settings::load(variables).await?;
        Ok(self.issuing.get_or_init(|| IssueSettings {
            branding,
            keyring,
            lifetimes: challenge,
            rules: issue,
        }))
    }

    /// Counts the result of an email.
    pub(super) fn count_delivery(&self, delivery: Delivery) {
        let mut report = self.report.get();
        let counter = match delivery {
            Delivery::Delivered => &mut report.delivered,
            Delivery::Retried | Delivery::Postponed => &mut report.retried,
            Delivery::Failed => &mut report.failed,
            Delivery::Expired => &mut report.expired,
            Delivery::TooLate | Delivery::Stale | Delivery::Waits(_) => return,
        };
        *counter = counter.saturating_add(1);
        self.report.set(report);
    }

    /// The pace of the first provider.
    pub(super) const fn primary(&self) -> &Pace {
        &self.primary
    }

    /// The pace of the fallback provider, which must exist.
    pub(super) fn fallback(&self) -> &Pace {
        self.has_fallback.set(true);
        &self.fallback
    }

    /// The pace of the portal.
    pub(super) const fn portal(&self) -> &Pace {
        &self.portal
    }

    /// Whether emails must be sent one after another.
    pub(super) fn paces_mails(&self) -> bool {
        self.primary.is_slowed() || self.fallback.is_slowed()
    }

    /// Whether no provider accepts an email for as long as the run may wait.
    pub(super) fn is_closed_for_mails(&self, now: Timestamp) -> bool {
        let mut wait = self.primary.wait(now);
        if self.has_fallback.get() {
            wait = wait.min(self.fallback.wait(now));
        }
        !wait.is_zero() && !self.may_wait(wait, now, now.plus(wait))
    }

    /// Whether the portal accepts no event for as long as the run may wait.
    pub(super) fn is_closed_for_events(&self, now: Timestamp) -> bool {
        let wait = self.portal.wait(now);
        !wait.is_zero() && !self.may_wait_for_portal(wait, now, now.plus(wait))
    }

    /// Whether the run may wait for `wait` from `now` on, which must not take longer than until `until`.
    pub(super) fn may_wait(&self, wait: Duration, now: Timestamp, until: Timestamp) -> bool {
        let then = now.plus(wait);
        self.waits_until.is_some_and(|end| then < end) && then <= until
    }

    /// As [`CourierRun::may_wait`], for the portal. It must not delay emails.
    pub(super) fn may_wait_for_portal(
        &self,
        wait: Duration,
        now: Timestamp,
        until: Timestamp,
    ) -> bool {
        self.waits_for_portal.get() && self.may_wait(wait, now, until)
    }

    /// Allows waiting for the portal, once all emails were processed. Returns the entries to look at again.
    pub(super) fn wait_for_portal(&self) -> Vec<Place> {
        self.waits_for_portal.set(true);
        self.postponed.take()
    }

    /// Records that the portal does not accept an event of an entry for now.
    pub(super) fn note_postponed(&self, place: Place) {
        let mut postponed = self.postponed.borrow_mut();
        if !self.waits_for_portal.get() && !postponed.contains(&place) {
            postponed.push(place);
        }
    }

    /// Records whether the portal accepted an event.
    pub(super) fn note_notification(&self, taken: bool) {
        let failures = self.failures.get().saturating_add(1);
        self.failures.set(if taken { 0 } else { failures });
    }

    /// Counts an entry that is due but was not done.
    pub(super) fn count_remaining(&self) {
        let mut report = self.report.get();
        report.remaining = report.remaining.saturating_add(1);
        self.report.set(report);
    }

    /// The results so far.
    pub(super) fn report(&self) -> RunReport {
        self.report.get()
    }

    /// Whether to leave a task to a later run, so that a portal that does not answer delays no email.
    pub(super) fn skips(&self, task: &AgendaTask) -> bool {
        matches!(task, AgendaTask::Notify { .. }) && self.failures.get() >= MAX_CONSECUTIVE_FAILURES
    }
}
