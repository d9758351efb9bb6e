//! Hashes that other systems made: `scripts/hash-vectors` had passlib, Django and the bcrypt tools make them.

use std::thread;

use serde::Deserialize;
use serde_json::{Value, json};

use super::counts;
use crate::app::{
    ApiClient, App, Caller as _, random_token, strong_password, unique_email, wait_for,
};

/// What Keyback's own hashes begin with.
const OWN: &str = "\"$argon2id$v=19$m=19456,t=2,p=1$";

/// bcrypt ignores all bytes of a password after these.
const BCRYPT_BYTES: usize = 72;
/// How many accounts are signed in at once.
const AT_ONCE: usize = 8;

#[derive(Deserialize)]
struct Vector {
    made_by: String,
    password: String,
    hash: String,
}

impl Vector {
    /// Whether bcrypt was given the password itself and cut it, so that what signs in may not be what was chosen.
    fn is_cut(&self) -> bool {
        let hash = self.hash.strip_prefix("bcrypt$").unwrap_or(&self.hash);
        hash.starts_with("$2") && self.password.len() >= BCRYPT_BYTES
    }
}

/// An account that was imported with the hash of a vector.
struct Imported {
    vector: Vector,
    id: String,
    email: String,
}

#[test]
fn every_tools_hash_signs_in_and_gives_way_to_keybacks_own() {
    let app = App::start();
    let portal = app.portal();
    // WordPress trims blanks, so what signs in may not be what was chosen either.
    let is_trimmed = |vector: &Vector| vector.password.trim() == vector.password;
    let accounts: Vec<Imported> = vectors()
        .into_iter()
        .filter(is_trimmed)
        .map(imported)
        .collect();
    assert!(accounts.len() > 190, "the vectors are there");
    let lines: Vec<String> = accounts.iter().map(line).collect();
    let count = u32::try_from(accounts.len()).expect("they are few");
    let answer = portal.import_users(lines.join("\n"));
    assert_eq!(answer.expect_json(200), counts(count, 0));

    // Each refusal takes a second, so accounts are tried in parallel.
    thread::scope(|scope| {
        for some in accounts.chunks(accounts.len().div_ceil(AT_ONCE)) {
            let (app, portal) = (&app, &portal);
            scope.spawn(move || {
                for account in some {
                    assert_signs_in_and_is_hashed_anew(app, portal, account);
                }
            });
        }
    });
}

fn assert_signs_in_and_is_hashed_anew(app: &App, portal: &ApiClient, account: &Imported) {
    let Imported { vector, id, email } = account;
    let about = format!("{}: {}", vector.made_by, vector.hash);
    let stored = || app.stored(&format!("v1:account:{id}")).unwrap_or_default();
    let is_foreign = |stored: &str| stored.contains(&json!(vector.hash).to_string());
    let sign_in = |password: &str| portal.sign_in(email, password);
    let refuse = |password: &str| {
        let refused = sign_in(password);
        assert_eq!(refused.status, 401, "{about}");
        refused.expect_problem(401, "invalid-credentials");
    };

    refuse(&format!("x{}", vector.password));
    assert!(is_foreign(&stored()) && !stored().contains(OWN), "{about}");
    let before = portal.find_user(id).expect_json(200);

    let signed_in = sign_in(&vector.password);
    assert_eq!(signed_in.status, 200, "{about}");
    let signed_in = signed_in.expect_json(200);
    assert_eq!(signed_in["user_id"], id.as_str(), "{about}");
    if vector.is_cut() {
        sign_in(&format!("{}x", vector.password)).expect_json(200);
        assert!(is_foreign(&stored()) && !stored().contains(OWN), "{about}");
    } else {
        // The new hash is stored after the answer to the sign-in.
        wait_for(|| {
            let stored = stored();
            if stored.contains(OWN) {
                Ok(())
            } else {
                Err(format!("{about} as {stored}"))
            }
        });
        assert!(!is_foreign(&stored()), "{about}: the old hash is kept");
    }

    // Nothing else changes, and the same passwords are right and wrong. The sign-in itself is recorded. Wrong passwords
    // are counted by the hour, which may have ended.
    let but_for_sign_ins = |mut account: Value| {
        for member in ["last_sign_in_at", "failed_sign_ins"] {
            account.as_object_mut().expect("it is one").remove(member);
        }
        account
    };
    let after = portal.find_user(id).expect_json(200);
    assert_eq!(but_for_sign_ins(after), but_for_sign_ins(before), "{about}");
    assert_eq!(sign_in(&vector.password).expect_json(200), signed_in);
    refuse(&format!("x{}", vector.password));
}

