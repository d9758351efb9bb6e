//! `GET /v1/admin/events/heads`

use serde_json::{Value, json};

use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::event_chain::Head;
use crate::model::keyring::{HeadKey, encode};
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::event_feed;

/// Shows the signed digest of each day's events, oldest first, and the public keys as JSON Web Keys (RFC 8037).
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::Events, cx.now)?;
    let _ = request.query(&[])?;
    let heads = event_feed::heads(cx.store(), cx.now).await?;
    let heads: Vec<Value> = heads.iter().map(shape).collect();
    let keys: Vec<Value> = settings.keyring.head_keys().iter().map(jwk).collect();
    Ok(Answer::json(
        200,
        json!({"heads": heads, "public_keys": keys}),
    ))
}

fn shape(head: &Head) -> Value {
    json!({
        "day": head.day.date(),
        "count": head.count,
        "digest": head.digest.hex(),
        "previous": head.previous.hex(),
        "signature": head.signature,
        "key": head.key,
    })
}

fn jwk(key: &HeadKey) -> Value {
    json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "kid": key.id,
        "x": encode(&key.public),
    })
}
