//! Sending an email to the providers, at the pace of each.

use std::time::Duration;

use crate::courier::pace::Pace;
use crate::courier::report::CourierRun;
use crate::mail::api::{Handover, OpenedMail, TIMEOUT};
use crate::mail::registry;
use crate::ports::{Clock, Env, HttpClient, NoAnswer};
use crate::settings::{MailSettings, ProviderKind, ProviderSettings};

/// If it is unknown whether the first provider has the email, it goes to the fallback too from this try on: better
/// twice than never.
const FALLBACK_WHEN_UNSURE: u32 = 3;

/// A provider's answer for an email.
#[derive(Debug)]
pub(super) struct Offered {
    /// What the provider made of the email.
    pub(super) handover: Handover,
    /// The provider that answered.
    pub(super) provider: ProviderKind,
    /// False if a provider may have the email without having confirmed it.
    pub(super) is_sure: bool,
    /// How long this run leaves the provider alone, if that is throttled.
    pub(super) wait: Duration,
}

impl Offered {
    /// The answer of provider `kind`, when it is certain.
    pub(super) const fn surely(kind: ProviderKind, handover: Handover) -> Self {
        Self {
            handover,
            provider: kind,
            is_sure: true,
            wait: Duration::ZERO,
        }
    }

    const fn is_throttled(&self) -> bool {
        matches!(self.handover, Handover::Throttled { .. })
    }

    /// Whether another try may succeed.
    const fn is_later(&self) -> bool {
        matches!(self.handover, Handover::TryLater { .. }) || self.is_throttled()
    }
}

/// Sends the email to the first provider. The fallback gets it if the first cannot now, or refuses its sender.
pub(super) async fn hand_over<E: Env>(
    env: &E,
    mail: &MailSettings,
    opened: OpenedMail<'_>,
    attempt: u32,
    run: &CourierRun,
) -> Offered {
    let first = offer(env, &mail.primary, opened, run.primary()).await;
    let Some(fallback) = &mail.fallback else {
        return first;
    };
    // Without an answer, the first provider may have accepted it.
    let may_fall_back = first.is_sure || attempt >= FALLBACK_WHEN_UNSURE;
    let is_unknown_sender = matches!(first.handover, Handover::SenderRefused { .. });
    let is_open = first.is_later() || is_unknown_sender;
    if !is_open || !may_fall_back {
        return first;
    }
    let second = offer(env, fallback, opened, run.fallback()).await;
    let both_throttled = first.is_throttled() && second.is_throttled();
    // If the first provider never will, the fallback still may. Otherwise the first still may, or neither will.
    let counts = second.handover == Handover::Accepted
        || (is_unknown_sender && second.is_later())
        || (both_throttled && second.wait < first.wait);
    let is_sure = first.is_sure && second.is_sure;
    Offered {
        is_sure,
        ..if counts { second } else { first }
    }
}

/// Sends the email to a provider, unless that is throttled.
async fn offer<E: Env>(
    env: &E,
    provider: &ProviderSettings,
    opened: OpenedMail<'_>,
    pace: &Pace,
) -> Offered {
    let began = env.clock().now();
    if let Err(wait) = pace.take_turn(began) {
        let handover = Handover::Throttled {
            reason: format!("{}: too many requests", provider.kind.as_str()),
            after: Some(wait),
        };
        return Offered {
            wait,
            ..Offered::surely(provider.kind, handover)
        };
    }
    let Some(request) = registry::request(provider, opened, began) else {
        let reason = "cannot be written as a request".to_owned();
        return Offered::surely(provider.kind, Handover::Refused { reason });
    };
    let answer = env.http().send(request, TIMEOUT).await;
    let is_sure = !matches!(answer, Err(NoAnswer::TimedOut | NoAnswer::Unreachable));
    let now = env.clock().now();
    let handover = registry::read(provider.kind, answer.as_ref().map_err(|why| *why), now);
    let wait = if let Handover::Throttled { after, .. } = &handover {
        pace.note_throttled(began, now, *after)
    } else {
        if answer.is_ok() {
            pace.note_taken();
        }
        Duration::ZERO
    };
    Offered {
        handover,
        provider: provider.kind,
        is_sure,
        wait,
    }
}