#[test]
fn a_malformed_hash_is_its_lines_error_and_never_a_failure_later() {
    let app = App::shared();
    let portal = app.portal();
    let cut_or_lengthened = vectors()
        .into_iter()
        .flat_map(|vector| spoilt(&vector.hash));
    let of_another_kind = OTHERS.iter().map(ToString::to_string);
    let bad: Vec<String> = cut_or_lengthened.chain(of_another_kind).collect();
    let accounts: Vec<Value> = bad
        .iter()
        .map(|hash| json!({ "id": random_token(24), "email": unique_email(), "password_hash": hash }))
        .collect();
    // A good line before each, so that a line's number is not its place among the failures.
    let mut lines = Vec::new();
    for account in &accounts {
        lines.extend([super::line(&random_token(24)), account.to_string()]);
    }
    let answer = portal.import_users(lines.join("\n")).expect_json(200);
    assert_eq!(answer["created"], bad.len(), "{answer}");
    assert_eq!(answer["failed"], bad.len(), "{answer}");
    let failures = answer["failures"].as_array().expect("they are listed");
    assert_eq!(failures.len(), bad.len());
    for (index, failure) in failures.iter().enumerate() {
        let hash = &bad[index];
        assert_eq!(failure["line"], 2 * index + 2, "{hash}: {failure}");
        assert_eq!(failure["code"], "validation-failed", "{hash}: {failure}");
        assert_eq!(failure["pointer"], "/password_hash", "{hash}: {failure}");
        let detail = failure["detail"].as_str().expect("it says what is wrong");
        assert!(
            hash.len() < 4 || !detail.contains(hash.as_str()),
            "{detail}"
        );
    }
    // Nothing is left that a sign-in could fail on, and creating a single account is refused in the same way.
    for (account, hash) in accounts.iter().zip(&bad).step_by(17) {
        let email = account["email"].as_str().expect("it has an address");
        let page = portal.get(&format!("/v1/admin/users?email={email}"));
        assert_eq!(page.expect_json(200)["users"], json!([]), "{hash}");
        portal
            .sign_in(email, &strong_password())
            .expect_problem(401, "invalid-credentials");
        let refused = portal.create_user(account);
        assert_eq!(refused.expect_invalid(), ["/password_hash"], "{hash}");
    }
}

/// Ways to spoil any hash.
fn spoilt(hash: &str) -> Vec<String> {
    let front = match hash.rsplit_once('$') {
        Some((front, _)) => front,
        None => &hash[..hash.len() - 1],
    };
    let mut spoilt = vec![
        front.to_owned(),
        format!("{front}$"),
        format!("{hash}$"),
        format!("{hash}!"),
        format!(" {hash}"),
        format!("{hash}\n"),
    ];
    // The alphabets of the others have both cases, and so have LDAP's names.
    let schemes = ["$2", "$a", "$b", "$f", "$p", "$s", "$w"];
    if schemes.iter().any(|scheme| hash.starts_with(scheme)) {
        spoilt.push(hash.to_uppercase());
    }
    spoilt
}

/// No hashes, hashes of schemes that are not taken, and ones that cost too little or too much.
const OTHERS: [&str; 27] = [
    "",
    "$",
    "correct horse battery staple",
    "5f4dcc3b5aa765d61d8327deb882cf99",
    "$1$salt$qJH7.N4xYta3aEG/dfqo",
    "$6$rounds=999999999$saltsalt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.",
    "md5$salt$67a1e09bb1f83f5007dc119c14d6",
    "{noop}correct horse battery staple",
    "{CRYPT}rl0uE2tSx1Y3Q",
    "$P$U84478476IagS59wHZvyQMArzfx58u.",
    "$argon2d$v=19$m=1024,t=2,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$t=2,m=1024,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=131073,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=4294967295,t=4294967295,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=1024,t=0,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=1024,t=2,p=2$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
    "$2x$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
    "$2b$03$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
    "$2b$31$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
    "$2b$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWt",
    "$scrypt$ln=9,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "$scrypt$ln=63,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "scrypt$16385$saltsalt$8$5$AAAAAAAAAAAAAAAAAAAAAA==",
    "$pbkdf2-sha256$999$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
    "pbkdf2_sha256$4294967296$saltsalt$AAAAAAAAAAAAAAAAAAAAAA==",
    "pbkdf2_sha256$1000$$AAAAAAAAAAAAAAAAAAAAAA==",
    "$pbkdf2-sha384$1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
];

fn vectors() -> Vec<Vector> {
    let text = include_str!("../../../../../crates/keyback/tests-data/password-hashes.json");
    serde_json::from_str(text).expect("the vectors are a list")
}

fn imported(vector: Vector) -> Imported {
    Imported {
        vector,
        id: random_token(24),
        email: unique_email(),
    }
}

fn line(account: &Imported) -> String {
    let Imported { vector, id, email } = account;
    json!({ "id": id, "email": email, "password_hash": vector.hash }).to_string()
}
