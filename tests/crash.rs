//! The app is killed at random moments while people use it, and started again on the same files: nothing that it
//! acknowledged is lost, nothing works twice, and nothing is left over.

use std::{
    collections::BTreeSet,
    env,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;

use crate::{
    app::{App, AppBuilder, StoreKind, is_embedded_host, wait_for, wait_long_for},
    people::{self, Ahead, LEASE, Person, Seen},
};

/// The number of rounds, unless the environment variable `KEYBACK_CRASH_ROUNDS` sets it.
const ROUNDS: u64 = 3;
const PEOPLE: u64 = 4;
/// The app is killed once people have acted this many times; an act makes a few calls.
const ACTS: std::ops::Range<usize> = 10..40;
/// It is killed at most this many milliseconds later, about as long as a call takes.
const WITHIN: u64 = 60;
/// What outlasts everything: records of which there are a few in all. A name that ends with a colon stands for all that
/// begin with it. Whatever is not listed must be gone in the end, so a new kind of record has to be listed, or deleted.
const LASTING: [&str; 23] = [
    "v1:accounts",
    "v1:agenda",
    // What calls count for an account that does not exist.
    "v1:attempts:.:",
    "v1:events:.",
    "v1:bulk-jobs",
    "v1:counts:",
    "v1:decoy:",
    "v1:decoys",
    "v1:directory",
    "v1:directory-begun",
    "v1:directory-changes",
    "v1:directory-node:",
    "v1:directory-part:",
    "v1:emails",
    "v1:event-feed",
    "v1:folded-addresses",
    "v1:format",
    "v1:journal:",
    "v1:lease:agenda:",
    "v1:lease:directory:",
    "v1:limit-full:",
    "v1:locks",
    "v1:probe",
];
const ACCOUNT: &str = "v1:account:";
/// What there is for all accounts that exist. Only the numbers of these records can be checked.
const BY_ACCOUNT: [&str; 3] = ["v1:account-at:", "v1:directory-listings:", "v1:email:"];
/// What lasts as long as the account whose id follows.
const OF_ACCOUNT: [&str; 3] = ["v1:event-chain:", "v1:events:", "v1:signed-in:"];
/// Counters that stay behind if the app is killed between counting and storing: of events, those of an account that was not
/// created.
const COUNTERS: [&str; 4] = ["v1:attempts:", "v1:events:", "v1:lease:", "v1:limit:"];
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
    let mut deleted = Vec::new();
    let mut app = people::app().with_faults().start();
    for round in 0..rounds {
        // Shown if it is this round that fails.
        eprintln!("round {round}");
        let (ended, mut people, saw) = kill_while_it_is_used(app, round);
        seen.add(&saw);
        app = ended.start();
        if StoreKind::chosen() == StoreKind::File {
            assert_eq!(app.integrity(), "ok");
        }
        ahead.pass(&app, LEASE);
        for person in &mut people {
            person.assert_told_the_truth(&app);
        }
        ahead.settle(&app);
        for person in &people {
            person.assert_has_mails(&app);
            deleted.extend(person.deleted().to_vec());
        }
    }
    assert!(seen.set > 0, "{seen:?}");
    let left = left_over(&app, &mut ahead);
    let is_of_deleted = |name: &String| deleted.iter().any(|id| name.split(':').any(|it| it == id));
    let of_deleted: Vec<_> = left.iter().filter(|name| is_of_deleted(name)).collect();
    assert!(of_deleted.is_empty(), "{of_deleted:?}");
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

/// The counters that are left once everything has expired. Panics if anything else is left that does not last.
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
    let left = not_lasting(&app.stored_names());
    let is_counter = |name: &String| COUNTERS.iter().any(|kind| name.starts_with(kind));
    let (counters, others): (Vec<_>, Vec<_>) = left.into_iter().partition(is_counter);
    assert!(others.is_empty(), "{others:?}");
    counters
}

/// The names that are neither listed nor of an account that exists.
fn not_lasting(names: &[String]) -> Vec<String> {
    let accounts = names.iter().filter_map(|name| name.strip_prefix(ACCOUNT));
    let accounts: BTreeSet<&str> = accounts.collect();
    let is_listed = |name: &str| {
        LASTING
            .iter()
            .any(|lasting| match lasting.strip_suffix(':') {
                Some(_) => name.starts_with(lasting),
                None => name == *lasting,
            })
    };
    let is_of_account = |name: &str| {
        let owners = OF_ACCOUNT.iter().filter_map(|kind| name.strip_prefix(kind));
        owners.into_iter().any(|id| accounts.contains(id))
    };
    let of_all = |kind: &str| names.iter().filter(|name| name.starts_with(kind)).count();
    let is_by_account = |name: &str| {
        let kind = BY_ACCOUNT.iter().find(|kind| name.starts_with(**kind));
        kind.is_some_and(|kind| of_all(kind) <= accounts.len())
    };
    let lasts = |name: &str| {
        name.starts_with(ACCOUNT) || is_listed(name) || is_of_account(name) || is_by_account(name)
    };
    names.iter().filter(|name| !lasts(name)).cloned().collect()
}

#[test]
fn what_does_not_last_is_noticed() {
    let names = |names: &[&str]| {
        names
            .iter()
            .map(|&name| name.to_owned())
            .collect::<Vec<_>>()
    };
    let good = [
        "v1:account:ann",
        "v1:account-at:1",
        "v1:email:digest",
        "v1:events:ann",
        "v1:counts:3",
        "v1:directory",
    ];
    assert_eq!(not_lasting(&names(&good)), [""; 0]);
    for bad in [
        "v1:email:another",
        "v1:events:bob",
        "v1:directory-change:7",
        "v1:limit:forgot-password:1:ann",
        "v1:new:1",
        "v2:counts:3",
    ] {
        let mut all = names(&good);
        all.push(bad.to_owned());
        assert!(not_lasting(&all).contains(&bad.to_owned()), "{bad}");
    }
}
