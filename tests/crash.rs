//! The app is killed at random moments while people use it, and started again on the same files: nothing that it
//! acknowledged is lost, nothing works twice, and nothing is left over.

use std::{
    env,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::{
    app::{App, AppBuilder, StoreKind, is_embedded_host, wait_for, wait_long_for},
    people::{Ahead, Person, Seen},
};

/// The number of rounds, unless the environment variable `KEYBACK_CRASH_ROUNDS` sets it.
const ROUNDS: u64 = 3;
const PEOPLE: u64 = 4;
/// The app is killed once people have acted this many times; an act makes a few calls.
const ACTS: std::ops::Range<usize> = 3..16;
/// It is killed at most this many milliseconds later, about as long as a call takes.
const WITHIN: u64 = 60;
/// Records that expire, and must be gone in the end.
const ENDING: [&str; 12] = [
    "v1:claim:",
    "v1:email-at:",
    "v1:email-feedback:",
    "v1:entry:",
    "v1:event:",
    "v1:outbox:",
    "v1:parked:",
    "v1:proof:",
    "v1:recovery:",
    "v1:refusals:",
    "v1:request:",
    "v1:token:",
];
/// Counters that stay behind if the app is killed between counting and storing.
const COUNTERS: [&str; 3] = ["v1:attempts:", "v1:lease:", "v1:limit:"];
/// The most of them that a person leaves whose calls the app was killed in.
pub(crate) const COUNTERS_EACH: u64 = 3;

#[test]
fn an_app_that_is_killed_again_and_again_keeps_its_word() {
    if !is_embedded_host() {
        eprintln!("not tried: only the embedded host has a clock that can be moved");
        return;
    }
    let rounds = env::var("KEYBACK_CRASH_ROUNDS").ok();
    let rounds = rounds
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS);
    let (began, mut seen, mut ahead) = (Instant::now(), Seen::default(), Ahead::default());
    let mut app = App::builder().with_faults().start();
    for round in 0..rounds {
        // Shown if it is this round that fails.
        eprintln!("round {round}");
        let (ended, mut people, saw) = kill_while_it_is_used(app, round);
        seen.add(&saw);
        app = ended.start();
        if StoreKind::chosen() == StoreKind::File {
            assert_eq!(app.integrity(), "ok");
        }
        for person in &mut people {
            person.assert_told_the_truth(&app);
        }
        ahead.settle(&app);
        for person in &people {
            person.assert_has_mails(&app);
        }
    }
    assert!(seen.set > 0, "{seen:?}");
    let left = left_over(&app, &mut ahead);
    let most = usize::try_from(rounds * PEOPLE * COUNTERS_EACH).expect("there are few");
    assert!(left.len() <= most, "{} are left: {left:?}", left.len());
    println!(
        "{rounds} rounds in {:?}: {seen:?}, {} counters left",
        began.elapsed(),
        left.len()
    );
}

/// The killed app, and the people who used it.
fn kill_while_it_is_used(app: App, round: u64) -> (AppBuilder, Vec<Person>, Seen) {
    let mut random = Rng::with_seed(round);
    let (acts, moment) = (random.usize(ACTS), random.u64(..WITHIN));
    let acted = AtomicUsize::new(0);
    let mut seen = Seen::default();
    let mut people = Vec::new();
    thread::scope(|scope| {
        let (app, acted) = (&app, &acted);
        let users = (0..PEOPLE).map(|number| {
            let random = Rng::with_seed(round * PEOPLE + number);
            scope.spawn(move || use_until_it_ends(app, random, acted))
        });
        let users: Vec<_> = users.collect();
        wait_for(|| {
            let acted = acted.load(Ordering::Relaxed);
            if acted >= acts { Ok(()) } else { Err(acted) }
        });
        thread::sleep(Duration::from_millis(moment));
        app.end();
        for user in users {
            let (met, saw) = user.join().expect("it goes as the rules say");
            people.extend(met);
            seen.add(&saw);
        }
    });
    (app.kill(), people, seen)
}

/// Somebody new comes, does a few things and leaves, again and again.
fn use_until_it_ends(app: &App, mut random: Rng, acted: &AtomicUsize) -> (Vec<Person>, Seen) {
    let (mut people, mut seen) = (Vec::new(), Seen::default());
    while let Some(mut person) = Person::create(app, &mut seen) {
        let acts = random.usize(2..8);
        let ended = (0..acts).any(|_| {
            let done = person.act(app, &mut random, &mut seen);
            acted.fetch_add(1, Ordering::Relaxed);
            done.is_none()
        });
        people.push(person);
        if ended {
            break;
        }
    }
    (people, seen)
}

/// The counters that are left once everything has expired. Panics if other records that expire are left.
pub(crate) fn left_over(app: &App, ahead: &mut Ahead) -> Vec<String> {
    const DAY: u64 = 86_400;
    // For codes and links, daily limits, emails, events, and then all that was put off meanwhile.
    for days in [1, 2, 32, 91, 365] {
        ahead.pass(app, days * DAY);
        wait_long_for(|| {
            let run = app.portal().run_courier().expect_json(200);
            if run["remaining"] == 0 {
                Ok(())
            } else {
                Err(run)
            }
        });
    }
    let is_any = |name: &String, kinds: &[&str]| kinds.iter().any(|kind| name.starts_with(kind));
    let mut names = app.stored_names();
    let ending: Vec<_> = names.iter().filter(|name| is_any(name, &ENDING)).collect();
    assert!(ending.is_empty(), "{ending:?}");
    let lasting = ["v1:attempts:.:", "v1:lease:agenda:", "v1:lease:directory:"];
    names.retain(|name| is_any(name, &COUNTERS) && !is_any(name, &lasting));
    names
}
