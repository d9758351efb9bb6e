//! `POST /forgot-password/submit`: the form of the page `/forgot-password`, as sent by a browser without scripts. It
//! makes the same request as `POST /v1/forgot-password`, with the same limits, and is answered with a page.

use askama::Template;

use crate::http::answer::Answer;
use crate::http::pages::{Files, Language, PageLayout, html};
use crate::http::problem::{Problem, ProblemType};
use crate::http::request::Request;
use crate::http::v1::forgot_password;
use crate::model::email_address::EmailAddress;
use crate::model::locale::Locale;
use crate::ports::{Env, Unavailable};
use crate::settings::{ForgotPassword, Site};
use crate::store::cx::Cx;

/// The errors that the form's answer distinguishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Address,
    Limited { minutes: u32 },
    Unavailable,
    Form,
}

impl Fault {
    fn of(problem: &Problem) -> Self {
        match problem.kind {
            ProblemType::ValidationFailed => Self::Address,
            ProblemType::RateLimited => Self::Limited {
                minutes: problem.retry_after_minutes(),
            },
            ProblemType::ServiceUnavailable => Self::Unavailable,
            _ => Self::Form,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Address => "error.address",
            Self::Limited { .. } => "error.too-many",
            Self::Unavailable => "error.unavailable",
            Self::Form => "error.form",
        }
    }

    const fn minutes(self) -> u32 {
        match self {
            Self::Limited { minutes } => minutes,
            _ => 0,
        }
    }
}

#[derive(Template)]
#[template(path = "submitted.html")]
struct Submitted<'a> {
    layout: PageLayout<'a>,
    fault: Option<Fault>,
}

impl Submitted<'_> {
    fn title(&self) -> &'static str {
        if self.fault.is_none() {
            "sent.title"
        } else {
            "error.title"
        }
    }
}

/// Accepts the form. The answer is the same whether or not an account exists.
pub async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: Result<ForgotPassword, Unavailable>,
    words: &Files,
) -> Answer {
    let language = Language::of(request, words.languages());
    let taken = match &settings {
        Ok(settings) => take(cx, request, settings, language).await,
        Err(outage) => Err(Problem::unavailable(outage.clone())),
    };
    let (status, fault, headers, outage) = match taken {
        Ok(()) => (202, None, Vec::new(), None),
        Err(problem) => {
            let (status, fault) = (problem.kind.status(), Fault::of(&problem));
            (status, Some(fault), problem.headers, problem.outage)
        }
    };
    let site = settings
        .as_ref()
        .ok()
        .map(|settings| &settings.branding.site);
    let sign_in_url = settings.as_ref().ok();
    let sign_in_url = sign_in_url.and_then(|settings| settings.sign_in_url.0.as_ref());
    let page = Submitted {
        layout: PageLayout::new(site, words, language).leading_back(sign_in_url),
        fault,
    };
    let answer = html(status, &page, site).with_header("content-language", language.tag);
    let answer = headers.into_iter().fold(answer, |answer, (name, value)| {
        answer.with_header(name, value)
    });
    answer.because_of(outage)
}

/// Redirects to the form, since a browser may load the answer's address again.
#[must_use]
pub fn get() -> Answer {
    Answer::found("/forgot-password")
}

async fn take<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &ForgotPassword,
    language: &Language,
) -> Result<(), Problem> {
    if !is_from_here(request, &settings.branding.site) {
        return Err(Problem::forbidden_form());
    }
    let read = |request: &Request| {
        let fields = request.form()?;
        let mut addresses = fields.iter().filter(|(name, _)| name == "email");
        let email = addresses
            .next()
            .and_then(|(_, text)| EmailAddress::parse(text.trim()).ok())
            .filter(|_| addresses.next().is_none())
            .ok_or_else(|| Problem::validation_failed(Vec::new()))?;
        Ok((email, Locale::read(language.tag)))
    };
    forgot_password::take(cx, request, settings, read)
        .await
        .map(drop)
}

/// Whether a page of this origin sent the form. Browsers say so in `Sec-Fetch-Site`
/// (<https://www.w3.org/TR/fetch-metadata/>). For those that do not, `Origin` decides. The pages forbid referrers, so
/// the `Origin` of their own forms is `null`, which proves nothing.
fn is_from_here(request: &Request, site: &Site) -> bool {
    match request.header("sec-fetch-site") {
        Some(from) => from == "same-origin",
        None => request
            .header("origin")
            .is_some_and(|origin| origin == site.base_url.to_string()),
    }
}

#[cfg(test)]
mod tests;
