//! One account's recovery: its live challenge, and when its emails went out.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::model::code::Code;
use crate::model::id::ChallengeSerial;
use crate::model::issued_mail::{Asker, IssuedMail};
use crate::model::keyring::{KeyedDigest, Keyring};
use crate::model::lifetimes::ResetTokenLifetime;
use crate::model::limit::Limit;
use crate::model::locale::Locale;
use crate::model::token::TokenReference;

mod attempts;
mod rules;

pub use attempts::{AttemptCaps, EarlierGuesses, Forgiven};
pub use rules::{IssueRules, PAUSES};

/// An account's recovery, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Recovery {
    /// The latest challenge, live or not. A newer one replaces and so invalidates it.
    pub challenge: Option<Challenge>,
    /// The recovery emails that were issued, oldest first, as far back as the longest limit looks.
    pub issued: Vec<IssuedMail>,
    /// The claim under which the latest challenge was issued.
    #[serde(default)]
    pub claim: Option<IssueClaim>,
    /// The attempts at codes that an administrator has forgiven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forgiven: Option<Forgiven>,
    /// The guesses at challenges before the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierGuesses>,
}

/// The right to issue a challenge for an account. Claims are numbered by day and take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueClaim {
    /// Days since 1970 in UTC.
    pub day: u64,
    /// Its number on that day, from 1. No other claim of the day ever has it.
    pub number: i64,
    /// How many claims of that day had been given back before it. `None` for one that had to wait: some may have been
    /// given back since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given_back: Option<i64>,
}

/// One recovery email's secrets, as digests, and their one attempt budget.
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
    /// The reference that the reset token for a verified code will have. It is fixed now, so that its clean-up can be
    /// put on the agenda together with everything else.
    pub reset_reference: TokenReference,
    /// The reference of the token that cancels the recovery. `None` in older records.
    #[serde(default)]
    pub cancel_reference: Option<TokenReference>,
    /// The language that was requested. The last email of the recovery is also written in it.
    pub locale: Option<Locale>,
    /// Whether it invites the owner of an account without a password: its link lives long, and its code is sent to
    /// nobody.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_invitation: bool,
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
    /// Issue a new challenge and email it.
    Issue,
    /// Send nothing: within the cooldown or a pause. A code that was already emailed, or that an administrator gives
    /// out, works with the request's `challenge_id`.
    Silence,
}

impl Recovery {
    /// Decides on a request of `asker` at `now`. `epoch` is the account's, `state` that of its latest challenge.
    #[must_use]
    pub fn decide(
        &self,
        rules: &IssueRules,
        asker: &Asker,
        epoch: u64,
        state: Use,
        now: Timestamp,
    ) -> IssueDecision {
        // Once its secret is used, or after a credential event such as a changed address, the last email is invalid.
        // After "start again", the user needs a new one at once. An invitation, or a link alone, has no code to wait
        // for.
        let is_of_use = state != Use::Used
            && self
                .challenge
                .as_ref()
                .is_none_or(|challenge| challenge.epoch == epoch && challenge.has_code());
        let cooling = is_of_use && self.is_cooling(rules, now);
        let pausing = self.paused_until(rules, Some(asker), now).is_some();
        if cooling || pausing {
            IssueDecision::Silence
        } else {
            IssueDecision::Issue
        }
    }

    /// Whether the last email was issued less than a cooldown ago.
    #[must_use]
    pub fn is_cooling(&self, rules: &IssueRules, now: Timestamp) -> bool {
        let last = self.issued.last();
        last.is_some_and(|last| last.delays(rules.cooldown, now))
    }

    /// When the pause for requests of `asker` ends; `None` if there is none now.
    #[must_use]
    pub fn paused_until(
        &self,
        rules: &IssueRules,
        asker: Option<&Asker>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let excess = rules
            .limits
            .iter()
            .map(|limit| self.excess(*limit, asker, now));
        let number = excess.max()?.checked_sub(1)?;
        let pause = PAUSES.get(number).or(PAUSES.last())?;
        let last = self.issued.last().filter(|last| last.delays(*pause, now))?;
        Some(last.at.plus(*pause))
    }

