//! `GET /v1/admin/users?q=&disabled=&no_password=&must_change=&locked=&order=&limit=&cursor=`,
//! `GET /v1/admin/users?email=`

use serde::Serialize;

use crate::flow::accounts::search::{self, Query as Sought};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::query::{self, Query};
use crate::http::request::Request;
use crate::http::v1::admin::users::{AccountShown, shape_of};
use crate::model::email_address::EmailAddress;
use crate::model::listing::{Beginning, StateFilter};
use crate::ports::{Env, Unavailable};
use crate::settings::{Accounts, Scope};
use crate::store::accounts;
use crate::store::cx::Cx;
use crate::store::directory::{Order, Place, SearchPage};

const DEFAULT_PAGE: i64 = 50;
const MAX_PAGE: i64 = 100;

/// The parameters of a search.
const CRITERIA: [&str; 5] = ["q", "disabled", "no_password", "must_change", "locked"];

/// A page of accounts.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct AccountPage {
    users: Vec<AccountShown>,
    /// The number of matching accounts on all pages. Null while the directory is catching up.
    total: Option<usize>,
    /// Cursor for the next page.
    next_cursor: Option<String>,
    /// Cursor for the previous page.
    previous_cursor: Option<String>,
    /// Present and false for a minute or so after many changes at once: some accounts may be missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    complete: Option<bool>,
}

/// Searches for accounts, newest first unless asked otherwise, or finds the one with an address.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    let mut known = vec!["email", "order", "limit", "cursor"];
    known.extend(CRITERIA);
    let query = request.query(&known)?;
    // One account needs no pages, but a bad parameter is still refused.
    let page = read_page(&query)?;
    let found = match query.text("email") {
        Some(email) => find_one(cx, &query, email).await?,
        None => find_page(cx, settings, &query, page).await?,
    };
    let users = found
        .accounts
        .iter()
        .map(|account| shape_of(cx, &settings.keyring, account));
    let users: Result<Vec<_>, Unavailable> =
        futures::future::join_all(users).await.into_iter().collect();
    let page = AccountPage {
        users: users?,
        total: found.total,
        next_cursor: found.next.map(write_cursor),
        previous_cursor: found.previous.map(write_cursor),
        complete: (!found.is_complete).then_some(false),
    };
    Ok(Answer::of(200, &page))
}

async fn find_one<E: Env>(
    cx: &Cx<'_, E>,
    query: &Query,
    email: &str,
) -> Result<SearchPage, Problem> {
    if CRITERIA.iter().any(|it| query.text(it).is_some()) {
        return Err(query::refuse(
            "email cannot be combined with q, disabled, no_password, must_change or locked",
        ));
    }
    let email =
        EmailAddress::parse(email).map_err(|error| query::refuse(&format!("email {error}")))?;
    let found = accounts::find_by_email(cx.store(), &email).await?;
    Ok(SearchPage {
        total: Some(found.iter().count()),
        accounts: found.into_iter().collect(),
        is_complete: true,
        next: None,
        previous: None,
    })
}

/// The requested part of the accounts.
struct Page {
    order: Order,
    limit: usize,
    place: Place,
}

fn read_page(query: &Query) -> Result<Page, Problem> {
    let order = query.parsed("order", |text| match text {
        "newest" => Ok(Order::Newest),
        "oldest" => Ok(Order::Oldest),
        _ => Err("must be newest or oldest"),
    })?;
    let limit = query.number("limit", 1..=MAX_PAGE)?.unwrap_or(DEFAULT_PAGE);
    Ok(Page {
        order: order.unwrap_or_default(),
        limit: usize::try_from(limit).unwrap_or_default(),
        place: query.parsed("cursor", read_cursor)?.unwrap_or(Place::Start),
    })
}

async fn find_page<E: Env>(
    cx: &Cx<'_, E>,
    settings: &Accounts,
    query: &Query,
    page: Page,
) -> Result<SearchPage, Problem> {
    let sought = Sought {
        beginning: query.parsed("q", Beginning::parse)?.unwrap_or_default(),
        filter: StateFilter {
            disabled: query.boolean("disabled")?,
            no_password: query.boolean("no_password")?,
            must_change: query.boolean("must_change")?,
        },
        locked: query.boolean("locked")?,
    };
    let Page {
        order,
        limit,
        place,
    } = page;
    Ok(search::run(cx, &settings.keyring, sought, order, place, limit).await?)
}

const OLDER: &str = "older-";
const NEWER: &str = "newer-";

fn write_cursor(place: Place) -> String {
    match place {
        Place::Start => String::new(),
        Place::OlderThan(number) => format!("{OLDER}{number}"),
        Place::NewerThan(number) => format!("{NEWER}{number}"),
    }
}

fn read_cursor(text: &str) -> Result<Place, &'static str> {
    let number = |text: &str| query::read_number(text).filter(|number| *number < i64::MAX);
    let older = text
        .strip_prefix(OLDER)
        .and_then(number)
        .map(Place::OlderThan);
    let newer = text
        .strip_prefix(NEWER)
        .and_then(number)
        .map(Place::NewerThan);
    older
        .or(newer)
        .ok_or("must be a cursor from an earlier page")
}
