use std::cell::Cell;
use std::time::Duration;

use super::*;
use crate::testing::SeededRandom;

thread_local! {
    /// The last backpressure asked of the host.
    static HELD_BACK: Cell<Option<bool>> = const { Cell::new(None) };
}

fn gate() -> HashingGate {
    HashingGate::new(|others| HELD_BACK.set(Some(others)))
}

/// Runs a hash that takes `taken` ms in all and computes for `computed` ms.
fn hash(place: &Place, taken: u64, computed: u64) {
    place.queue().turn().unwrap().end(HashTime {
        taken: Duration::from_millis(taken),
        computed: Duration::from_millis(computed),
    });
}

/// A gate whose last hash had these times.
fn gate_after(taken: u64, computed: u64) -> HashingGate {
    let gate = gate();
    hash(&enter(&gate).unwrap(), taken, computed);
    gate
}

fn enter(gate: &HashingGate) -> Result<Place, Overloaded> {
    gate.enter(&SeededRandom::new(1))
}

#[test]
fn whoever_gets_a_turn_soon_is_let_in() {
    // As many requests as an instance serves at a time, on a machine three times as slow as usual.
    let gate = gate_after(100, 99);
    let places: Result<Vec<_>, _> = (0..16).map(|_| enter(&gate)).collect();
    assert!(places.is_ok());
}

#[test]
fn whoever_would_wait_too_long_is_refused_and_learns_when_to_come_again() {
    let gate = gate_after(500, 499);
    let places: Vec<_> = (0..6).map(|_| enter(&gate).unwrap()).collect();
    let refused = enter(&gate).unwrap_err();
    assert_eq!(refused.retry_after, Duration::from_millis(3_494));
    drop(places);
    assert!(enter(&gate).is_ok());
}

#[test]
fn what_others_computed_during_a_hash_is_not_awaited_once_for_each_place() {
    // With one place, an instance is the slowest of all; with more places, it computes more.
    let gate = gate_after(800, 25);
    let places: Result<Vec<_>, _> = (0..16).map(|_| enter(&gate)).collect();
    let places = places.unwrap();
    hash(&places[0], 80, 25);
    assert!(enter(&gate).is_ok());
    assert!(places[1].queue().pause(Duration::from_secs(3)).is_ok());
    hash(&places[0], 400, 25);
    assert!(enter(&gate).is_err());
}

#[test]
fn the_time_to_come_again_is_at_least_a_second_and_at_most_ten() {
    assert_eq!(gate().overloaded().retry_after, Duration::from_secs(1));
    let slow = gate_after(60_000, 59_999);
    assert_eq!(slow.overloaded().retry_after, Duration::from_secs(10));
}

#[test]
fn after_an_exception_some_are_let_in_to_find_out_and_one_at_a_time() {
    let gate = gate_after(6_000, 5_999);
    let random = SeededRandom::new(1);
    let let_in = (0..1_000).filter(|_| gate.enter(&random).is_ok()).count();
    assert!((400..600).contains(&let_in), "{let_in}");
    let place = (0..1_000).find_map(|_| gate.enter(&random).ok()).unwrap();
    assert!((0..1_000).all(|_| gate.enter(&random).is_err()));
    hash(&place, 30, 29);
    drop(place);
    // May take a second try, since the slow hash still has half of the weight.
    let again = gate.enter(&random).or_else(|_| gate.enter(&random));
    hash(&again.unwrap(), 30, 29);
    assert!(enter(&gate).is_ok());
}

#[test]
fn turns_come_one_at_a_time_and_in_order() {
    let gate = gate();
    let places = [0; 3].map(|_| enter(&gate).unwrap());
    let queued = places.each_ref().map(Place::queue);
    assert!(queued[1].turn().is_none());
    let first = queued[0].turn().unwrap();
    assert!(queued[1].turn().is_none());
    drop(first);
    assert!(queued[2].turn().is_none());
    let second = queued[1].turn().unwrap();
    assert!(queued[2].turn().is_none());
    drop(second);
    assert!(queued[2].turn().is_some());
}

#[test]
fn whoever_leaves_the_queue_holds_up_nobody() {
    let gate = gate();
    let places = [0; 3].map(|_| enter(&gate).unwrap());
    let [first, second, third] = places.each_ref().map(Place::queue);
    drop(first.turn());
    assert!(third.turn().is_none());
    drop(second);
    assert!(third.turn().is_some());
}

#[test]
fn whoever_waits_looks_again_when_it_may_have_come_nearer() {
    let gate = gate_after(40, 39);
    let places = [0; 9].map(|_| enter(&gate).unwrap());
    let queued = places.each_ref().map(Place::queue);
    let _hashes = queued[0].turn();
    let pauses = queued[1..].iter().map(|it| {
        let pause = it.pause(Duration::ZERO).unwrap();
        pause.as_millis()
    });
    assert_eq!(
        pauses.collect::<Vec<_>>(),
        [2, 19, 39, 58, 78, 97, 100, 100]
    );
}

