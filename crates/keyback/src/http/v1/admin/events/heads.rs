//! `GET /v1/admin/events/heads`

use serde::Serialize;

use crate::base::base64url::encode;
use crate::http::access::authorise;
use crate::http::answer::Answer;
use crate::http::problem::Problem;
use crate::http::request::Request;
use crate::model::event_chain::Head;
use crate::model::keyring::HeadKey;
use crate::ports::Env;
use crate::settings::{Accounts, Scope};
use crate::store::cx::Cx;
use crate::store::event_feed;

/// The signed digests, oldest first, and the keys to check them with.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct EventHeads {
    heads: Vec<HeadShown>,
    public_keys: Vec<JsonWebKey>,
}

/// The signed digest of a day's events.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Head"))]
pub(in crate::http) struct HeadShown {
    /// A date in UTC.
    #[cfg_attr(test, schemars(extend("format" = "date")))]
    day: String,
    /// The number of events of the day.
    count: u64,
    /// The digest after the last event, in hexadecimal.
    digest: String,
    /// The digest before the day's first event: that of the day before.
    previous: String,
    /// Ed25519, in base64url.
    signature: String,
    /// The `kid` of the key.
    key: String,
}

/// A public key (RFC 8037).
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct JsonWebKey {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    usage: &'static str,
    kid: String,
    x: String,
}

/// Shows the signed digest of each day's events, oldest first, and the public keys as JSON Web Keys (RFC 8037).
pub(in crate::http) async fn get<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Accounts,
) -> Result<Answer, Problem> {
    authorise(request, &settings.access, Scope::Events, cx.now)?;
    let _ = request.query(&[])?;
    let heads = event_feed::heads(cx.store(), cx.now).await?;
    let body = EventHeads {
        heads: heads.iter().map(shape).collect(),
        public_keys: settings.keyring.head_keys().iter().map(jwk).collect(),
    };
    Ok(Answer::of(200, &body))
}

fn shape(head: &Head) -> HeadShown {
    HeadShown {
        day: head.day.date(),
        count: head.count,
        digest: head.digest.hex(),
        previous: head.previous.hex(),
        signature: head.signature.clone(),
        key: head.key.clone(),
    }
}

fn jwk(key: &HeadKey) -> JsonWebKey {
    JsonWebKey {
        kty: "OKP",
        crv: "Ed25519",
        alg: "EdDSA",
        usage: "sig",
        kid: key.id.clone(),
        x: encode(&key.public),
    }
}
