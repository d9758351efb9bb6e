//! `DELETE /v1/admin/users/:id`

use crate::flow::accounts::delete::{self, DeleteSettings};
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::http::v1::admin::read_reason_anywhere;
use crate::http::v1::admin::users::find_id;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;

pub(in crate::http) async fn delete<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
    id: &str,
) -> Result<Answer, Problem> {
    let by = authorise(request, &settings.access, Scope::UsersDelete, cx.now)?;
    let id = find_id(id)?;
    let reason = read_reason_anywhere(request)?;
    let settings = DeleteSettings {
        branding: &settings.branding,
        keyring: &settings.keyring,
    };
    if delete::run(cx, &settings, &id, &by, reason).await? {
        Ok(Answer::no_content())
    } else {
        Err(Problem::not_found())
    }
}
