//! Sending an email of the outbox to the provider.

use std::time::Duration;

use crate::courier::backoff;
use crate::courier::pauses::Pauses;
use crate::courier::report::{CourierRun, Delivery};
use crate::courier::tasks::hand_over::{Offered, hand_over};
use crate::courier::tasks::renew;
use crate::mail::api::{Handover, MailSettings, OpenedMail};
use crate::mail::message::Message;
use crate::model::agenda_task::AgendaTask;
use crate::model::email::{Email, EmailState};
use crate::model::event::{AboutEmail, Event, EventType};
use crate::model::id::{EmailId, EventId};
use crate::model::log_line::LogLine;
use crate::model::measured::Measured;
use crate::model::sealed::Sealed;
use crate::ports::{Clock, Env, Log, Unavailable};
use crate::settings::Sending;
use crate::store::agenda::ReservedEntry;
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::outbox;

mod before;

use before::{is_dead, open_try};

/// A try must begin this long before its lease ends, so that it ends before another may begin.
const TRY_TIME: Duration = Duration::from_secs(15);
/// For so long after a request, the user is assumed to be waiting for the email.
const AWAITED_FOR: Duration = Duration::from_mins(1);
/// A throttled request delays its email by at least this much. Others may take its entry from then on, so it has that
/// long for its other tasks: what a throttled request does must not reveal whether there is an account.
const OWN_WAIT: Duration = Duration::from_secs(15);
/// An email may wait this long for a throttled provider. After that, each refusal counts as a try, so that the tries
/// end.
const MAY_BE_THROTTLED_FOR: Duration = Duration::from_hours(24);

/// The result of a try, and the rest of its entry.
pub(in crate::courier) type Attempt = (Delivery, ReservedEntry);

/// Makes try number `attempt`, which must end before the reservation of `entry` does. The rest of the entry is written
/// together with the result. If all providers are throttled for a moment, a courier waits and then reads the email
/// again.
///
/// # Errors
/// [`Unavailable`]; the entry stays on the agenda. If the provider accepted the email before the outage, its
/// idempotency key keeps the next try from sending it twice, if the provider supports that.
pub(in crate::courier) async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &Sending,
    (email_id, attempt): (&EmailId, u32),
    entry: ReservedEntry,
    pauses: Pauses,
    run: &CourierRun,
) -> Result<Attempt, Unavailable> {
    loop {
        match try_once(
            cx,
            settings,
            (email_id, attempt),
            entry.clone(),
            pauses,
            run,
        )
        .await?
        {
            (Delivery::Waits(wait), _) => cx.env.clock().sleep(wait).await,
            tried => return Ok(tried),
        }
    }
}

async fn try_once<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &Sending,
    (email_id, attempt): (&EmailId, u32),
    entry: ReservedEntry,
    pauses: Pauses,
    run: &CourierRun,
) -> Result<Attempt, Unavailable> {
    let env = cx.env;
    let Sending { keyring, mail, .. } = settings;
    let found = outbox::find(env.store(), email_id).await?;
    let Some((email, sealed, feedback)) = found.and_then(|it| open_try(it, attempt)) else {
        // The try was made already: only the rest of the entry is written.
        entry.save(env).await?;
        return Ok((Delivery::Stale, entry));
    };
    let now = env.clock().now();
    let message: Option<Message> = keyring
        .open(&sealed, email_id.as_str())
        .and_then(|plaintext| serde_json::from_slice(&plaintext).ok());
    let to = message.as_ref().map(|message| message.to.as_str());
    let mut tried = Try {
        email_id,
        email,
        entry,
    };
    // Right after the request, somebody waits for the email: the first try sends it while its link works, even if its
    // code has expired.
    let is_awaited = attempt == 1 && now < tried.email.created_at.plus(AWAITED_FOR);
    let is_late = tried.email.should_discard(now) && !is_awaited;
    let is_dead = is_dead(env, &tried.email, to, now).await?;
    if env.clock().now().plus(TRY_TIME) > tried.entry.until {
        return Ok((Delivery::TooLate, tried.entry));
    }
    if is_late || is_dead {
        let renewed = match feedback {
            // An earlier try had reached the provider.
            Some(_) => None,
            None => renew::request(env, keyring, &tried.email, now).await?,
        };
        return tried.discard(cx, renewed).await;
    }
    tried.email.attempts = attempt;
    if feedback.is_some() {
        // An earlier try had reached the provider, though its answer was lost.
        let (_, entry) = tried.end(cx, EmailState::Sent, None).await?;
        return Ok((Delivery::Stale, entry));
    }
    let offered = tried.offer(env, mail, message.as_ref(), pauses, run).await;
    tried.note(cx, offered, run).await
}

