//! `POST /v1/email-webhooks/:provider`: what the email provider says became of mails.

use crate::flow::note_feedback::{self, DeliveryReport};
use crate::http::answer::Answer;
use crate::http::problem::{FieldError, Problem};
use crate::http::request::Request;
use crate::mail::feedback::{self, Feedback, Outcome, Unusable};
use crate::model::email::EmailState;
use crate::ports::{Clock, Env};
use crate::settings::{self, FeedbackSettings, WebhookSettings};

/// Takes a webhook of a provider that sends the mails, authenticated as that provider documents it.
pub async fn post<E: Env>(env: &E, request: &Request, provider: &str) -> Answer {
    answer(env, request, provider).await.into()
}

async fn answer<E: Env>(env: &E, request: &Request, provider: &str) -> Result<Answer, Problem> {
    let (settings, _) =
        settings::load::<(FeedbackSettings, WebhookSettings)>(env.variables()).await?;
    let mut secrets = settings.of(provider).peekable();
    if secrets.peek().is_none() {
        return Err(Problem::not_found());
    }
    let body = request.any_bytes()?;
    let now = env.clock().now();
    let mut read = Err(Unusable::NotAuthentic);
    for (kind, secret) in secrets {
        if read == Err(Unusable::NotAuthentic) {
            read = feedback::read(*kind, secret, request.headers(), body, now);
        }
    }
    let said = read.map_err(|unusable| match unusable {
        Unusable::NotAuthentic => Problem::not_authentic(),
        Unusable::Unreadable => {
            Problem::validation_failed(vec![FieldError::whole("is not a webhook of this provider")])
        }
    })?;
    let said = said.into_iter().map(report_of).collect();
    let afterwards = note_feedback::run(env, said).await?;
    Ok(Answer::no_content().and_then(afterwards))
}

fn report_of(feedback: Feedback) -> DeliveryReport {
    let state = match feedback.outcome {
        Outcome::Delivered => EmailState::Delivered,
        Outcome::Bounced => EmailState::Bounced,
        Outcome::Complained => EmailState::Complained,
    };
    DeliveryReport {
        email_id: feedback.email_id,
        state,
        reason: feedback.reason,
    }
}
