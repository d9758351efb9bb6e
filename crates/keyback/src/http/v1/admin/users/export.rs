//! `GET /v1/admin/users/export?hashes=&limit=&cursor=`

use std::time::Duration;

use serde_json::{Map, Value};

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::request::Request;
use crate::model::account::Account;
use crate::model::log_line::LogLine;
use crate::ports::{Clock, Env, Log, PAUSE};
use crate::settings::{Accounts, Scope};
use crate::store::accounts;
use crate::store::cx::Cx;

/// How many accounts an answer may contain, and how long it may search: limits for its memory and time.
const MAX_PAGE: i64 = 10_000;
const LONGEST: Duration = Duration::from_secs(10);
/// How many accounts are read at the same time.
const CHUNK: i64 = 100;

/// Lists accounts in the order of their creation, as the lines that an import accepts.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    let query = request.query(&["hashes", "limit", "cursor"])?;
    let hashes = query.boolean("hashes")?.unwrap_or(false);
    if hashes {
        authorise(request, &settings.access, Scope::UsersHashes, cx.now)?;
    }
    let limit = query.number("limit", 1..=MAX_PAGE)?.unwrap_or(MAX_PAGE);
    let after = query.number("cursor", 0..=i64::MAX)?.unwrap_or(0);
    let page = read(cx, after, limit, hashes).await?;
    if hashes {
        cx.env.log().write(&LogLine::HashesExported {
            request_id: request.id().to_owned(),
            by: caller.id,
            accounts: page.accounts,
        });
    }
    let answer = Answer::text(200, "application/x-ndjson", page.lines);
    Ok(match page.next {
        Some(next) => answer
            .with_header("link", link(&query, next))
            .with_header("x-next-cursor", next.to_string()),
        None => answer,
    })
}

/// Lines, and the number after which the next ones begin, if there are more.
struct Page {
    lines: String,
    accounts: i64,
    next: Option<i64>,
}

async fn read<E: Env>(
    cx: &Cx<'_, E>,
    after: i64,
    limit: i64,
    hashes: bool,
) -> Result<Page, Problem> {
    let (store, clock) = (cx.store(), cx.env.clock());
    let ends_at = clock.now().plus(LONGEST);
    let last = accounts::last_number(store).await?;
    let mut page = Page {
        lines: String::new(),
        accounts: 0,
        next: None,
    };
    let mut seen = after;
    while seen < last && page.accounts < limit && clock.now() < ends_at {
        let room = limit.saturating_sub(page.accounts).min(CHUNK);
        let to = seen.saturating_add(room).min(last);
        for (_, found) in accounts::range(store, seen.saturating_add(1), to).await {
            // An unreadable account is not left out silently.
            if let Some(account) = found? {
                page.lines.push_str(&line(&account, hashes).to_string());
                page.lines.push('\n');
                page.accounts = page.accounts.saturating_add(1);
            }
        }
        seen = to;
        clock.sleep(PAUSE).await;
    }
    page.next = (seen < last).then_some(seen);
    Ok(page)
}

/// An account as the line that creates it. A temporary password is left out, since it would not expire elsewhere.
fn line(account: &Account, hashes: bool) -> Value {
    let mut members = Map::new();
    let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
    add("id", account.id.as_str().into());
    add("email", account.email.as_str().into());
    if let Some(locale) = &account.locale {
        add("locale", locale.as_str().into());
    }
    if account.disabled {
        add("disabled", true.into());
    }
    add("created_at", account.created_at.rfc3339().into());
    let credential = account.credential.as_ref();
    if let Some(credential) = credential.filter(|it| hashes && it.expires_at.is_none()) {
        add("password_hash", credential.hash.reveal().into());
        if credential.must_change {
            add("change_on_next_sign_in", true.into());
        }
    }
    Value::Object(members)
}

/// The address of the next page (RFC 8288).
fn link(query: &Query, next: i64) -> String {
    let others = ["limit", "hashes"].map(|name| {
        let value = query.text(name);
        value.map_or_else(String::new, |value| format!("&{name}={value}"))
    });
    let others = others.concat();
    format!("</v1/admin/users/export?cursor={next}{others}>; rel=\"next\"")
}
