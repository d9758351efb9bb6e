//! The operator's logo: an image that the pages show instead of text.

use base64ct::{Base64, Encoding};

/// The largest image, in bytes. A logo is a few hundred pixels wide, and each page loads it.
const MAX_BYTES: usize = 32 * 1024;
/// The most pixels on a side.
const MAX_SIDE: u32 = 4096;
/// How every PNG file begins, up to the length and name of its first chunk, which contains its size (PNG 3rd edition,
/// §5.2 and §11.2.1).
const BEGINNING: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR";

/// An image as a PNG file, a format that cannot contain scripts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    png: Vec<u8>,
    width: u32,
    height: u32,
}

impl Logo {
    /// Decodes the base64 of a PNG file of at most 32 KiB. White space is ignored, and so is a leading
    /// `data:image/png;base64,`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|it| !it.is_whitespace()).collect();
        let text = text.strip_prefix("data:image/png;base64,").unwrap_or(&text);
        // Four characters encode three bytes.
        if text.len() > MAX_BYTES.div_ceil(3).saturating_mul(4) {
            return None;
        }
        let png = Base64::decode_vec(text).ok()?;
        let (width, rest) = png.strip_prefix(BEGINNING)?.split_first_chunk()?;
        let (height, _) = rest.split_first_chunk()?;
        let (width, height) = (u32::from_be_bytes(*width), u32::from_be_bytes(*height));
        let fits = |side: u32| (1..=MAX_SIDE).contains(&side);
        let fits = fits(width) && fits(height) && png.len() <= MAX_BYTES;
        fits.then_some(Self { png, width, height })
    }

    /// The PNG file as the operator gave it.
    #[must_use]
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// The width in pixels.
    #[must_use]
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// The height in pixels.
    #[must_use]
    pub const fn height(&self) -> u32 {
        self.height
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32, length: usize) -> String {
        let mut file = BEGINNING.to_vec();
        file.extend(width.to_be_bytes());
        file.extend(height.to_be_bytes());
        file.resize(length, 0);
        Base64::encode_string(&file)
    }

    #[test]
    fn a_png_is_taken_with_its_size_however_its_base64_is_written() {
        let text = png(240, 64, 100);
        for text in [
            text.clone(),
            format!("data:image/png;base64,{text}"),
            format!(" {}\n{}\n", &text[..40], &text[40..]),
        ] {
            let logo = Logo::parse(&text).unwrap();
            assert_eq!((logo.width(), logo.height()), (240, 64), "{text}");
            assert_eq!(logo.png().len(), 100);
        }
        assert!(Logo::parse(&png(1, 4096, 32 * 1024)).is_some());
    }

    #[test]
    fn what_is_no_png_or_too_large_is_refused() {
        let svg = Base64::encode_string(b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>");
        for bad in [
            String::new(),
            "logo.png".to_owned(),
            "https://example.com/logo.png".to_owned(),
            format!("data:image/svg+xml;base64,{svg}"),
            svg,
            png(240, 64, 20),
            png(0, 64, 100),
            png(240, 4097, 100),
            png(240, 64, 32 * 1024 + 1),
        ] {
            assert_eq!(Logo::parse(&bad), None, "{bad:.60}");
        }
    }
}
