//! `GET /v1/admin/users?limit=&cursor=`, `GET /v1/admin/users?email=`

use serde_json::{Value, json};

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::query;
use crate::http::request::Request;
use crate::http::v1::admin::users::shape;
use crate::model::account::Account;
use crate::model::email_address::EmailAddress;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::accounts;
use crate::store::cx::Cx;

const DEFAULT_PAGE: i64 = 50;
const MAX_PAGE: i64 = 100;

/// Lists accounts in the order of their creation, or finds the one with an address.
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::UsersRead, cx.now)?;
    let query = request.query(&["email", "limit", "cursor"])?;
    if let Some(email) = query.text("email") {
        let email =
            EmailAddress::parse(email).map_err(|error| query::refuse(&format!("email {error}")))?;
        let found = accounts::find_by_email(cx.store(), &email).await?;
        return Ok(page(found.as_slice(), None));
    }
    let limit = query.number("limit", 1..=MAX_PAGE)?.unwrap_or(DEFAULT_PAGE);
    let after = query.number("cursor", 0..=i64::MAX)?.unwrap_or(0);
    let found = accounts::page(cx.store(), after, limit).await?;
    Ok(page(&found.accounts, found.next))
}

fn page(accounts: &[Account], next: Option<i64>) -> Answer {
    let users: Vec<Value> = accounts.iter().map(shape).collect();
    let next_cursor = next.map(|next| next.to_string());
    Answer::json(200, json!({"users": users, "next_cursor": next_cursor}))
}
