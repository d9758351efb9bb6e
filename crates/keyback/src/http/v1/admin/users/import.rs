//! `POST /v1/admin/users/import`

use ::http::{HeaderMap, header};
use serde_json::json;

use crate::flow::accounts::create::Draft;
use crate::flow::accounts::import::{CHUNK, Import, LineFailure, LineOutcome};
use crate::http;
use crate::http::access::{authorise, is_authorised};
use crate::http::answer::Answer;
use crate::http::fields::Fields;
use crate::http::problem::{FieldError, Problem};
use crate::http::request::{MAX_BODY_BYTES, Request, single_text};
use crate::http::v1::admin::users::create::read_draft;
use crate::ports::{Clock, Env};
use crate::settings::{self, Access, Accounts, Scope, TemporaryPasswordLifetime};
use crate::store::cx::Cx;

mod entries;

use self::entries::Entry;

const PATH: &str = "/v1/admin/users/import";
/// The most bytes that an import may have.
const MAX_IMPORT_BYTES: usize = 8 * 1024 * 1024;
/// Maximum lines of a call: the answer may contain a failure for each.
const MAX_LINES: usize = 100_000;

/// Maximum bytes to read of the body after `head`. Only an authorised caller may send an import; for anyone else, the
/// limit of other calls protects the memory.
pub async fn max_body_bytes<E: Env>(env: &E, head: &::http::request::Parts) -> usize {
    let path = head.uri.path();
    if path == PATH && may_import(env, &head.headers).await {
        MAX_IMPORT_BYTES
    } else {
        http::max_body_bytes(path)
    }
}

async fn may_import<E: Env>(env: &E, headers: &HeaderMap) -> bool {
    let authorization = single_text(headers, header::AUTHORIZATION.as_str());
    settings::load::<Access>(env.variables())
        .await
        .is_ok_and(|access| {
            is_authorised(authorization, &access, Scope::UsersWrite, env.clock().now())
        })
}

/// Creates an account for each line of NDJSON (<https://github.com/ndjson/ndjson-spec>), or each entry of a JSON list, that
/// can be one.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    let caller = authorise(request, &settings.access, Scope::UsersWrite, cx.now)?;
    let refused = |error| Problem::validation_failed(vec![error]);
    let entries = entries::find(request.lines()?).map_err(refused)?;
    if entries.len() > MAX_LINES {
        return Err(Problem::payload_too_large());
    }

    let mut tally = Tally::default();
    let mut import = Import::default();
    let mut entries = entries.into_iter().peekable();
    while entries.peek().is_some() {
        let mut sources = Vec::new();
        let mut drafts = Vec::new();
        for entry in entries.by_ref() {
            match read_entry(entry.text, settings.temporary) {
                Ok(draft) => {
                    sources.push(entry);
                    drafts.push(draft);
                }
                Err(errors) => tally.refuse(entry, &errors),
            }
            if drafts.len() == CHUNK {
                break;
            }
        }
        let outcomes = import
            .run(cx, &settings.rules.policy, drafts, &caller)
            .await?;
        for (entry, outcome) in sources.into_iter().zip(outcomes) {
            tally.count(entry, outcome);
        }
    }
    Ok(Answer::text(
        200,
        "application/json; charset=utf-8",
        tally.body(),
    ))
}

fn read_entry(text: &[u8], lifetime: TemporaryPasswordLifetime) -> Result<Draft, Vec<FieldError>> {
    if text.len() > MAX_BODY_BYTES {
        return Err(vec![FieldError::whole("is longer than 16 KiB")]);
    }
    let mut fields = Fields::parse(text)?;
    let draft = read_draft(&mut fields, lifetime);
    let errors = fields.finish();
    match draft {
        Some(draft) if errors.is_empty() => Ok(draft),
        _ => Err(errors),
    }
}

#[derive(Debug, Default)]
struct Tally {
    created: u32,
    unchanged: u32,
    failed: u32,
    /// Serialised one by one: a hundred thousand take ten times as much memory as values.
    failures: String,
}

impl Tally {
    fn count(&mut self, entry: Entry<'_>, outcome: LineOutcome) {
        match outcome {
            LineOutcome::Created => self.created = self.created.saturating_add(1),
            LineOutcome::Unchanged => self.unchanged = self.unchanged.saturating_add(1),
            LineOutcome::Failed(failure) => {
                let (code, detail) = match failure {
                    LineFailure::Conflict => {
                        ("conflict", "the id or the address is another account's")
                    }
                    LineFailure::PasswordRejected => {
                        ("password-rejected", "the policy refuses the password")
                    }
                    LineFailure::TooManyPasswords => (
                        "too-many-passwords",
                        "a call takes at most 100 passwords in clear: import the rest with another",
                    ),
                };
                self.fail(entry, code, detail, None);
            }
        }
    }

    /// The first thing wrong with a line is enough to find it.
    fn refuse(&mut self, entry: Entry<'_>, errors: &[FieldError]) {
        let (detail, pointer) = errors.first().map_or(("is not valid", ""), |error| {
            (error.detail.as_str(), error.pointer.as_str())
        });
        self.fail(entry, "validation-failed", detail, Some(pointer));
    }

    /// In a list, a pointer leads to the entry, since all may be on one line.
    fn fail(&mut self, entry: Entry<'_>, code: &str, detail: &str, pointer: Option<&str>) {
        let pointer = match entry.index {
            Some(index) => Some(format!("/{index}{}", pointer.unwrap_or_default())),
            None => pointer.map(str::to_owned),
        };
        let mut failure = json!({"line": entry.line, "code": code, "detail": detail});
        if let (Some(members), Some(pointer)) = (failure.as_object_mut(), pointer) {
            members.insert("pointer".to_owned(), pointer.into());
        }
        self.failed = self.failed.saturating_add(1);
        if !self.failures.is_empty() {
            self.failures.push(',');
        }
        self.failures.push_str(&failure.to_string());
    }

    fn body(self) -> String {
        let Self {
            created,
            unchanged,
            failed,
            failures,
        } = self;
        format!(
            "{{\"created\":{created},\"unchanged\":{unchanged},\"failed\":{failed},\"failures\":[{failures}]}}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
        // While the keys cannot be read, every call is refused.
        env.variables.set("api_keys", "[");
        assert_eq!(room(&env, PATH, &[users]), MAX_BODY_BYTES);
    }
}
