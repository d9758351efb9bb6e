//! Pages of lists, as Relay defines them.

use async_graphql::{OutputType, SimpleObject};
use base64ct::{Base64UrlUnpadded, Encoding as _};

use super::node::{Authenticator, Identity};
use super::user::User;
use super::vacant::{Authorization, Group, Role, Session};

/// The requested part of a list.
#[derive(Debug, Clone, Default)]
pub(super) struct PageArgs {
    pub(super) after: Option<String>,
    pub(super) before: Option<String>,
    pub(super) first: Option<i32>,
    pub(super) last: Option<i32>,
}

impl PageArgs {
    /// A count, unless it is negative.
    pub(super) fn count(given: Option<i32>) -> Option<usize> {
        given.and_then(|count| usize::try_from(count).ok())
    }

    /// Whether each cursor comes from a [list in memory](Connection::of).
    pub(super) fn has_places(&self) -> bool {
        let mut cursors = [&self.after, &self.before].into_iter().flatten();
        cursors.all(|cursor| read_place(cursor).is_some())
    }
}

/// A page of a list.
#[derive(Debug, SimpleObject)]
#[graphql(concrete(name = "AuthenticatorConnection", params(Authenticator)))]
#[graphql(concrete(name = "AuthorizationConnection", params(Authorization)))]
#[graphql(concrete(name = "GroupConnection", params(Group)))]
#[graphql(concrete(name = "IdentityConnection", params(Identity)))]
#[graphql(concrete(name = "RoleConnection", params(Role)))]
#[graphql(concrete(name = "SessionConnection", params(Session)))]
#[graphql(concrete(name = "UserConnection", params(User)))]
pub(super) struct Connection<T: OutputType>
where
    Edge<T>: OutputType,
{
    /// The entries of the page.
    pub(super) edges: Option<Vec<Option<Edge<T>>>>,
    /// What comes before and after the page.
    pub(super) page_info: PageInfo,
    /// The number of entries in the whole list. Null for users while many changes are being processed.
    pub(super) total_count: Option<i32>,
}

/// An entry of a list.
#[derive(Debug, SimpleObject)]
#[graphql(concrete(name = "AuthenticatorEdge", params(Authenticator)))]
#[graphql(concrete(name = "AuthorizationEdge", params(Authorization)))]
#[graphql(concrete(name = "GroupEdge", params(Group)))]
#[graphql(concrete(name = "IdentityEdge", params(Identity)))]
#[graphql(concrete(name = "RoleEdge", params(Role)))]
#[graphql(concrete(name = "SessionEdge", params(Session)))]
#[graphql(concrete(name = "UserEdge", params(User)))]
pub(super) struct Edge<T: OutputType> {
    /// The cursor of the entry, for `after` and `before`.
    pub(super) cursor: String,
    /// What the cursor points to.
    pub(super) node: Option<T>,
}

/// What comes before and after a page.
#[derive(Debug, Default, SimpleObject)]
pub(super) struct PageInfo {
    /// The last entry's cursor, for `after`.
    pub(super) end_cursor: Option<String>,
    /// Whether entries follow.
    pub(super) has_next_page: bool,
    /// Whether entries come before.
    pub(super) has_previous_page: bool,
    /// The first entry's cursor, for `before`.
    pub(super) start_cursor: Option<String>,
}

impl<T: OutputType> Connection<T>
where
    Edge<T>: OutputType,
{
    /// A page of these entries, each with its cursor.
    pub(super) fn new(
        entries: Vec<(String, T)>,
        total: Option<usize>,
        has_previous_page: bool,
        has_next_page: bool,
    ) -> Self {
        let cursor = |entry: Option<&(String, T)>| entry.map(|(cursor, _)| cursor.clone());
        let page_info = PageInfo {
            end_cursor: cursor(entries.last()),
            has_next_page,
            has_previous_page,
            start_cursor: cursor(entries.first()),
        };
        let edges = entries.into_iter().map(|(cursor, node)| {
            Some(Edge {
                cursor,
                node: Some(node),
            })
        });
        Self {
            edges: Some(edges.collect()),
            page_info,
            total_count: total.map(|total| i32::try_from(total).unwrap_or(i32::MAX)),
        }
    }

    /// The part of a list in memory that `args` ask for. Ignores invalid cursors: check [`PageArgs::has_places`] first.
    pub(super) fn of(list: Vec<T>, args: &PageArgs) -> Self {
        let total = list.len();
        let place = |cursor: Option<&String>| cursor.and_then(|cursor| read_place(cursor));
        let mut start = place(args.after.as_ref()).map_or(0, |place| place.saturating_add(1));
        let mut end = place(args.before.as_ref()).map_or(total, |place| place.min(total));
        if let Some(first) = PageArgs::count(args.first) {
            end = end.min(start.saturating_add(first));
        }
        if let Some(last) = PageArgs::count(args.last) {
            start = start.max(end.saturating_sub(last));
        }
        let entries = list.into_iter().enumerate().take(end).skip(start);
        let entries = entries.map(|(place, entry)| (write_place(place), entry));
        Self::new(
            entries.collect(),
            Some(total),
            start > 0 && total > 0,
            end < total,
        )
    }
}

const PLACE: &str = "place:";

fn write_place(place: usize) -> String {
    Base64UrlUnpadded::encode_string(format!("{PLACE}{place}").as_bytes())
}

fn read_place(cursor: &str) -> Option<usize> {
    let bytes = Base64UrlUnpadded::decode_vec(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix(PLACE)?.parse().ok()
}
