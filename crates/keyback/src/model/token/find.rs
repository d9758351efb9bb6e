//! Finding a token in the remains of a link.
//!
//! Link scanners encode the `#`, mail systems wrap lines and leave parts of their encodings, and people copy text next
//! to a link. A token's alphabet and length are fixed, so it is found wherever it is.

use percent_encoding::percent_decode_str;

use crate::base::blank::is_blank;
use crate::model::token::Token;

/// Characters of a token: with a fixed reference, as in older links and reset tokens, and without.
const LONG: usize = 64;
const SHORT: usize = 43;
/// What remains when quoted-printable wrote `=` as `=3D`.
const EQUALS: [&str; 2] = ["3D", "3d"];
/// The marks that mail programs put before quoted lines in replies and forwards.
const QUOTES: [char; 2] = ['>', '|'];
/// The most times that a link is percent-encoded: each scanner on its way may encode it once more.
const MAX_ENCODINGS: usize = 3;

/// Finds the token. Text after a `#` is preferred to text before it, and a token that stands alone to one at the
/// beginning of a longer run.
pub(super) fn in_text(text: &str) -> Option<Token> {
    let text = decode(text);
    let bare = without_quotes(&text);
    let texts = [text, bare];
    let alone = texts.iter().find_map(|text| alone_in_parts(text));
    alone.or_else(|| texts.iter().find_map(|text| glued_in_parts(text)))
}

/// The text after a `#`, and the text before it.
fn parts(text: &str) -> [&str; 2] {
    let (address, fragment) = text.split_once('#').unwrap_or(("", text));
    [fragment, address]
}

fn alone_in_parts(text: &str) -> Option<Token> {
    let parts = parts(text);
    let joined = parts.map(join);
    let mut all = parts.into_iter().chain(joined.iter().map(String::as_str));
    all.find_map(alone_in)
}

fn glued_in_parts(text: &str) -> Option<Token> {
    // Tokens in links are short; a reset token, which is never emailed, is long.
    let lengths = if text.contains('#') {
        [SHORT, LONG]
    } else {
        [LONG, SHORT]
    };
    let joined = parts(text).map(join);
    joined.iter().find_map(|part| glued_in(part, lengths))
}

/// The first run of token characters that is a token.
fn alone_in(text: &str) -> Option<Token> {
    runs(text).find_map(Token::parse)
}

/// The first token with something attached: the remains of `=3D` before it, or anything after it.
fn glued_in(text: &str, lengths: [usize; 2]) -> Option<Token> {
    runs(text).find_map(|run| {
        let cleared = EQUALS.iter().find_map(|it| run.strip_prefix(it));
        let cleared = cleared.unwrap_or(run);
        let begins = |length| Token::parse(run.get(..length)?);
        Token::parse(cleared).or_else(|| lengths.into_iter().find_map(begins))
    })
}

fn runs(text: &str) -> impl Iterator<Item = &str> {
    let is_of_alphabet =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    text.split(move |character| !is_of_alphabet(character))
}

/// The text without line breaks, blanks and invisible characters, and without the marks that quoted-printable puts
/// where it wraps lines.
fn join(text: &str) -> String {
    let text = text.replace("=\r\n", "").replace("=\n", "");
    // The remains of an encoded `=` are not part of a token.
    let text = text.replace("=3D", "=").replace("=3d", "=");
    text.chars().filter(|it| !is_blank(*it)).collect()
}

/// The text without quote marks of mail programs, and with hyphens in place of the dashes that word processors insert.
fn without_quotes(text: &str) -> String {
    let text = text.replace(QUOTES, "");
    let text = text.replace(['\u{2010}', '\u{2011}', '\u{2212}'], "-");
    text.replace(['\u{2013}', '\u{2014}'], "--")
}

