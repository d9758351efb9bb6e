//! Generated passwords.

use crate::base::random::SecureRandom;
use crate::base::unavailable::Unavailable;
use crate::model::password::Password;

/// Letters and digits without look-alikes: no `i`, `l`, `o`, `0` or `1`.
const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUP: usize = 5;
/// 20 characters of 31: 99 bits.
const LEAST_GROUPS: usize = 4;

/// Draws a password such as `k7wqd-…`: at least four groups of five characters joined by hyphens, 99 bits, and more
/// groups if `min_length` requires them. All characters are equally likely, up to a bias below 2⁻³⁰.
///
/// # Errors
/// [`Unavailable::Random`].
pub fn generate(min_length: usize, random: &impl SecureRandom) -> Result<Password, Unavailable> {
    let groups = min_length
        .div_ceil(GROUP.saturating_add(1))
        .max(LEAST_GROUPS);
    // With n groups there are n - 1 hyphens: one character short of a multiple of six.
    let groups = groups.saturating_add(usize::from(
        groups.saturating_mul(GROUP.saturating_add(1)) == min_length,
    ));
    let mut text = String::new();
    for group in 0..groups {
        if group > 0 {
            text.push('-');
        }
        for _ in 0..GROUP {
            let mut bytes = [0; 8];
            random.fill(&mut bytes)?;
            let index = u64::from_le_bytes(bytes)
                .checked_rem(ALPHABET.len() as u64)
                .and_then(|index| usize::try_from(index).ok());
            let character = index.and_then(|index| ALPHABET.get(index));
            text.push(character.copied().map_or('x', char::from));
        }
    }
    Ok(Password::new(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::email_address::EmailAddress;
    use crate::model::password_policy::{Blocklist, PasswordPolicy};
    use crate::testing::SeededRandom;

    #[test]
    fn satisfies_every_policy_that_can_be_set() {
        let email = EmailAddress::parse("ann.lee@example.com").unwrap();
        let random = SeededRandom::new(11);
        for min_length in 8..=64 {
            let policy = PasswordPolicy {
                min_length,
                min_strength: 4,
                app_name: "Keyback".to_owned(),
                blocklist: Blocklist::default(),
            };
            for _ in 0..20 {
                let password = generate(min_length, &random).unwrap();
                assert_eq!(policy.violations(&password, &email), [], "{min_length}");
            }
        }
    }

    #[test]
    fn has_at_least_80_bits_of_characters_that_are_not_taken_for_one_another() {
        let random = SeededRandom::new(12);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let password = generate(8, &random).unwrap();
            let text = password.reveal();
            let drawn = text.bytes().filter(|byte| *byte != b'-').count();
            // log2(31) is 4.954.
            assert!(drawn * 4_954 >= 80_000);
            assert!(!text.contains(['i', 'l', 'o', '0', '1', 'I', 'O']));
            seen.extend(text.bytes());
        }
        assert_eq!(seen.len(), ALPHABET.len() + 1, "every character comes up");
    }
}
