//! Processing one entry of the agenda, by the process that has reserved it.

use std::time::Duration;

use futures::future::join_all;

use crate::courier::pauses::Pauses;
use crate::courier::report::{CourierRun, Delivery};
use crate::courier::tasks::notify::Notification;
use crate::courier::tasks::{deliver, forget, imitate, notify, recover};
use crate::model::agenda_task::AgendaTask;
use crate::model::event::EventPlace;
use crate::model::log_line::LogLine;
use crate::ports::{Clock, Env, Log, Unavailable};
use crate::settings::WebhookSettings;
use crate::store::agenda::{DueTask, ReservedEntry};
use crate::store::cx::Cx;
use crate::store::keys::Lane;
use crate::store::recoveries;

/// A task that this version cannot do, such as one sealed with a key that is gone, is dropped after this time.
const HOPELESS_AFTER: Duration = Duration::from_hours(24);
/// A task must begin this long before others may take its entry.
const WORK_TIME: Duration = Duration::from_secs(12);
/// How many events are sent at the same time.
const NOTIFICATIONS_AT_ONCE: usize = 8;

/// Does the tasks of `reserved` that are ready. Returns whether all of them are done.
///
/// # Errors
/// [`Unavailable`] of the store; tasks that were done may be done again. After a write with an unknown outcome nothing
/// more is written: the rest of the entry may be stored already, and must not be replaced by an older state.
pub(super) async fn work_entry<E: Env>(
    env: &E,
    reserved: ReservedEntry,
    run: &CourierRun,
) -> Result<bool, Unavailable> {
    let mut working = Working {
        cx: Cx::new(env).await,
        reserved,
        left: Vec::new(),
        is_saved: true,
        has_imitated: false,
    };
    while let Some(task) = working.take_ready() {
        if let Err(outage) = working.work(task.clone(), run).await {
            working.give_claim_back().await;
            if working.cx.is_write_unknown {
                return Err(outage);
            }
            let hopeless = matches!(outage, Unavailable::Record(_));
            env.log().write(&LogLine::WorkFailed { outage });
            if hopeless && env.clock().now() >= task.at.plus(HOPELESS_AFTER) {
                working.is_saved = false;
            } else {
                working.left.push(task);
            }
        }
    }
    working.finish(run).await
}

/// An entry that is being processed.
struct Working<'e, E: Env> {
    cx: Cx<'e, E>,
    reserved: ReservedEntry,
    /// Tasks that were ready, but failed or must wait.
    left: Vec<DueTask>,
    /// Whether the rest of the entry is stored.
    is_saved: bool,
    /// Whether an email was imitated. The next imitation is of its event.
    has_imitated: bool,
}