/// Undoes percent-encoding, including repeated encoding.
fn decode(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MAX_ENCODINGS {
        let decoded = percent_decode_str(&text).decode_utf8_lossy().into_owned();
        if decoded == text {
            break;
        }
        text = decoded;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::token::TokenReference;
    use crate::testing::SeededRandom;

    /// One of each length.
    fn tokens() -> [Token; 2] {
        let random = SeededRandom::new(8);
        let reference = TokenReference::generate(&random).unwrap();
        [
            Token::generate(&random).unwrap(),
            Token::generate_for(reference, &random).unwrap(),
        ]
    }

    fn found(text: &str) -> Option<String> {
        in_text(text).map(|token| token.reveal())
    }

    #[test]
    fn a_token_is_found_wherever_it_stands() {
        for token in tokens() {
            let text = token.reveal();
            let (head, tail) = text.split_at(20);
            for damaged in [
                text.clone(),
                format!(" {text}\n"),
                format!("{text}."),
                format!("<{text}>"),
                format!("({text}),"),
                format!("{text}?utm_source=mail&utm_medium=email"),
                format!("{text}&amp;utm_source=mail"),
                format!("token={text}"),
                format!("token=3D{text}"),
                format!("token=3d{text}"),
                format!("3d{text}"),
                format!("token&#61;{text}&gt;"),
                format!("token&#x3D;{text}&#8203;"),
                format!("{head}\r\n> {tail}"),
                format!("{head}\n>> {tail}>"),
                format!("{head}\n| {tail}"),
                format!("{head}>%20{tail}"),
                format!("{head}\u{ad}{tail}\u{2060}"),
                text.replace('-', "\u{2011}"),
                format!("\u{201c}{text}\u{201d}"),
                format!("3D{text}"),
                format!("token%3D{text}%0A"),
                format!("{text}Thanks"),
                format!("{text}3D"),
                format!("{head}\r\n{tail}"),
                format!("{head} {tail}"),
                format!("{head}=\r\n{tail}"),
                format!("{head}%0D%0A{tail}"),
                format!("{head}\u{200b}{tail}\u{feff}"),
                format!("https://id.example.test/reset-password#{text}"),
                format!("https://id.example.test/reset-password%23{text}"),
                format!("https://id.example.test/reset-password%2523{text}%253E"),
                format!("https://id.example.test/reset-password#token={text}"),
                format!("https://id.example.test/reset-password%23token={text}."),
                format!("https://id.example.test/reset-password%2523token%253D{text}"),
                format!("https://id.example.test/reset-password?token={text}&a=b"),
                format!(
                    "https://id.example.test/reset-password?return_to={}#{text}",
                    "a".repeat(SHORT)
                ),
                format!(
                    "https://scanner.example/?url=https%3A%2F%2Fid.example.test%2Freset-password%23token%3D{text}&data=05%7C02"
                ),
                format!(
                    "[Choose a new password](https://id.example.test/reset-password#token={text})"
                ),
            ] {
                assert_eq!(found(&damaged).as_ref(), Some(&text), "{damaged}");
            }
        }
    }

    #[test]
    fn what_is_glued_to_a_link_is_left_out_however_long() {
        let [short, long] = tokens().map(|token| token.reveal());
        let glue = "Or-type-this-code-where-you-are-asked-for-it";
        for (link, token) in [
            (
                format!("https://id.example.test/reset-password#token={short}{glue}"),
                &short,
            ),
            (
                format!("https://id.example.test/reset-password%23token={short}{glue}"),
                &short,
            ),
            (format!("{long}{glue}"), &long),
        ] {
            assert_eq!(found(&link).as_ref(), Some(token), "{link}");
        }
    }

    #[test]
    fn what_is_too_short_is_no_token() {
        for token in tokens() {
            let text = token.reveal();
            for cut in [
                "",
                "token",
                &text[..SHORT - 1],
                &format!("#{}", &text[..30]),
            ] {
                assert_eq!(found(cut), None, "{cut}");
            }
        }
        assert_eq!(found(&"%".repeat(5_000)), None);
    }
}
