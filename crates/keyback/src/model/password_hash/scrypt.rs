//! scrypt (RFC 7914): PHC strings, and the forms of Django, Werkzeug and Spring.

use std::time::Duration;

use scrypt::Params;
use subtle::ConstantTimeEq as _;

use super::slowness::times;
use super::text::{base64, decimal, hex, numbers, padded_base64};
use super::{MAX_MEMORY_BYTES, OUTPUT_BYTES, SALT_BYTES};

/// The minimum base-2 logarithm of N.
const MIN_LOG_N: u32 = 10;
/// The maximum of N times r times p: OWASP's N = 2^17, r = 8, p = 1.
const MAX_WORK: u64 = 1 << 20;

/// For one unit of that.
const TIME: Duration = Duration::from_nanos(650);

/// RFC 7914 §2: how much memory and time a hash takes.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    log_n: u32,
    r: u32,
    p: u32,
}

impl Cost {
    /// `ln=16,r=8,p=1`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let [log_n, r, p] = numbers(text, ["ln", "r", "p"])?;
        Some(Self { log_n, r, p })
    }

    fn of_n(n: &str, r: &str, p: &str) -> Option<Self> {
        Some(Self {
            log_n: decimal(n).filter(|n| n.is_power_of_two())?.ilog2(),
            r: decimal(r)?,
            p: decimal(p)?,
        })
    }

    /// Spring's form: 16 bits of the logarithm of N, eight of r and eight of p, in hexadecimal without leading zeros.
    fn of_hex(text: &str) -> Option<Self> {
        let is_hex = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let is_bounded = (5..=8).contains(&text.len()) && !text.starts_with('0');
        let bits = u32::from_str_radix(text, 16).ok();
        let [high, low, r, p] = bits.filter(|_| is_hex && is_bounded)?.to_be_bytes();
        Some(Self {
            log_n: u16::from_be_bytes([high, low]).into(),
            r: r.into(),
            p: p.into(),
        })
    }

    pub(super) fn time(self) -> Duration {
        times(TIME, self.work())
    }

    /// Bytes: 128 N r.
    pub(super) fn memory(self) -> u64 {
        self.n().saturating_mul(self.r.into()).saturating_mul(128)
    }

    /// N times r times p.
    fn work(self) -> u64 {
        self.n()
            .saturating_mul(self.r.into())
            .saturating_mul(self.p.into())
    }

    fn n(self) -> u64 {
        1_u64.checked_shl(self.log_n).unwrap_or(u64::MAX)
    }

    pub(super) fn is_within_bounds(self) -> bool {
        self.log_n >= MIN_LOG_N
            && self.r >= 1
            && self.p >= 1
            && self.memory() <= MAX_MEMORY_BYTES
            && self.work() <= MAX_WORK
            && self.params().is_some()
    }

    /// Fills `output` from the password. `false` if memory runs out.
    pub(super) fn derive(self, password: &[u8], salt: &[u8], output: &mut [u8]) -> bool {
        self.params()
            .is_some_and(|params| scrypt::scrypt(password, salt, &params, output).is_ok())
    }

    fn params(self) -> Option<Params> {
        Params::new(self.log_n.try_into().ok()?, self.r, self.p).ok()
    }
}

pub(super) struct ScryptHash {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl ScryptHash {
    /// `$scrypt$ln=16,r=8,p=1$salt$hash` (PHC, passlib), `scrypt$16384$salt$8$5$hash` (Django, whose salt is text),
    /// `scrypt:32768:8:1$salt$hash` (Werkzeug, whose salt is text and whose hash is hexadecimal) or `$e0801$salt$hash`
    /// (Spring).
    pub(super) fn read(parts: &[&str]) -> Option<Self> {
        match parts {
            ["", "scrypt", cost, salt, output] => Some(Self {
                cost: Cost::read(cost)?,
                salt: base64(salt)?,
                output: base64(output)?,
            }),
            ["scrypt", n, salt, r, p, output] => Some(Self {
                cost: Cost::of_n(n, r, p)?,
                salt: salt.as_bytes().to_vec(),
                output: base64(output)?,
            }),
            ["", cost, salt, output] => Some(Self {
                cost: Cost::of_hex(cost)?,
                salt: padded_base64(salt)?,
                output: padded_base64(output)?,
            }),
            [method, salt, output] => {
                let mut cost = method.strip_prefix("scrypt:")?.split(':');
                let (n, r, p) = (cost.next()?, cost.next()?, cost.next()?);
                cost.next().is_none().then_some(())?;
                Some(Self {
                    cost: Cost::of_n(n, r, p)?,
                    salt: salt.as_bytes().to_vec(),
                    output: hex(output)?,
                })
            }
            _ => None,
        }
    }

    pub(super) fn is_within_bounds(&self) -> bool {
        self.cost.is_within_bounds()
            && SALT_BYTES.contains(&self.salt.len())
            && OUTPUT_BYTES.contains(&self.output.len())
    }

    pub(super) fn time(&self) -> Duration {
        self.cost.time()
    }

    pub(super) fn memory(&self) -> u64 {
        self.cost.memory()
    }

    pub(super) fn accepts(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        let is_derived = self.cost.derive(password, &self.salt, &mut output);
        is_derived && output.ct_eq(&self.output).into()
    }
}