#[test]
fn whoever_turns_out_to_wait_too_long_is_sent_away_before_it_has() {
    let gate = gate_after(40, 39);
    let places = [0; 9].map(|_| enter(&gate).unwrap());
    let queued = places.each_ref().map(Place::queue);
    // The first one takes much longer than expected.
    let turn = queued[0].turn().unwrap();
    turn.end(HashTime {
        taken: Duration::from_secs(1),
        computed: Duration::from_millis(33),
    });
    let _second = queued[1].turn();
    let waited = Duration::from_secs(3);
    assert!(queued[2].pause(waited).is_ok());
    assert!(queued[5].pause(waited).is_ok());
    assert!(queued[6].pause(waited).is_err());
    assert!(queued[5].pause(waited * 2).is_err());
}

#[test]
fn on_a_machine_with_idle_cores_one_that_hashes_leaves_others_to_other_instances() {
    let gate = gate();
    for _ in 0..3 {
        assert_ne!(HELD_BACK.get(), Some(true));
        hash(&enter(&gate).unwrap(), 36, 30);
    }
    let place = enter(&gate).unwrap();
    assert_eq!(HELD_BACK.get(), Some(false));
    let queued = place.queue();
    assert_eq!(HELD_BACK.get(), Some(true));
    let turn = queued.turn().unwrap();
    drop(queued);
    assert_eq!(HELD_BACK.get(), Some(true));
    drop(turn);
    assert_eq!(HELD_BACK.get(), Some(false));
}

#[test]
fn a_hash_that_never_paused_tells_nothing_of_the_machine() {
    let gate = gate();
    for _ in 0..3 {
        hash(&enter(&gate).unwrap(), 4_000, 4_000);
    }
    let places: Vec<_> = (0..16).map(|_| enter(&gate).unwrap()).collect();
    let queued: Vec<_> = places.iter().map(Place::queue).collect();
    assert_eq!(HELD_BACK.get(), None);
    drop(queued);
}

#[test]
fn a_clock_that_jumps_during_a_hash_does_not_close_the_gate() {
    // In a pause, and while it computed; alone, and with others in the gate.
    for (computed, others) in [(30, 0), (3_599_999, 0), (30, 15), (3_599_999, 15)] {
        let gate = gate();
        let others: Vec<_> = (0..others).map(|_| enter(&gate).unwrap()).collect();
        hash(&enter(&gate).unwrap(), 3_600_000, computed);
        drop(others);
        let random = SeededRandom::new(1);
        let let_in = (0..1_000).filter(|_| gate.enter(&random).is_ok()).count();
        assert!((200..=1_000).contains(&let_in), "{let_in}");
    }
}

#[test]
fn a_clock_that_jumped_while_a_hash_computed_is_forgotten_after_a_few_hashes() {
    let gate = gate_after(3_600_000, 3_599_999);
    let random = SeededRandom::new(1);
    for _ in 0..3 {
        let place = (0..100).find_map(|_| gate.enter(&random).ok()).unwrap();
        hash(&place, 30, 29);
    }
    let _ahead = gate.enter(&random).unwrap();
    assert!(gate.enter(&random).is_ok());
}

#[test]
fn who_comes_during_a_long_hash_does_not_have_it_count_once_more() {
    let gate = gate();
    let first = enter(&gate).unwrap();
    let turn = first.queue().turn().unwrap();
    let _others: Vec<_> = (0..15).map(|_| enter(&gate).unwrap()).collect();
    turn.end(HashTime {
        taken: Duration::from_millis(800),
        computed: Duration::from_millis(25),
    });
    drop(first);
    assert!(enter(&gate).is_ok());
}

#[test]
fn on_a_crowded_machine_an_instance_takes_more_however_lucky_a_hash_is() {
    let gate = gate();
    for taken in [200, 35, 35, 200, 35, 35] {
        hash(&enter(&gate).unwrap(), taken, 30);
    }
    let places: Vec<_> = (0..16).map(|_| enter(&gate).unwrap()).collect();
    let queued: Vec<_> = places.iter().map(Place::queue).collect();
    assert_eq!(HELD_BACK.get(), None);
    drop(queued);
}

#[test]
fn a_long_turn_keeps_nobody_out() {
    let gate = gate();
    for _ in 0..3 {
        hash(&enter(&gate).unwrap(), 35, 30);
    }
    let places = [enter(&gate).unwrap(), enter(&gate).unwrap()];
    let turn = places[0].queue().turn().unwrap();
    assert_eq!(HELD_BACK.get(), Some(true));
    turn.mark_as_long();
    assert_eq!(HELD_BACK.get(), Some(false));
    drop(turn);
    let _next = places[1].queue().turn().unwrap();
    assert_eq!(HELD_BACK.get(), Some(true));
}

#[test]
fn a_request_is_awaited_until_it_is_in_the_gate_or_has_its_answer() {
    let gate = gate();
    let present = [gate.arrive(), gate.arrive()];
    let place = enter(&gate).unwrap();
    assert!(gate.is_awaited());
    drop(present);
    assert!(!gate.is_awaited());
    drop(place);
}
