//! The permitted cost of hashes made elsewhere, and how slow the usual ones are.

use super::*;

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
        // The second block costs the same again.
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
fn old_schemes_have_a_ceiling_too() {
    let digest = "A".repeat(86);
    for (form, good, bad) in [
        (
            "$@84478476IagS59wHZvyQMArzfx58u.".to_owned(),
            &["P$9", "H$B", "P$F"][..],
            &["P$4", "P$G", "P$U", "P$z"][..],
        ),
        (
            "$S$@33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf".to_owned(),
            // Drupal 7, and 8 to 10.
            &["D", "E"],
            &["4", "U", "z"],
        ),
        (
            format!("$6$@saltsalt${}", ".".repeat(86)),
            // glibc, and passlib.
            &["", "rounds=1000$", "rounds=656000$"],
            &[
                "rounds=999$",
                "rounds=1700000$",
                "rounds=999999999$",
                "rounds=$",
            ],
        ),
        (
            format!("symfony_sha512$@$salt${digest}=="),
            &["1", "5000", "10000"],
            &["0", "200001", "4294967296"],
        ),
        (
            format!("$firescrypt$@$c2FsdHNhbHQ=${digest}==$Bw==${digest}=="),
            &["ln=14,r=8,p=1"],
            &["ln=18,r=8,p=1", "ln=14,r=8,p=9", "ln=14,r=8"],
        ),
        (
            "$shiro1$SHA-512$@$c2FsdHNhbHQ=$".to_owned() + &digest + "==",
            &["1", "500000"],
            &["0", "500001", "-1"],
        ),
        (
            format!(":pbkdf2:sha512:@:64:c2FsdHNhbHQ=:{digest}=="),
            &["30000", "1000000"],
            &["999", "1000001"],
        ),
        (
            format!("{{scrypt}}$@$c2FsdHNhbHQ=${digest}=="),
            &["e0801", "100801", "110801"],
            &["120801", "e08ff", "ff0801", "e0800", "0e0801", "E0801"],
        ),
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
fn the_usual_costs_of_other_systems_are_light() {
    let slowness = |hash: &str| PasswordHash::parse(hash).unwrap().slowness();
    let bcrypt = |cost| format!("$2y${cost}$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW");
    assert_eq!(slowness(&bcrypt("12")), Some(Slowness::Light));
    assert_eq!(slowness(&bcrypt("13")), Some(Slowness::Medium));
    assert_eq!(slowness(&bcrypt("14")), Some(Slowness::Heavy));
    assert_eq!(
        slowness("$P$BUJgeQ6WQ6VorQ0EQNkAV51ZWW.wOF."),
        Some(Slowness::Light)
    );
    let own = Password::new("a").hash(&SeededRandom::new(1)).unwrap();
    assert_eq!(own.slowness(), None);
    assert_eq!(own.fingerprint().slowness(), None);
}
