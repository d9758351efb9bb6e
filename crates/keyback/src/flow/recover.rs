//! The second half of a recovery, after the answer: look the account up, decide, issue the challenge and write its
//! mail. It may be run again from its start after a crash at any point.

use crate::flow::accounts::{AccountWithCredential, find_by_email};
use crate::flow::afterwards::OwnEntry;
use crate::flow::caller::note;
use crate::flow::forgot_password::{Request, SEAL_CONTEXT};
use crate::flow::outbox::{self, Draft};
use crate::mail::message::{RecoveryMail, Requester, Translator, prepare_recovery};
use crate::model::agenda_task::AgendaTask;
use crate::model::code::Code;
use crate::model::email::{EmailKind, MailSecret};
use crate::model::event::{Event, EventType};
use crate::model::id::{AccountId, ChallengeId, ChallengeSerial, EventId};
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::model::recovery::{Challenge, IssueDecision, IssueRules, Recovery, attempts_day};
use crate::model::sealed::Sealed;
use crate::model::timestamp::Timestamp;
use crate::model::token::{Token, TokenPurpose, TokenRecord, TokenReference};
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::settings::{Lifetimes, MailBranding};
use crate::store::keys::{self, AnyKey, Key};
use crate::store::lease::Lease;
use crate::store::{agenda, record};

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How long after their end records stay: whoever read one just before must have finished before its claim goes.
pub(super) const AFTERLIFE: Duration = Duration::from_mins(10);

/// How long after a request its mail is still expected. One that waited for longer is dropped.
const WORTH_ANSWERING: Duration = Duration::from_hours(24);

/// What issuing needs to know.
#[derive(Debug)]
pub struct RecoverSettings {
    /// How mails present the app.
    pub branding: MailBranding,
    /// The keys.
    pub keyring: Keyring,
    /// How long secrets live.
    pub lifetimes: Lifetimes,
    /// How often mails may go out.
    pub rules: IssueRules,
}

/// Which challenge a `challenge_id` belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RequestRecord {
    pub(super) account_id: AccountId,
    pub(super) serial: ChallengeSerial,
    pub(super) expires_at: Timestamp,
}

/// The name of the lease under which an account's recovery record is changed.
pub(super) fn lease_name(account_id: &AccountId) -> String {
    format!("recovery.{account_id}")
}

/// Works a sealed request off. Returns the entry of the mail that is to be delivered next, if one was written.
///
/// # Errors
/// [`Outage`]; the request stays on the agenda.
pub async fn run<E: Env>(
    env: &E,
    settings: &RecoverSettings,
    sealed: &Sealed,
) -> Result<Option<OwnEntry>, Outage> {
    let plaintext = settings
        .keyring
        .open(sealed, SEAL_CONTEXT)
        .ok_or(Outage::Record("a request under an unknown key"))?;
    let request: Request =
        serde_json::from_slice(&plaintext).map_err(|_| Outage::Record("unknown layout"))?;
    forget_counters(env, &request.opened).await?;
    if env.clock().now() >= request.requested_at.plus(WORTH_ANSWERING) {
        return Ok(None);
    }
    let Some(found) = find_by_email(env.store(), &request.email).await? else {
        return Ok(None);
    };
    if found.account.disabled {
        return Ok(None);
    }
    let entry = issue_or_tie(env, settings, &request, &found);
    Lease::hold(env, &lease_name(&found.account.id), entry).await
}

