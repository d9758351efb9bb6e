//! `GET /v1/admin/events?type=&actor=&user_id=&since=&until=&limit=&cursor=`

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::events::{Asked, EventPage, shape};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::event_feed::{of_account, page};

const DEFAULT_PAGE: i64 = 50;
const MAX_PAGE: i64 = 100;

/// Shows what happened to all accounts, newest first.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::Events, cx.now)?;
    let asked = Asked::read(request, MAX_PAGE)?;
    let limit = usize::try_from(asked.limit.unwrap_or(DEFAULT_PAGE)).unwrap_or_default();
    let (events, next) = match &asked.account {
        None => {
            let cursor = asked.feed_cursor()?;
            let page = page::newest_first(cx.store(), &asked.filter, cursor, limit).await?;
            (page.events, page.next.map(|next| next.to_string()))
        }
        Some(account) => {
            let before = asked.account_cursor()?;
            let page =
                of_account::newest_first(cx.store(), account, &asked.filter, before, limit).await?;
            (page.events, page.next.map(|next| next.to_string()))
        }
    };
    let page = EventPage {
        events: events.iter().map(shape).collect(),
        next_cursor: next,
    };
    Ok(Answer::of(200, &page))
}
