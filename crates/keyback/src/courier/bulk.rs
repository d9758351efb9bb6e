//! Running bulk jobs, within the limits of a run.

use std::time::Duration;

use futures::future::join_all;

use crate::courier::report::CourierRun;
use crate::courier::work::work_entry;
use crate::flow::accounts::bulk::work::{Step, Working};
use crate::model::bulk_job::{BulkAction, BulkJob};
use crate::model::log_line::LogLine;
use crate::ports::{Clock, Env, Log, PAUSE, Unavailable};
use crate::store::agenda::ReservedEntry;
use crate::store::bulk_jobs;
use crate::store::lease::{Lease, Term};

/// How many accounts a run may process: about ten seconds' worth.
const MOST: u32 = 500;
/// How many accounts share an agenda entry, and how many emails are sent at the same time.
const EVENTS_AT_ONCE: usize = 32;
const MAILS_AT_ONCE: usize = 8;
/// An entry is processed at the latest this long before others may take it. A job is left this long before its lease
/// ends.
const MARGIN: Duration = Duration::from_secs(25);

/// Continues all jobs, oldest first, for at most 500 accounts in total and until `is_over`. The jobs share that number,
/// so that a large one does not hold up the others. Jobs with accounts left count as remaining.
///
/// # Errors
/// [`Unavailable`] when the jobs cannot be listed. The failure of one job is logged.
pub(super) async fn run<E: Env>(
    env: &E,
    run: &CourierRun,
    is_over: &impl Fn() -> bool,
) -> Result<(), Unavailable> {
    let jobs = bulk_jobs::list_unfinished(env.store()).await?;
    let mut others = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
    let mut left = MOST;
    for job in jobs {
        let share = left.div_ceil(others.max(1));
        others = others.saturating_sub(1);
        let work = JobRun {
            env,
            run,
            share,
            worked: 0,
            pending: Vec::new(),
        };
        match work.under_lease(&job, is_over).await {
            Ok((worked, is_finished)) => {
                left = left.saturating_sub(worked);
                if !is_finished {
                    run.count_remaining();
                }
            }
            Err(outage) => {
                env.log().write(&LogLine::WorkFailed { outage });
                run.count_remaining();
            }
        }
    }
    Ok(())
}

/// A run's work on one job.
struct JobRun<'r, E: Env> {
    env: &'r E,
    run: &'r CourierRun,
    /// How many accounts may be processed.
    share: u32,
    worked: u32,
    /// The job's agenda entries that are not processed yet.
    pending: Vec<ReservedEntry>,
}

impl<E: Env> JobRun<'_, E> {
    /// Returns how many accounts were processed, and whether the job is over.
    async fn under_lease(
        mut self,
        job: &BulkJob,
        is_over: &impl Fn() -> bool,
    ) -> Result<(u32, bool), Unavailable> {
        let (store, clock) = (self.env.store(), self.env.clock());
        let name = bulk_jobs::lease_name(&job.id);
        let Some(lease) = Lease::acquire(store, &name, Term::Work, clock.now()).await? else {
            return Ok((0, false));
        };
        let stops_at = lease.until().minus(MARGIN);
        let is_over = || is_over() || clock.now() >= stops_at;
        let finished = match Working::open(self.env, &job.id, lease.held()).await {
            Ok(Some(mut working)) => {
                let finished = self.work(&mut working, &is_over).await;
                // Even after a failure, the portal gets the events of what was done.
                self.pending.extend(working.entry.take());
                self.work_pending().await;
                let saved = working.save(self.env).await;
                saved.and(finished)
            }
            Ok(None) => Ok(true),
            Err(outage) => Err(outage),
        };
        Lease::release_all(store, vec![lease], clock.now()).await;
        finished.map(|finished| (self.worked, finished))
    }

    /// Returns whether the job is over.
    async fn work(
        &mut self,
        working: &mut Working,
        is_over: &impl Fn() -> bool,
    ) -> Result<bool, Unavailable> {
        let settings = match working.action() {
            BulkAction::Recover => Some(self.run.issuing(self.env.variables()).await?),
            _ => None,
        };
        while self.worked < self.share && !is_over() {
            match working.step(self.env, settings).await? {
                Step::Over => return Ok(true),
                Step::Passed => {}
                Step::Worked => self.worked = self.worked.saturating_add(1),
            }
            if working.action() != BulkAction::Recover {
                self.notify(working).await;
            } else if !self.mail(working).await {
                break;
            }
            self.env.clock().sleep(PAUSE).await;
        }
        Ok(false)
    }

    /// Sends the events so far to the portal, once there are enough.
    async fn notify(&mut self, working: &mut Working) {
        let soon = self.env.clock().now().plus(MARGIN);
        let is_full = |entry: &mut ReservedEntry| {
            entry.entry.tasks.len() >= EVENTS_AT_ONCE || soon >= entry.until
        };
        if let Some(entry) = working.entry.take_if(is_full) {
            self.pending.push(entry);
            self.work_pending().await;
        }
    }

    /// Sends the emails so far, once there are as many as go out at the same time. False if the provider accepts no
    /// more: then the next run starts with the rest.
    async fn mail(&mut self, working: &mut Working) -> bool {
        self.pending.extend(working.entry.take());
        let at_once = if self.run.paces_mails() {
            1
        } else {
            MAILS_AT_ONCE
        };
        let soon = self.env.clock().now().plus(MARGIN);
        let is_urgent = self.pending.iter().any(|entry| soon >= entry.until);
        if self.pending.len() < at_once && !is_urgent {
            return true;
        }
        let before = self.run.report();
        self.work_pending().await;
        let after = self.run.report();
        let is_refused = after.retried > before.retried && after.delivered == before.delivered;
        !is_refused && !self.run.is_closed_for_mails(self.env.clock().now())
    }

    /// Processes the job's agenda entries. What fails stays on the agenda.
    async fn work_pending(&mut self) {
        let entries = std::mem::take(&mut self.pending);
        let work = entries
            .into_iter()
            .filter(ReservedEntry::has_own)
            .map(|entry| work_entry(self.env, entry, self.run));
        for worked in join_all(work).await {
            if let Err(outage) = worked {
                self.env.log().write(&LogLine::WorkFailed { outage });
            }
        }
    }
}
