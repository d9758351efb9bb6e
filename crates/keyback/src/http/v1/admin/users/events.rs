//! `GET /v1/admin/users/:id/events?limit=&cursor=`

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::events::{EventPage, shape};
use crate::http::v1::admin::users::find_id;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::{accounts, event_log};

const DEFAULT_PAGE: i64 = 50;
const MAX_PAGE: i64 = 100;

/// Lists the events of an account, or of one that was deleted less than 90 days ago, newest first.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::Events, cx.now)?;
    let id = find_id(id)?;
    let query = request.query(&["limit", "cursor"])?;
    let limit = query.number("limit", 1..=MAX_PAGE)?.unwrap_or(DEFAULT_PAGE);
    let before = query.number("cursor", 1..=i64::MAX)?;
    let page = event_log::page(cx.store(), &id, before, limit).await?;
    // The events of a deleted account can still be read.
    if page.events.is_empty() && accounts::find(cx.store(), &id).await?.is_none() {
        return Err(Problem::not_found());
    }
    let page = EventPage {
        events: page.events.iter().map(shape).collect(),
        next_cursor: page.next.map(|next| next.to_string()),
    };
    Ok(Answer::of(200, &page))
}
