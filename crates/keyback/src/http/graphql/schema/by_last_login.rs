//! Users by their last sign-in. There is no index in this order, so users are sorted here, if there are few.

use std::cmp::Ordering;

use super::connection::{Connection, PageArgs};
use super::page::{SortDirection, check_combination};
use super::user::User;
use crate::http::graphql::calls::{Calls, Job, Listing};
use crate::http::graphql::error::{ApiError, Failure};
use crate::http::graphql::limits::MAX_PAGE;
use crate::store::directory::{Order, Place};

/// How many users can be sorted: each costs three reads.
pub(super) const MOST: usize = 500;

/// The page of the users that match `keyword`. Those without a sign-in come last, as in Authgear; ties: newer first.
///
/// # Errors
/// Those of [`Page::read`](super::page::Page::read), and more users than [`MOST`].
pub(super) async fn find(
    calls: &Calls,
    keyword: &str,
    direction: SortDirection,
    args: PageArgs,
) -> async_graphql::Result<Connection<User>> {
    let args = read(args).map_err(refuse)?;
    let mut users = find_all(calls, keyword).await?;
    users.sort_by(|one, other| compare(one, other, direction));
    Ok(Connection::of(users, &args))
}

fn refuse(error: ApiError) -> async_graphql::Error {
    Failure::Refused(error).into_field_error()
}

/// The arguments, with a limit for the page and without empty cursors.
fn read(args: PageArgs) -> Result<PageArgs, ApiError> {
    let given = |cursor: Option<String>| cursor.filter(|cursor| !cursor.is_empty());
    let most = i32::try_from(MAX_PAGE).unwrap_or(i32::MAX);
    let count = |count: Option<i32>| count.filter(|count| *count >= 0).map(|it| it.min(most));
    let mut args = PageArgs {
        after: given(args.after),
        before: given(args.before),
        first: count(args.first),
        last: count(args.last),
    };
    if !args.has_places() {
        return Err(ApiError::invalid_cursor());
    }
    let (after, before) = (args.after.is_some(), args.before.is_some());
    check_combination(after, before, args.last.is_some())?;
    if args.last.is_none() {
        args.first = args.first.or(Some(most));
    }
    Ok(args)
}

async fn find_all(calls: &Calls, keyword: &str) -> async_graphql::Result<Vec<User>> {
    let mut users = Vec::new();
    let mut place = Place::Start;
    loop {
        let listing = Listing {
            keyword: keyword.to_owned(),
            order: Order::Newest,
            place,
            limit: MAX_PAGE,
        };
        let listed = calls.have(|reply| Job::List(listing, reply)).await?;
        // Without a total, there have been at least a thousand changes.
        if listed.found.total.is_none_or(|total| total > MOST) {
            return Err(refuse(ApiError::too_many_to_sort(MOST)));
        }
        users.extend(listed.users);
        match listed.found.next {
            Some(next) if users.len() < MOST => place = next,
            _ => return Ok(users),
        }
    }
}

fn compare(one: &User, other: &User, direction: SortDirection) -> Ordering {
    let times = (one.activity.last_sign_in_at, other.activity.last_sign_in_at);
    let by_time = match (times, direction) {
        ((Some(one), Some(other)), SortDirection::Asc) => one.cmp(&other),
        ((Some(one), Some(other)), SortDirection::Desc) => other.cmp(&one),
        ((Some(_), None), _) => Ordering::Less,
        ((None, Some(_)), _) => Ordering::Greater,
        ((None, None), _) => Ordering::Equal,
    };
    by_time.then_with(|| other.account.number.cmp(&one.account.number))
}
