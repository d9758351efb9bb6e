use std::pin::pin;

use super::*;
use crate::model::id::ChallengeSerial;
use crate::store::keys;
use crate::testing::{MemoryEnv, block_on, step};

fn counter() -> CounterKey {
    keys::challenge_claim(&ChallengeSerial::parse("serial").unwrap())
}

fn claim(env: &MemoryEnv) -> Claimed {
    block_on(take(env, &counter(), Claimant::Token))
}

#[test]
fn the_first_wins_and_the_second_loses() {
    let env = MemoryEnv::default();
    assert_eq!(claim(&env), Claimed::Won);
    assert_eq!(claim(&env), Claimed::Lost);
}

#[test]
fn one_whose_increment_comes_late_or_never_wins_where_nobody_else_came() {
    for operations in 0..5 {
        let env = MemoryEnv::default();
        env.store.delay_increment(operations);
        assert_eq!(claim(&env), Claimed::Won, "{operations} later");
        assert_eq!(claim(&env), Claimed::Lost, "{operations} later");
    }
}

#[test]
fn one_whose_increment_came_late_before_that_of_another_does_not_know() {
    let env = MemoryEnv::default();
    env.store.delay_increment(1);
    let counter = counter();
    let mut late = pin!(take(&env, &counter, Claimant::Token));
    // Its increment, and the read that finds nothing applied.
    while env.store.operations() < 2 {
        let _ = step(late.as_mut());
    }
    // The late increment is applied first, so this one has lost, and must not be the only one that learns who won.
    assert_eq!(claim(&env), Claimed::Lost);
    assert!(matches!(block_on(late), Claimed::Unknown(_)));
}

#[test]
fn a_cancel_says_whether_a_token_or_a_code_came_before_however_often_it_is_repeated() {
    let by = |claimant: Option<Claimant>| {
        let env = MemoryEnv::default();
        if let Some(claimant) = claimant {
            assert_eq!(block_on(take(&env, &counter(), claimant)), Claimed::Won);
        }
        let cancel = || block_on(cancel(&env.store, &counter())).unwrap().by_token;
        let first = cancel();
        for _ in 0..3 * MAX_CANCELS {
            assert_eq!(cancel(), first);
        }
        first
    };
    assert!(!by(None));
    assert!(!by(Some(Claimant::Code)));
    assert!(by(Some(Claimant::Token)));
}
