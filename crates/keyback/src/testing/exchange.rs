//! One call of the app in memory, through the routes of the components.

use std::time::Duration;

use ::http::Request;

use crate::http;
use crate::http::pages::Files;
use crate::ports::Env as _;
use crate::store::cx::Deferred;
use crate::testing::{Call, MemoryEnv, Reply};

/// The words of the form that works without scripts, which these tests do not use.
static NO_WORDS: Files = Files::words_only(&[]);

/// Makes `call`; the work after the answer is left to the caller.
pub async fn exchange(env: &MemoryEnv, call: &Call) -> (Reply, Deferred) {
    exchange_raw(env, call.with_bytes(call.body())).await
}

/// As [`exchange`], for a request of any bytes.
pub async fn exchange_raw(env: &MemoryEnv, request: Request<Vec<u8>>) -> (Reply, Deferred) {
    env.clock().skip(Duration::ZERO);
    let (head, body) = request.into_parts();
    let request = http::Request::new(&head, http::Body::Read(body), env.random()).unwrap();
    let served = http::serve(env, request, async |cx, request| {
        use http::routes::{
            accounts, admin_graphql, courier, forgot_password, reset_password, sign_in, verify_otp,
        };
        match request.segments().as_slice() {
            ["v1", "forgot-password"] => forgot_password(cx, request, &NO_WORDS).await,
            ["v1", "verify-otp"] => verify_otp(cx, request).await,
            ["v1", "sign-in"] => sign_in(cx, request).await,
            ["v1", "courier" | "email-webhooks", ..] | ["v1", "health" | "metrics"] => {
                courier(cx, request).await
            }
            ["v1", "admin", "users", _, "reset-password"] => reset_password(cx, request).await,
            ["v1", "admin", ..] => accounts(cx, request).await,
            ["graphql"] | ["_api", ..] => admin_graphql(cx, request).await,
            _ => reset_password(cx, request).await,
        }
    });
    let (response, deferred) = Box::pin(served).await;
    // The next call may come before the pauses in that work are over.
    env.clock().skip(Duration::from_secs(2));
    (Reply::new(response), deferred)
}
