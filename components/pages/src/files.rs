//! The files in `static/`, which `build.rs` compresses, in the component.

use keyback::for_all_languages;
use keyback::http::Text;
use keyback::http::pages::{File, Files, Language};
use keyback::http::routes::PageFiles;

macro_rules! gzip {
    ($($part:literal),+) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/static/", $($part),+, ".gz"))
    };
}

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(File { name: $name, text: Text::gzip(gzip!($name)) }),+]
    };
}

/// The words of all languages, from `lang/` in a folder of `static/`.
macro_rules! words {
    ($folder:literal; $($language:ident $tag:literal $name:literal,)+) => {
        &[$(Language {
            tag: $tag,
            name: $name,
            words: Text::gzip(gzip!($folder, "lang/", $tag, ".json")),
        }),+]
    };
}

/// The words of the pages for users, which each of them needs.
macro_rules! words_of_pages {
    (; $($language:ident $tag:literal $name:literal,)+) => {
        &[$(Language {
            tag: $tag,
            name: $name,
            words: Text::both(
                include_str!(concat!("../static/lang/", $tag, ".json")),
                gzip!("lang/", $tag, ".json"),
            ),
        }),+]
    };
}

/// The pages for users.
static FILES: Files = Files::new(
    files!(
        "api-docs.css",
        "api.js",
        "arrival.js",
        "cancel-recovery.js",
        "estimate.js",
        "forgot-password.js",
        "form.js",
        "icon.svg",
        "problem.js",
        "recovery.js",
        "reset-password.js",
        "style.css",
        "text.js",
        "token.js",
        "verify-otp.js",
    ),
    for_all_languages!(words_of_pages),
);

/// Titles and texts of the problems in all languages except English, whose texts are in the library. No page loads
/// these files.
static PROBLEMS: &[Language] = for_all_languages!(words "problems/");

/// The administrators' portal, whose words the other pages do not load.
static PORTAL: Files = Files::new(
    files!(
        "api.js",
        "icon.svg",
        "portal/account.js",
        "portal/bulk.js",
        "portal/chunks.js",
        "portal/create.js",
        "portal/csv.js",
        "portal/dialog.js",
        "portal/dom.js",
        "portal/download.js",
        "portal/draw.js",
        "portal/emails.js",
        "portal/events.js",
        "portal/feed.js",
        "portal/forms.js",
        "portal/idle.js",
        "portal/import.js",
        "portal/invite.js",
        "portal/job.js",
        "portal/languages.js",
        "portal/load.js",
        "portal/main.js",
        "portal/more.js",
        "portal/password.js",
        "portal/people.js",
        "portal/place.js",
        "portal/policy.js",
        "portal/portal.css",
        "portal/reason.js",
        "portal/recovery.js",
        "portal/selection.js",
        "portal/sending.js",
        "portal/session.js",
        "portal/table.js",
        "portal/task.js",
        "portal/user.js",
        "portal/users.js",
        "style.css",
        "text.js",
    ),
    for_all_languages!(words "portal/"),
);

/// All files, as the routes need them.
pub(crate) static ALL: PageFiles = PageFiles {
    pages: &FILES,
    portal: &PORTAL,
    problems: PROBLEMS,
    openapi: Text::gzip(include_bytes!(concat!(env!("OUT_DIR"), "/openapi.json.gz"))),
};
