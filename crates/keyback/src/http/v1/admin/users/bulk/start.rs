//! `POST /v1/admin/users/bulk`

use serde::Serialize;

use crate::base::timestamp::Timestamp;
use crate::flow::accounts::bulk::{self, Count, Order, Selection, StartBulkError};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::{FieldError, Problem};
use crate::http::request::Request;
use crate::http::v1::admin::read_reason;
use crate::http::v1::admin::users::bulk::shape;
use crate::model::bulk_job::{BulkAction, BulkFilter};
use crate::model::id::AccountId;
use crate::model::listing::{Beginning, StateFilter};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

/// The path of the call.
pub(in crate::http::v1::admin::users) const PATH: &str = "/v1/admin/users/bulk";
/// The caller needs one of these scopes, depending on the action.
pub(in crate::http::v1::admin::users) const SCOPES: [Scope; 2] = [Scope::UsersWrite, Scope::Reset];
/// Maximum ids of a call, each of up to 128 characters.
const MAX_IDS: usize = 1_000;
/// Maximum bytes of the body: enough for that many ids.
pub(in crate::http::v1::admin::users) const MAX_BYTES: usize = 256 * 1024;

/// The result of a dry run.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct BulkCount {
    /// The number of accounts that the job would include.
    matching: u64,
    /// Whether the count is complete.
    complete: bool,
}

/// Starts a job, or counts the accounts that it would change.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    let [first, second] = SCOPES;
    authorise(request, &settings.access, first, cx.now)
        .or_else(|_| authorise(request, &settings.access, second, cx.now))?;
    request.query(&[])?;
    let (order, dry_run) = request.members(read_order)?;
    let caller = authorise(request, &settings.access, scope_of(order.action), cx.now)?;
    if dry_run {
        let Count { matching, complete } = bulk::count(cx.env, &order.selection).await?;
        return Ok(Answer::of(200, &BulkCount { matching, complete }));
    }
    match bulk::start(cx, order, &caller).await {
        Ok(job) => {
            let location = format!("{PATH}/{}", job.id);
            Ok(Answer::of(202, &shape(&job)).with_header("location", location))
        }
        Err(StartBulkError::TooMany) => {
            let detail = "cannot begin while a hundred jobs are running: stop one of them first";
            Err(Problem::validation_failed(vec![FieldError::whole(detail)]))
        }
        Err(StartBulkError::Unavailable(outage)) => Err(outage.into()),
    }
}

/// The scope that the same action needs for one account.
const fn scope_of(action: BulkAction) -> Scope {
    match action {
        BulkAction::SignOut | BulkAction::Disable => Scope::UsersWrite,
        BulkAction::RequireChange | BulkAction::Recover => Scope::Reset,
    }
}

fn read_order(fields: &mut Fields) -> Option<(Order, bool)> {
    let action = fields.text("action", |text| {
        BulkAction::parse(text).ok_or("must be require-change, sign-out, disable or recover")
    });
    let ids = fields.optional_texts("ids", MAX_IDS, AccountId::parse);
    let filter = fields.optional_object("filter", read_filter);
    let reason = read_reason(fields);
    let dry_run = fields.boolean("dry_run", false);
    let selection = match (ids?, filter?) {
        (Some(ids), None) => Selection::Ids(ids),
        (None, Some(filter)) => Selection::Filter(filter),
        (None, None) => {
            fields.refuse("ids", "is missing: give either ids or filter");
            return None;
        }
        (Some(_), Some(_)) => {
            fields.refuse("filter", "cannot be combined with ids");
            return None;
        }
    };
    let order = Order {
        action: action?,
        selection,
        reason: reason?,
    };
    Some((order, dry_run?))
}

fn read_filter(fields: &mut Fields) -> Option<BulkFilter> {
    let time = |text: &str| {
        Timestamp::parse(text)
            .ok_or("must be an RFC 3339 time, such as 2026-11-23T09:00:00Z, or a date")
    };
    let password_set_before = fields.optional_text("password_set_before", time);
    let created_before = fields.optional_text("created_before", time);
    let disabled = fields.optional_boolean("disabled");
    let no_password = fields.optional_boolean("no_password");
    let must_change = fields.optional_boolean("must_change");
    let q = fields.optional_text("q", |text| {
        // A beginning that all addresses have is probably a mistake.
        let beginning = Beginning::parse(text).ok();
        beginning
            .filter(|it| !it.is_empty())
            .ok_or("must be 1 to 254 characters of an address, a domain or an ID")
    });
    Some(BulkFilter {
        password_set_before: password_set_before?,
        created_before: created_before?,
        state: StateFilter {
            disabled: disabled?,
            no_password: no_password?,
            must_change: must_change?,
        },
        q: q?,
    })
}
