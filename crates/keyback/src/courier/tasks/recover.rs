//! The second half of a recovery, after the answer: look the account up, decide, issue the challenge and write its
//! email. It can be repeated from the start after a crash at any point.
//!
//! A request that sends no email costs the store just as much: everything is also done for a placeholder account, and
//! what it writes is a decoy. Otherwise the next call would be slower after a request for an existing account.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::recovery::forgot_password::Request;
use crate::flow::recovery::issue::{Issue, IssueSettings, issue};
use crate::flow::recovery::turn::Turn;
use crate::mail::message::Requester;
use crate::model::account::Account;
use crate::model::agenda_task::AgendaTask;
use crate::model::event::{Event, EventType};
use crate::model::id::{ChallengeSerial, EventId};
use crate::model::issued_mail::Asker;
use crate::model::recovery::{IssueDecision, Recovery, Use};
use crate::model::sealed::Sealed;
use crate::ports::{Clock as _, Env, Unavailable};
use crate::store::accounts;
use crate::store::agenda::ReservedEntry;
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::recoveries::{self, AFTERLIFE, RequestRecord};

/// Requests that have waited longer are dropped. A clock that is a day ahead for a while makes requests a day old.
const WORTH_ANSWERING: Duration = Duration::from_hours(36);

/// What happens to a request.
enum Decision {
    /// A challenge, for the account, instead of the one in its recovery, which was used or not.
    Issue(Box<Account>, Box<Recovery>, Use),
    /// No email; the request is tied to its account, whose live code works with it.
    Tie(RequestRecord),
    /// No email and no tie: no such account, a disabled one, a request that is too old, or one that is tied already.
    Silence,
}

/// Processes a sealed request. The rest of the entry is written together with the results.
///
/// # Errors
/// [`Unavailable`]; the request stays on the agenda.
pub(in crate::courier) async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &IssueSettings,
    sealed: &Sealed,
    entry: ReservedEntry,
) -> Result<Option<ReservedEntry>, Unavailable> {
    let request = Request::open(&settings.keyring, sealed)?;
    let (mut turn, tied) = find_turn(cx, settings, &request).await?;
    if request.instead_of.is_some() {
        // The new email replaces the last one in the limits.
        turn.recovery.issued.pop();
    }
    let is_decoy = turn.account.number == 0;
    let mut batch = Batch::going_on_with(entry);
    let to_issue = Issue {
        challenge_id: &request.challenge_id,
        lifetimes: settings.lifetimes,
        requested_at: request.requested_at,
        request: request.instead_of.is_none().then_some(sealed),
        requested_by: Requester::User,
        asker: Some(asker(settings, &turn.account, &request)),
        locale: request.locale.as_ref(),
        event: Event::by_user(
            EventId::generate(cx.env.random())?,
            EventType::RecoveryRequested,
            turn.account.id.clone(),
            request.client,
            request.requested_at,
        ),
        deliver: true,
        link_only: false,
        counts: true,
    };
    issue(cx, settings, to_issue, turn, &mut batch)?;
    if is_decoy {
        become_decoy(cx, &mut batch)?;
    }
    if let Some(tied) = tied {
        recoveries::tie(&mut batch, &request.challenge_id, &tied)?;
    }
    let now = cx.env.clock().now();
    if let Some(lost) = cx.deferred.take_lost_claim(now) {
        recoveries::give_back_with(&mut batch, &lost);
    }
    Ok(batch.number(cx).await?.write(cx).await?.entry)
}

/// The turn to issue for the requested account, or one for a placeholder, and what to tie the request to.
async fn find_turn<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &IssueSettings,
    request: &Request,
) -> Result<(Turn, Option<RequestRecord>), Unavailable> {
    let instead = match decide(cx, settings, request).await? {
        Decision::Issue(account, recovery, state) => {
            match take_turn(cx, settings, request, *account, *recovery, state).await? {
                Ok(turn) => return Ok((turn, None)),
                Err(instead) => instead,
            }
        }
        other => other,
    };
    let tied = match instead {
        Decision::Tie(tied) => Some(tied),
        _ => None,
    };
    let placeholder = Account::placeholder(request.email.clone());
    Ok((Turn::imitate(cx, placeholder).await?, tied))
}

