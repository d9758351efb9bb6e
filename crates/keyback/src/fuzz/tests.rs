//! The corpus and seeded mutations of it, in every test run. Longer runs are left to libFuzzer.

use std::fs;
use std::path::PathBuf;

use crate::fuzz::app::check;
use crate::fuzz::{TARGETS, Target, records};
use crate::ports::SecureRandom as _;
use crate::store::keys;
use crate::testing::{App, Call, Reply, SeededRandom};

mod mutations;

use self::mutations::mutate;

/// The maximum size of a corpus file: people read them, too.
const MOST_BYTES: usize = 1024;

/// `fuzz/`
fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz"))
}

/// The files of a target's corpus, in the order of their names.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = folder().join("corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {}", folder.display()));
    let files = files.map(|file| file.unwrap());
    let mut files: Vec<_> = files
        .map(|file| {
            let name = file.file_name().into_string().unwrap();
            (name, fs::read(file.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Shows the input at which a target panicked.
struct Shown<'a>(&'a [u8]);

impl Drop for Shown<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the input was b\"{}\"", self.0.escape_ascii());
        }
    }
}

fn run((_, target): &Target, input: &[u8]) {
    let shown = Shown(input);
    target(input);
    drop(shown);
}

/// Runs the corpus of a target, and `mutations` of it.
fn replay(name: &str, mutations: u32) {
    let target = TARGETS.iter().find(|(known, _)| *known == name).unwrap();
    let corpus = corpus(name);
    assert!(corpus.len() >= 3, "only {} files", corpus.len());
    let mut seeds: Vec<_> = corpus.into_iter().map(|(_, input)| input).collect();
    for seed in &seeds {
        run(target, seed);
    }
    if name == "record" {
        seeds.extend(records::all().into_values());
    }
    let random = SeededRandom::new(16);
    let mut draw = |below: usize| {
        let mut bytes = [0; 8];
        random.fill(&mut bytes).unwrap();
        let drawn = u64::from_le_bytes(bytes) % u64::try_from(below.max(1)).unwrap();
        usize::try_from(drawn).unwrap()
    };
    for _ in 0..mutations {
        run(target, &mutate(&seeds, &mut draw));
    }
}

macro_rules! replayed {
    ($($name:ident: $mutations:literal),+ $(,)?) => {
        $(#[test]
        fn $name() {
            replay(stringify!($name), $mutations);
        })+

        /// The targets that have a test here.
        const REPLAYED: &[&str] = &[$(stringify!($name)),+];
    };
}
replayed!(
    address: 20_000,
    breach_range: 20_000,
    call: 3_000,
    client_address: 10_000,
    graphql: 1_500,
    import_lines: 800,
    import_table: 800,
    jwk_set: 1_500,
    jwt: 1_500,
    logo: 20_000,
    password_hash: 10_000,
    provider_answer: 20_000,
    provider_webhook: 5_000,
    record: 700,
    setting: 2_000,
    token: 20_000,
    url: 20_000,
);

#[test]
fn each_target_is_a_test_a_program_and_a_corpus() {
    let names: Vec<_> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, REPLAYED);
    let manifest = fs::read_to_string(folder().join("Cargo.toml")).unwrap();
    for name in &names {
        let path = format!("fuzz_targets/{name}.rs");
        let program = fs::read_to_string(folder().join(&path)).unwrap();
        assert!(program.contains(&format!("keyback::fuzz::{name}(input)")));
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"{path}\"")));
        for (file, input) in corpus(name) {
            assert!(input.len() <= MOST_BYTES, "{name}/{file}");
        }
    }
    for (kind, more_than) in [("corpus", names.len()), ("fuzz_targets", names.len())] {
        let found = fs::read_dir(folder().join(kind)).unwrap().count();
        assert_eq!(found, more_than, "{kind}");
    }
}

/// `KEYBACK_RENEW_SNAPSHOTS=1 cargo test --locked --lib kind_of_record` writes the missing files.
#[test]
fn each_kind_of_record_is_in_the_corpus() {
    let records = records::all();
    for kind in keys::kinds_of_values() {
        assert!(records.contains_key(kind), "{kind} is not prepared");
    }
    let kinds: Vec<String> = records.keys().cloned().collect();
    for (kind, input) in records {
        let begins = kind.trim_end_matches(':').to_owned();
        // A kind with a parameter may begin like one without.
        let suffix = if begins != kind && kinds.contains(&begins) {
            "-of"
        } else {
            ""
        };
        let name = format!("{}{suffix}", begins.replace(':', "-"));
        let file = folder().join("corpus/record").join(name);
        if std::env::var_os("KEYBACK_RENEW_SNAPSHOTS").is_some() && input.len() <= MOST_BYTES {
            fs::write(&file, &input).unwrap();
        }
        let is_there = file.exists() || input.len() > MOST_BYTES;
        assert!(is_there, "{} is missing", file.display());
    }
}

#[test]
fn an_answer_that_breaks_a_rule_is_found() {
    let good = App::default().make(&Call::get("/v1/health"));
    check(&good);
    let bad = |change: fn(&mut Reply)| {
        let mut reply = good.clone();
        change(&mut reply);
        std::panic::catch_unwind(|| check(&reply)).is_err()
    };
    assert!(bad(|reply| reply.status = 500));
    assert!(bad(|reply| reply.status = 404));
    assert!(bad(|reply| reply.body = "{".to_owned()));
    assert!(bad(|reply| reply
        .headers
        .retain(|(name, _)| name != "x-request-id")));
}
