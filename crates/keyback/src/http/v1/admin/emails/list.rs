//! `GET /v1/admin/emails?state=&limit=&cursor=`

use serde::Serialize;

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::query;
use crate::http::request::Request;
use crate::http::v1::admin::emails::{EmailShown, shape};
use crate::model::email::EmailState;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::outbox;

const DEFAULT_PAGE: i64 = 50;
const MAX_PAGE: i64 = 100;

/// A page of emails, newest first. It may have fewer than `limit`.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct EmailPage {
    emails: Vec<EmailShown>,
    /// Cursor for older emails.
    next_cursor: Option<String>,
}

/// Lists the emails of the last month, newest first: all of them, or those in one state.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::EmailsRead, cx.now)?;
    let query = request.query(&["state", "limit", "cursor"])?;
    let state = match query.text("state") {
        None | Some("") => None,
        Some(text) => Some(EmailState::parse(text).ok_or_else(unknown_state)?),
    };
    let limit = query.number("limit", 1..=MAX_PAGE)?.unwrap_or(DEFAULT_PAGE);
    let before = query.number("cursor", 1..=i64::MAX)?;
    let page = outbox::page(cx.store(), state, before, limit).await?;
    let page = EmailPage {
        emails: page.emails.iter().map(shape).collect(),
        next_cursor: page.next.map(|next| next.to_string()),
    };
    Ok(Answer::of(200, &page))
}

fn unknown_state() -> Problem {
    let known: Vec<_> = EmailState::ALL.iter().map(|state| state.as_str()).collect();
    query::refuse(&format!("state must be one of {}", known.join(", ")))
}
