//! Hashes as other systems write them. `scripts/hash-vectors` generates the file with them.

mod costs;

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
    assert!(vectors.len() > 270, "{}", vectors.len());
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
        // Prepended, since bcrypt ignores the end of a long one.
        let wrong = format!("x{password}");
        assert!(!Password::new(&wrong).verify(Some(&parsed)), "{hash}");
    }
}

#[test]
fn a_hash_that_was_cut_or_lengthened_is_refused_at_once() {
    for Vector { hash, .. } in vectors() {
        let mut bad = vec![
            format!("{hash}$"),
            format!("${hash}"),
            format!("{hash}!"),
            format!("{hash} "),
            format!("{hash}\0"),
            format!(" {hash}"),
        ];
        if let Some((front, _)) = hash.rsplit_once('$') {
            bad.push(front.to_owned());
            bad.push(hash.replace('$', "$$"));
        } else {
            bad.push(hash[..hash.len() - 1].to_owned());
        }
        // The alphabets of the other schemes have both cases, and so have LDAP's names.
        let schemes = [
            "$2", "$a", "$b", "$f", "$p", "$s", "$w", "a", "b", "m", "p", "s",
        ];
        if schemes.iter().any(|scheme| hash.starts_with(scheme)) {
            bad.push(hash.to_uppercase());
        }
        for bad in bad {
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
        // Schemes that are not supported, or unknown.
        "$1$saltsalts$qJH7.N4xYta3aEG/dfqo/0",
        "$1$salt$qJH7.N4xYta3aEG/dfqo/",
        "$md5$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "{noop}password",
        "{noop}$2b$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "{bcrypt}password",
        "{bcrypt}{bcrypt}$2b$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "{CLEARTEXT}password",
        "{MD4}67a1e09bb1f83f5007dc119c14d663aa",
        "{SSHA}password",
        "{CRYPT}rl0uE2tSx1Y3Q",
        "{ldap}{bcrypt}$2b$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "plain$$password",
        "sha224$salt$67a1e09bb1f83f5007dc119c14d663aa67a1e09bb1f83f5007dc119c",
        "$wp$P$984478476IagS59wHZvyQMArzfx58u.",
        "$bcrypt-pepper$$2b$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "$firescrypt$ln=14,r=8,p=1$c2FsdHNhbHQ=$AAAAAAAAAAAAAAAAAAAAAA==$Bw==$AAAA",
        "67a1e09bb1f83f5007dc119c14d663aa:abc",
        "67a1e09bb1f83f5007dc119c14d663aa:ab:1",
        "67a1e09bb1f83f5007dc119c14d663aa:ab:0:1",
        "67a1e09bb1f83f5007dc119c:ab",
        ":A:",
        ":B::67a1e09bb1f83f5007dc119c14d663aa",
        ":C:ab:67a1e09bb1f83f5007dc119c14d663aa",
        ":pbkdf2:sha512:30000:63:c2FsdHNhbHQ=:AAAAAAAAAAAAAAAAAAAAAA==",
        ":argon2:",
        "4|$2y$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "1|1|$2y$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "{PKCS5S2}AAAA",
        "{PBKDF2_SHA256}AAAA",
        "{MD5-CRYPT}67a1e09bb1f83f5007dc119c14d663aa",
        "N$P$984478476IagS59wHZvyQMArzfx58u.",
        "$fbscrypt$v=2,n=14,r=8,p=1,ss=Bw==,sk=AAAA$c2FsdA==$AAAA",
        "$fbscrypt$v=1,n=14,r=8,p=1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAA==",
        "$shiro1$SHA-224$1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAA==",
        "$shiro1$SHA-1$1$c2FsdA==$AAAAAAAAAAAAAAAAAAAAAA==",
        "AQAAAAMAACcQAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "AgAAAAEAACcQAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
        "$argon2d$v=19$m=1024,t=2,p=2$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$2x$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "$2$04$cF2xBUCRzP548nv6E3v81.oKRxBcZMHE3ElNLfs.UIWTWn8gAxWtW",
        "md5$salt$67a1e09bb1f83f5007dc119c14d663",
        "$pbkdf2-sha384$1000$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$bcrypt-sha384$v=2,t=2b,r=05$a0j2bETjZg/tW1PjbFKsJe$faaL1I05BjTbGTrszAMPyPlf/LclIbS",
        "$bcrypt-sha512$2b,5$a0j2bETjZg/tW1PjbFKsJe$faaL1I05BjTbGTrszAMPyPlf/LclIbS",
        // Parameters missing, duplicated, out of order, or not in digits.
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
fn a_password_that_would_keep_a_core_busy_is_refused_at_once() {
    let long = "x".repeat(MAX_PASSWORD_BYTES + 1);
    for hash in [
        "$P$F84478476IagS59wHZvyQMArzfx58u.".to_owned(),
        "$S$E33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf".to_owned(),
        format!("$6$rounds=656000$saltsalt${}", ".".repeat(86)),
        format!("symfony_sha512$200000$salt${}==", "A".repeat(86)),
        "$1$s4ltS4lt$qJH7.N4xYta3aEG/dfqo/0".to_owned(),
    ] {
        let hash = PasswordHash::parse(&hash).unwrap();
        for _ in 0..100 {
            assert!(!Password::new(&long).verify(Some(&hash)));
        }
    }
}

#[test]
fn blanks_that_a_content_system_took_off_keep_the_old_hash() {
    for Vector { password, hash, .. } in vectors() {
        if !hash.starts_with("$wp$") && !hash.starts_with("$P$") {
            continue;
        }
        let hash = PasswordHash::parse(&hash).unwrap();
        let blanks = Password::new(&format!(" {}\n", password.trim()));
        assert!(blanks.verify(Some(&hash)) && !blanks.needs_rehash(&hash));
        let trimmed = Password::new(password.trim());
        assert!(trimmed.verify(Some(&hash)) && trimmed.needs_rehash(&hash));
    }
}

#[test]
fn keybacks_own_hash_is_argon2id_and_needs_no_other() {
    let own = Password::new("a").hash(&SeededRandom::new(1)).unwrap();
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
        Password::new("a").hash(&random).unwrap(),
        Password::new("a").hash(&random).unwrap(),
    );
    assert_ne!(one.fingerprint(), other.fingerprint());
    assert_eq!(one.fingerprint(), one.fingerprint().fingerprint());
    assert!(!Password::new("a").verify(Some(&one.fingerprint())));
    assert!(one.fingerprint().needs_rehash());
}

#[test]
fn the_hash_of_nobody_takes_a_full_hashing() {
    assert!(Argon2Hash::placeholder().is_own());
    assert!(!Password::new("").verify(None));
}
