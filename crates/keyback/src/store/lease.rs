//! The right to change something exclusively for a short while. It ends by itself if its holder dies.
//!
//! The store's one atomic call is the increment. Time is divided into windows, and the first to increment the window's
//! counter holds the lease to the end of the next window. A caller in the next window sees that counter and gives up.
//!
//! The counters of four windows take turns. Each caller adds the number of its window, so the value of a counter left
//! by a dead holder shows its age: the last to increment it deletes it first. Releasing a lease deletes its own
//! counter.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, SecureRandom, Unavailable};
use crate::store::keys::{self, AnyKey, CounterKey};

mod of_request;

/// Counters that take turns. Three would be enough for neighbouring windows, which check each other.
const SLOTS: u64 = 4;
/// Waiting ends after this many tries, which take longer than a dead holder can block others.
const TRIES: u32 = 600;
/// The minimum time between two tries. The maximum is twice that, so that waiting callers do not come together.
const BETWEEN_TRIES: Duration = Duration::from_millis(15);

/// The maximum time that a lease is held: between one and two of these windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// For one change of records: 5 to 10 seconds.
    Change,
    /// For work that calls other hosts: 60 to 120 seconds.
    Work,
}

impl Term {
    const fn seconds(self) -> u64 {
        match self {
            Self::Change => 5,
            Self::Work => 60,
        }
    }

    fn window_at(self, now: Timestamp) -> u64 {
        now.unix_seconds()
            .checked_div(self.seconds())
            .unwrap_or_default()
    }

    const fn start_of(self, window: u64) -> Timestamp {
        Timestamp::from_unix_millis(window.saturating_mul(self.seconds()).saturating_mul(1000))
    }
}

/// The exclusive right to change `name`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a lease is held until it is given back or runs out"]
pub struct Lease {
    name: String,
    window: u64,
    until: Timestamp,
}

impl Lease {
    /// The lease on `name`, or `None` while another holds it. It costs one increment.
    ///
    /// # Errors
    /// [`Unavailable::Store`].
    pub async fn acquire(
        store: &impl KeyValue,
        name: &str,
        term: Term,
        now: Timestamp,
    ) -> Result<Option<Self>, Unavailable> {
        match Begun::begin(store, name, term, now).await? {
            Some(begun) => Ok(begun.confirm(store).await?.map(|(lease, _)| lease)),
            None => Ok(None),
        }
    }

    /// Runs `work` under the lease on `name`, waiting for it as [`Lease::wait`] does, and releases it. `work` must
    /// check the lease right before it writes.
    ///
    /// # Errors
    /// Those of `work`, and [`Unavailable::Store`] if the lease stays taken; then nothing was done.
    pub async fn with<E: Env, T>(
        env: &E,
        name: &str,
        work: impl AsyncFnOnce(Held) -> Result<T, Unavailable>,
    ) -> Result<T, Unavailable> {
        let leases = Self::wait_for_all(env, &[name.to_owned()]).await?;
        let done = work(Held::by(&leases, env.clock().now())).await;
        Self::release_all(env.store(), leases, env.clock().now()).await;
        done
    }

    /// Never wait for one lease while holding another: two callers could then wait for each other.
    async fn wait_for_all<E: Env>(env: &E, names: &[String]) -> Result<Vec<Self>, Unavailable> {
        let store = env.store();
        for tried in 0..TRIES {
            let now = env.clock().now();
            // Waiting callers only read, so they block nobody.
            if tried == 0 || !any_is_taken(store, names, now).await? {
                let tries = names
                    .iter()
                    .map(|name| Self::acquire(store, name, Term::Change, now));
                let tries = futures::future::join_all(tries).await;
                let mut taken = Vec::new();
                let mut outage = None;
                for tried in tries {
                    match tried {
                        Ok(lease) => taken.extend(lease),
                        Err(error) => outage = Some(error),
                    }
                }
                if taken.len() == names.len() {
                    return Ok(taken);
                }
                Self::release_all(store, taken, env.clock().now()).await;
                if let Some(outage) = outage {
                    return Err(outage);
                }
            }
            let mut chance = [0];
            env.random().fill(&mut chance)?;
            let jitter = BETWEEN_TRIES.mul_f64(f64::from(chance[0]) / 255.0);
            env.clock()
                .sleep(BETWEEN_TRIES.saturating_add(jitter))
                .await;
        }
        Err(Unavailable::Store(
            "timed out waiting for a lease".to_owned(),
        ))
    }

    /// When it runs out.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// The deadline for writing a change under it.
    #[must_use]
    pub const fn held(&self) -> Held {
        Held { until: self.until }
    }

    /// Releases leases in one call, except those that have run out and may belong to another by now. If the store
    /// fails, they run out by themselves; the work done under them is not affected.
    pub async fn release_all(store: &impl KeyValue, leases: Vec<Self>, now: Timestamp) {
        let keys: Vec<AnyKey> = leases
            .into_iter()
            .filter(|lease| now < lease.until)
            .map(|lease| slot(&lease.name, lease.window).into())
            .collect();
        if !keys.is_empty() {
            drop(store.delete_many(keys).await);
        }
    }
}

/// A lease whose window was won, before its neighbours are checked.
struct Begun<'a> {
    name: &'a str,
    term: Term,
    window: u64,
}

