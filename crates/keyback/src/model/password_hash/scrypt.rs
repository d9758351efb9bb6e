//! scrypt (RFC 7914), as PHC strings and in Django's form.

use scrypt::Params;
use subtle::ConstantTimeEq as _;

use super::text::{base64, decimal, numbers};
use super::{MAX_MEMORY_BYTES, OUTPUT_BYTES, SALT_BYTES};

/// The least base-2 logarithm of N.
const MIN_LOG_N: u32 = 10;
/// The most N times r times p, that of OWASP's N = 2^17, r = 8, p = 1: about 1 s.
const MAX_WORK: u64 = 1 << 20;

pub(super) struct ScryptHash {
    log_n: u32,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl ScryptHash {
    /// `$scrypt$ln=16,r=8,p=1$salt$hash` (PHC, passlib) or `scrypt$16384$salt$8$5$hash` (Django, whose salt is text).
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        match parts {
            ["", "scrypt", cost, salt, output] => {
                let [log_n, r, p] = numbers(cost, ["ln", "r", "p"])?;
                Some(Self {
                    log_n,
                    r,
                    p,
                    salt: base64(salt)?,
                    output: base64(output)?,
                })
            }
            ["scrypt", n, salt, r, p, output] => Some(Self {
                log_n: decimal(n).filter(|n| n.is_power_of_two())?.ilog2(),
                r: decimal(r)?,
                p: decimal(p)?,
                salt: salt.as_bytes().to_vec(),
                output: base64(output)?,
            }),
            _ => None,
        }
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        let (r, p) = (u64::from(self.r), u64::from(self.p));
        let Some(n) = 1_u64.checked_shl(self.log_n) else {
            return false;
        };
        let block = n.saturating_mul(r);
        self.log_n >= MIN_LOG_N
            && r >= 1
            && p >= 1
            && block.saturating_mul(128) <= MAX_MEMORY_BYTES
            && block.saturating_mul(p) <= MAX_WORK
            && SALT_BYTES.contains(&self.salt.len())
            && OUTPUT_BYTES.contains(&self.output.len())
            && self.params().is_some()
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        let done = self.params().is_some_and(|params| {
            scrypt::scrypt(password, &self.salt, &params, &mut output).is_ok()
        });
        done && output.ct_eq(&self.output).into()
    }

    fn params(&self) -> Option<Params> {
        Params::new(self.log_n.try_into().ok()?, self.r, self.p).ok()
    }
}
