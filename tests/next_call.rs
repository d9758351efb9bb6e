//! Work that a request leaves for after its answer does not delay the next call: that takes the same time whatever the
//! request found.
//!
//! The cases are asked about in turns, in a random order, [`ROUNDS`] times each, or [`HASHING_ROUNDS`] times. After each answer one more call is timed
//! at once, on the same kept-alive connection or on another, and after some answers one [`LATER`]. Each asks for an
//! unrelated unknown address or for the app's health. The calls of one kind are compared, and all kinds of one moment
//! together, by their ranks. What can be told apart is measured again, as [`TRIES`] says.
//!
//! The eight comparisons of two cases share the level of 0.1 %, so all eight pairs of cases below fail by chance in one of
//! 60,000 runs. How many runs fail if the distributions differ by D, which lets an attacker guess right in 50 % + D/2 of the
//! cases (simulated):
//!
//! | | times at once | D = 0.25 | D = 0.3 | D = 0.35 |
//! | --- | ---: | ---: | ---: | ---: |
//! | calls of one kind | 150 | 68 % | 94 % | 99 % |
//! | calls of one kind, after a sign-in | 120 | 47 % | 81 % | 97 % |
//!
//! | | times at once | D = 0.12 | D = 0.15 | D = 0.2 |
//! | --- | ---: | ---: | ---: | ---: |
//! | calls of all kinds | 600 | 62 % | 95 % | 99 % |
//! | calls of all kinds, after a sign-in | 480 | 40 % | 85 % | 99 % |

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::app::{
    App, Call, Caller, Distance, Provider, Receiver, TRIES, random_token, ranks, unique_email,
    wrong_code,
};

const ROUNDS: usize = 600;
/// The same for requests that take long, since they hash.
const HASHING_ROUNDS: usize = 480;
/// This long after an answer, its email may still be on its way.
const LATER: Duration = Duration::from_millis(150);
/// From the last timed call to the next case. Work that takes longer than that disturbs all later cases alike.
const PAUSE: Duration = Duration::from_millis(10);
/// How many accounts take turns if one may be tried only 100 times.
const TAKING_TURNS: usize = 8;
const SEED: u64 = 2_026;

/// A request in one of the situations that must look alike.
struct Case {
    name: &'static str,
    caller: Box<dyn Caller>,
    path: &'static str,
    /// Sent in this order, equally often.
    bodies: Vec<Value>,
    status: u16,
}

/// A call that is timed.
#[derive(Clone, Copy)]
struct Probe {
    name: &'static str,
    is_at_once: bool,
    on_same_connection: bool,
    of_health: bool,
}

const PROBES: [Probe; 6] = [
    probe(
        "forgot-password at once, same connection",
        true,
        true,
        false,
    ),
    probe("health at once, same connection", true, true, true),
    probe(
        "forgot-password at once, another connection",
        true,
        false,
        false,
    ),
    probe("health at once, another connection", true, false, true),
    probe("forgot-password later", false, false, false),
    probe("health later", false, false, true),
];

/// How often two cases are compared: by each probe, and by all of one moment.
const COMPARISONS: usize = PROBES.len() + 2;

/// The times of each probe after one case.
type Times = [Vec<Duration>; PROBES.len()];

#[test]
fn slow_the_call_after_forgot_password_does_not_feel_whose_address_it_was() {
    // With a receiver of events, the most work is left for after an answer.
    let receiver = Receiver::start();
    let app = receiver
        .told_by(App::builder())
        .variable("cooldown_seconds", "86400");
    let app = app.start();
    app.sink().provider(Provider::AcceptsInItsTime);
    assert_not_felt(&app, turns(ROUNDS, 2), || {
        let cooling = app.create_user_without_password().email;
        app.recover_at(&cooling);
        let disabled = app.create_user_without_password();
        disable(&app, &disabled.id);
        let unknown: Vec<_> = (0..ROUNDS).map(|_| unique_email()).collect();
        let known: Vec<_> = (0..ROUNDS).map(|_| unique_email()).collect();
        let lines: Vec<_> = known
            .iter()
            .map(|email| json!({ "email": email }).to_string())
            .collect();
        app.portal().import_users(lines.join("\n")).expect_json(200);
        [
            ("unknown", unknown),
            ("known", known),
            ("cooling down", vec![cooling]),
            ("disabled", vec![disabled.email]),
        ]
        .map(|(name, emails)| Case {
            name,
            caller: Box::new(app.visitor()),
            path: "/v1/forgot-password",
            bodies: emails
                .iter()
                .map(|email| json!({ "email": email }))
                .collect(),
            status: 202,
        })
        .into()
    });
}

