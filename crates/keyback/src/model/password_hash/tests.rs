//! Hashes as other systems write them. `scripts/hash-vectors` makes the file of them.

use serde::Deserialize;

use super::*;
use crate::model::password::Password;
use crate::testing::SeededRandom;

#[derive(Deserialize)]
struct Vector {
    made_by: String,
    password: String,
    hash: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../tests-data/password-hashes.json")).unwrap()
}

#[test]
fn hashes_of_other_systems_are_taken_over_and_fit_their_passwords() {
    let vectors = vectors();
    assert!(vectors.len() > 70);
    for Vector {
        made_by,
        password,
        hash,
    } in vectors
    {
        let parsed = PasswordHash::parse(&hash).unwrap_or_else(|_| panic!("{made_by}: {hash}"));
        assert!(
            Password::new(&password).verify(Some(&parsed)),
            "{made_by}: {hash}"
        );
        assert!(parsed.needs_rehash(), "{made_by}: {hash}");
    }
}

#[test]
fn no_other_password_fits_them() {
    for Vector { password, hash, .. } in vectors() {
        let parsed = PasswordHash::parse(&hash).unwrap();
        // In front: bcrypt does not look at the end of a long one.
        let wrong = format!("x{password}");
        assert!(!Password::new(&wrong).verify(Some(&parsed)), "{hash}");
    }
}

#[test]
fn a_hash_that_was_cut_or_lengthened_is_refused_at_once() {
    for Vector { hash, .. } in vectors() {
        let parts = hash.split('$').count();
        for bad in [
            hash.rsplit_once('$').unwrap().0.to_owned(),
            format!("{hash}$"),
            format!("${hash}"),
            format!("{hash}!"),
            format!("{hash} "),
            format!("{hash}\0"),
            hash.to_uppercase(),
            hash.replacen('$', "$$", parts),
        ] {
            assert_eq!(PasswordHash::parse(&bad), Err(InvalidPasswordHash), "{bad}");
        }
    }
}

#[test]
fn what_is_no_hash_is_refused() {
    for bad in [
        "",
        "$",
        "$$$$$",
        "password",
        "=AAAA",
        // Of a scheme that is not taken over.
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$6$saltsalt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g.",
        "$argon2d$v=19$m=1024,t=2,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$2x$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "$2$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "md5$salt$67a1e09bb1f83f5007dc119c14d663aa",
        "$pbkdf2-sha384$1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$bcrypt-sha384$v=2,t=2b,r=05$a0j2bETjZg/tW1PjbFKsJe$faaL1I05BjTbGTrszAMPyPlf/LclIbS",
        "$bcrypt-sha512$2b,5$a0j2bETjZg/tW1PjbFKsJe$faaL1I05BjTbGTrszAMPyPlf/LclIbS",
        // Parameters missing, doubled, out of order, not in digits.
        "$argon2id$v=19$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$t=2,m=1024,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=1024,t=2,p=2,keyid=AA$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=18$m=1024,t=2,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$scrypt$ln=+9,r=8,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$pbkdf2-sha256$i=1000,l=17$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "pbkdf2_sha256$1e3$saltsalt$AAAAAAAAAAAAAAAAAAAAAA==",
        "$2b$4$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        // A salt or a result that is too short.
        "$argon2id$v=19$m=1024,t=2,p=2$c2FsdA$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=1024,t=2,p=2$c2FsdHNhbHQ$AAAAAAAAAAA",
        "pbkdf2_sha256$1000$abc$AAAAAAAAAAAAAAAAAAAAAA==",
        "pbkdf2_sha256$1000$$AAAAAAAAAAAAAAAAAAAAAA==",
        "pbkdf2_sha256$1000$saltsalt$",
        "$2b$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWt",
        "$2b$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtWW",
    ] {
        assert_eq!(PasswordHash::parse(bad), Err(InvalidPasswordHash), "{bad}");
    }
    let long = format!(
        "pbkdf2_sha256$1000${}$AAAAAAAAAAAAAAAAAAAAAA==",
        "s".repeat(129)
    );
    assert_eq!(PasswordHash::parse(&long), Err(InvalidPasswordHash));
    let endless = "$".repeat(1_000_000);
    assert_eq!(PasswordHash::parse(&endless), Err(InvalidPasswordHash));
}

