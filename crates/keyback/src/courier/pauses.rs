//! Pauses that hide from the caller's next call whether the work of a request calls another host.
//!
//! The work for a known address calls the provider, and the work for an unknown one does not. So a pause of random length
//! separates the call from the response, and the call's result is written after another pause. The imitation pauses in the
//! same way, so the store is busy at times of the same distribution.
//!
//! A request is also processed only after a pause, so that requests which arrive together rarely meet: those for one
//! account take turns, and a tenth of a second's wait for a turn is lost among the pauses of all.

use std::time::Duration;

use crate::ports::{Clock, Env, SecureRandom, Unavailable};

/// As short as a usual call to a provider. Nobody notices that an email is up to 610 ms late.
const SHORTEST: Duration = Duration::from_millis(50);

/// The pauses around one call.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pauses {
    /// Before the task begins.
    before: Duration,
    /// At least this long from the beginning of the call to the write of its result.
    during: Duration,
}

impl Pauses {
    /// Pauses of 50 to 305 ms each.
    ///
    /// # Errors
    /// [`Unavailable::Random`].
    pub(super) fn draw(random: &impl SecureRandom) -> Result<Self, Unavailable> {
        let mut bytes = [0; 2];
        random.fill(&mut bytes)?;
        let [before, during] =
            bytes.map(|byte| SHORTEST.saturating_add(Duration::from_millis(byte.into())));
        Ok(Self { before, during })
    }

    /// Waits until the task may begin.
    pub(super) async fn before<E: Env>(self, env: &E) {
        if !self.before.is_zero() {
            env.clock().sleep(self.before).await;
        }
    }

    /// Makes the call, or none, and waits until its result may be written.
    pub(super) async fn during<E: Env, T>(self, env: &E, call: impl Future<Output = T>) -> T {
        if self.during.is_zero() {
            return call.await;
        }
        futures::join!(call, env.clock().sleep(self.during)).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryEnv, SeededRandom, block_on};

    fn elapsed(env: &MemoryEnv, work: impl Future) -> Duration {
        let began = env.clock().now();
        let _ = block_on(work);
        env.clock().now().since(began)
    }

    #[test]
    fn a_mail_is_held_up_by_less_than_a_third_of_a_second() {
        let random = SeededRandom::new(7);
        let before = (0..1_000).map(|_| Pauses::draw(&random).unwrap().before);
        let before: Vec<Duration> = before.collect();
        assert_eq!(before.iter().min(), Some(&SHORTEST));
        assert_eq!(before.iter().max(), Some(&Duration::from_millis(305)));
    }

    #[test]
    fn a_call_and_nothing_in_place_of_one_end_when_the_pause_is_over() {
        let env = MemoryEnv::default();
        let pauses = Pauses::draw(env.random()).unwrap();
        assert_eq!(elapsed(&env, pauses.before(&env)), pauses.before);
        assert_eq!(elapsed(&env, pauses.during(&env, async {})), pauses.during);
        let none = Pauses::default();
        assert_eq!(elapsed(&env, none.before(&env)), Duration::ZERO);
        assert_eq!(elapsed(&env, none.during(&env, async {})), Duration::ZERO);
    }
}
