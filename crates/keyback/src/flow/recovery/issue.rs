//! Issuing a challenge: the code, the tokens and their email.

use crate::base::timestamp::Timestamp;
use crate::flow::recovery::turn::Turn;
use crate::mail::message::MailBranding;
use crate::mail::message::{RecoveryMail, Requester, Translator, prepare_recovery};
use crate::model::account::Account;
use crate::model::code::Code;
use crate::model::email::EmailKind;
use crate::model::event::Event;
use crate::model::id::{ChallengeId, ChallengeSerial};
use crate::model::issued_mail::Asker;
use crate::model::keyring::Keyring;
use crate::model::lifetimes::ChallengeSettings;
use crate::model::locale::Locale;
use crate::model::recovery::{Challenge, IssueRules};
use crate::model::sealed::Sealed;
use crate::model::token::{Token, TokenPurpose, TokenRecord, TokenReference};
use crate::ports::{Env, Unavailable};
use crate::store::agenda::DueTask;
use crate::store::batch::{Batch, Draft, DraftSecret};
use crate::store::cx::Cx;
use crate::store::recoveries::{self, AFTERLIFE, RequestRecord};
use crate::store::tokens;

/// What codes, links and their emails are made of, and how often one account gets them.
#[derive(Debug)]
pub struct IssueSettings {
    /// How emails present the app.
    pub branding: MailBranding,
    /// Digests code and tokens, and seals the email.
    pub keyring: Keyring,
    /// How long secrets live.
    pub lifetimes: ChallengeSettings,
    /// How often emails may go out.
    pub rules: IssueRules,
}

/// The challenge to issue.
#[derive(Debug)]
pub(crate) struct Issue<'a> {
    /// The public name of the request.
    pub(crate) challenge_id: &'a ChallengeId,
    /// How long the secrets live.
    pub(crate) lifetimes: ChallengeSettings,
    /// When it was asked for.
    pub(crate) requested_at: Timestamp,
    /// The user's request, sealed, if its email may be written anew.
    pub(crate) request: Option<&'a Sealed>,
    /// By whom, for the email.
    pub(crate) requested_by: Requester,
    /// The network that asked; `None` for an administrator.
    pub(crate) asker: Option<Asker>,
    /// The language asked for.
    pub(crate) locale: Option<&'a Locale>,
    /// The event to record with the challenge.
    pub(crate) event: Event,
    /// Whether to email the secrets.
    pub(crate) deliver: bool,
    /// Whether the link alone is given, and nobody gets the code.
    pub(crate) link_only: bool,
    /// Whether it counts against the limits of the account.
    pub(crate) counts: bool,
}

/// A challenge that is about to be issued.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) code: Code,
    pub(crate) link: Token,
}

/// Puts a challenge into `batch`, replacing the one before. The batch is refused once the turn is over.
///
/// # Errors
/// [`Unavailable::Random`], or a template's.
pub(crate) fn issue<E: Env>(
    cx: &Cx<'_, E>,
    settings: &IssueSettings,
    issue: Issue<'_>,
    turn: Turn,
    batch: &mut Batch,
) -> Result<Issued, Unavailable> {
    let IssueSettings { keyring, rules, .. } = settings;
    let account = &turn.account;
    let (challenge, secrets) = draw(cx, keyring, &issue, &turn)?;
    // Until then a reset token for the code may be valid, and "this was not me" must work.
    let over_at = challenge.over_at(issue.lifetimes.reset_token);
    let last = over_at.plus(AFTERLIFE);
    insert_tokens(batch, keyring, account, &challenge, &secrets, over_at)?;
    let request = RequestRecord {
        account_id: account.id.clone(),
        expires_at: last,
    };
    recoveries::tie(batch, issue.challenge_id, &request)?;
    forget_in_time(
        batch,
        account,
        &challenge,
        last.max(cx.now.plus(rules.memory())),
    );
    if issue.deliver {
        mail(cx, settings, &issue, &secrets, account, &challenge, batch)?;
    }
    batch.event(issue.event);
    let recovery = if issue.counts {
        turn.recovery
            .with_issued(challenge, issue.asker, turn.claim, rules)
    } else {
        turn.recovery.with_uncounted(challenge, turn.claim)
    };
    recoveries::replace(batch, &account.id, &recovery)?;
    batch.in_turn(turn.until);
    let Secrets { code, link, .. } = secrets;
    Ok(Issued { code, link })
}

/// The secrets of a challenge, as its owner gets them.
struct Secrets {
    code: Code,
    link: Token,
    cancel: Token,
}