/// A try whose result is not recorded yet.
struct Try<'a> {
    email_id: &'a EmailId,
    email: Email,
    entry: ReservedEntry,
}

impl Try<'_> {
    /// The email as providers get it, with `message` as its content.
    fn opened<'m>(&'m self, message: &'m Message) -> OpenedMail<'m> {
        OpenedMail {
            email_id: self.email_id,
            kind: self.email.kind,
            account_id: &self.email.account_id,
            message,
        }
    }

    /// Sends the email to the providers, between the pauses that hide it. Without a `message` it cannot be read.
    async fn offer<E: Env>(
        &mut self,
        env: &E,
        mail: &MailSettings,
        message: Option<&Message>,
        pauses: Pauses,
        run: &CourierRun,
    ) -> Offered {
        let attempt = self.email.attempts;
        let offered = if let Some(message) = message {
            let call = hand_over(env, mail, self.opened(message), attempt, run);
            pauses.during(env, call).await
        } else {
            let reason = "sealed with a key that is gone".to_owned();
            Offered::surely(mail.primary.kind, Handover::Refused { reason })
        };
        self.email.provider = Some(offered.provider.as_str().to_owned());
        if !offered.is_sure {
            // It may have arrived, so it must not be written anew.
            self.email.request = None;
        }
        offered
    }

    /// Records the answer of the providers.
    async fn note<E: Env>(
        self,
        cx: &mut Cx<'_, E>,
        offered: Offered,
        run: &CourierRun,
    ) -> Result<Attempt, Unavailable> {
        match offered.handover {
            Handover::Accepted => self.end(cx, EmailState::Sent, None).await,
            Handover::Refused { reason } | Handover::SenderRefused { reason } => {
                self.end(cx, EmailState::Failed, Some(reason)).await
            }
            Handover::TryLater { reason, after } => self.retry(cx, reason, after).await,
            Handover::Throttled { reason, after } => {
                let now = cx.env.clock().now();
                let until = self.entry.until.minus(TRY_TIME);
                if run.may_wait(offered.wait, now, until) {
                    return Ok((Delivery::Waits(offered.wait), self.entry));
                }
                if now >= self.email.created_at.plus(MAY_BE_THROTTLED_FOR) {
                    return self.retry(cx, reason, after).await;
                }
                self.postpone(cx, reason, after).await
            }
        }
    }

    /// Schedules the same try again, for when a provider accepts mail.
    async fn postpone<E: Env>(
        mut self,
        cx: &mut Cx<'_, E>,
        reason: String,
        after: Option<Duration>,
    ) -> Result<Attempt, Unavailable> {
        let mut wait = backoff::pause(after, cx.env.random())?;
        if self.entry.is_own {
            wait = wait.max(OWN_WAIT);
        }
        self.email.attempts = self.email.attempts.saturating_sub(1);
        let entry = self.wait(cx, reason, wait).await?;
        Ok((Delivery::Postponed, entry))
    }

    /// Schedules the next try, or ends the tries if this was the last.
    async fn retry<E: Env>(
        self,
        cx: &mut Cx<'_, E>,
        reason: String,
        after: Option<Duration>,
    ) -> Result<Attempt, Unavailable> {
        let email = &self.email;
        let number = email.attempts.saturating_sub(email.attempts_before);
        let Some(wait) = backoff::wait(number, after, cx.env.random())? else {
            return self.end(cx, EmailState::Failed, Some(reason)).await;
        };
        let entry = self.wait(cx, reason, wait).await?;
        Ok((Delivery::Retried, entry))
    }

    /// Schedules the next try.
    async fn wait<E: Env>(
        mut self,
        cx: &mut Cx<'_, E>,
        reason: String,
        wait: Duration,
    ) -> Result<ReservedEntry, Unavailable> {
        let email = &mut self.email;
        let now = cx.env.clock().now();
        let next_attempt_at = Some(now.plus(wait)).filter(|at| !email.should_discard(*at));
        // At its expiry, the task marks it as expired. The provider's answer may even have come after that.
        let due_at = next_attempt_at.or(email.discard_at).unwrap_or(now).max(now);
        let task = AgendaTask::Deliver {
            email_id: self.email_id.clone(),
            attempt: email.attempts.saturating_add(1),
        };
        log(cx.env, self.email_id, &reason, next_attempt_at.is_some());
        email.updated_at = now;
        email.next_attempt_at = next_attempt_at;
        email.last_error = Some(reason);
        let mut batch = Batch::going_on_with(self.entry.clone());
        batch.task_at(due_at, task);
        self.write(cx, batch).await
    }

    /// Gives up an email whose secret is useless. The `renewed` request, if any, leads to another email.
    async fn discard<E: Env>(
        self,
        cx: &mut Cx<'_, E>,
        renewed: Option<Sealed>,
    ) -> Result<Attempt, Unavailable> {
        let mut batch = Batch::going_on_with(self.entry.clone());
        if let Some(request) = renewed {
            batch.task(AgendaTask::Recover { request });
        }
        self.end_with(cx, batch, EmailState::Expired, None).await
    }

    /// Ends the tries.
    async fn end<E: Env>(
        self,
        cx: &mut Cx<'_, E>,
        state: EmailState,
        reason: Option<String>,
    ) -> Result<Attempt, Unavailable> {
        let batch = Batch::going_on_with(self.entry.clone());
        self.end_with(cx, batch, state, reason).await
    }

    /// Ends the tries. A failed email keeps its sealed message, so that an administrator can retry it.
    async fn end_with<E: Env>(
        mut self,
        cx: &mut Cx<'_, E>,
        mut batch: Batch,
        state: EmailState,
        reason: Option<String>,
    ) -> Result<Attempt, Unavailable> {
        let now = cx.env.clock().now();
        let (delivery, event) = match state {
            // A retried email can fail again.
            EmailState::Failed => {
                let which = format!("failed-{}", self.email.attempts);
                (Delivery::Failed, Some((EventType::EmailFailed, which)))
            }
            EmailState::Expired => {
                let which = "expired".to_owned();
                (Delivery::Expired, Some((EventType::EmailExpired, which)))
            }
            _ => (Delivery::Delivered, None),
        };
        if let Some(reason) = reason.as_deref() {
            log(cx.env, self.email_id, reason, false);
        }
        if let Some((kind, which)) = event {
            let about = AboutEmail {
                id: self.email_id.clone(),
                kind: self.email.kind,
            };
            let id = EventId::of_email(self.email_id, &which);
            let account_id = self.email.account_id.clone();
            batch.event(Event::of_email(
                id,
                kind,
                about,
                account_id,
                reason.clone(),
                now,
            ));
        }
        let email = &mut self.email;
        email.state = state;
        if state != EmailState::Failed {
            email.message = None;
        }
        email.request = None;
        email.updated_at = now;
        email.next_attempt_at = None;
        email.last_error = match state {
            // The errors of earlier tries no longer matter.
            EmailState::Sent => None,
            _ => reason.or(email.last_error.take()),
        };
        let provider = self.email.provider.clone();
        let entry = self.write(cx, batch).await?;
        let provider = provider.as_deref();
        cx.env.meter().note(&Measured::Email { state, provider });
        Ok((delivery, entry))
    }

    async fn write<E: Env>(
        self,
        cx: &mut Cx<'_, E>,
        mut batch: Batch,
    ) -> Result<ReservedEntry, Unavailable> {
        outbox::replace(&mut batch, self.email_id, &self.email)?;
        let committed = batch.number(cx).await?.write(cx).await?;
        Ok(committed.entry.unwrap_or(self.entry))
    }
}

fn log<E: Env>(env: &E, email_id: &EmailId, reason: &str, will_retry: bool) {
    env.log().write(&LogLine::EmailNotAccepted {
        email_id: email_id.clone(),
        reason: reason.to_owned(),
        will_retry,
    });
}
