//! `GET /`, `/forgot-password`, …: the pages for users, and the files that they load.
//!
//! A page comes in the language that the browser prefers, so that its words do not change after loading. Its scripts
//! can replace them by another language's on demand. Nothing here reads a token: tokens are in fragments.

use askama::Template;

use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::web_address::WebAddress;
use crate::ports::Unavailable;
use crate::settings::{Pages, Site};

pub mod api_docs;
pub mod brand;
mod files;
mod language;
mod layout;
pub mod link;
pub mod portal;
mod return_to;

pub(super) use files::{FNV_OFFSET, fnv1a};
pub use files::{File, Files};
pub use language::Language;
pub(super) use language::Words;
pub(super) use layout::PageLayout;

/// Nothing inline and nothing from other origins, except images embedded in a page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Features that no page uses.
const PERMISSIONS_POLICY: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()";
/// One year with subdomains (RFC 6797). Sent only if `public_base_url` is `https`.
const TRANSPORT_SECURITY: &str = "max-age=31536000; includeSubDomains";

/// A page for users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// Links to the next one.
    Start,
    /// Asks for the address.
    ForgotPassword,
    /// Asks for the code.
    VerifyOtp,
    /// Asks for the new password; the link's target.
    ResetPassword,
    /// Ends a recovery that its owner did not ask for; the other link's target.
    CancelRecovery,
    /// Reports that there is no such page.
    Missing,
}

impl Page {
    const fn script(self) -> &'static str {
        match self {
            Self::Start | Self::Missing => "text.js",
            Self::ForgotPassword => "forgot-password.js",
            Self::VerifyOtp => "verify-otp.js",
            Self::ResetPassword => "reset-password.js",
            Self::CancelRecovery => "cancel-recovery.js",
        }
    }

    /// The modules that the script imports, so that the browser can fetch them early.
    const fn modules(self) -> &'static [&'static str] {
        match self {
            Self::Start | Self::Missing => &[],
            Self::CancelRecovery => &["token.js", "text.js", "api.js", "form.js"],
            Self::ForgotPassword | Self::VerifyOtp => {
                &["text.js", "api.js", "form.js", "recovery.js"]
            }
            Self::ResetPassword => &[
                "token.js",
                "text.js",
                "api.js",
                "form.js",
                "recovery.js",
                "estimate.js",
            ],
        }
    }

    /// Whether the page's form works without scripts.
    const fn works_as_a_form(self) -> bool {
        matches!(self, Self::ForgotPassword | Self::Start | Self::Missing)
    }

    /// What the first view requires: a link's token, or an entry in the tab's storage.
    const fn needs(self) -> Option<&'static str> {
        match self {
            Self::VerifyOtp => Some("email"),
            Self::ResetPassword => Some("token reset_token"),
            Self::CancelRecovery => Some("token"),
            Self::ForgotPassword | Self::Start | Self::Missing => None,
        }
    }

    const fn takes_token(self) -> bool {
        matches!(self, Self::ResetPassword | Self::CancelRecovery)
    }

    /// The key of the page's first heading.
    const fn title(self) -> &'static str {
        match self {
            Self::Start => "start.title",
            Self::ForgotPassword => "forgot.title",
            Self::VerifyOtp => "code.title",
            Self::ResetPassword => "password.title",
            Self::CancelRecovery => "cancel.title",
            Self::Missing => "missing.title",
        }
    }
}

#[derive(Template)]
#[template(path = "page.html")]
struct PageTemplate<'a> {
    layout: PageLayout<'a>,
    page: Page,
    return_to: Option<WebAddress>,
    /// The address from `?email=`, for the field.
    email: String,
}

impl PageTemplate<'_> {
    /// The query that makes the next page return to the same place.
    fn return_query(&self) -> String {
        return_to::query(self.return_to.as_ref(), "")
    }

    /// The same, with the address for its field.
    fn whole_query(&self) -> String {
        return_to::query(self.return_to.as_ref(), &self.email)
    }
}

/// The longest text that can be an address (RFC 5321 §4.5.3.1.3).
const MAX_EMAIL: usize = 254;

/// The address from the query, for a field in which the reader can still correct it.
fn email_of(request: &Request) -> String {
    let email = request.parameter("email").unwrap_or_default();
    let fits = email.len() <= MAX_EMAIL && !email.contains(char::is_control);
    if fits { email } else { String::new() }
}

/// A page in the language that the request prefers.
#[must_use]
pub fn get(
    settings: &Result<Pages, Unavailable>,
    request: &Request,
    files: &Files,
    page: Page,
) -> Answer {
    let settings = match settings {
        Ok(settings) => settings,
        Err(outage) => return Problem::from(outage.clone()).into(),
    };
    let language = Language::of(request, files.languages());
    let page = PageTemplate {
        layout: PageLayout::of(Some(settings), files, language),
        page,
        return_to: return_to::wanted(request, &settings.return_urls),
        email: email_of(request),
    };
    let status = if page.page == Page::Missing { 404 } else { 200 };
    html(status, &page, Some(&settings.site))
        .with_header("content-language", page.layout.language.tag)
}

/// Whether the request comes from a browser that loads a page.
pub(super) fn is_for_browser(request: &Request) -> bool {
    let accept = request.header("accept");
    matches!(request.method(), "GET" | "HEAD")
        && accept.is_some_and(|accept| accept.contains("text/html"))
}

/// `GET /.well-known/change-password` redirects password managers to `/forgot-password`
/// (<https://w3c.github.io/webappsec-change-password-url/>).
#[must_use]
pub fn change_password() -> Answer {
    Answer::found("/forgot-password")
}

/// `GET /assets/:version/…`, from the first of `sets` with this version.
#[must_use]
pub fn file(sets: &[&Files], version: &str, name: &[&str]) -> Answer {
    let name = name.join("/");
    match sets.iter().find_map(|files| files.find(version, &name)) {
        Some((media_type, text)) if files::is_latest(version) => {
            Answer::stored(200, media_type, text)
                .with_header("cache-control", "public, max-age=300")
                .with_header("cross-origin-resource-policy", "same-origin")
        }
        Some((media_type, text)) => files::kept(Answer::stored(200, media_type, text)),
        None => Answer::not_found(),
    }
}

pub(super) fn html(status: u16, template: &impl Template, site: Option<&Site>) -> Answer {
    let Ok(page) = template.render() else {
        return Problem::from(Unavailable::Template).into();
    };
    let answer = Answer::text(status, "text/html; charset=utf-8", page)
        .with_header("content-security-policy", CONTENT_SECURITY_POLICY)
        .with_header("cross-origin-opener-policy", "same-origin")
        .with_header("cross-origin-resource-policy", "same-origin")
        .with_header("permissions-policy", PERMISSIONS_POLICY);
    if site.is_some_and(|site| site.base_url.is_https()) {
        answer.with_header("strict-transport-security", TRANSPORT_SECURITY)
    } else {
        answer
    }
}

#[cfg(test)]
mod tests;