#[test]
fn slow_the_call_after_a_refused_code_does_not_feel_why_it_was_refused() {
    let app = App::builder()
        .variable("attempts_per_challenge", "100")
        .variable("attempts_per_account_per_day", "100")
        .start();
    assert_not_felt(&app, turns(ROUNDS, 4), || {
        let recoveries = || (0..TAKING_TURNS).map(|_| app.recover(&app.create_user()));
        let verify = |id: &str, code: &str| json!({ "challenge_id": id, "code": code });
        let unknown = (0..TAKING_TURNS).map(|_| verify(&random_token(16), "123456"));
        let wrong = recoveries().map(|it| verify(&it.challenge_id, &wrong_code(&it.mail.code())));
        let used = recoveries().map(|it| {
            app.reset_token(&it);
            verify(&it.challenge_id, &it.mail.code())
        });
        [
            ("unknown", unknown.collect()),
            ("wrong", wrong.collect()),
            ("used", used.collect()),
        ]
        .map(|(name, bodies)| Case {
            name,
            caller: Box::new(app.visitor()),
            path: "/v1/verify-otp",
            bodies,
            status: 400,
        })
        .into()
    });
}

#[test]
fn slow_the_call_after_a_refused_sign_in_does_not_feel_whether_there_is_an_account() {
    let app = App::start();
    assert_not_felt(&app, turns(HASHING_ROUNDS, 4), || {
        let known = (0..TAKING_TURNS).map(|_| app.create_user().email);
        let unknown = (0..TAKING_TURNS).map(|_| unique_email());
        let disabled = (0..TAKING_TURNS).map(|_| {
            let user = app.create_user();
            disable(&app, &user.id);
            user.email
        });
        let empty = (0..TAKING_TURNS).map(|_| app.create_user_without_password().email);
        [
            ("unknown", unknown.collect::<Vec<_>>()),
            ("known", known.collect()),
            ("disabled", disabled.collect()),
            ("without a password", empty.collect()),
        ]
        .map(|(name, emails)| Case {
            name,
            caller: Box::new(app.portal()),
            path: "/v1/sign-in",
            bodies: emails
                .iter()
                .map(|email| json!({ "email": email, "password": "not the password" }))
                .collect(),
            status: 401,
        })
        .into()
    });
}

fn disable(app: &App, id: &str) {
    let order = json!({ "disabled": true });
    app.portal().update_user(id, &order).expect_status(200);
}

/// How often each case is asked about, and in which rounds a call is timed [`LATER`], too: not in all, to save time.
#[derive(Clone, Copy)]
struct Turns {
    rounds: usize,
    later_every: usize,
}

const fn turns(rounds: usize, later_every: usize) -> Turns {
    Turns {
        rounds,
        later_every,
    }
}

const fn probe(
    name: &'static str,
    is_at_once: bool,
    on_same_connection: bool,
    of_health: bool,
) -> Probe {
    Probe {
        name,
        is_at_once,
        on_same_connection,
        of_health,
    }
}

impl Case {
    /// The call of a round, of so many.
    fn call(&self, round: usize, rounds: usize) -> Call {
        let body = &self.bodies[round * self.bodies.len() / rounds];
        self.caller.call("POST", self.path).json(body)
    }
}

