//! The hashes match those of the reference implementation and of the `argon2` crate.

use std::cell::Cell;

use argon2::{Algorithm, Argon2, Params, Version};
use futures::executor::block_on;
use proptest::prelude::*;

fn hash(password: &[u8], salt: &[u8], memory_kib: u32, iterations: u32) -> Option<[u8; 32]> {
    let pause = async || ();
    block_on(super::hash(password, salt, memory_kib, iterations, &pause))
}

/// The result of the `argon2` crate.
fn reference(password: &[u8], salt: &[u8], memory_kib: u32, iterations: u32) -> [u8; 32] {
    let params = Params::new(memory_kib, iterations, 1, Some(32)).unwrap();
    let mut output = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password, salt, &mut output)
        .unwrap();
    output
}

#[test]
fn hashes_as_the_reference_implementation_does() {
    // From its `src/test.c`: those for argon2id of version 19 with one lane.
    for (iterations, memory_kib, password, salt, output) in [
        (
            2,
            256,
            "password",
            "somesalt",
            "9dfeb910e80bad0311fee20f9c0e2b12c17987b4cac90c2ef54d5b3021c68bfe",
        ),
        (
            1,
            65_536,
            "password",
            "somesalt",
            "f6a5adc1ba723dddef9b5ac1d464e180fcd9dffc9d1cbf76cca2fed795d9ca98",
        ),
        (
            2,
            65_536,
            "password",
            "somesalt",
            "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7",
        ),
        (
            2,
            65_536,
            "differentpassword",
            "somesalt",
            "0b84d652cf6b0c4beaef0dfe278ba6a80df6696281d7e0d2891b817d8c458fde",
        ),
        (
            2,
            65_536,
            "password",
            "diffsalt",
            "bdf32b05ccc42eb15d58fd19b1f856b113da1e9a5874fdcc544308565aa8141c",
        ),
    ] {
        let hash = hash(password.as_bytes(), salt.as_bytes(), memory_kib, iterations).unwrap();
        assert_eq!(
            base16ct::lower::encode_string(&hash),
            output,
            "{memory_kib}, {iterations}"
        );
    }
}

#[test]
fn hashes_at_our_own_cost_as_the_crate_does() {
    let salt = [7; 16];
    assert_eq!(
        hash(b"quiet-lantern", &salt, 19_456, 2).unwrap(),
        reference(b"quiet-lantern", &salt, 19_456, 2)
    );
}

#[test]
fn a_hash_at_our_own_cost_may_pause_as_often_as_the_pace_assumes() {
    let pauses = Cell::new(0);
    let pause = async || pauses.set(pauses.get() + 1);
    let hashed = super::hash(b"quiet-lantern", &[7; 16], 19_456, 2, &pause);
    assert!(block_on(hashed).is_some());
    // `PARTS` in `crates/keyback/src/model/hashing_gate/pace.rs`.
    assert_eq!(pauses.get(), 128);
}

#[test]
fn too_little_memory_is_refused() {
    assert!(hash(b"password", b"somesalt", 7, 1).is_none());
    assert!(hash(b"password", b"somesalt", 8, 1).is_some());
}

proptest! {
    #[test]
    fn hashes_as_the_crate_does(
        password in prop::collection::vec(any::<u8>(), 0..300),
        salt in prop::collection::vec(any::<u8>(), 8..130),
        // From one address block per slice to several.
        memory_kib in 8_u32..1_400,
        iterations in 1_u32..5,
    ) {
        prop_assert_eq!(
            hash(&password, &salt, memory_kib, iterations).unwrap(),
            reference(&password, &salt, memory_kib, iterations)
        );
    }
}