/// Turns the batch into a decoy of equal size, with imitated delivery tasks.
fn become_decoy<E: Env>(cx: &Cx<'_, E>, batch: &mut Batch) -> Result<(), Unavailable> {
    batch.become_decoy()?;
    batch.task(AgendaTask::Imitate);
    if cx.notifies {
        batch.task(AgendaTask::Imitate);
    }
    Ok(())
}

/// Decides from what is stored. Any address takes the same calls to the store.
async fn decide<E: Env>(
    cx: &Cx<'_, E>,
    settings: &IssueSettings,
    request: &Request,
) -> Result<Decision, Unavailable> {
    let store = cx.store();
    let found = accounts::find_by_email(store, &request.email).await?;
    let is_late = cx.now >= request.requested_at.plus(WORTH_ANSWERING);
    let account = found.filter(|account| !account.disabled && !is_late);
    let account = account.unwrap_or_else(|| Account::placeholder(request.email.clone()));
    let (done, recovery) = futures::join!(
        recoveries::find_request(store, &request.challenge_id, cx.now),
        recoveries::find(store, &account.id),
    );
    let recovery = recovery?.unwrap_or_default();
    let state = recoveries::find_use(cx.env, recovery.challenge.as_ref()).await?;
    // If it is tied already, a crash came after the work and before the entry was rewritten.
    let is_done = match &request.instead_of {
        Some(serial) => !is_latest(&recovery, serial),
        None => done?.is_some(),
    };
    if account.number == 0 || is_done {
        return Ok(Decision::Silence);
    }
    if request.instead_of.is_some() {
        return Ok(Decision::Issue(
            Box::new(account),
            Box::new(recovery),
            state,
        ));
    }
    let asker = asker(settings, &account, request);
    Ok(decide_by(
        settings, &asker, account, recovery, state, cx.now,
    ))
}

/// Whether no challenge was issued after the one with this serial.
fn is_latest(recovery: &Recovery, serial: &ChallengeSerial) -> bool {
    recovery.serial() == Some(serial)
}

/// The network that asks for a recovery of `account`.
fn asker(settings: &IssueSettings, account: &Account, request: &Request) -> Asker {
    Asker::new(&settings.keyring, &account.id, request.client)
}

fn decide_by(
    settings: &IssueSettings,
    asker: &Asker,
    account: Account,
    recovery: Recovery,
    state: Use,
    now: Timestamp,
) -> Decision {
    match recovery.decide(&settings.rules, asker, account.epoch, state, now) {
        IssueDecision::Issue => Decision::Issue(Box::new(account), Box::new(recovery), state),
        IssueDecision::Silence => {
            let asked_for = now.plus(settings.lifetimes.code.max(settings.lifetimes.link));
            let challenge = recovery.challenge.as_ref();
            let expires_at = challenge.map_or(asked_for, |it| it.expires_at().max(asked_for));
            Decision::Tie(RequestRecord {
                account_id: account.id,
                expires_at: expires_at.plus(AFTERLIFE),
            })
        }
    }
}

/// The turn to issue, or what to do instead because another request had it first.
async fn take_turn<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &IssueSettings,
    request: &Request,
    account: Account,
    recovery: Recovery,
    state: Use,
) -> Result<Result<Turn, Decision>, Unavailable> {
    let (asker, now) = (asker(settings, &account, request), cx.now);
    let earlier = recovery.serial().cloned();
    let still_wanted = |account: &Account, recovery: &Recovery| {
        let rules = &settings.rules;
        let is_wanted = if let Some(serial) = &request.instead_of {
            is_latest(recovery, serial)
        } else {
            let state = recovery.use_since(earlier.as_ref(), state);
            let decision = recovery.decide(rules, &asker, account.epoch, state, now);
            decision == IssueDecision::Issue
        };
        !account.disabled && is_wanted
    };
    if let Some(turn) = Turn::take(cx, account, recovery, still_wanted).await? {
        return Ok(Ok(turn));
    }
    Ok(Err(match decide(cx, settings, request).await? {
        Decision::Issue(..) => Decision::Silence,
        decision => decision,
    }))
}
