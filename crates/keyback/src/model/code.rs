//! The digits in a recovery email.

use std::fmt;

use crate::base::random::SecureRandom;
use crate::base::unavailable::Unavailable;
use crate::model::id::ChallengeSerial;
use crate::model::keyring::{KeyUse, KeyedDigest, Keyring};

/// How many digits a code has: 6 to 10 (NIST SP 800-63B-4 §3.1.3.2 asks for at least 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeLength(u32);

impl CodeLength {
    /// A length of 6 to 10 digits; `None` for any other.
    #[must_use]
    pub fn new(digits: u32) -> Option<Self> {
        (6..=10).contains(&digits).then_some(Self(digits))
    }

    /// The number of digits.
    #[must_use]
    pub const fn digits(self) -> u32 {
        self.0
    }
}

/// A code in clear. Never stored, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// Draws a code of `length` digits, each value as likely as any other: the remainder of 128 random bits leaves a
    /// bias below 2⁻⁹⁴.
    ///
    /// # Errors
    /// [`Unavailable::Random`].
    pub fn generate(length: CodeLength, random: &impl SecureRandom) -> Result<Self, Unavailable> {
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        let range = 10_u128.saturating_pow(length.0);
        let number = u128::from_be_bytes(bytes)
            .checked_rem(range)
            .unwrap_or_default();
        Ok(Self(format!("{number:0width$}", width = length.0 as usize)))
    }

    /// Reads a code typed on any keyboard or copied from any email: digits of all scripts count, and anything that is
    /// neither a digit nor a letter is dropped. Text that cannot be a code is a wrong code, not another kind of error.
    #[must_use]
    pub fn from_typed(text: &str) -> Self {
        let meant = text.chars().filter(|it| it.is_alphanumeric());
        Self(meant.map(latin_digit).take(64).collect())
    }

    /// The digits, as they go into the email and nowhere else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The stored form, bound to one challenge.
    #[must_use]
    pub fn digest(&self, keyring: &Keyring, serial: &ChallengeSerial) -> KeyedDigest {
        keyring.digest(KeyUse::Codes, &self.parts(serial))
    }

    /// Whether `digest` is this code's for `serial`, in constant time.
    #[must_use]
    pub fn matches(
        &self,
        keyring: &Keyring,
        serial: &ChallengeSerial,
        digest: &KeyedDigest,
    ) -> bool {
        keyring.matches(KeyUse::Codes, &self.parts(serial), digest)
    }

    fn parts<'a>(&'a self, serial: &'a ChallengeSerial) -> [&'a [u8]; 2] {
        [serial.as_str().as_bytes(), self.0.as_bytes()]
    }
}

/// The zeros of all scripts except Latin, each followed by the other nine digits (Unicode, general category Nd).
const ZEROS: [char; 65] = [
    '\u{660}',
    '\u{6f0}',
    '\u{7c0}',
    '\u{966}',
    '\u{9e6}',
    '\u{a66}',
    '\u{ae6}',
    '\u{b66}',
    '\u{be6}',
    '\u{c66}',
    '\u{ce6}',
    '\u{d66}',
    '\u{de6}',
    '\u{e50}',
    '\u{ed0}',
    '\u{f20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17e0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19d0}',
    '\u{1a80}',
    '\u{1a90}',
    '\u{1b50}',
    '\u{1bb0}',
    '\u{1c40}',
    '\u{1c50}',
    '\u{a620}',
    '\u{a8d0}',
    '\u{a900}',
    '\u{a9d0}',
    '\u{a9f0}',
    '\u{aa50}',
    '\u{abf0}',
    '\u{ff10}',
    '\u{104a0}',
    '\u{10d30}',
    '\u{11066}',
    '\u{110f0}',
    '\u{11136}',
    '\u{111d0}',
    '\u{112f0}',
    '\u{11450}',
    '\u{114d0}',
    '\u{11650}',
    '\u{116c0}',
    '\u{11730}',
    '\u{118e0}',
    '\u{11950}',
    '\u{11c50}',
    '\u{11d50}',
    '\u{11da0}',
    '\u{16a60}',
    '\u{16ac0}',
    '\u{16b50}',
    '\u{1d7ce}',
    '\u{1d7d8}',
    '\u{1d7e2}',
    '\u{1d7ec}',
    '\u{1d7f6}',
    '\u{1e140}',
    '\u{1e2f0}',
    '\u{1e950}',
    '\u{1fbf0}',
];

/// The ASCII digit for a digit of another script; any other character unchanged.
fn latin_digit(character: char) -> char {
    let digit = ZEROS.iter().find_map(|zero| {
        let value = u32::from(character).checked_sub(u32::from(*zero))?;
        char::from_digit(value, 10)
    });
    digit.unwrap_or(character)
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandom;

    #[test]
    fn has_the_asked_number_of_digits_and_keeps_leading_zeros() {
        let random = SeededRandom::new(1);
        for digits in 6..=10 {
            let length = CodeLength::new(digits).unwrap();
            let mut leading_zero = false;
            for _ in 0..200 {
                let code = Code::generate(length, &random).unwrap();
                assert_eq!(code.reveal().len(), digits as usize);
                assert!(code.reveal().bytes().all(|byte| byte.is_ascii_digit()));
                leading_zero |= code.reveal().starts_with('0');
            }
            assert!(leading_zero);
        }
        assert_eq!(CodeLength::new(5), None);
        assert_eq!(CodeLength::new(11), None);
    }

    #[test]
    fn takes_a_code_as_people_type_it() {
        assert_eq!(Code::from_typed(" 123 456\n").reveal(), "123456");
        assert_eq!(Code::from_typed("123-456").reveal(), "123456");
        assert_eq!(
            Code::from_typed("1.2\u{2013}3 4\u{200b}5\u{feff}6").reveal(),
            "123456"
        );
        assert_eq!(
            Code::from_typed("\u{661}\u{662}\u{663}\u{ff14}\u{ff15}\u{ff16}").reveal(),
            "123456"
        );
        assert_eq!(
            Code::from_typed("\u{1d7cf}\u{9e8}3\u{fe0f}\u{20e3}456").reveal(),
            "123456"
        );
        assert_eq!(
            Code::from_typed("\u{a0}\u{de7}\u{1091}\u{a9d2}\u{202f}\u{1e953}\u{11139}\u{3000}5")
                .reveal(),
            "112335"
        );
        assert_eq!(Code::from_typed("12345o").reveal(), "12345o");
        assert_eq!(Code::from_typed(&"9".repeat(9000)).reveal().len(), 64);
    }
}
