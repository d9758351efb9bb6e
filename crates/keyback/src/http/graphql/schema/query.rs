//! What can be asked for.

#![expect(
    clippy::too_many_arguments,
    reason = "a field has as many arguments as it has"
)]

use async_graphql::{Context, Enum, ID, Object};

use super::by_last_login;
use super::connection::{Connection, PageArgs};
use super::node::{Authenticator, Identity, Node};
use super::page::{Page, SortDirection};
use super::user::User;
use crate::http::graphql::calls::{Calls, Job, Listing};
use crate::http::graphql::error::{ApiError, Failure};
use crate::http::graphql::global_id::{self, Kind};
use crate::http::graphql::limits::MAX_PAGE;
use crate::model::email_address::EmailAddress;
use crate::settings::Scope;
use crate::store::directory::Order;

/// What users are sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum UserSortBy {
    /// When they were created.
    CreatedAt,
    /// When they last signed in, for at most 500 users. Users who never signed in come last.
    LastLoginAt,
}

/// Reads users, and stands for what Keyback has none of.
#[derive(Debug)]
pub(in crate::http::graphql) struct Query;

fn refuse(error: ApiError) -> async_graphql::Error {
    Failure::Refused(error).into_field_error()
}

/// The calls of a caller that may read users.
fn of_reader<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Calls> {
    let calls = Calls::of(ctx)?;
    calls.authorise(Scope::UsersRead, "users:read")?;
    Ok(calls)
}

/// Reads users, and stands for what Keyback has none of.
#[Object]
impl Query {
    /// The user with a login ID, or null. The key is `email`. No user has the other keys, `phone` and `username`.
    #[graphql(name = "getUserByLoginID")]
    async fn get_user_by_login_id(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "loginIDKey")] key: String,
        #[graphql(name = "loginIDValue")] value: String,
    ) -> Nullable<User> {
        find_by_login_id(ctx, &key, &value).await.transpose()
    }

    /// Always null: accounts with other providers are not supported.
    #[graphql(name = "getUserByOAuth")]
    async fn get_user_by_oauth(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "oauthProviderAlias")] alias: String,
        #[graphql(name = "oauthProviderUserID")] user_id: String,
    ) -> Nullable<User> {
        drop((alias, user_id));
        of_reader(ctx).map(|_| None).transpose()
    }

    /// The users with a standard attribute: `email`. No user has the others, `phone_number` and `preferred_username`.
    async fn get_users_by_standard_attribute(
        &self,
        ctx: &Context<'_>,
        attribute_name: String,
        attribute_value: String,
    ) -> async_graphql::Result<Vec<User>> {
        let calls = of_reader(ctx)?;
        match attribute_name.as_str() {
            "email" => {
                let email = EmailAddress::parse(&attribute_value)
                    .map_err(|_| refuse(ApiError::invalid_look_up("invalid attributeValue")))?;
                let found = calls.have(|reply| Job::FindByEmail(email, reply)).await?;
                Ok(found.into_iter().collect())
            }
            "phone_number" | "preferred_username" => Ok(Vec::new()),
            _ => {
                let message = "attributeName must be email, phone_number or preferred_username";
                Err(refuse(ApiError::invalid_look_up(message)))
            }
        }
    }

    /// The object with a global ID, or null.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ID.")] id: ID,
    ) -> Nullable<Node> {
        find_node(ctx, id).await.transpose()
    }

    /// The object with each global ID, in the given order. Null for an unknown ID. At most 100 IDs.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global IDs.")] ids: Vec<ID>,
    ) -> async_graphql::Result<Vec<Option<Node>>> {
        let calls = of_reader(ctx)?;
        if ids.len() > MAX_PAGE {
            return Err(refuse(ApiError::invalid("ids must be at most 100")));
        }
        find_nodes(calls, &ids).await
    }

    /// All users, or those whose address, domain or ID begins with `searchKeyword`. The newest come first. A page has 100 users
    /// by default, and at most.
    async fn users(
        &self,
        ctx: &Context<'_>,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        #[graphql(desc = "Must be empty: there are no groups.")] group_keys: Option<Vec<String>>,
        last: Option<i32>,
        #[graphql(desc = "Must be empty: there are no roles.")] role_keys: Option<Vec<String>>,
        search_keyword: Option<String>,
        sort_by: Option<UserSortBy>,
        sort_direction: Option<SortDirection>,
    ) -> Nullable<Connection<User>> {
        let listed: async_graphql::Result<_> = async {
            let calls = of_reader(ctx)?;
            for (keys, field, what) in [
                (group_keys, "groupKeys", "groups"),
                (role_keys, "roleKeys", "roles"),
            ] {
                if keys.is_some_and(|keys| !keys.is_empty()) {
                    return Err(refuse(ApiError::unsupported(field, what)));
                }
            }
            let order = match sort_direction {
                Some(SortDirection::Asc) => Order::Oldest,
                Some(SortDirection::Desc) | None => Order::Newest,
            };
            let args = PageArgs {
                after,
                before,
                first,
                last,
            };
            let keyword = search_keyword.unwrap_or_default();
            if sort_by == Some(UserSortBy::LastLoginAt) {
                let direction = sort_direction.unwrap_or(SortDirection::Desc);
                return by_last_login::find(calls, &keyword, direction, args).await;
            }
            let page = Page::read(&args, order).map_err(refuse)?;
            let listing = Listing {
                keyword,
                order,
                place: page.place(),
                limit: page.limit(),
            };
            let listed = calls.have(|reply| Job::List(listing, reply)).await?;
            Ok(page.show(listed))
        }
        .await;
        Some(listed)
    }
}

/// The result of a field that may be null: null if it fails (<https://spec.graphql.org/October2021/#sec-Handling-Field-Errors>).
/// The server leaves a field out that fails with a plain `Result`.
pub(super) type Nullable<T> = Option<async_graphql::Result<T>>;

async fn find_by_login_id(
    ctx: &Context<'_>,
    key: &str,
    value: &str,
) -> async_graphql::Result<Option<User>> {
    let calls = of_reader(ctx)?;
    match key {
        "email" => {}
        "phone" | "username" => return Ok(None),
        _ => return Err(refuse(ApiError::invalid_look_up("invalid Login ID key"))),
    }
    let email = EmailAddress::parse(value)
        .map_err(|_| refuse(ApiError::invalid_look_up("invalid Login ID value")))?;
    calls.have(|reply| Job::FindByEmail(email, reply)).await
}

async fn find_node(ctx: &Context<'_>, id: ID) -> async_graphql::Result<Option<Node>> {
    let mut found = find_nodes(of_reader(ctx)?, &[id]).await?;
    Ok(found.pop().flatten())
}

async fn find_nodes(calls: &Calls, ids: &[ID]) -> async_graphql::Result<Vec<Option<Node>>> {
    let parsed: Vec<_> = ids.iter().map(|id| global_id::parse(id)).collect();
    let accounts: Vec<_> = parsed.iter().flatten().map(|(_, id)| id.clone()).collect();
    let mut users = if accounts.is_empty() {
        Vec::new()
    } else {
        calls.have(|reply| Job::Find(accounts, reply)).await?
    }
    .into_iter();
    let nodes = parsed.into_iter().map(|asked| {
        let (kind, _) = asked?;
        let user = users.next()??;
        Some(match kind {
            Kind::User => Node::User(user),
            Kind::Identity => Node::Identity(Identity(user.account)),
            Kind::Authenticator => Node::Authenticator(Authenticator::of(&user.account)?),
        })
    });
    Ok(nodes.collect())
}
