//! Running a bulk job: the courier changes one account after the other.

use std::collections::VecDeque;
use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::accounts::bulk::CHUNK;
use crate::flow::events::Caller;
use crate::flow::recovery::issue::{Issue, IssueSettings, issue};
use crate::flow::recovery::turn::Turn;
use crate::mail::message::Requester;
use crate::model::account::Account;
use crate::model::bulk_job::{BulkAction, BulkJob, BulkOutcome, BulkScope, BulkState};
use crate::model::event::{Event, EventType};
use crate::model::id::{AccountId, BulkJobId, ChallengeId};
use crate::model::lifetimes::ChallengeSettings;
use crate::model::recovery::Recovery;
use crate::ports::{Clock, Env, Unavailable};
use crate::store::agenda::ReservedEntry;
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::Cx;
use crate::store::lease::{Held, Lease};
use crate::store::{accounts, bulk_jobs, event_log, recoveries};

/// After this many runs in which an account failed, the job goes on without it.
const TRIES: u32 = 3;
/// Lifetime of the link in a job's email: the longest allowed for a recovery (NIST SP 800-63B-4 §4.2.1.2), since
/// nobody is waiting for these emails.
const LINK_LIFE: Duration = Duration::from_hours(24);
const GONE: BulkOutcome = BulkOutcome::Failed("no such account");
const UNREADABLE: BulkOutcome = BulkOutcome::Failed("the stored account cannot be read");
const UNCHANGED: BulkOutcome = BulkOutcome::Failed("the change could not be saved");

/// A running job, on which only the caller works.
#[derive(Debug)]
pub struct Working {
    job: BulkJob,
    /// The accounts that it names.
    ids: Vec<AccountId>,
    /// Accounts that were read ahead, by their numbers.
    ahead: VecDeque<(i64, Result<Option<Account>, Unavailable>)>,
    held: Held,
    is_saved: bool,
    /// The agenda entry of the changes so far, with the events to send to the portal.
    pub entry: Option<ReservedEntry>,
}

/// The result of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One account was processed.
    Worked,
    /// Accounts that the job does not select were skipped.
    Passed,
    /// The job is over.
    Over,
}

/// The result of looking for the next account of a job.
enum Next {
    Account(i64, AccountId),
    Unreadable(i64, AccountId),
    /// The job selects none of those that were read ahead.
    Passed,
    /// There are no accounts left.
    None,
}

