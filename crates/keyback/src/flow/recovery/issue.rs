//! Issuing a challenge: the code, the tokens and their email.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::mail::message::MailBranding;
use crate::mail::message::{RecoveryMail, Requester, Translator, prepare_recovery};
use crate::model::account::Account;
use crate::model::code::Code;
use crate::model::email::EmailKind;
use crate::model::event::Event;
use crate::model::id::{AccountId, ChallengeId, ChallengeSerial};
use crate::model::issued_mail::Asker;
use crate::model::keyring::Keyring;
use crate::model::lifetimes::ChallengeSettings;
use crate::model::locale::Locale;
use crate::model::recovery::{Challenge, IssueClaim, IssueRules, Recovery, attempts_day};
use crate::model::sealed::Sealed;
use crate::model::token::{Token, TokenPurpose, TokenRecord, TokenReference};
use crate::ports::{Clock, Env, SecureRandom as _, Unavailable};
use crate::store::agenda::DueTask;
use crate::store::batch::{Batch, Draft, DraftSecret};
use crate::store::cx::{Cx, UnusedClaim};
use crate::store::lease::Held;
use crate::store::recoveries::{self, AFTERLIFE, RequestRecord, TURN};
use crate::store::{accounts, tokens};

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// Waits for at most this many earlier claims, however many there are.
const MOST_TURNS: u32 = 6;

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

/// The right to issue, and the account and its recovery as they were when the turn came.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) claim: IssueClaim,
    /// The day's attempts at codes when the turn was claimed.
    pub(crate) attempts_before: i64,
    pub(crate) account: Account,
    pub(crate) recovery: Recovery,
    pub(crate) until: Timestamp,
}

/// A challenge that is about to be issued.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) code: Code,
    pub(crate) link: Token,
}

/// When the latest successful claim issued: not before `earliest`, and by `latest`.
#[derive(Debug, Clone, Copy)]
struct Change {
    earliest: Timestamp,
    latest: Timestamp,
}

impl Turn {
    /// Claims the right to issue for `account`, and waits until the claim before it has issued or given up. Returns
    /// `None` if `still_wanted` refuses the account and its recovery as they are by then, or if the account is gone.
    /// Unless a batch is written [in the turn](Batch::in_turn), the claim is given back after the response, or
    /// [with a decoy](recoveries::withdraw_with).
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(crate) async fn take<E: Env>(
        cx: &mut Cx<'_, E>,
        account: Account,
        recovery: Recovery,
        still_wanted: impl Fn(&Account, &Recovery) -> bool,
    ) -> Result<Option<Self>, Unavailable> {
        let (env, store) = (cx.env, cx.store());
        let began = env.clock().now();
        let day = attempts_day(began);
        let (claim, attempts_before) = recoveries::claim_issue(store, &account.id, day).await?;
        cx.deferred.unused_claim = Some(unused(&account.id, claim, false));
        let mut turn = Self {
            claim,
            attempts_before,
            account,
            recovery,
            until: began,
        };
        let claimed_after = turn.recovery.claim;
        let mut looked_at = began;
        // Every later claim is counted after this `earliest`, whatever it reads.
        let mut change = Change {
            earliest: began,
            latest: env.clock().now(),
        };
        loop {
            // A claim issues within its `TURN` or not at all. So each claim waits one `TURN` for every claim before it. An
            // answer may come late, so what counts is when the store was asked.
            let waits = TURN.saturating_mul(turn.turns_before());
            if waits.is_zero() || looked_at >= change.latest.plus(waits) {
                turn.until = change.earliest.plus(waits).plus(TURN);
                return Ok(Some(turn));
            }
            env.clock().sleep(BETWEEN_LOOKS).await;
            let id = turn.account.id.clone();
            let last_look = std::mem::replace(&mut looked_at, env.clock().now());
            let (account, recovery) =
                futures::join!(accounts::find(store, &id), recoveries::find(store, &id));
            let recovery = recovery?.unwrap_or_default();
            if recovery.claim != turn.recovery.claim {
                change = Change {
                    earliest: last_look,
                    latest: env.clock().now(),
                };
            }
            turn.recovery = recovery;
            let account = account?;
            let is_lost = account.is_some() && turn.recovery.claim != claimed_after;
            let Some(account) = account.filter(|account| still_wanted(account, &turn.recovery))
            else {
                if is_lost {
                    cx.deferred.unused_claim = Some(unused(&id, claim, true));
                } else {
                    recoveries::return_unused_claim(store, &mut cx.deferred).await?;
                }
                return Ok(None);
            };
            turn.account = account;
        }
    }

    /// As [`Turn::take`], with the account's lease. Returns `None` if the account is gone.
    ///
    /// Waiting for the lease may take longer than a turn, such as after a holder that died. Then another turn is taken,
    /// under the lease.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(crate) async fn take_and_lease<E: Env>(
        cx: &mut Cx<'_, E>,
        account: Account,
        recovery: Recovery,
    ) -> Result<Option<(Self, Held)>, Unavailable> {
        let id = account.id.clone();
        let Some(turn) = Self::take(cx, account, recovery, |_, _| true).await? else {
            return Ok(None);
        };
        let held = accounts::lease(cx, &id).await?;
        if cx.env.clock().now() < turn.until {
            return Ok(Some((turn, held)));
        }
        recoveries::return_unused_claim(cx.store(), &mut cx.deferred).await?;
        let recovery = recoveries::find(cx.store(), &id).await?.unwrap_or_default();
        let turn = Self::take(cx, turn.account, recovery, |_, _| true).await?;
        Ok(turn.map(|turn| (turn, held)))
    }

    /// How many claims may issue before this one.
    fn turns_before(&self) -> u32 {
        let before = self.recovery.claims_before(self.claim);
        // A later claim has issued already. The one after it may be about to.
        u32::try_from(before).map_or(1, |before| before.min(MOST_TURNS))
    }

    /// Takes a turn for an account that does not exist, with the same calls to the store. If the request has lost its turn for
    /// one that exists, it has made them already.
    ///
    /// # Errors
    /// [`Unavailable::Store`] or [`Unavailable::Random`].
    pub(crate) async fn imitate<E: Env>(
        cx: &mut Cx<'_, E>,
        account: Account,
    ) -> Result<Self, Unavailable> {
        let (env, store) = (cx.env, cx.store());
        let lost = cx.deferred.unused_claim.as_ref();
        let claim = if let Some(lost) = lost.filter(|unused| unused.is_lost) {
            // This request has made its call for a claim.
            lost.claim
        } else {
            let mut coin = [0];
            env.random().fill(&mut coin)?;
            let claim = recoveries::imitate_claim(store, &account.id, coin[0] < 128).await?;
            cx.deferred.unused_claim = Some(unused(&account.id, claim, false));
            claim
        };
        Ok(Self {
            claim,
            attempts_before: 0,
            account,
            recovery: Recovery::default(),
            until: env.clock().now().plus(TURN),
        })
    }
}

fn unused(account: &AccountId, claim: IssueClaim, is_lost: bool) -> UnusedClaim {
    UnusedClaim {
        account_id: account.clone(),
        claim,
        is_lost,
    }
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
