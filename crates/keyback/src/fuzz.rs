//! The fuzz targets: one function for each kind of untrusted bytes. Any input is allowed; a broken rule panics.
//!
//! `fuzz/` runs them with inputs from libFuzzer. The tests here run them with `fuzz/corpus` and seeded mutations of it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "panics are how a target says that a rule is broken"
)]

mod app;
mod mail;
mod prepared;
mod records;
#[cfg(test)]
mod tests;
mod text;

pub use app::{call, graphql, import_lines, import_table};
pub use mail::{provider_answer, provider_webhook};
pub use records::record;
pub use text::{
    address, breach_range, client_address, jwk_set, jwt, logo, password_hash, setting, token, url,
};

use ::http::{HeaderMap, HeaderName, HeaderValue};

/// A target and the name of its function, its program in `fuzz/fuzz_targets` and its folder in `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

macro_rules! targets {
    ($($name:ident),+ $(,)?) => {
        /// Every target, in the order of their names.
        pub const TARGETS: &[Target] = &[$((stringify!($name), $name)),+];
    };
}
targets!(
    address,
    breach_range,
    call,
    client_address,
    graphql,
    import_lines,
    import_table,
    jwk_set,
    jwt,
    logo,
    password_hash,
    provider_answer,
    provider_webhook,
    record,
    setting,
    token,
    url,
);

/// Splits off the first line, without its end, from the rest.
fn first_line(input: &[u8]) -> (&[u8], &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n');
    at.map_or((input, &[]), |at| (&input[..at], &input[at..][1..]))
}

/// Header lines up to an empty one, and the body after it. Invalid headers are left out.
fn headers_and_body(mut input: &[u8]) -> (HeaderMap, &[u8]) {
    let mut headers = HeaderMap::new();
    loop {
        let (line, rest) = first_line(input);
        if line.is_empty() {
            return (headers, rest);
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
        input = rest;
    }
}