impl Working {
    /// Resumes the job `id` under its lease; `None` if it is over.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn open<E: Env>(
        env: &E,
        id: &BulkJobId,
        held: Held,
    ) -> Result<Option<Self>, Unavailable> {
        let found = bulk_jobs::find_progress(env.store(), id).await?;
        let Some(job) = found.filter(|job| job.state == BulkState::Running) else {
            return Ok(None);
        };
        let ids = match job.scope {
            BulkScope::Ids => bulk_jobs::find_ids(env.store(), id).await?,
            BulkScope::Filter(_) => Vec::new(),
        };
        Ok(Some(Self {
            job,
            ids,
            ahead: VecDeque::new(),
            held,
            is_saved: true,
            entry: None,
        }))
    }

    /// What the job does.
    #[must_use]
    pub const fn action(&self) -> BulkAction {
        self.job.action
    }

    /// Processes the next account. `settings` are for issuing; only a recovery needs them.
    ///
    /// # Errors
    /// [`Unavailable`]; the next run tries the account again.
    pub async fn step<E: Env>(
        &mut self,
        env: &E,
        settings: Option<&IssueSettings>,
    ) -> Result<Step, Unavailable> {
        let mut cx = Cx::new(env).await;
        if bulk_jobs::is_told_to_stop(cx.store(), &self.job.id).await? {
            return self.end(&mut cx, BulkState::Stopped).await;
        }
        let (place, id) = match self.next(env).await? {
            Next::None => return self.end(&mut cx, BulkState::Done).await,
            Next::Passed => return Ok(Step::Passed),
            Next::Unreadable(place, id) => {
                self.note(place, &id, UNREADABLE, cx.now);
                return Ok(Step::Worked);
            }
            Next::Account(place, id) => (place, id),
        };
        let changed = match (self.job.action, settings) {
            (BulkAction::Recover, Some(settings)) => {
                self.recover(&mut cx, settings, place, &id).await
            }
            _ => self.change(&mut cx, place, &id).await,
        };
        let leases = std::mem::take(&mut cx.deferred.leases);
        Lease::release_all(cx.store(), leases, env.clock().now()).await;
        // If that fails too, the next claim of this account waits for this one.
        let _ = recoveries::return_unused_claim(env, &mut cx.deferred).await;
        match changed {
            // The progress was written with the change.
            Ok(BulkOutcome::Done) => {}
            Ok(outcome) => self.note(place, &id, outcome, cx.now),
            Err(Unavailable::Record(_)) => self.note(place, &id, UNREADABLE, cx.now),
            Err(outage) => {
                self.note_outage(&mut cx, place, &id).await?;
                return Err(outage);
            }
        }
        Ok(Step::Worked)
    }

    /// Stores the progress, unless it is stored already.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub async fn save<E: Env>(&mut self, env: &E) -> Result<(), Unavailable> {
        if !self.is_saved {
            let mut cx = Cx::new(env).await;
            let job = self.job.clone();
            self.write(&mut cx, job).await?;
        }
        Ok(())
    }

    /// The next account that the job selects.
    async fn next<E: Env>(&mut self, env: &E) -> Result<Next, Unavailable> {
        let place = self.job.cursor.saturating_add(1);
        if place > self.job.last {
            return Ok(Next::None);
        }
        if matches!(self.job.scope, BulkScope::Ids) {
            let index = usize::try_from(self.job.cursor).unwrap_or(usize::MAX);
            let id = self.ids.get(index).cloned();
            return Ok(id.map_or(Next::None, |id| Next::Account(place, id)));
        }
        if self.ahead.is_empty() {
            let last = self.job.cursor.saturating_add(CHUNK).min(self.job.last);
            self.ahead = accounts::range(env.store(), place, last).await.into();
        }
        while let Some((place, found)) = self.ahead.pop_front() {
            match found {
                Ok(Some(account)) if self.job.is_about(&account) => {
                    return Ok(Next::Account(place, account.id));
                }
                Ok(_) => {
                    self.job.cursor = place;
                    self.is_saved = false;
                }
                Err(Unavailable::Record(_)) => {
                    return Ok(Next::Unreadable(place, AccountId::placeholder()));
                }
                Err(outage) => {
                    self.ahead.clear();
                    return Err(outage);
                }
            }
        }
        Ok(Next::Passed)
    }

    /// Changes the account under its lease, together with the progress.
    async fn change<E: Env>(
        &mut self,
        cx: &mut Cx<'_, E>,
        place: i64,
        id: &AccountId,
    ) -> Result<BulkOutcome, Unavailable> {
        let held = accounts::lease(cx, id).await?;
        let found = accounts::find(cx.store(), id).await?;
        let mut account = match self.wanted(found, place) {
            Ok(account) => account,
            Err(outcome) => return Ok(outcome),
        };
        let Some(kind) = self.job.action.apply(&mut account) else {
            return Ok(BulkOutcome::Skipped);
        };
        if self.is_settled(cx, id).await? {
            return Ok(BulkOutcome::Skipped);
        }
        if kind == EventType::AccountDisabled {
            account.disable_reason.clone_from(&self.job.reason);
        }
        // One entry for several accounts, so that the portal gets their events together.
        let mut batch = match self.entry.clone() {
            Some(entry) => Batch::going_on_with(entry),
            None => Batch::default(),
        };
        batch.event(self.event(cx, kind, id)?);
        batch.account(account, Epoch::Raise);
        batch.under(held);
        self.commit(cx, batch, place, id).await
    }

    /// Issues a recovery and emails it, together with the progress.
    async fn recover<E: Env>(
        &mut self,
        cx: &mut Cx<'_, E>,
        settings: &IssueSettings,
        place: i64,
        id: &AccountId,
    ) -> Result<BulkOutcome, Unavailable> {
        let store = cx.store();
        let (found, recovery) =
            futures::join!(accounts::find(store, id), recoveries::find(store, id));
        let account = match self.wanted(found?, place) {
            Ok(account) => account,
            Err(outcome) => return Ok(outcome),
        };
        if account.disabled || self.is_settled(cx, id).await? {
            return Ok(BulkOutcome::Skipped);
        }
        let (job, since) = (&self.job, self.job.created_at);
        let is_issued = |recovery: &Recovery| {
            let challenge = recovery.challenge.as_ref();
            challenge.is_some_and(|challenge| challenge.issued_at >= since)
        };
        let recovery = recovery?.unwrap_or_default();
        let turn = Turn::take(cx, account, recovery, |account, recovery| {
            !account.disabled && job.is_about(account) && !is_issued(recovery)
        });
        let Some(turn) = turn.await? else {
            return Ok(BulkOutcome::Skipped);
        };
        let challenge_id = ChallengeId::generate(cx.env.random())?;
        let lifetimes = ChallengeSettings {
            link: settings.lifetimes.link.max(LINK_LIFE),
            ..settings.lifetimes
        };
        let to_issue = Issue {
            challenge_id: &challenge_id,
            lifetimes,
            requested_at: cx.now,
            request: None,
            requested_by: Requester::Administrator,
            asker: None,
            locale: None,
            event: self.event(cx, EventType::RecoveryRequested, id)?,
            deliver: true,
            link_only: false,
            counts: false,
        };
        let mut batch = Batch::default();
        issue(cx, settings, to_issue, turn, &mut batch)?;
        self.commit(cx, batch, place, id).await
    }

    /// The account, if it is still the one that the job selected.
    fn wanted(&self, found: Option<Account>, place: i64) -> Result<Account, BulkOutcome> {
        match (&self.job.scope, found) {
            (BulkScope::Ids, None) => Err(GONE),
            (BulkScope::Ids, Some(account)) => Ok(account),
            (BulkScope::Filter(filter), Some(account))
                if account.number == place && filter.matches(&account) =>
            {
                Ok(account)
            }
            (BulkScope::Filter(_), _) => Err(BulkOutcome::Skipped),
        }
    }

    /// Whether something was decided about the account since the job was ordered.
    async fn is_settled<E: Env>(
        &self,
        cx: &Cx<'_, E>,
        id: &AccountId,
    ) -> Result<bool, Unavailable> {
        let BulkJob {
            action, created_at, ..
        } = self.job;
        event_log::has_since(cx.store(), id, created_at, |event| {
            action.is_settled_by(event)
        })
        .await
    }

    fn event<E: Env>(
        &self,
        cx: &Cx<'_, E>,
        kind: EventType,
        id: &AccountId,
    ) -> Result<Event, Unavailable> {
        let by = Caller::acting_as(&self.job.actor, &self.job.from);
        by.event(cx, kind, id, self.job.reason.clone())
    }

    /// Commits the batch for the account at `place`, together with the job's progress.
    async fn commit<E: Env>(
        &mut self,
        cx: &mut Cx<'_, E>,
        mut batch: Batch,
        place: i64,
        id: &AccountId,
    ) -> Result<BulkOutcome, Unavailable> {
        let outcome = BulkOutcome::Done;
        let job = self.job.clone().after(place, id, outcome, cx.now);
        bulk_jobs::save(&mut batch, &job)?;
        batch.under(self.held);
        let written = match batch.number(cx).await {
            Ok(numbered) => numbered.write(cx).await,
            Err(outage) => Err(outage),
        };
        // A failed write may have been stored, with an event in the entry: then the next run of the agenda finds it.
        self.entry = None;
        self.entry = written?.entry;
        self.job = job;
        self.is_saved = true;
        Ok(outcome)
    }

    fn note(&mut self, place: i64, id: &AccountId, outcome: BulkOutcome, now: Timestamp) {
        self.job = self.job.clone().after(place, id, outcome, now);
        self.is_saved = false;
    }

    /// Counts a failed try for the account, unless the store made the change and only its answer was lost.
    async fn note_outage<E: Env>(
        &mut self,
        cx: &mut Cx<'_, E>,
        place: i64,
        id: &AccountId,
    ) -> Result<(), Unavailable> {
        // Until that is known, older progress must not replace what is stored.
        self.is_saved = true;
        let stored = bulk_jobs::find_progress(cx.store(), &self.job.id).await?;
        if stored.is_some_and(|stored| stored.cursor >= place) {
            return Ok(());
        }
        let mut job = self.job.clone();
        job.tries = job.tries.saturating_add(1);
        if job.tries >= TRIES {
            job = job.after(place, id, UNCHANGED, cx.now);
        }
        self.write(cx, job).await
    }

    async fn end<E: Env>(
        &mut self,
        cx: &mut Cx<'_, E>,
        state: BulkState,
    ) -> Result<Step, Unavailable> {
        let job = self.job.clone().ended(state, cx.now);
        self.write(cx, job).await?;
        Ok(Step::Over)
    }

    async fn write<E: Env>(&mut self, cx: &mut Cx<'_, E>, job: BulkJob) -> Result<(), Unavailable> {
        let mut batch = Batch::default();
        bulk_jobs::save(&mut batch, &job)?;
        batch.under(self.held);
        batch.commit(cx).await?;
        self.job = job;
        self.is_saved = true;
        Ok(())
    }
}