impl<'a> Begun<'a> {
    async fn begin(
        store: &impl KeyValue,
        name: &'a str,
        term: Term,
        now: Timestamp,
    ) -> Result<Option<Self>, Unavailable> {
        let window = term.window_at(now);
        let own = slot(name, window);
        let mark = mark_of(window);
        for _ in 0..2 {
            let stands = store.increment(&own, mark).await?;
            if stands == mark {
                return Ok(Some(Self { name, term, window }));
            }
            // A sum of this window's marks alone is a multiple of the mark. Any other value includes marks of a dead
            // holder, and nobody can win the counter before it is deleted. The last to increment deletes it: a late
            // deletion would hit a counter that was won meanwhile.
            let is_left = stands.checked_rem(mark) != Some(0);
            if !is_left || store.increment(&own, 0).await? != stands {
                break;
            }
            store.delete_many(vec![own.clone().into()]).await?;
        }
        Ok(None)
    }

    /// A caller whose clock is slightly off may have won a neighbouring window meanwhile. Both increment first and look
    /// afterwards, so at least one of them sees the other and gives up.
    async fn confirm(
        self,
        store: &impl KeyValue,
    ) -> Result<Option<(Lease, Neighbour)>, Unavailable> {
        let Self { name, term, window } = self;
        let (before, after) = (window.saturating_sub(1), window.saturating_add(1));
        let (before, after) = futures::join!(
            look_at(store, name, before, window),
            look_at(store, name, after, window),
        );
        let neighbours = before?.zip(after?);
        let Some(neighbour) = neighbours.map(|(before, after)| before.max(after)) else {
            store.delete_many(vec![slot(name, window).into()]).await?;
            return Ok(None);
        };
        let lease = Lease {
            name: name.to_owned(),
            window,
            until: term.start_of(window.saturating_add(2)),
        };
        Ok(Some((lease, neighbour)))
    }
}

/// The state of a neighbouring window that nobody holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Neighbour {
    /// There is no counter.
    Absent,
    /// The remains of a holder that died.
    Dead,
    /// A counter that was released while it was being read.
    GivenBack,
}

/// The deadline for writing a change under a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    until: Timestamp,
}

impl Held {
    /// Set by the first of `leases` to run out; `now` without any.
    fn by(leases: &[Lease], now: Timestamp) -> Self {
        let until = leases.iter().map(|lease| lease.until).min();
        Self {
            until: until.unwrap_or(now),
        }
    }

    /// When writing under it ends: a second before the lease does, so that a write that is under way can still arrive.
    #[must_use]
    pub fn write_until(self) -> Timestamp {
        const MARGIN: Duration = Duration::from_secs(1);
        self.until.minus(MARGIN)
    }

    /// Refuses to write under a lease that has run out, or is about to. A batch that is written
    /// [`under`](crate::store::batch::Batch::under) it checks this itself.
    ///
    /// # Errors
    /// [`Unavailable::Store`]; nothing was written.
    pub fn check(self, now: Timestamp) -> Result<(), Unavailable> {
        if now < self.write_until() {
            Ok(())
        } else {
            Err(Unavailable::Store("the write took too long".to_owned()))
        }
    }
}

/// Whether the lease on any of `names` is held at `now`.
async fn any_is_taken(
    store: &impl KeyValue,
    names: &[String],
    now: Timestamp,
) -> Result<bool, Unavailable> {
    let window = Term::Change.window_at(now);
    let around = window.saturating_sub(1)..=window.saturating_add(1);
    let slots = names
        .iter()
        .flat_map(|name| around.clone().map(move |at| (name, at)));
    let seen = slots.map(|(name, at)| look_at(store, name, at, window));
    for seen in futures::future::join_all(seen).await {
        if seen?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The state of the window `at`, as seen by a caller in `window`. `None` if it is held.
async fn look_at(
    store: &impl KeyValue,
    name: &str,
    at: u64,
    window: u64,
) -> Result<Option<Neighbour>, Unavailable> {
    let counter = slot(name, at);
    if !store.exists(&counter.clone().into()).await? {
        return Ok(Some(Neighbour::Absent));
    }
    Ok(match store.increment(&counter, 0).await? {
        0 => Some(Neighbour::GivenBack),
        stands if is_alive(stands, window) => None,
        _ => Some(Neighbour::Dead),
    })
}

/// Whether a counter with this value has a holder of the previous window, of this one or of the next. All callers that
/// increment one counter do so in the same window, or did so in one long ago. So the sum of their marks shows how many
/// there are, and from which window.
fn is_alive(stands: i64, window: u64) -> bool {
    let stands = u64::try_from(stands).unwrap_or_default();
    let marks = stands.div_ceil(window.saturating_add(1));
    let mark = stands.checked_div(marks).unwrap_or_default();
    mark.saturating_add(1) >= window
}

fn mark_of(window: u64) -> i64 {
    i64::try_from(window.max(1)).unwrap_or(i64::MAX)
}

fn slot(name: &str, window: u64) -> CounterKey {
    keys::lease(name, window % SLOTS)
}

/// All counters that leases on `name` can leave behind.
#[must_use]
pub(super) fn counters(name: &str) -> Vec<AnyKey> {
    (0..SLOTS)
        .map(|window| keys::lease(name, window).into())
        .collect()
}

#[cfg(test)]
mod tests;