#[test]
fn costs_have_a_floor_and_a_ceiling() {
    let rest = "c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA";
    let bcrypt = "cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW";
    for (form, good, bad) in [
        (
            format!("$argon2id$v=19$@${rest}"),
            // Django, argon2-cffi, RFC 9106's second choice, OWASP, and the most memory.
            &[
                "m=102400,t=2,p=8",
                "m=65536,t=3,p=4",
                "m=512,t=2,p=2",
                "m=47104,t=1,p=1",
                "m=131072,t=8,p=16",
            ][..],
            &[
                "m=511,t=2,p=1",
                "m=131073,t=1,p=1",
                "m=131072,t=9,p=1",
                "m=512,t=2049,p=1",
                "m=1024,t=0,p=1",
                "m=1024,t=1,p=0",
                "m=1024,t=1,p=17",
                "m=4294967295,t=4294967295,p=1",
            ][..],
        ),
        (
            format!("$scrypt$@${rest}"),
            &[
                "ln=17,r=8,p=1",
                "ln=16,r=8,p=2",
                "ln=14,r=8,p=5",
                "ln=10,r=1,p=1",
                "ln=18,r=4,p=1",
            ],
            &[
                "ln=9,r=8,p=1",
                "ln=17,r=8,p=2",
                "ln=18,r=8,p=1",
                "ln=63,r=8,p=1",
                "ln=64,r=8,p=1",
                "ln=16384,r=8,p=1",
                "ln=14,r=0,p=1",
                "ln=14,r=8,p=0",
                "ln=10,r=4294967295,p=4294967295",
            ],
        ),
        (
            "scrypt$@$AAAAAAAAAAAAAAAAAAAAAA==".to_owned(),
            &["16384$saltsalt$8$5"],
            &[
                "16385$saltsalt$8$5",
                "0$saltsalt$8$5",
                "512$saltsalt$8$5",
                "262144$saltsalt$8$1",
            ],
        ),
        (
            "pbkdf2_sha256$@$saltsalt$AAAAAAAAAAAAAAAAAAAAAA==".to_owned(),
            // Django 5.2 and 6.0.
            &["1000", "1000000", "1200000", "2000000"],
            &["999", "2000001", "4294967295", "4294967296"],
        ),
        (
            format!("$pbkdf2-sha512$@${rest}"),
            &["25000", "i=210000,l=16", "1000000"],
            &["i=999", "1000001"],
        ),
        // The second block costs as much again.
        (
            "pbkdf2_sha1$@$saltsalt$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
            &["1000000"],
            &["1000001"],
        ),
        (
            format!("$2b$@${bcrypt}"),
            &["04", "12", "14"],
            &["03", "15", "31", "32", "99"],
        ),
        (format!("bcrypt_sha256$$2b$@${bcrypt}"), &["14"], &["15"]),
        // Checked twice.
        (format!("$bcrypt-sha512$$2b$@${bcrypt}"), &["13"], &["14"]),
    ] {
        for good in good {
            let hash = form.replace('@', good);
            assert!(PasswordHash::parse(&hash).is_ok(), "{hash}");
        }
        for bad in bad {
            let hash = form.replace('@', bad);
            assert_eq!(
                PasswordHash::parse(&hash),
                Err(InvalidPasswordHash),
                "{hash}"
            );
        }
    }
}

#[test]
fn keybacks_own_hash_is_argon2id_and_needs_no_other() {
    let own = PasswordHash::make(b"a", &SeededRandom::new(1)).unwrap();
    assert!(own.reveal().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(!own.needs_rehash());
    assert_eq!(PasswordHash::parse(own.reveal()), Ok(own.clone()));
    let stronger = own.reveal().replace("t=2", "t=3");
    assert!(PasswordHash::parse(&stronger).unwrap().needs_rehash());
}

#[test]
fn a_stand_in_tells_hashes_apart_and_fits_no_password() {
    let random = SeededRandom::new(1);
    let (one, other) = (
        PasswordHash::make(b"a", &random).unwrap(),
        PasswordHash::make(b"a", &random).unwrap(),
    );
    assert_ne!(one.fingerprint(), other.fingerprint());
    assert_eq!(one.fingerprint(), one.fingerprint().fingerprint());
    assert!(!Password::new("a").verify(Some(&one.fingerprint())));
    assert!(one.fingerprint().needs_rehash());
}

#[test]
fn the_hash_of_nobody_takes_a_full_hashing() {
    assert!(Argon2Hash::placeholder().is_own());
    assert!(!refuse(""));
}
