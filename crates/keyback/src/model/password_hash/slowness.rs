//! How slow a foreign hash is, and how long refusals take so that their time does not reveal whose hash was verified.

use std::time::Duration;

/// A refused sign-in takes this many times one verification. A password that is not in NFC is verified twice, and the
/// machine may be busy, or half as fast as the one that was measured.
const MARGIN: u32 = 4;

/// The time of `count` iterations, capped at `u64::MAX` nanoseconds.
pub(super) fn times(one: Duration, count: u64) -> Duration {
    let nanos = u64::try_from(one.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(nanos.saturating_mul(count))
}

/// How long verifying a password against a foreign hash takes, in three steps. The slowest hash ever imported decides
/// how long each refused sign-in takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slowness {
    /// Up to 0.3 s: bcrypt of cost 12, or 600,000 iterations of PBKDF2.
    Light,
    /// Up to 0.6 s.
    Medium,
    /// More, within the bounds of `docs/import-hashes.md`.
    Heavy,
}

impl Slowness {
    /// All steps.
    pub const ALL: [Self; 3] = [Self::Light, Self::Medium, Self::Heavy];

    pub(super) fn of(time: Duration) -> Self {
        let longer = Self::ALL
            .into_iter()
            .find(|step| time <= step.verification());
        longer.unwrap_or(Self::Heavy)
    }

    const fn verification(self) -> Duration {
        Duration::from_millis(match self {
            Self::Light => 300,
            Self::Medium => 600,
            Self::Heavy => 1_200,
        })
    }

    /// How long a refused sign-in takes. If verifying took longer, it takes a multiple of this.
    #[must_use]
    pub const fn refusal(self) -> Duration {
        self.verification().saturating_mul(MARGIN)
    }
}