/// Compares each case with the first one.
fn assert_not_felt(app: &App, turns: Turns, prepare: impl Fn() -> Vec<Case>) {
    let mut random = Rng::with_seed(SEED);
    // `None` stands for all cases, until the first try is over.
    let mut suspects: Option<Vec<&str>> = None;
    let mut reports = Vec::new();
    for _ in 0..TRIES {
        let mut cases = prepare();
        let first = cases[0].name;
        if let Some(suspects) = &suspects {
            cases.retain(|case| case.name == first || suspects.contains(&case.name));
        }
        let times = measure(app, &cases, turns, &mut random);
        let others = cases.iter().zip(&times).skip(1);
        let felt = others.filter_map(|(case, of_case)| {
            let (told_apart, report) = compare(&times[0], of_case);
            reports.push(format!("{first} and {}:", case.name));
            reports.extend(report);
            told_apart.then_some(case.name)
        });
        let felt: Vec<_> = felt.collect();
        let is_confirmed = suspects.is_some() && !felt.is_empty();
        assert!(
            !is_confirmed,
            "the next call feels what came before it: {felt:?}\n{}",
            reports.join("\n")
        );
        if suspects.is_none() && felt.is_empty() {
            break;
        }
        suspects.get_or_insert(felt);
    }
    // Shown with `--nocapture`.
    eprintln!("{}", reports.join("\n"));
}

/// The times of the probes after each case.
fn measure(app: &App, cases: &[Case], turns: Turns, random: &mut Rng) -> Vec<Times> {
    let mut times: Vec<Times> = cases.iter().map(|_| Times::default()).collect();
    let mut order: Vec<usize> = (0..cases.len()).collect();
    let Turns {
        rounds,
        later_every,
    } = turns;
    for round in 0..rounds {
        let at_once = round % 4;
        let later = (round % later_every == 0).then_some(4 + round / later_every % 2);
        random.shuffle(&mut order);
        for &case in &order {
            let mut same = app.wire();
            let mut other = app.wire();
            let asked = cases[case].call(round, rounds);
            let probe = PROBES[at_once];
            let next = probe.call(app);
            same.send(asked).0.expect_status(cases[case].status);
            let answered = Instant::now();
            let wire = if probe.on_same_connection {
                &mut same
            } else {
                &mut other
            };
            wire.send(next).0.expect_status(probe.status());
            times[case][at_once].push(answered.elapsed());
            if let Some(later) = later {
                let probe = PROBES[later];
                let next = probe.call(app);
                sleep(LATER.saturating_sub(answered.elapsed()));
                let start = Instant::now();
                other.send(next).0.expect_status(probe.status());
                times[case][later].push(start.elapsed());
            }
            sleep(PAUSE);
        }
    }
    times
}

impl Probe {
    fn call(self, app: &App) -> Call {
        let visitor = app.visitor();
        if self.of_health {
            return visitor.call("GET", "/v1/health");
        }
        let body = json!({ "email": unique_email() });
        visitor.call("POST", "/v1/forgot-password").json(&body)
    }

    fn status(self) -> u16 {
        if self.of_health { 200 } else { 202 }
    }
}

/// Whether the times of one probe, or the pooled ranks of all probes of one moment, can be told apart; and a report.
fn compare(one: &Times, other: &Times) -> (bool, Vec<String>) {
    let mut told_apart = false;
    let mut report = Vec::new();
    for is_at_once in [true, false] {
        let mut pooled = (Vec::new(), Vec::new());
        for (index, probe) in PROBES.iter().enumerate() {
            if probe.is_at_once != is_at_once {
                continue;
            }
            let (mut one, mut other) = (one[index].clone(), other[index].clone());
            let slower = one.iter().zip(&other).filter(|(one, other)| other > one);
            let (slower, pairs) = (slower.count(), one.len());
            let (ranks, other_ranks) = ranks(&one, &other);
            pooled.0.extend(ranks);
            pooled.1.extend(other_ranks);
            let distance = Distance::between(&mut one, &mut other, COMPARISONS);
            told_apart |= distance.tells_apart();
            let medians = [&one, &other].map(|sorted| sorted[sorted.len() / 2]);
            report.push(format!(
                "  {}: {distance}, medians {medians:.1?}, slower in {slower} of {pairs} pairs",
                probe.name
            ));
        }
        let distance = Distance::between(&mut pooled.0, &mut pooled.1, COMPARISONS);
        told_apart |= distance.tells_apart();
        let moment = if is_at_once { "at once" } else { "later" };
        report.push(format!("  all {moment}: {distance}"));
    }
    (told_apart, report)
}
