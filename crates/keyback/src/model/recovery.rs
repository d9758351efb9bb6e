//! One account's recovery: its live challenge, and when its mails went out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::code::Code;
use crate::model::id::ChallengeSerial;
use crate::model::keyring::{KeyedDigest, Keyring};
use crate::model::limit::Limit;
use crate::model::locale::Locale;
use crate::model::timestamp::Timestamp;
use crate::model::token::TokenReference;

/// What is stored of an account's recovery.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recovery {
    /// The latest challenge, live or not. A newer one takes its place, which kills it.
    pub challenge: Option<Challenge>,
    /// When recovery mails were issued, oldest first, as far back as the longest limit looks.
    pub issued: Vec<Timestamp>,
    /// The claim under which the latest was issued.
    #[serde(default)]
    pub claim: Option<IssueClaim>,
}

/// The right to issue a challenge for an account. Each claim of a day has its number, and they take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueClaim {
    /// Days since 1970 in UTC.
    pub day: u64,
    /// Its number on that day, from 1.
    pub number: i64,
}

/// One recovery mail's secrets, as digests, and their one attempt budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Its name in the store.
    pub serial: ChallengeSerial,
    /// The credential epoch under which it was issued; it dies with it.
    pub epoch: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The code's digest.
    pub code: KeyedDigest,
    /// From when on the code is refused.
    pub code_expires_at: Timestamp,
    /// From when on the link is refused.
    pub link_expires_at: Timestamp,
    /// The day (days since 1970 in UTC) whose attempt counter counts the guesses at this challenge.
    pub attempts_day: u64,
    /// What that counter stood at when the challenge was issued.
    pub attempts_before: i64,
    /// The reference that the reset token for a verified code will have; fixed now, so that its clean-up can be put
    /// on the agenda together with everything else.
    pub reset_reference: TokenReference,
    /// The reference of the token that cancels the recovery. None in older records.
    #[serde(default)]
    pub cancel_reference: Option<TokenReference>,
    /// The language that was asked for, in which the journey's last mail is written as well.
    pub locale: Option<Locale>,
}

/// How often recovery mails may go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRules {
    /// The least time between two mails to one account.
    pub cooldown: Duration,
    /// How many in how long.
    pub limits: Vec<Limit>,
}

/// How many wrong codes are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptCaps {
    /// Per challenge.
    pub per_challenge: u32,
    /// Per account and day, whatever the number of challenges.
    pub per_day: u32,
}

/// What has become of a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Its secrets are unused.
    Unused,
    /// Its link or its code was used.
    Used,
    /// It was cancelled: "this was not me".
    Cancelled,
}

/// What to do about a recovery request. It is decided after the answer, in silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueDecision {
    /// Issue a new challenge and mail it.
    Issue,
    /// Send nothing; the request's `challenge_id` works with the code already mailed.
    TieTo(ChallengeSerial),
    /// Send nothing.
    Silence,
}

impl Recovery {
    /// Decides about a request at `now` of an account at `epoch`, whose latest challenge is in this `state`.
    #[must_use]
    pub fn decide(
        &self,
        rules: &IssueRules,
        epoch: u64,
        state: Use,
        now: Timestamp,
    ) -> IssueDecision {
        // Once its secret is used, or after a credential event such as another address, the last mail is of no use to
        // anyone, and whoever is told to start again needs a new one.
        let is_of_use = state != Use::Used
            && self
                .challenge
                .as_ref()
                .is_none_or(|challenge| challenge.epoch == epoch);
        let cooling = is_of_use
            && self
                .issued
                .last()
                .is_some_and(|last| rules.cool_down(*last, now));
        let exhausted = rules.limits.iter().any(|limit| {
            let since = now.minus(limit.window());
            let count = self.issued.iter().filter(|issued| **issued > since).count();
            count >= limit.count() as usize
        });
        match self.live(epoch, now) {
            _ if !cooling && !exhausted => IssueDecision::Issue,
            Some(challenge) if state == Use::Unused => {
                IssueDecision::TieTo(challenge.serial.clone())
            }
            _ => IssueDecision::Silence,
        }
    }

    /// Whether it is `claim`'s turn: the claim before it has issued.
    #[must_use]
    pub fn is_next(&self, claim: IssueClaim) -> bool {
        let latest = self.claim.filter(|latest| latest.day == claim.day);
        claim.number == latest.map_or(0, |latest| latest.number).saturating_add(1)
    }

    /// The challenge, if its link or code could still be good.
    #[must_use]
    pub fn live(&self, epoch: u64, now: Timestamp) -> Option<&Challenge> {
        self.challenge
            .as_ref()
            .filter(|challenge| challenge.epoch == epoch && now < challenge.expires_at())
    }

    /// The recovery after `challenge` was issued: the one before is dead, and issue times that no rule looks back to
    /// are forgotten.
    #[must_use]
    pub fn with_issued(
        mut self,
        challenge: Challenge,
        claim: IssueClaim,
        rules: &IssueRules,
    ) -> Self {
        let now = challenge.issued_at;
        self.issued
            .retain(|issued| *issued > now.minus(rules.memory()));
        self.issued.push(now);
        Self {
            challenge: Some(challenge),
            issued: self.issued,
            claim: Some(claim),
        }
    }

    /// Whether nothing in here matters any more.
    #[must_use]
    pub fn is_forgettable(&self, rules: &IssueRules, now: Timestamp) -> bool {
        let quiet = self
            .issued
            .last()
            .is_none_or(|last| now >= last.plus(rules.memory()));
        quiet
            && self
                .challenge
                .as_ref()
                .is_none_or(|challenge| now >= challenge.expires_at())
    }
}

impl IssueRules {
    /// Whether a mail that was issued at `last` keeps the next one waiting at `now`. One that is far in the future was issued
    /// by a clock that was ahead, and keeps nobody waiting until then.
    fn cool_down(&self, last: Timestamp, now: Timestamp) -> bool {
        now < last.plus(self.cooldown) && last <= now.plus(self.cooldown)
    }

    /// How far back the rules look.
    #[must_use]
    pub fn memory(&self) -> Duration {
        self.limits
            .iter()
            .map(|limit| limit.window())
            .chain([self.cooldown])
            .max()
            .unwrap_or_default()
    }
}

impl Challenge {
    /// From when on neither link nor code is good.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.link_expires_at.max(self.code_expires_at)
    }

    /// Whether `code`, offered as the attempt that brought the day's counter to `attempts`, is the right one, in time,
    /// within the caps and of the current epoch. Takes as long whatever the reason for a refusal is.
    #[must_use]
    pub fn accepts_code(
        &self,
        code: &Code,
        keyring: &Keyring,
        attempts: i64,
        caps: AttemptCaps,
        epoch: u64,
        now: Timestamp,
    ) -> bool {
        let of_this_challenge = attempts.saturating_sub(self.attempts_before);
        let conditions = [
            code.matches(keyring, &self.serial, &self.code),
            of_this_challenge <= i64::from(caps.per_challenge),
            attempts <= i64::from(caps.per_day),
            self.epoch == epoch,
            now < self.code_expires_at,
        ];
        conditions.into_iter().all(|holds| holds)
    }
}

/// The day that `now` falls into: days since 1970 in UTC.
#[must_use]
pub const fn attempts_day(now: Timestamp) -> u64 {
    now.unix_seconds() / 86_400
}