async fn issue_or_tie<E: Env>(
    env: &E,
    settings: &RecoverSettings,
    request: &Request,
    found: &AccountWithCredential,
) -> Result<Option<OwnEntry>, Outage> {
    let store = env.store();
    let account_id = &found.account.id;
    let (request_key, recovery_key) = (
        keys::request(&request.challenge_id),
        keys::recovery(account_id),
    );
    let (done, recovery) = futures::join!(
        store.get(&request_key),
        record::find::<Recovery>(store, &recovery_key),
    );
    if done?.is_some() {
        // A crash came after the work and before its entry was deleted.
        return Ok(None);
    }
    let recovery = recovery?.unwrap_or_default();
    let now = env.clock().now();
    match recovery.decide(&settings.rules, found.epoch(), now) {
        IssueDecision::Silence => Ok(None),
        IssueDecision::TieTo(serial) => {
            let expires_at = recovery
                .live(found.epoch(), now)
                .map_or(now, Challenge::expires_at);
            let tied = tie(&request_key, account_id, serial, expires_at)?;
            let names = vec![request_key.into()];
            let mut writes = forget(env, names, expires_at.plus(AFTERLIFE)).await?;
            writes.push(tied);
            store.set_many(writes).await?;
            Ok(None)
        }
        IssueDecision::Issue => {
            let to_issue = Issue {
                challenge_id: &request.challenge_id,
                lifetimes: settings.lifetimes,
                requested_at: request.requested_at,
                requested_by: Requester::Client(request.client),
                locale: request.locale.as_ref(),
                event: Event::by_user(
                    EventId::generate(env.random())?,
                    EventType::RecoveryRequested,
                    account_id.clone(),
                    request.client,
                    request.requested_at,
                ),
                deliver: true,
            };
            let issued = issue(env, settings, to_issue, found, recovery, now).await?;
            Ok(Some(issued.entry))
        }
    }
}

/// What to issue.
pub(super) struct Issue<'a> {
    /// The public name of the request.
    pub(super) challenge_id: &'a ChallengeId,
    /// How long the secrets live.
    pub(super) lifetimes: Lifetimes,
    /// When it was asked for.
    pub(super) requested_at: Timestamp,
    /// By whom or from where, for the mail.
    pub(super) requested_by: Requester,
    /// The language asked for.
    pub(super) locale: Option<&'a Locale>,
    /// What to note.
    pub(super) event: Event,
    /// Whether to mail the secrets.
    pub(super) deliver: bool,
}

/// What was issued.
pub(super) struct Issued {
    pub(super) code: Code,
    pub(super) link: Token,
    /// The entry of the mail, or of the note.
    pub(super) entry: OwnEntry,
}

/// Issues a challenge in place of the one before, under the lease on the account's recovery.
pub(super) async fn issue<E: Env>(
    env: &E,
    settings: &RecoverSettings,
    issue: Issue<'_>,
    found: &AccountWithCredential,
    recovery: Recovery,
    now: Timestamp,
) -> Result<Issued, Outage> {
    let RecoverSettings {
        branding,
        keyring,
        rules,
        ..
    } = settings;
    let lifetimes = &issue.lifetimes;
    let account_id = &found.account.id;
    let random = env.random();
    let serial = ChallengeSerial::generate(random)?;
    let code = Code::generate(lifetimes.code_length, random)?;
    let (link, cancel) = (Token::generate(random)?, Token::generate(random)?);
    let day = attempts_day(now);
    let attempts_before = env
        .store()
        .increment(&keys::attempts(account_id, day), 0)
        .await?;
    let challenge = Challenge {
        serial: serial.clone(),
        epoch: found.epoch(),
        issued_at: now,
        code: code.digest(keyring, &serial),
        code_expires_at: now.plus(lifetimes.code),
        link_expires_at: now.plus(lifetimes.link),
        attempts_day: day,
        attempts_before,
        reset_reference: TokenReference::generate(random)?,
        locale: issue.locale.cloned(),
    };
    // Until then a reset token for the code may live, and "this was not me" must work.
    let over_at = challenge
        .link_expires_at
        .max(challenge.code_expires_at.plus(lifetimes.reset_token.0));
    let token_record = |token: &Token, purpose, expires_at| TokenRecord {
        purpose,
        account_id: account_id.clone(),
        epoch: challenge.epoch,
        serial: Some(serial.clone()),
        digest: token.digest(keyring, purpose),
        expires_at,
        replaces: None,
    };
    let (entry, mut writes) = if issue.deliver {
        let mail = RecoveryMail {
            code: &code,
            link: &link,
            cancel: &cancel,
            requested_at: issue.requested_at,
            requested_by: issue.requested_by,
        };
        let account = &found.account;
        let translator = Translator::for_reader(branding, &[issue.locale, account.locale.as_ref()]);
        let message = prepare_recovery(account.email.as_str(), &mail, &translator, lifetimes)?;
        let draft = Draft {
            kind: EmailKind::Recovery,
            account_id,
            message: &message,
            // The mail tells how long each of them works.
            discard_at: Some(challenge.code_expires_at.min(challenge.link_expires_at)),
            secret: Some(MailSecret::challenge(&serial)),
            events: vec![issue.event],
        };
        let enqueued = outbox::enqueue(env, keyring, draft, now).await?;
        (enqueued.entry, enqueued.writes)
    } else {
        note(env, vec![issue.event]).await?
    };

    let last = over_at.plus(AFTERLIFE);
    let request_key = keys::request(issue.challenge_id);
    let mut spent = names_of(&challenge, [&link, &cancel]);
    spent.push(request_key.clone().into());
    writes.extend(forget(env, spent, last).await?);
    let quiet_at = last.max(now.plus(rules.memory()));
    writes.extend(forget_recovery(env, account_id, day, quiet_at).await?);
    writes.extend([
        tie(&request_key, account_id, serial.clone(), last)?,
        (
            keys::token(link.reference()),
            record::encode(&token_record(
                &link,
                TokenPurpose::Link,
                challenge.link_expires_at,
            ))?,
        ),
        (
            keys::token(cancel.reference()),
            record::encode(&token_record(&cancel, TokenPurpose::Cancel, over_at))?,
        ),
        (
            keys::recovery(account_id),
            record::encode(&recovery.with_issued(challenge, rules))?,
        ),
    ]);
    env.store().set_many(writes).await?;
    Ok(Issued { code, link, entry })
}