    /// When the last pause of any asker ends; `None` if there is none.
    #[must_use]
    pub fn paused_for_anyone_until(&self, rules: &IssueRules, now: Timestamp) -> Option<Timestamp> {
        let askers = self.issued.iter().map(|mail| mail.asker.as_ref());
        let ends = askers.filter_map(|asker| self.paused_until(rules, asker, now));
        ends.max()
    }

    /// How many emails over the limit the next one for `asker` would be: over `limit` for its own network, or over
    /// twice that for all. Each network counts for at most `limit`, so that none can use up both.
    fn excess(&self, limit: Limit, asker: Option<&Asker>, now: Timestamp) -> usize {
        let count = usize::try_from(limit.count()).unwrap_or(usize::MAX);
        let since = now.minus(limit.window());
        let mut by_asker: BTreeMap<Option<&Asker>, usize> = BTreeMap::new();
        for mail in self.issued.iter().filter(|mail| mail.at > since) {
            let issued = by_asker.entry(mail.asker.as_ref()).or_default();
            *issued = issued.saturating_add(1);
        }
        let own = by_asker.get(&asker).copied().unwrap_or_default();
        let all: usize = by_asker.values().map(|issued| issued.min(&count)).sum();
        let beyond =
            |issued: usize, allowed: usize| issued.saturating_add(1).saturating_sub(allowed);
        beyond(own, count).max(beyond(all, count.saturating_mul(2)))
    }

    /// The recovery after an administrator has lifted its pauses and forgiven the day's `attempts` so far. This counts
    /// as `claim`.
    #[must_use]
    pub fn unlocked(self, claim: IssueClaim, attempts: i64) -> Self {
        let day = claim.day;
        Self {
            issued: Vec::new(),
            claim: Some(claim),
            forgiven: Some(Forgiven { day, attempts }),
            ..self
        }
    }

    /// The recovery after an administrator has stopped its challenge. This counts as `claim`, on whose day there were
    /// `attempts` so far.
    #[must_use]
    pub fn stopped(self, claim: IssueClaim, attempts: i64) -> Self {
        Self {
            earlier: self.earlier_guesses(claim.day, attempts),
            challenge: None,
            claim: Some(claim),
            ..self
        }
    }

    /// The serial of the challenge.
    #[must_use]
    pub fn serial(&self) -> Option<&ChallengeSerial> {
        self.challenge.as_ref().map(|challenge| &challenge.serial)
    }

    /// Whether the challenge was used, if `earlier` was in the state `then`. One that has replaced it since is taken for unused.
    #[must_use]
    pub fn use_since(&self, earlier: Option<&ChallengeSerial>, then: Use) -> Use {
        if self.serial() == earlier {
            then
        } else {
            Use::Unused
        }
    }

    /// How many claims lie between the last one that issued and `claim`; below 0 if `claim` was overtaken. None if all of
    /// them were given back. If only some were, all count: nobody knows which, and a claim that is about to issue may wait for
    /// those that were given back after it came.
    #[must_use]
    pub fn claims_before(&self, claim: IssueClaim) -> i64 {
        let latest = self.claim.filter(|latest| latest.day == claim.day);
        let (number, given_back) =
            latest.map_or((0, Some(0)), |latest| (latest.number, latest.given_back));
        let between = claim.number.saturating_sub(number).saturating_sub(1);
        let returned = claim
            .given_back
            .zip(given_back)
            .map(|(now, then)| now.saturating_sub(then));
        if between > 0 && returned == Some(between) {
            0
        } else {
            between
        }
    }

    /// The challenge, if its link or code may still be valid.
    #[must_use]
    pub fn live(&self, epoch: u64, now: Timestamp) -> Option<&Challenge> {
        self.challenge
            .as_ref()
            .filter(|challenge| challenge.epoch == epoch && now < challenge.expires_at())
    }

    /// The challenge, if any part of it may still be valid: its link, its code, or a reset token given for the code.
    #[must_use]
    pub fn of_use(
        &self,
        epoch: u64,
        reset_token: ResetTokenLifetime,
        now: Timestamp,
    ) -> Option<&Challenge> {
        self.challenge
            .as_ref()
            .filter(|challenge| challenge.epoch == epoch && now < challenge.over_at(reset_token))
    }

