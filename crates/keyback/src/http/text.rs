//! A text that a component contains, plain or compressed.

use std::borrow::Cow;
use std::io::Read as _;

use flate2::read::GzDecoder;

/// A text in UTF-8 that is part of a component.
#[derive(Debug, Clone, Copy)]
pub struct Text(Form);

#[derive(Debug, Clone, Copy)]
enum Form {
    Plain(&'static str),
    /// The function is part of the value, so that a component without such a text does not contain it.
    Gzip(&'static [u8], fn(&[u8]) -> String),
    Both(&'static str, &'static [u8]),
}

impl Text {
    /// A text as it is.
    #[must_use]
    pub const fn plain(text: &'static str) -> Self {
        Self(Form::Plain(text))
    }

    /// A text that the build compressed with gzip (RFC 1952). It must be UTF-8, as the build checks.
    #[must_use]
    pub const fn gzip(bytes: &'static [u8]) -> Self {
        Self(Form::Gzip(bytes, decompress))
    }

    /// A text that is sent compressed, and often read: both forms are stored.
    #[must_use]
    pub const fn both(text: &'static str, bytes: &'static [u8]) -> Self {
        Self(Form::Both(text, bytes))
    }

    /// The text. It is empty if it is not what [`Self::gzip`] requires.
    pub(in crate::http) fn read(self) -> Cow<'static, str> {
        match self.0 {
            Form::Plain(text) | Form::Both(text, _) => text.into(),
            Form::Gzip(bytes, decompress) => decompress(bytes).into(),
        }
    }

    /// The compressed form, if the text is stored in it.
    pub(in crate::http) const fn compressed(self) -> Option<&'static [u8]> {
        match self.0 {
            Form::Plain(_) => None,
            Form::Gzip(bytes, _) | Form::Both(_, bytes) => Some(bytes),
        }
    }

    /// The bytes that are stored. They change with the text.
    pub(in crate::http) const fn stored(self) -> &'static [u8] {
        match self.0 {
            Form::Plain(text) | Form::Both(text, _) => text.as_bytes(),
            Form::Gzip(bytes, _) => bytes,
        }
    }
}

fn decompress(bytes: &[u8]) -> String {
    let mut text = String::new();
    let read = GzDecoder::new(bytes).read_to_string(&mut text);
    read.map(|_| text).unwrap_or_default()
}
