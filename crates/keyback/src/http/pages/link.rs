//! The pages that emailed links open.

use crate::http::pages::Page;

/// Characters of the shortest token.
const TOKEN: usize = 43;

/// The page that a link to `path` opens; `None` if it is not an emailed link.
///
/// A link's token is in its fragment, which no server sees. But some link scanners and mail programs encode the `#`:
/// then the fragment becomes part of the path. The page's script reads it from the address bar.
#[must_use]
pub fn page_of(path: &[&str]) -> Option<Page> {
    let path = path.join("/");
    let of_word = |it: char| it.is_ascii_alphabetic() || it == '-';
    let end = path.find(|it| !of_word(it)).unwrap_or(path.len());
    let (name, rest) = path.split_at_checked(end)?;
    let page = match name {
        // The longer names are from older emails and from portals.
        "reset-password" => Page::ResetPassword,
        "cancel-recovery" => Page::CancelRecovery,
        _ => return None,
    };
    let is_link = matches!(rest, "" | "/") || rest.starts_with('%') || has_token(rest);
    is_link.then_some(page)
}

fn has_token(text: &str) -> bool {
    let of_token = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
    text.split(|it| !of_token(it)).any(|run| run.len() >= TOKEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str) -> Option<Page> {
        page_of(&path.split('/').skip(1).collect::<Vec<_>>())
    }

    #[test]
    fn a_link_opens_its_page_whatever_became_of_its_fragment() {
        let token = "a1-_".repeat(11);
        for (name, expected) in [
            ("reset-password", Page::ResetPassword),
            ("cancel-recovery", Page::CancelRecovery),
        ] {
            for rest in [
                String::new(),
                "/".to_owned(),
                format!("%23{token}"),
                format!("%23token={token}"),
                format!("%2523token%253D{token}"),
                format!("%23token={token}%3E."),
                format!("/%23{token}/"),
                format!("/{token}"),
                format!("&token={token}"),
                "%23".to_owned(),
                "%3E".to_owned(),
            ] {
                let path = format!("/{name}{rest}");
                assert_eq!(page(&path), Some(expected), "{path}");
            }
        }
    }

    #[test]
    fn other_paths_are_no_links() {
        for path in [
            "/",
            "/resets",
            "/reset/nothing",
            "/reset-password/check",
            "/reset-password.html",
            "/cancel-recovery-now",
            "/v1/reset-password",
        ] {
            assert_eq!(page(path), None, "{path}");
        }
    }
}
