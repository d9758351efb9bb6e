//! Who may make a call: the denied twins of every granted one.

use serde_json::{Value, json};

use crate::app::{App, Call, Caller, Scope};

/// A call that needs a key.
pub(super) struct Guarded<'test> {
    pub(super) app: &'test App,
    pub(super) scope: Scope,
    pub(super) method: &'test str,
    /// One path that leads to something, and one that leads to nothing.
    pub(super) paths: [&'test str; 2],
    /// A good body, if the call takes one.
    pub(super) body: Option<Value>,
}

impl Guarded<'_> {
    /// Asserts that callers without a key, or whose key lacks the scope, are refused before anything else is looked at.
    #[track_caller]
    pub(super) fn assert_refused_to_others(&self) {
        let nobody = self.app.visitor();
        self.assert_all(&nobody, 401, "unauthorized");
        for authorization in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer nonsense",
            "Bearer kb_users_",
            "Bearer kb_portal_00ff",
            "Basic dXNlcjpwYXNz",
            self.app.variable("api_keys"),
        ] {
            let stranger = nobody.clone().sending("authorization", authorization);
            let call = stranger.call(self.method, self.paths[0]);
            let call = match &self.body {
                Some(body) => call.json(body),
                None => call,
            };
            assert_refused(call, 401, "unauthorized");
        }
        for word in self.scope.other_words() {
            self.assert_all(&self.app.api_client_with(word), 403, "forbidden");
        }
    }

    /// Asserts that the caller gets this problem on both paths, with a good body and with bad ones.
    #[track_caller]
    fn assert_all(&self, caller: &impl Caller, status: u16, slug: &str) {
        for path in self.paths {
            for call in self.variants(|| caller.call(self.method, path)) {
                assert_refused(call, status, slug);
            }
        }
    }

    fn variants(&self, call: impl Fn() -> Call) -> Vec<Call> {
        let Some(body) = &self.body else {
            return vec![call()];
        };
        let json_type = |call: Call| call.header("content-type", "application/json");
        vec![
            call().json(body),
            call().json(&json!({ "surprise": 1 })),
            json_type(call()).body("{"),
            json_type(call()).body(" ".repeat(20_000)),
            call().header("content-type", "text/plain").body("x"),
        ]
    }
}

#[track_caller]
fn assert_refused(call: Call, status: u16, slug: &str) {
    let refused = call.send();
    refused.expect_problem(status, slug);
    let challenge = refused.header("www-authenticate").unwrap_or_default();
    assert!(challenge.starts_with("Bearer"), "{challenge}");
}
