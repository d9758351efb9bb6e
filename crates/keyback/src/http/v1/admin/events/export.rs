//! `GET /v1/admin/events/export?type=&actor=&user_id=&since=&until=&limit=&cursor=`

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::events::{Asked, shape};
use crate::ports::{Env, Unavailable};
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::event_feed::{of_account, page};

/// About 5 MB, and a second to read.
const MAX_LINES: i64 = 10_000;

/// The events of a page, but oldest first and one event per line (<https://github.com/ndjson/ndjson-spec>). If there
/// are more, the answer has a link to them (RFC 8288).
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::Events, cx.now)?;
    let asked = Asked::read(request, MAX_LINES)?;
    let limit = usize::try_from(asked.limit.unwrap_or(MAX_LINES)).unwrap_or_default();
    let (events, next) = match &asked.account {
        None => {
            let cursor = asked.feed_cursor()?;
            let page = page::oldest_first(cx.env, &asked.filter, cursor, limit, cx.now).await?;
            (page.events, page.next.map(|next| next.to_string()))
        }
        Some(account) => {
            let after = asked.account_cursor()?;
            let page =
                of_account::oldest_first(cx.env, account, &asked.filter, after, limit).await?;
            (page.events, page.next.map(|next| next.to_string()))
        }
    };
    let mut lines = String::new();
    for event in &events {
        // As a value first, for members in alphabetical order, as in a page.
        let line = serde_json::to_value(shape(event)).map_err(|_| Unavailable::Template)?;
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let answer = Answer::text(200, "application/x-ndjson; charset=utf-8", lines);
    Ok(match next {
        None => answer,
        Some(next) => answer.with_header("link", asked.link_to(&next)),
    })
}
