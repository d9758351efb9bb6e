//! Pages of users: the meaning of the arguments of `users`, and the resulting connection.

use async_graphql::Enum;
use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::connection::{Connection, PageArgs};
use super::user::User;
use crate::http::graphql::calls::Listed;
use crate::http::graphql::error::ApiError;
use crate::http::graphql::limits::MAX_PAGE;
use crate::store::directory::{Order, Place};

const ACCOUNT: &str = "account:";

/// Which end of the sorted users comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum SortDirection {
    /// Ascending.
    Asc,
    /// Descending.
    Desc,
}

/// Which users a client asks for, and from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Page {
    order: Order,
    after: Option<i64>,
    before: Option<i64>,
    /// The maximum number of users, from the page's beginning.
    first: Option<usize>,
    /// How many of these to keep, from the end.
    last: Option<usize>,
}

impl Page {
    /// The page for `args`. Negative counts and empty cursors count as absent.
    ///
    /// # Errors
    /// A bad cursor, or a combination that Authgear does not support.
    pub(super) fn read(args: &PageArgs, order: Order) -> Result<Self, ApiError> {
        let after = read_cursor(args.after.as_deref())?;
        let before = read_cursor(args.before.as_deref())?;
        let count = |given| PageArgs::count(given).map(|count| count.min(MAX_PAGE));
        let (first, last) = (count(args.first), count(args.last));
        check_combination(after.is_some(), before.is_some(), last.is_some())?;
        Ok(Self {
            order,
            after,
            before,
            first,
            last,
        })
    }

    /// Whether it is counted from its end.
    const fn is_backward(self) -> bool {
        self.first.is_none() && self.last.is_some()
    }

    /// The place where it begins: next to one of the cursors.
    pub(super) const fn place(self) -> Place {
        match (self.after, self.before, self.order) {
            (_, Some(before), Order::Newest) if self.is_backward() => Place::NewerThan(before),
            (_, Some(before), Order::Oldest) if self.is_backward() => Place::OlderThan(before),
            (Some(after), _, Order::Newest) => Place::OlderThan(after),
            (Some(after), _, Order::Oldest) => Place::NewerThan(after),
            (None, _, _) => Place::Start,
        }
    }

    /// How many users to look for.
    pub(super) fn limit(self) -> usize {
        let count = self.first.or(self.last);
        count.unwrap_or(MAX_PAGE).max(1)
    }

    /// The connection for the accounts found.
    pub(super) fn show(self, listed: Listed) -> Connection<User> {
        let Listed { users, found } = listed;
        let counted = users.len();
        let mut users: Vec<User> = users
            .into_iter()
            .filter(|user| self.holds(user.account.number))
            .collect();
        let is_cut = users.len() < counted;
        if let Some(first) = self.first {
            users.truncate(first);
        }
        if let Some(last) = self.last {
            users.drain(..users.len().saturating_sub(last));
        }
        let is_range = self.before.is_some();
        let has_next = is_range || is_cut || found.next.is_some() || self.first == Some(0);
        let has_previous = is_range || found.previous.is_some();
        let entries = users
            .into_iter()
            .map(|user| (write_cursor(user.account.number), user));
        Connection::new(entries.collect(), found.total, has_previous, has_next)
    }

    /// Whether an account is between the cursors.
    fn holds(self, number: i64) -> bool {
        let is_after = |one: i64, other: i64| match self.order {
            Order::Newest => one < other,
            Order::Oldest => one > other,
        };
        self.after.is_none_or(|after| is_after(number, after))
            && self.before.is_none_or(|before| is_after(before, number))
    }
}

/// Refuses what Authgear does not support: `before` or `last` without both cursors.
pub(super) fn check_combination(after: bool, before: bool, last: bool) -> Result<(), ApiError> {
    let is_known = match (after, before) {
        (true, true) => true,
        (_, false) => !last,
        (false, true) => false,
    };
    is_known.then_some(()).ok_or_else(ApiError::invalid_page)
}

fn write_cursor(number: i64) -> String {
    Base64UrlUnpadded::encode_string(format!("{ACCOUNT}{number}").as_bytes())
}

fn read_cursor(cursor: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) else {
        return Ok(None);
    };
    let bytes = Base64UrlUnpadded::decode_vec(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let number = text.as_deref().and_then(|text| text.strip_prefix(ACCOUNT));
    let number = number.and_then(|number| number.parse().ok());
    let number = number.filter(|number| (0..i64::MAX).contains(number));
    number.map(Some).ok_or_else(ApiError::invalid_cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(after: &str, before: &str, first: i32, last: i32) -> Result<Page, ApiError> {
        let args = PageArgs {
            after: Some(after.to_owned()),
            before: Some(before.to_owned()),
            first: Some(first),
            last: Some(last),
        };
        Page::read(&args, Order::Newest)
    }

    #[test]
    fn pages_begin_next_to_their_cursors() {
        let (five, nine) = (&*write_cursor(5), &*write_cursor(9));
        for (after, before, first, last, place, limit) in [
            ("", "", -1, -1, Place::Start, 100),
            ("", "", 7, -1, Place::Start, 7),
            ("", "", 700, -1, Place::Start, 100),
            (nine, "", 7, -1, Place::OlderThan(9), 7),
            (nine, "", -1, -1, Place::OlderThan(9), 100),
            (nine, five, 7, -1, Place::OlderThan(9), 7),
            (nine, five, -1, 7, Place::NewerThan(5), 7),
            (nine, five, 7, 3, Place::OlderThan(9), 7),
        ] {
            let page = read(after, before, first, last).unwrap();
            assert_eq!((page.place(), page.limit()), (place, limit), "{page:?}");
        }
    }

    #[test]
    fn what_authgear_does_not_know_is_refused_in_its_words() {
        let five = &*write_cursor(5);
        for (after, before, last) in [("", five, -1), ("", "", 7), (five, "", 7), ("", five, 7)] {
            let refused = read(after, before, -1, last);
            assert_eq!(refused, Err(ApiError::invalid_page()), "{after} {before}");
        }
        for bad in ["x", "b2Zmc2V0OjE", "YWNjb3VudDotMQ", "YWNjb3VudDo="] {
            assert_eq!(
                read(bad, "", 7, -1),
                Err(ApiError::invalid_cursor()),
                "{bad}"
            );
        }
    }
}
