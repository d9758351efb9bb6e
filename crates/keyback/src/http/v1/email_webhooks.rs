//! `POST /v1/email-webhooks/:provider`: the email provider's reports about emails.

use crate::flow::emails::feedback;
use crate::http::answer::Answer;
use crate::http::problem::{FieldError, Problem};
use crate::http::request::Request;
use crate::mail::api::Unusable;
use crate::model::log_line::LogLine;
use crate::ports::{Env, Log as _};
use crate::settings::Courier;
use crate::store::cx::Cx;
use crate::store::proofs;

/// Receives a webhook of one of the configured providers, authenticated as that provider documents.
pub(in crate::http) async fn post<E: Env>(
    cx: &mut Cx<'_, E>,
    request: &Request,
    settings: &Courier,
    provider: &str,
) -> Result<Answer, Problem> {
    let mut readers = settings.feedback.of(provider).peekable();
    if readers.peek().is_none() {
        return Err(Problem::not_found());
    }
    let body = request.any_bytes()?;
    let now = cx.now;
    let mut read = Err(Unusable::NotAuthentic);
    for reader in readers {
        if read == Err(Unusable::NotAuthentic) {
            read = reader.read(request.headers(), body, now);
        }
    }
    let said = read.map_err(|unusable| match unusable {
        Unusable::NotAuthentic => Problem::not_authentic(),
        Unusable::Unreadable => {
            Problem::validation_failed(vec![FieldError::whole("is not a webhook of this provider")])
        }
    })?;
    let keyring = &settings.forgot_password.keyring;
    if let Some(proof) = &said.proof
        && !proofs::stands_for(cx, keyring, &proof.signature, body, proof.expires_at).await?
    {
        return Err(Problem::not_authentic());
    }
    for kind in said.unknown {
        cx.env.log().write(&LogLine::WebhookNotUnderstood {
            provider: provider.to_owned(),
            kind,
        });
    }
    feedback::run(cx, said.reports).await?;
    Ok(Answer::no_content())
}