impl<E: Env> Working<'_, E> {
    /// Takes the next task that is ready.
    fn take_ready(&mut self) -> Option<DueTask> {
        let now = self.cx.env.clock().now();
        let mut tasks = self.reserved.entry.tasks.iter();
        let index = tasks.position(|task| task.is_ready(now))?;
        Some(self.reserved.entry.tasks.remove(index))
    }

    /// Gives the claim of a task that failed back, so that the next try does not wait for it.
    async fn give_claim_back(&mut self) {
        let env = self.cx.env;
        let deferred = &mut self.cx.deferred;
        let given_back = recoveries::return_unused_claim(env, deferred).await;
        if let Err(outage) = given_back {
            env.log().write(&LogLine::WorkFailed { outage });
        }
    }

    /// The entry with the tasks that could not be done, to be written with the results of a task.
    fn entry(&self) -> ReservedEntry {
        let mut entry = self.reserved.clone();
        entry.entry.tasks.extend(self.left.iter().cloned());
        entry
    }

    /// Continues with an entry that was written.
    fn go_on_with(&mut self, entry: ReservedEntry) {
        self.reserved = entry;
        // The failed tasks were written with it.
        let left = std::mem::take(&mut self.left);
        self.reserved
            .entry
            .tasks
            .retain(|task| !left.contains(task));
        self.left = left;
        self.is_saved = true;
    }

    /// Runs one task, between the pauses that hide it, and records its result.
    async fn work(&mut self, task: DueTask, run: &CourierRun) -> Result<(), Unavailable> {
        let pauses = self.pauses(&task.task, run)?;
        pauses.before(self.cx.env).await;
        let now = self.cx.env.clock().now();
        self.reserved.check(now, WORK_TIME)?;
        let entry = self.entry();
        match &task.task {
            AgendaTask::Recover { request } => {
                let settings = run.issuing(self.cx.env.variables()).await?;
                let written = recover::run(&mut self.cx, settings, request, entry).await?;
                if let Some(written) = written {
                    self.go_on_with(written);
                }
            }
            AgendaTask::Imitate if self.has_imitated => {
                imitate::notify(&self.cx, pauses).await?;
                self.is_saved = false;
            }
            AgendaTask::Imitate => {
                let written = imitate::deliver(&mut self.cx, entry, pauses).await?;
                self.go_on_with(written);
                self.has_imitated = true;
            }
            AgendaTask::Deliver { email_id, attempt } => {
                let settings = run.sending(self.cx.env.variables()).await?;
                let this_try = (email_id, *attempt);
                let tried = deliver::run(&mut self.cx, settings, this_try, entry, pauses, run);
                let (delivery, written) = tried.await?;
                run.count_delivery(delivery);
                if delivery == Delivery::TooLate {
                    self.left.push(task);
                } else {
                    self.go_on_with(written);
                }
            }
            AgendaTask::Notify { .. } => {
                let settings = run.sending(self.cx.env.variables()).await?;
                self.notify(&settings.webhook, task, run, pauses).await;
            }
            task => {
                let next = forget::run(self.cx.env, task, run).await?;
                self.reserved.entry.tasks.extend(next);
                self.is_saved = false;
            }
        }
        Ok(())
    }

    /// The pauses around `task`. Only a recovery request, and tasks that may follow one, have any.
    fn pauses(&self, task: &AgendaTask, run: &CourierRun) -> Result<Pauses, Unavailable> {
        let pauses = matches!(
            task,
            AgendaTask::Recover { .. }
                | AgendaTask::Deliver { .. }
                | AgendaTask::Notify { .. }
                | AgendaTask::Imitate
        );
        if pauses && run.follows_response() && self.reserved.place.lane == Lane::Requests {
            Pauses::draw(self.cx.env.random())
        } else {
            Ok(Pauses::default())
        }
    }

    /// Sends an event to the portal, together with others that are ready.
    async fn notify(
        &mut self,
        webhook: &WebhookSettings,
        first: DueTask,
        run: &CourierRun,
        pauses: Pauses,
    ) {
        let now = self.cx.env.clock().now();
        let mut tasks = vec![first];
        while tasks.len() < NOTIFICATIONS_AT_ONCE {
            let is_another = |it: &DueTask| {
                let is_event = matches!(it.task, AgendaTask::Notify { .. });
                is_event && it.is_ready(now)
            };
            let Some(index) = self.reserved.entry.tasks.iter().position(is_another) else {
                break;
            };
            tasks.push(self.reserved.entry.tasks.remove(index));
        }
        if tasks.iter().any(|task| run.skips(&task.task)) {
            self.left.append(&mut tasks);
            return;
        }
        let (env, until) = (self.cx.env, self.reserved.until);
        let sent = tasks.iter().filter_map(|task| match &task.task {
            AgendaTask::Notify { event, attempt } => Some((event, *attempt)),
            _ => None,
        });
        let sent = sent.map(|(event, attempt): (&EventPlace, u32)| async move {
            notify::run(env, webhook, event, attempt, until, run).await
        });
        for (task, sent) in tasks.iter().zip(pauses.during(env, join_all(sent)).await) {
            match sent {
                Ok(Notification::Dropped) => self.is_saved = false,
                Ok(Notification::Taken) => {
                    run.note_notification(true);
                    self.is_saved = false;
                }
                Ok(Notification::NotTaken(next)) => {
                    run.note_notification(false);
                    self.reserved.entry.tasks.extend(next);
                    self.is_saved = false;
                }
                Ok(Notification::Postponed(next)) => {
                    run.note_postponed(self.reserved.place);
                    self.reserved.entry.tasks.push(next);
                    self.is_saved = false;
                }
                Ok(Notification::TooLate) => self.left.push(task.clone()),
                Err(outage) => {
                    env.log().write(&LogLine::WorkFailed { outage });
                    self.left.push(task.clone());
                }
            }
        }
    }

    /// Stores the rest of the entry, unless it is stored. Returns whether all ready tasks are done.
    async fn finish(self, run: &CourierRun) -> Result<bool, Unavailable> {
        if !self.is_saved {
            self.entry().save(self.cx.env).await?;
        }
        for _ in &self.left {
            run.count_remaining();
        }
        Ok(self.left.is_empty())
    }
}
