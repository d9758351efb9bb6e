//! A call as a command line.

use crate::model::base_url::BaseUrl;

/// The command line. `path` has its parameters in braces, and `body` is JSON.
pub(super) fn line(
    method: &str,
    base_url: &BaseUrl,
    path: &str,
    needs_key: bool,
    body: Option<&str>,
) -> String {
    let path = path
        .replace("{id}", "$id")
        .replace("{job}", "$job")
        .replace("{provider}", "resend");
    let mut line = String::from("curl -i");
    // With a body, curl makes it a POST on its own.
    let implied = if body.is_some() { "POST" } else { "GET" };
    if method != implied {
        line.push_str(" -X ");
        line.push_str(method);
    }
    line.push_str(" \"");
    line.push_str(&base_url.join(&path));
    line.push('"');
    if needs_key {
        line.push_str(" \\\n  -H \"Authorization: Bearer $KEYBACK_KEY\"");
    }
    if let Some(body) = body {
        line.push_str(" \\\n  --json '");
        line.push_str(&body.replace('\'', "'\\''"));
        line.push('\'');
    }
    line
}
