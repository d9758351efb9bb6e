//! The app's store and provider fail by seeded plans: the rules hold, an outage answer tells the truth, no call hangs,
//! and all that was promised comes once the faults are over.

use std::{env, thread, time::Instant};

use fastrand::Rng;

use crate::{
    app::{App, Receiver, is_embedded_host},
    people::{self, Ahead, LEASE, Person, Seen},
};

/// The number of plans, unless the environment variable `KEYBACK_FAULT_PLANS` sets it.
const PLANS: u64 = 5;
const PEOPLE: u64 = 4;
const ACTS: usize = 8;
/// How many of a thousand calls meet a fault, plan by plan.
const SHARES: [u64; 4] = [10, 25, 60, 120];

#[test]
fn whatever_fails_the_rules_hold_the_words_are_true_and_what_was_promised_comes() {
    if !is_embedded_host() {
        eprintln!("not tried: only the embedded host has faults on purpose");
        return;
    }
    let plans = env::var("KEYBACK_FAULT_PLANS").ok();
    let plans = plans.and_then(|plans| plans.parse().ok()).unwrap_or(PLANS);
    let receiver = Receiver::start();
    receiver.ignores_dates();
    let app = receiver.told_by(people::app()).with_faults().start();
    let (began, mut seen, mut ahead) = (Instant::now(), Seen::default(), Ahead::default());
    for (seed, share) in (0..plans).zip(SHARES.into_iter().cycle()) {
        // Shown if it is this plan that fails.
        eprintln!("plan {seed}");
        seen.add(&try_plan(&app, &receiver, seed, share, &mut ahead));
    }
    assert!(seen.outages > 0 && seen.set > 0, "{seen:?}");
    assert!(!app.log().contains("an instance failed"), "one panicked");
    println!("{plans} plans in {:?}: {seen:?}", began.elapsed());
}

fn try_plan(app: &App, receiver: &Receiver, seed: u64, share: u64, ahead: &mut Ahead) -> Seen {
    app.plan_faults(&plan(seed, share, ahead));
    let people = thread::scope(|scope| {
        let people = (0..PEOPLE).map(|number| {
            let mut random = Rng::with_seed(seed * PEOPLE + number);
            scope.spawn(move || live(app, &mut random))
        });
        let people: Vec<_> = people.collect();
        let lives = people
            .into_iter()
            .map(|person| person.join().expect("it goes as the rules say"));
        lives.collect::<Vec<_>>()
    });
    ahead.pass(app, LEASE);
    let mut all = Seen::default();
    let mut owners = Vec::new();
    for (person, saw) in people {
        all.add(&saw);
        owners.extend(person);
    }
    for person in &mut owners {
        person.assert_told_the_truth(app);
    }
    ahead.settle(app);
    for person in &owners {
        person.assert_has_mails(app);
        person.assert_told_the_portal(app, receiver);
    }
    all
}

fn plan(seed: u64, share: u64, ahead: &Ahead) -> String {
    let clock = ahead.line();
    format!(
        "seed = {seed}\nper_thousand = {share}\ndelay_ms = 20\n{clock}\
         store = [\"fail\", \"delay\", \"drop\", \"lose\"]\noutbound = [\"fail\", \"delay\", \"drop\", \"lose\"]\n"
    )
}

/// One person's life under faults. The app does not end: each call has its answer.
fn live(app: &App, random: &mut Rng) -> (Option<Person>, Seen) {
    let mut seen = Seen::default();
    let mut person = (0..10).find_map(|_| Person::create(app, &mut seen));
    if let Some(person) = &mut person {
        for _ in 0..ACTS {
            let acted = person.act(app, random, &mut seen);
            acted.expect("each call is answered");
        }
    }
    (person, seen)
}