    /// The recovery after `challenge` was issued for `asker`. It replaces the previous challenge, and emails too old
    /// for every rule are dropped.
    #[must_use]
    pub fn with_issued(
        mut self,
        challenge: Challenge,
        asker: Option<Asker>,
        claim: IssueClaim,
        rules: &IssueRules,
    ) -> Self {
        let at = challenge.issued_at;
        let since = at.minus(rules.memory());
        self.issued.retain(|mail| mail.at > since);
        self.issued.push(IssuedMail { at, asker });
        Self {
            earlier: self.earlier_guesses(challenge.attempts_day, challenge.attempts_before),
            challenge: Some(challenge),
            issued: self.issued,
            claim: Some(claim),
            forgiven: self.forgiven,
        }
    }

    /// As [`Recovery::with_issued`], for an email that counts against no limit: many users get one at once, and none of
    /// them asked.
    #[must_use]
    pub fn with_uncounted(self, challenge: Challenge, claim: IssueClaim) -> Self {
        Self {
            earlier: self.earlier_guesses(challenge.attempts_day, challenge.attempts_before),
            challenge: Some(challenge),
            claim: Some(claim),
            ..self
        }
    }

    /// Whether the record can be deleted: no rule or secret needs it any more.
    #[must_use]
    pub fn is_forgettable(&self, rules: &IssueRules, now: Timestamp) -> bool {
        let quiet = self
            .issued
            .last()
            .is_none_or(|last| now >= last.at.plus(rules.memory()));
        quiet
            && self
                .challenge
                .as_ref()
                .is_none_or(|challenge| now >= challenge.expires_at())
    }
}

impl IssuedMail {
    /// Whether the next email must wait at `now` until a `pause` after this one has passed. A time far in the future
    /// comes from a clock that was ahead, and delays nothing.
    fn delays(&self, pause: Duration, now: Timestamp) -> bool {
        now < self.at.plus(pause) && self.at <= now.plus(pause)
    }
}

impl Challenge {
    /// Whether its owner was given a code: an invitation has none, nor has a link that is sent alone.
    #[must_use]
    pub fn has_code(&self) -> bool {
        !self.is_invitation && self.issued_at < self.code_expires_at
    }

    /// When the later of link and code expires.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.link_expires_at.max(self.code_expires_at)
    }

    /// When the last of the link, the code and a reset token given for the code expires.
    #[must_use]
    pub fn over_at(&self, reset_token: ResetTokenLifetime) -> Timestamp {
        self.link_expires_at
            .max(self.code_expires_at.plus(reset_token.0))
    }

    /// Whether a code could be right at `now`: it has not expired, and the account's epoch is unchanged.
    #[must_use]
    pub fn may_accept_code(&self, epoch: u64, now: Timestamp) -> bool {
        self.epoch == epoch && now < self.code_expires_at
    }

    /// The names of the caps that attempt number `attempts` of the day exceeds.
    pub fn exceeded(
        &self,
        attempts: i64,
        caps: AttemptCaps,
    ) -> impl Iterator<Item = &'static str> + use<> {
        let own = attempts.saturating_sub(self.attempts_before);
        let caps = [
            ("attempts-per-challenge", own, caps.per_challenge),
            ("attempts-per-account-per-day", attempts, caps.per_day),
        ];
        let caps = caps.into_iter();
        let exceeded = caps.filter(|(_, count, cap)| *count > i64::from(*cap));
        exceeded.map(|(name, ..)| name)
    }

    /// Whether `code` is right, not expired, within the caps and of the current epoch. `attempts` is the day's counter
    /// including this attempt. Takes the same time for every refusal.
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
        let conditions = [
            code.matches(keyring, &self.serial, &self.code),
            self.exceeded(attempts, caps).next().is_none(),
            self.may_accept_code(epoch, now),
        ];
        conditions.into_iter().all(|holds| holds)
    }
}

/// When day number `day` ends, and with it its count of attempts.
#[must_use]
pub const fn end_of_day(day: u64) -> Timestamp {
    Timestamp::from_unix_millis(day.saturating_add(1).saturating_mul(86_400_000))
}

/// The day that `now` falls into: days since 1970 in UTC.
#[must_use]
pub const fn attempts_day(now: Timestamp) -> u64 {
    now.unix_seconds() / 86_400
}
