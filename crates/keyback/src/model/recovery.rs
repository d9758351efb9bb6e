//! One account's recovery: its live challenge, and when its mails went out.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::code::Code;
use crate::model::id::ChallengeSerial;
use crate::model::keyring::{KeyedDigest, Keyring};
use crate::model::limit::Limit;
use crate::model::locale::Locale;
use crate::model::token::TokenReference;

/// An account's recovery, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recovery {
    /// The latest challenge, live or not. A newer one replaces and so invalidates it.
    pub challenge: Option<Challenge>,
    /// When recovery mails were issued, oldest first, as far back as the longest limit looks.
    pub issued: Vec<Timestamp>,
    /// The claim under which the latest challenge was issued.
    #[serde(default)]
    pub claim: Option<IssueClaim>,
}

/// The right to issue a challenge for an account. Claims are numbered by day and take turns.
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
    /// The credential epoch at issue. The challenge is invalid under any other.
    pub epoch: u64,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// Keyed digest of the code, bound to `serial`.
    pub code: KeyedDigest,
    /// The code is refused from this time on.
    pub code_expires_at: Timestamp,
    /// The link is refused from this time on.
    pub link_expires_at: Timestamp,
    /// The day whose attempt counter counts the guesses at this challenge, in days since 1970 (UTC).
    pub attempts_day: u64,
    /// The value of that counter when the challenge was issued.
    pub attempts_before: i64,
    /// The reference that the reset token for a verified code will have; fixed now, so that its clean-up can be put
    /// on the agenda together with everything else.
    pub reset_reference: TokenReference,
    /// The reference of the token that cancels the recovery. `None` in older records.
    #[serde(default)]
    pub cancel_reference: Option<TokenReference>,
    /// The language that was asked for, in which the journey's last mail is written as well.
    pub locale: Option<Locale>,
}

/// Limits on recovery mails to one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueRules {
    /// `cooldown_seconds`: minimum time between two mails.
    pub cooldown: Duration,
    /// `limit_account`.
    pub limits: Vec<Limit>,
}

/// Limits on wrong codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptCaps {
    /// `attempts_per_challenge`.
    pub per_challenge: u32,
    /// `attempts_per_account_per_day`, across all challenges.
    pub per_day: u32,
}

/// Whether a challenge was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Its secrets are unused.
    Unused,
    /// Its link or its code was used.
    Used,
    /// It was cancelled: "this was not me".
    Cancelled,
}

/// The decision about a recovery request, made after the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssueDecision {
    /// Issue a new challenge and mail it.
    Issue,
    /// Send nothing: within the cooldown or over the account's limit. A code that was mailed already, or that an
    /// administrator gives, works with the request's `challenge_id`.
    Silence,
}

impl Recovery {
    /// Decides about a request at `now`. `epoch` is the account's, `state` that of its latest challenge.
    #[must_use]
    pub fn decide(
        &self,
        rules: &IssueRules,
        epoch: u64,
        state: Use,
        now: Timestamp,
    ) -> IssueDecision {
        // Once its secret is used, or after a credential event such as another address, the last mail is invalid. After
        // "start again" the user needs a new one at once.
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
        if cooling || exhausted {
            IssueDecision::Silence
        } else {
            IssueDecision::Issue
        }
    }

    /// How many claims come between the last that has issued and `claim`; below 0 if `claim` was overtaken.
    #[must_use]
    pub fn claims_before(&self, claim: IssueClaim) -> i64 {
        let latest = self.claim.filter(|latest| latest.day == claim.day);
        let latest = latest.map_or(0, |latest| latest.number);
        claim.number.saturating_sub(latest).saturating_sub(1)
    }

    /// The challenge, if its link or code may still be valid.
    #[must_use]
    pub fn live(&self, epoch: u64, now: Timestamp) -> Option<&Challenge> {
        self.challenge
            .as_ref()
            .filter(|challenge| challenge.epoch == epoch && now < challenge.expires_at())
    }

    /// The recovery after `challenge` was issued. The one before is replaced, and issue times older than any rule are
    /// dropped.
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

    /// Whether the record can be deleted: no rule or secret needs it any more.
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
    /// Whether a mail issued at `last` delays the next one at `now`. A time far in the future comes from a clock that was
    /// ahead, and delays nothing.
    fn cool_down(&self, last: Timestamp, now: Timestamp) -> bool {
        now < last.plus(self.cooldown) && last <= now.plus(self.cooldown)
    }

    /// The longest window of the rules. Older issue times have no effect.
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
    /// When the later of link and code expires.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.link_expires_at.max(self.code_expires_at)
    }

    /// Whether a code could be right at `now`: it is in time and of the account's epoch.
    #[must_use]
    pub fn may_accept_code(&self, epoch: u64, now: Timestamp) -> bool {
        self.epoch == epoch && now < self.code_expires_at
    }

    /// Whether `code` is right, in time, within the caps and of the current epoch. `attempts` is the day's counter with
    /// this attempt. Takes the same time for every refusal.
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
            self.may_accept_code(epoch, now),
        ];
        conditions.into_iter().all(|holds| holds)
    }
}

/// The day that `now` falls into: days since 1970 in UTC.
#[must_use]
pub const fn attempts_day(now: Timestamp) -> u64 {
    now.unix_seconds() / 86_400
}
