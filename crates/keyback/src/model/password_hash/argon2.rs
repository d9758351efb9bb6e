//! argon2id, which Keyback's own hashes use, and argon2i.

use std::time::Duration;

use argon2::{Algorithm, Argon2, Params, Version};
use base64ct::{Base64Unpadded, Encoding as _};
use subtle::ConstantTimeEq as _;

use super::slowness::times;
use super::text::{base64, numbers};
use super::{MAX_MEMORY_BYTES, OUTPUT_BYTES, SALT_BYTES};
use crate::base::random::SecureRandom;
use crate::base::unavailable::Unavailable;

/// Memory in KiB, iterations and lanes: the least that OWASP's Password Storage Cheat Sheet and ASVS 5.0 Appendix C
/// both accept for argon2id.
const COST: Cost = Cost {
    memory_kib: 19_456,
    iterations: 2,
    lanes: 1,
};
const OWN_SALT_BYTES: usize = 16;
const OWN_OUTPUT_BYTES: usize = 32;

/// Minimum KiB of a foreign hash: the value of Django 1.10 to 3.1.
const MIN_MEMORY_KIB: u32 = 512;
/// The most lanes. They are computed one after the other.
const MAX_LANES: u32 = 16;
/// The most KiB times iterations: about 1 s.
const MAX_WORK: u64 = 1024 * 1024;
/// For one KiB in one iteration, with the slower of the two variants.
const TIME: Duration = Duration::from_nanos(1_100);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    memory_kib: u32,
    iterations: u32,
    lanes: u32,
}

pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// The cost of Keyback's own hashes.
fn own_cost() -> Cost {
    #[cfg(any(test, feature = "fuzzing"))]
    if crate::testing::hashing_is_cheap() {
        return Cost {
            memory_kib: Params::MIN_M_COST,
            iterations: Params::MIN_T_COST,
            lanes: 1,
        };
    }
    COST
}

/// Hashes with argon2id and a fresh salt, to a PHC string.
pub(super) async fn make(
    password: &[u8],
    random: &impl SecureRandom,
    pause: &impl AsyncFn(),
) -> Result<String, Unavailable> {
    let mut salt = vec![0; OWN_SALT_BYTES];
    random.fill(&mut salt)?;
    let hash = Argon2Hash {
        algorithm: Algorithm::Argon2id,
        version: Version::V0x13,
        cost: own_cost(),
        salt,
        output: vec![0; OWN_OUTPUT_BYTES],
    };
    let output = hash.of(password, pause).await;
    let output = output.ok_or(Unavailable::Hashing)?;
    let Cost {
        memory_kib,
        iterations,
        lanes,
    } = hash.cost;
    Ok(format!(
        "$argon2id$v=19$m={memory_kib},t={iterations},p={lanes}${}${}",
        Base64Unpadded::encode_string(&hash.salt),
        Base64Unpadded::encode_string(&output)
    ))
}

impl Argon2Hash {
    /// `$argon2id$v=19$m=…,t=…,p=…$salt$hash` (PHC, passlib), and with `argon2` before it (Django). A hash without a
    /// version has that of 2015, as in the reference implementation.
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        let (algorithm, version, cost, salt, output) = match parts {
            ["" | "argon2", algorithm, version, cost, salt, output] => {
                (*algorithm, version.strip_prefix("v=")?, cost, salt, output)
            }
            ["" | "argon2", algorithm, cost, salt, output] => {
                (*algorithm, "16", cost, salt, output)
            }
            _ => return None,
        };
        let [memory_kib, iterations, lanes] = numbers(cost, ["m", "t", "p"])?;
        Some(Self {
            algorithm: match algorithm {
                "argon2id" => Algorithm::Argon2id,
                "argon2i" => Algorithm::Argon2i,
                _ => return None,
            },
            version: match version {
                "19" => Version::V0x13,
                "16" => Version::V0x10,
                _ => return None,
            },
            cost: Cost {
                memory_kib,
                iterations,
                lanes,
            },
            salt: base64(salt)?,
            output: base64(output)?,
        })
    }

    /// A hash that no password has.
    pub(super) fn placeholder() -> Self {
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            cost: own_cost(),
            salt: vec![0; OWN_SALT_BYTES],
            output: vec![0; OWN_OUTPUT_BYTES],
        }
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        let Cost {
            memory_kib,
            iterations,
            lanes,
        } = self.cost;
        (MIN_MEMORY_KIB..).contains(&memory_kib)
            && self.memory() <= MAX_MEMORY_BYTES
            && iterations >= 1
            && self.work() <= MAX_WORK
            && (1..=MAX_LANES).contains(&lanes)
            && SALT_BYTES.contains(&self.salt.len())
            && OUTPUT_BYTES.contains(&self.output.len())
            // The algorithm has bounds of its own.
            && self.salt.len() >= argon2::MIN_SALT_LEN
            && self.params().is_some()
    }

    pub(super) fn memory(&self) -> u64 {
        u64::from(self.cost.memory_kib).saturating_mul(1024)
    }

    fn work(&self) -> u64 {
        u64::from(self.cost.memory_kib).saturating_mul(self.cost.iterations.into())
    }

    pub(super) fn time(&self) -> Duration {
        times(TIME, self.work())
    }

    pub(super) fn is_own(&self) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.cost == own_cost()
            && self.salt.len() == OWN_SALT_BYTES
            && self.output.len() == OWN_OUTPUT_BYTES
    }

    pub(super) async fn accepts(&self, password: &[u8], pause: &impl AsyncFn()) -> bool {
        let output = self.of(password, pause).await;
        output.is_some_and(|output| output.ct_eq(&self.output).into())
    }

    fn params(&self) -> Option<Params> {
        let Cost {
            memory_kib,
            iterations,
            lanes,
        } = self.cost;
        Params::new(memory_kib, iterations, lanes, Some(self.output.len())).ok()
    }

    /// Whether `argon2id_single_lane` can compute this; it can compute all of Keyback's own hashes.
    #[cfg(target_arch = "wasm32")]
    fn fits_single_lane(&self) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.cost.lanes == 1
            && self.output.len() == OWN_OUTPUT_BYTES
    }

    /// The result for `password`; `None` if memory runs out.
    async fn of(&self, password: &[u8], pause: &impl AsyncFn()) -> Option<Vec<u8>> {
        let params = self.params()?;
        #[cfg(target_arch = "wasm32")]
        if self.fits_single_lane() {
            let Cost {
                memory_kib,
                iterations,
                ..
            } = self.cost;
            let output =
                argon2id_single_lane::hash(password, &self.salt, memory_kib, iterations, pause)
                    .await;
            return output.map(Vec::from);
        }
        // The crate computes without pauses.
        pause().await;
        let mut output = vec![0; self.output.len()];
        Argon2::new(self.algorithm, self.version, params)
            .hash_password_into(password, &self.salt, &mut output)
            .ok()?;
        Some(output)
    }
}