/// Draws the secrets, and the challenge that stores their digests.
fn draw<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    issue: &Issue<'_>,
    turn: &Turn,
) -> Result<(Challenge, Secrets), Unavailable> {
    let random = cx.env.random();
    let lifetimes = &issue.lifetimes;
    let serial = ChallengeSerial::generate(random)?;
    let secrets = Secrets {
        code: Code::generate(lifetimes.code_length, random)?,
        link: Token::generate(random)?,
        cancel: Token::generate(random)?,
    };
    let challenge = Challenge {
        epoch: turn.account.epoch,
        issued_at: cx.now,
        code: secrets.code.digest(keyring, &serial),
        // A code that nobody gets is expired from the start.
        code_expires_at: if issue.link_only {
            cx.now
        } else {
            cx.now.plus(lifetimes.code)
        },
        link_expires_at: cx.now.plus(lifetimes.link),
        attempts_day: turn.claim.day,
        attempts_before: turn.attempts_before,
        reset_reference: TokenReference::generate(random)?,
        cancel_reference: Some(secrets.cancel.reference().clone()),
        locale: issue.locale.cloned(),
        is_invitation: false,
        serial,
    };
    Ok((challenge, secrets))
}

/// Stores the link's token and the cancelling one, which is valid until `over_at`. The challenge's claims are deleted
/// together with them.
fn insert_tokens(
    batch: &mut Batch,
    keyring: &Keyring,
    account: &Account,
    challenge: &Challenge,
    Secrets { link, cancel, .. }: &Secrets,
    over_at: Timestamp,
) -> Result<(), Unavailable> {
    let last = over_at.plus(AFTERLIFE);
    for (token, purpose, expires_at) in [
        (link, TokenPurpose::Link, challenge.link_expires_at),
        (cancel, TokenPurpose::Cancel, over_at),
    ] {
        let stored = TokenRecord {
            purpose,
            account_id: account.id.clone(),
            epoch: challenge.epoch,
            serial: Some(challenge.serial.clone()),
            digest: token.digest(keyring, purpose),
            expires_at,
            replaces: None,
            cancelled: false,
        };
        tokens::insert(batch, token, &stored)?;
        tokens::expire(batch, token, last);
    }
    recoveries::expire_claims(batch, challenge, last);
    Ok(())
}

/// Schedules the deletion of the recovery record, once its challenge is over and no limit looks back at its emails, and
/// of the day's attempt counter, once no further challenge can be issued on that day.
pub(super) fn forget_in_time(
    batch: &mut Batch,
    account: &Account,
    challenge: &Challenge,
    quiet_at: Timestamp,
) {
    let DueTask { at, task, .. } =
        recoveries::forget_after(account.id.clone(), challenge.attempts_day);
    batch.task_at(at.max(quiet_at.plus(AFTERLIFE)), task);
}

fn mail<E: Env>(
    cx: &Cx<'_, E>,
    settings: &IssueSettings,
    issue: &Issue<'_>,
    secrets: &Secrets,
    account: &Account,
    challenge: &Challenge,
    batch: &mut Batch,
) -> Result<(), Unavailable> {
    let mail = RecoveryMail {
        code: (!issue.link_only).then_some(&secrets.code),
        link: &secrets.link,
        cancel: &secrets.cancel,
        code_expires_at: challenge.code_expires_at,
        link_expires_at: challenge.link_expires_at,
        requested_at: issue.requested_at,
        requested_by: issue.requested_by,
    };
    let languages = [issue.locale, account.locale.as_ref()];
    let translator = Translator::for_reader(&settings.branding, &languages);
    let message = prepare_recovery(account.email.as_str(), &mail, &translator, &issue.lifetimes)?;
    // The email says how long the code and the link work. An administrator's link may live longer than a code. Then the
    // email is worth sending as long as the link will work for at least the lifetime of a code.
    let link_expires_at = challenge.link_expires_at;
    let code_life = issue.lifetimes.code.min(issue.lifetimes.link);
    let both_work_until = cx.now.plus(code_life);
    let discard_at = match issue.requested_by {
        Requester::User => both_work_until,
        Requester::Administrator => {
            both_work_until.max(link_expires_at.minus(issue.lifetimes.code))
        }
    };
    let draft = Draft {
        kind: EmailKind::Recovery,
        account_id: &account.id,
        message: &message,
        discard_at: Some(discard_at),
        secret: Some(DraftSecret::Challenge {
            serial: challenge.serial.clone(),
            request: issue.request.cloned(),
        }),
    };
    batch.mail(cx, &settings.keyring, draft).map(drop)
}
