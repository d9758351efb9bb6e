//! Looking for many secrets at once, in clear and in the encodings that they could leave in.

use std::collections::HashMap;
use std::fmt::Write as _;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};

use super::Secret;

/// The number of bytes by which needles are looked up: fewer would match by chance everywhere.
const KEY: usize = 8;

/// Secrets in all their forms.
pub(super) struct Search {
    needles: HashMap<[u8; KEY], Vec<Needle>>,
}

struct Needle {
    form: &'static str,
    bytes: Vec<u8>,
    secret: Secret,
}

/// A secret that was found, without its text, so that messages cannot show it.
pub(super) struct Found {
    pub(super) what: String,
    form: &'static str,
    at: usize,
    pub(super) bytes: Vec<u8>,
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}, at {})", self.what, self.form, self.at)
    }
}

impl Search {
    pub(super) fn for_all(secrets: &[Secret]) -> Self {
        let mut needles: HashMap<_, Vec<Needle>> = HashMap::new();
        for secret in secrets {
            for (form, bytes) in forms(&secret.bytes) {
                let key = bytes.first_chunk().expect("a secret has some length");
                let secret = secret.clone();
                needles.entry(*key).or_default().push(Needle {
                    form,
                    bytes,
                    secret,
                });
            }
        }
        Self { needles }
    }

    /// The secrets in `text`.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Found> {
        let mut found = Vec::new();
        for (at, key) in text.windows(KEY).enumerate() {
            let key: &[u8; KEY] = key.try_into().expect("a window is as long");
            for needle in self.needles.get(key).into_iter().flatten() {
                if text[at..].starts_with(&needle.bytes) {
                    found.push(Found {
                        what: needle.secret.what.clone(),
                        form: needle.form,
                        at,
                        bytes: needle.secret.bytes.clone(),
                    });
                }
            }
        }
        found
    }
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|bytes| bytes == part)
}

/// A secret in clear and encoded.
fn forms(secret: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let hex = secret.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a text takes every write");
        hex
    });
    let mut forms = vec![
        ("in clear", secret.to_vec()),
        ("in upper-case hex", hex.to_uppercase().into_bytes()),
        ("in hex", hex.into_bytes()),
    ];
    for offset in 0..3 {
        forms.push(("in base64", within_base64(secret, offset, &STANDARD)));
        forms.push(("in base64url", within_base64(secret, offset, &URL_SAFE)));
    }
    for (form, upper, space) in [
        ("URL-encoded", true, "%20"),
        ("URL-encoded in lower case", false, "%20"),
        ("form-encoded", true, "+"),
    ] {
        forms.push((form, url_encoded(secret, upper, space)));
    }
    forms.push(("in JSON", in_json(secret)));
    let mut seen = Vec::new();
    forms.retain(|(_, bytes)| {
        let is_new = !seen.contains(bytes);
        seen.push(bytes.clone());
        is_new
    });
    forms
}

/// The characters of the encoding that depend on `secret` alone, with `offset` bytes before it and anything after it.
fn within_base64(secret: &[u8], offset: usize, alphabet: &impl base64::Engine) -> Vec<u8> {
    let padded = [&vec![0; offset], secret].concat();
    let encoded = alphabet.encode(&padded).into_bytes();
    // A character is six bits.
    let first = (offset * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    encoded[first..end].to_vec()
}

fn url_encoded(secret: &[u8], upper: bool, space: &str) -> Vec<u8> {
    let mut encoded = String::new();
    for byte in secret {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(*byte));
            }
            b' ' => encoded.push_str(space),
            _ if upper => write!(encoded, "%{byte:02X}").expect("a text takes every write"),
            _ => write!(encoded, "%{byte:02x}").expect("a text takes every write"),
        }
    }
    encoded.into_bytes()
}

fn in_json(secret: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(secret) else {
        return secret.to_vec();
    };
    let quoted = serde_json::Value::from(text).to_string();
    quoted.as_bytes()[1..quoted.len() - 1].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Grün \"heron\"/+?~ 7";

    fn search() -> Search {
        let bytes = SECRET.as_bytes().to_vec();
        let secret = Secret {
            what: "it".to_owned(),
            bytes,
            is_stored: false,
        };
        Search::for_all(&[secret])
    }

    /// The forms in which the secret is found in a text that other code encoded.
    fn found(text: impl AsRef<[u8]>) -> Vec<&'static str> {
        let text = [b"before ", text.as_ref(), b" after"].concat();
        search().find(&text).iter().map(|it| it.form).collect()
    }

    #[test]
    fn a_planted_secret_is_found_in_each_encoding() {
        assert_eq!(found(SECRET), ["in clear"]);
        let hex: String = SECRET
            .bytes()
            .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(found(&hex), ["in hex"]);
        assert_eq!(found(hex.to_uppercase()), ["in upper-case hex"]);
        assert_eq!(
            found("Gr%C3%BCn%20%22heron%22%2F%2B%3F~%207"),
            ["URL-encoded"]
        );
        assert_eq!(
            found("Gr%c3%bcn%20%22heron%22%2f%2b%3f~%207"),
            ["URL-encoded in lower case"]
        );
        assert_eq!(found("Gr%C3%BCn+%22heron%22%2F%2B%3F~+7"), ["form-encoded"]);
        assert_eq!(
            found(serde_json::json!({"password": SECRET}).to_string()),
            ["in JSON"]
        );
        // Where neither alphabet's own characters occur, both are one form.
        let is_base64 = |text: String| {
            let forms = found(text);
            forms.len() == 1 && forms[0].starts_with("in base64")
        };
        for before in ["", "x", "xy", "xyz", "xyzä"] {
            for after in ["", "x", "xy"] {
                let text = format!("{before}{SECRET}{after}");
                assert!(is_base64(STANDARD.encode(&text)), "{text}");
                assert!(is_base64(URL_SAFE.encode(&text)), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_secret_is_not_found() {
        assert_eq!(found(""), [""; 0]);
        assert_eq!(found(&SECRET[..SECRET.len() - 1]), [""; 0]);
        assert_eq!(found("Gr%C3%BCn heron"), [""; 0]);
    }
}
