//! Colours and their contrast: text must be readable on its background.

use std::fmt;

/// An opaque colour of the sRGB space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

/// The contrast that text needs with its background: WCAG 2.2, success criterion 1.4.3.
const READABLE: f64 = 4.5;

impl Colour {
    /// `#ffffff`, to measure contrast against.
    pub const WHITE: Self = Self::new(255, 255, 255);
    /// `#000000`, to measure contrast against.
    pub const BLACK: Self = Self::new(0, 0, 0);

    /// A colour by its sRGB components.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Parses `#rrggbb`. Other CSS colours are refused.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let fits = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let part = |range| u8::from_str_radix(digits.get(range)?, 16).ok();
        fits.then_some(())?;
        Some(Self::new(part(0..2)?, part(2..4)?, part(4..6)?))
    }

    /// Whether text of this colour can be read on `ground`.
    #[must_use]
    pub fn is_readable_on(self, ground: Self) -> bool {
        self.contrast(ground) >= READABLE
    }

    /// The nearest readable text colour on `ground`: darker on a light `ground`, lighter on a dark one. Also returns
    /// `darker` or `lighter` if the colour had to change.
    #[must_use]
    pub fn readable_on(self, ground: Self) -> (Self, Option<&'static str>) {
        if self.is_readable_on(ground) {
            return (self, None);
        }
        let (end, change) = if Self::BLACK.contrast(ground) > Self::WHITE.contrast(ground) {
            (Self::BLACK, "darker")
        } else {
            (Self::WHITE, "lighter")
        };
        let nearest = (1..=100).map(|percent| self.towards(end, percent));
        let found = nearest.into_iter().find(|it| it.is_readable_on(ground));
        (found.unwrap_or(end), Some(change))
    }

    /// The text colour on this background: white if its contrast is enough, otherwise black, which then always has
    /// enough.
    #[must_use]
    pub fn for_text(self) -> Self {
        if Self::WHITE.is_readable_on(self) {
            Self::WHITE
        } else {
            Self::BLACK
        }
    }

    /// The colour `percent` of the way to `other`; at 100 and above, `other` itself.
    #[must_use]
    pub fn towards(self, other: Self, percent: u8) -> Self {
        let percent = u16::from(percent.min(100));
        let part = |from: u8, to: u8| {
            let (kept, added) = (
                u16::from(from).saturating_mul(100_u16.saturating_sub(percent)),
                u16::from(to).saturating_mul(percent),
            );
            u8::try_from(kept.saturating_add(added) / 100).unwrap_or(u8::MAX)
        };
        Self {
            red: part(self.red, other.red),
            green: part(self.green, other.green),
            blue: part(self.blue, other.blue),
        }
    }

    /// The contrast ratio of WCAG 2.2, 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// The relative luminance of WCAG 2.2, 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        };
        0.0722_f64.mul_add(
            linear(self.blue),
            0.2126_f64.mul_add(linear(self.red), 0.7152 * linear(self.green)),
        )
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_six_digits_and_gives_them_back() {
        assert_eq!(Colour::parse("#0D5c6b").unwrap().to_string(), "#0d5c6b");
        for bad in [
            "", "#", "0d5c6b", "#0d5c6", "#0d5c6b0", "#+d5c6b", "#0d5céb", "red",
        ] {
            assert_eq!(Colour::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn is_made_readable_with_as_little_change_as_does() {
        let (light, dark) = (Colour::new(0xf6, 0xf5, 0xf2), Colour::new(0x1b, 0x1e, 0x20));
        for (given, ground, change) in [
            ("#635bff", light, Some("darker")),
            ("#ffff00", light, Some("darker")),
            ("#0d5c6b", light, None),
            ("#000080", dark, Some("lighter")),
            ("#ffffff", dark, None),
        ] {
            let colour = Colour::parse(given).unwrap();
            let (made, how) = colour.readable_on(ground);
            assert_eq!(how, change, "{given}");
            assert!(made.is_readable_on(ground), "{given} became {made}");
            assert!(
                made.contrast(ground) < 5.0 || how.is_none(),
                "{given} became {made}"
            );
        }
    }

    #[test]
    fn goes_part_of_the_way_to_another() {
        let grey = Colour::BLACK.towards(Colour::WHITE, 40);
        assert_eq!(grey.to_string(), "#666666");
        assert_eq!(grey.towards(Colour::WHITE, 0), grey);
        assert_eq!(grey.towards(Colour::WHITE, 200), Colour::WHITE);
    }

    #[test]
    fn contrast_is_as_wcag_computes_it() {
        assert!((Colour::BLACK.contrast(Colour::WHITE) - 21.0).abs() < 1e-9);
        // #767676 is the lightest grey that can be read on white.
        assert!(Colour::new(0x76, 0x76, 0x76).is_readable_on(Colour::WHITE));
        assert!(!Colour::new(0x77, 0x77, 0x77).is_readable_on(Colour::WHITE));
    }

    #[test]
    fn some_text_can_be_read_on_every_colour() {
        for grey in 0..=255 {
            let ground = Colour::new(grey, grey, grey);
            assert!(ground.for_text().is_readable_on(ground), "{ground}");
        }
    }
}