/// What stands in the store for a challenge and its tokens, or will.
fn names_of(challenge: &Challenge, tokens: [&Token; 2]) -> Vec<AnyKey> {
    let [one, other] = tokens.map(|token| keys::token(token.reference()).into());
    vec![
        one,
        other,
        keys::token(&challenge.reset_reference).into(),
        keys::token_claim(&challenge.reset_reference).into(),
        keys::challenge_claim(&challenge.serial).into(),
    ]
}

fn tie(
    request_key: &Key,
    account_id: &AccountId,
    serial: ChallengeSerial,
    expires_at: Timestamp,
) -> Result<(Key, Vec<u8>), Outage> {
    let record = RequestRecord {
        account_id: account_id.clone(),
        serial,
        expires_at,
    };
    Ok((request_key.clone(), record::encode(&record)?))
}

/// What to store so that `names` are deleted at `at`.
async fn forget<E: Env>(
    env: &E,
    names: Vec<AnyKey>,
    at: Timestamp,
) -> Result<Vec<(Key, Vec<u8>)>, Outage> {
    let keys = names
        .into_iter()
        .map(|key| key.as_str().to_owned())
        .collect();
    // A request that waited for long names times that are over: in the past, nobody would find the entry.
    let due_at = at.max(env.clock().now());
    let placed = agenda::place(env.store(), due_at, AgendaTask::Forget { keys }).await?;
    Ok(placed.writes)
}

/// What to store so that the recovery record is deleted at `quiet_at`, when nothing looks back to it any more, and the
/// day's attempt counter with it, once no challenge is issued on that day any more.
async fn forget_recovery<E: Env>(
    env: &E,
    account_id: &AccountId,
    day: u64,
    quiet_at: Timestamp,
) -> Result<Vec<(Key, Vec<u8>)>, Outage> {
    let tomorrow = Timestamp::from_unix_millis(day.saturating_add(1).saturating_mul(86_400_000));
    let task = AgendaTask::ForgetRecovery {
        account_id: account_id.clone(),
        attempts_day: day,
    };
    let due_at = quiet_at.max(tomorrow).plus(AFTERLIFE);
    Ok(agenda::place(env.store(), due_at, task).await?.writes)
}

async fn forget_counters<E: Env>(env: &E, counters: &[(String, Timestamp)]) -> Result<(), Outage> {
    for (name, ends_at) in counters {
        let writes = forget(env, vec![AnyKey::noted(name.clone())], *ends_at).await?;
        env.store().set_many(writes).await?;
    }
    Ok(())
}
