//! `POST /v1/admin/users/import`

use std::time::Duration;

use ::http::{HeaderMap, header};

use crate::flow::accounts::import::Import;
use crate::flow::accounts::import::preview::Preview;
use crate::http;
use crate::http::access::{authorise, is_authorised};
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::{Request, single_text};
use crate::http::v1::admin::users::bulk::start as bulk;
use crate::ports::{Clock, Env};
use crate::settings::{self, Access, Accounts, Scope};
use crate::store::cx::Cx;

mod entries;
mod lines;
mod table;
mod tally;

use self::lines::{Lines, next_chunk};
use self::table::Mapping;
use self::tally::Tally;

const PATH: &str = "/v1/admin/users/import";
/// Pause between two chunks, so that other requests of the instance can run. A shorter one is too short for a request;
/// this one makes an import 6 % longer.
const PAUSE: Duration = Duration::from_millis(2);
/// The maximum bytes of an import.
const MAX_IMPORT_BYTES: usize = 8 * 1024 * 1024;

/// Maximum bytes to read of the body after `head`. Only an authorised caller may send an import, or the ids of a bulk
/// job. For all others the usual limit protects the memory.
pub async fn max_body_bytes<E: Env>(env: &E, head: &::http::request::Parts) -> usize {
    let path = head.uri.path();
    let (room, scopes): (usize, &[Scope]) = match path {
        PATH => (MAX_IMPORT_BYTES, &[Scope::UsersWrite]),
        bulk::PATH => (bulk::MAX_BYTES, &bulk::SCOPES),
        _ => return http::max_body_bytes(path),
    };
    if may_call(env, &head.headers, scopes).await {
        room
    } else {
        http::max_body_bytes(path)
    }
}

/// Whether the caller has one of `scopes`.
async fn may_call<E: Env>(env: &E, headers: &HeaderMap, scopes: &[Scope]) -> bool {
    let authorization = single_text(headers, header::AUTHORIZATION.as_str());
    let Ok(access) = settings::load::<Access>(env.variables()).await else {
        return false;
    };
    let now = env.clock().now();
    let has = |scope: &Scope| is_authorised(authorization, &access, *scope, now);
    scopes.iter().any(has)
}

/// Creates an account for each line of NDJSON (<https://github.com/ndjson/ndjson-spec>), each entry of a JSON list, or
/// each row of a table; or only reports what it would do.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::UsersWrite, cx.now)?;
    let query = request.query(&["map", "dry_run"])?;
    let dry_run = query.boolean("dry_run")?.unwrap_or(false);
    let mapping = query.parsed("map", Mapping::parse)?;
    let Lines { mut lines, ignored } = lines::find(request, mapping)?;

    let mut tally = Tally::default();
    let (mut import, mut preview) = (Import::default(), Preview::default());
    let policy = &settings.rules.policy;
    let mut has_written = false;
    loop {
        let chunk = next_chunk(&mut lines, settings.temporary, cx.now);
        if chunk.lines.is_empty() {
            break;
        }
        let outcomes = if chunk.drafts.is_empty() {
            Vec::new()
        } else if dry_run {
            preview.run(cx, policy, &chunk.drafts, &caller).await?
        } else {
            let outcomes = import.run(cx, policy, chunk.drafts, &caller).await;
            let problem = if has_written {
                Problem::interrupted
            } else {
                Problem::unavailable
            };
            has_written = true;
            outcomes.map_err(problem)?
        };
        let mut outcomes = outcomes.into_iter();
        for (place, read) in chunk.lines {
            match read.map(|()| outcomes.next()) {
                Ok(Some(outcome)) => tally.count(place, outcome),
                Ok(None) => {}
                Err(errors) => tally.refuse(place, &errors),
            }
        }
        cx.env.clock().sleep(PAUSE).await;
    }
    let body = tally.body(dry_run, ignored.as_deref());
    Ok(Answer::text(200, "application/json; charset=utf-8", body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::MAX_BODY_BYTES;
    use crate::testing::{MemoryEnv, TestKey, block_on};

    fn room(env: &MemoryEnv, path: &str, authorization: &[&str]) -> usize {
        let mut request = ::http::Request::post(path);
        for value in authorization {
            request = request.header(header::AUTHORIZATION, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        block_on(max_body_bytes(env, &head))
    }

    #[test]
    fn only_a_caller_who_may_import_gets_the_room_of_an_import() {
        let env = MemoryEnv::default();
        env.variables.set("jwt_jwks", &TestKey::jwks().to_string());
        env.variables.set("jwt_audience", TestKey::AUDIENCE);
        let bearer = |scope| {
            let claims = TestKey::claims(scope, env.clock().now());
            format!("Bearer {}", TestKey::Es256.token(&claims))
        };
        let (users, reset) = (&*bearer("users"), &*bearer("reset"));
        assert_eq!(room(&env, PATH, &[users]), MAX_IMPORT_BYTES);
        assert_eq!(room(&env, "/v1/admin/users", &[users]), MAX_BODY_BYTES);
        for refused in [
            &[][..],
            &[reset],
            &["Bearer x"],
            &["Bearer"],
            &[users, users],
        ] {
            assert_eq!(room(&env, PATH, refused), MAX_BODY_BYTES, "{refused:?}");
        }
        for bearer in [users, reset] {
            assert_eq!(room(&env, bulk::PATH, &[bearer]), bulk::MAX_BYTES);
        }
        assert_eq!(room(&env, bulk::PATH, &["Bearer x"]), MAX_BODY_BYTES);
        // While the keys cannot be read, every call is refused.
        env.variables.set("api_keys", "[");
        assert_eq!(room(&env, PATH, &[users]), MAX_BODY_BYTES);
    }
}
