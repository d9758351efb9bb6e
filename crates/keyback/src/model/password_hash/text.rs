//! Parses the parts of hashes: numbers, hexadecimal, base64, and bcrypt's base64.

use base64ct::{Base64, Base64Bcrypt, Base64Unpadded, Encoding as _};

/// A decimal number, consisting of digits only.
pub(super) fn decimal(text: &str) -> Option<u32> {
    let is_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_digits)
}

/// The numbers in `a=1,b=2`, which must have exactly these names in this order.
pub(super) fn numbers<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let mut pairs = text.split(',');
    let mut numbers = [0; N];
    for (number, name) in numbers.iter_mut().zip(names) {
        *number = decimal(pairs.next()?.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    pairs.next().is_none().then_some(numbers)
}

/// Base64 with or without padding. Passlib writes a dot instead of a plus sign.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=').replace('.', "+");
    Base64Unpadded::decode_vec(&unpadded).ok()
}

/// Base64 with all of its padding.
pub(super) fn padded_base64(text: &str) -> Option<Vec<u8>> {
    Base64::decode_vec(text).ok()
}

/// Lower-case hexadecimal.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    base16ct::lower::decode_vec(text).ok()
}

/// The text without the blanks that PHP's `trim` strips.
pub(super) fn php_trim(text: &[u8]) -> &[u8] {
    let is_kept = |byte: &u8| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0);
    let first = text.iter().position(is_kept);
    let last = text.iter().rposition(is_kept);
    first
        .zip(last)
        .and_then(|(first, last)| text.get(first..=last))
        .unwrap_or_default()
}

/// Exactly `N` bytes in bcrypt's base64. Some implementations set bits in the last character that belong to no byte;
/// they mean nothing.
pub(super) fn bcrypt64<const N: usize>(text: &str) -> Option<[u8; N]> {
    const ALPHABET: &str = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let meaningless = match N % 3 {
        1 => 0b1111,
        2 => 0b11,
        _ => 0,
    };
    let last = text.chars().next_back()?;
    let value = ALPHABET.find(last)? & !meaningless;
    let last = ALPHABET.as_bytes().get(value).copied().map(char::from)?;
    let mut canonical: String = text.chars().rev().skip(1).collect();
    canonical = canonical.chars().rev().chain([last]).collect();
    Base64Bcrypt::decode_vec(&canonical).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_under_the_expected_names() {
        assert_eq!(numbers("m=8,t=1", ["m", "t"]), Some([8, 1]));
        for bad in [
            "m=8",
            "t=1,m=8",
            "m=8,t=1,p=1",
            "m=+8,t=1",
            "m=,t=1",
            "m=8,t=1,",
            "m=4294967296,t=1",
            "m= 8,t=1",
            "",
        ] {
            assert_eq!(numbers(bad, ["m", "t"]), None, "{bad}");
        }
    }

    #[test]
    fn base64_comes_in_several_spellings() {
        for text in ["+/8=", "+/8", "./8"] {
            assert_eq!(base64(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        for bad in ["+/9", "-_8", "+ /8", "+"] {
            assert_eq!(base64(bad), None, "{bad}");
        }
    }

    #[test]
    fn php_trims_six_kinds_of_blanks() {
        assert_eq!(php_trim(b" \t\n\r\x0b\0a b\0 "), b"a b");
        assert_eq!(php_trim(b" \0"), b"");
        assert_eq!(php_trim("\u{a0}a".as_bytes()), "\u{a0}a".as_bytes());
    }

    #[test]
    fn meaningless_bits_of_bcrypts_base64_are_ignored() {
        assert_eq!(bcrypt64("......"), Some([0; 4]));
        assert_eq!(bcrypt64(".....B"), Some([0; 4]));
        assert_eq!(bcrypt64::<4>("....."), None);
        assert_eq!(bcrypt64::<4>(".....!"), None);
        assert_eq!(bcrypt64::<4>(""), None);
    }
}
