//! Resend: <https://resend.com/docs/api-reference/emails/send-email>,
//! errors: <https://resend.com/docs/api-reference/errors>.

use ::http::{Request, Response, StatusCode};
use serde_json::json;

use crate::mail::message::Message;
use crate::mail::provider::{Handover, retry_after};
use crate::model::id::EmailId;
use crate::settings::ProviderSettings;

pub(super) fn request(
    settings: &ProviderSettings,
    message: &Message,
    email_id: &EmailId,
) -> Option<Request<Vec<u8>>> {
    let body = json!({
        "from": settings.from,
        "to": [message.to],
        "subject": message.subject,
        "text": message.text,
        "html": message.html,
        // RFC 3834 §5: no vacation notice comes back.
        "headers": { "Auto-Submitted": "auto-generated" },
    })
    .to_string()
    .into_bytes();
    Request::post(settings.origin.join("/emails"))
        .header("authorization", format!("Bearer {}", settings.api_key))
        .header("content-type", "application/json")
        .header("idempotency-key", email_id.as_str())
        // Resend answers 403 to a request without one.
        .header("user-agent", concat!("keyback/", env!("CARGO_PKG_VERSION")))
        .header("content-length", body.len())
        .body(body)
        .ok()
}

pub(super) fn read(response: &Response<Vec<u8>>) -> Handover {
    let status = response.status();
    let reason = format!("resend answered {}", status.as_u16());
    match status {
        _ if status.is_success() => Handover::Accepted,
        // 409: the same key is being worked on right now. 401 and 403: the operator can mend the key or the sender.
        StatusCode::TOO_MANY_REQUESTS
        | StatusCode::REQUEST_TIMEOUT
        | StatusCode::CONFLICT
        | StatusCode::UNAUTHORIZED
        | StatusCode::FORBIDDEN => Handover::TryLater {
            reason,
            after: retry_after(response),
        },
        _ if status.is_client_error() => Handover::Refused { reason },
        _ => Handover::TryLater {
            reason,
            after: retry_after(response),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::base_url::BaseUrl;
    use crate::settings::ProviderKind;

    #[test]
    fn the_request_is_as_resend_documents_it() {
        let settings = ProviderSettings {
            kind: ProviderKind::Resend,
            origin: BaseUrl::parse("https://api.resend.com").unwrap(),
            api_key: "re_123".to_owned(),
            from: "Keyback <no-reply@example.test>".to_owned(),
        };
        let message = Message {
            to: "ann@example.test".to_owned(),
            subject: "Subject".to_owned(),
            text: "Text".to_owned(),
            html: "<p>HTML</p>".to_owned(),
        };
        let request = request(&settings, &message, &EmailId::parse("e1").unwrap()).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "https://api.resend.com/emails");
        assert_eq!(request.headers()["authorization"], "Bearer re_123");
        assert_eq!(request.headers()["idempotency-key"], "e1");
        assert_eq!(
            serde_json::from_slice::<serde_json::Value>(request.body()).unwrap(),
            json!({
                "from": "Keyback <no-reply@example.test>",
                "to": ["ann@example.test"],
                "subject": "Subject",
                "text": "Text",
                "html": "<p>HTML</p>",
                "headers": { "Auto-Submitted": "auto-generated" },
            })
        );
    }

    #[test]
    fn answers_are_told_apart() {
        let answer = |status: u16| {
            let response = Response::builder()
                .status(status)
                .header("retry-after", "7");
            read(&response.body(Vec::new()).unwrap())
        };
        assert_eq!(answer(200), Handover::Accepted);
        assert!(matches!(answer(422), Handover::Refused { .. }));
        assert!(matches!(answer(301), Handover::TryLater { .. }));
        for later in [401, 403, 408, 409, 429, 500, 503] {
            let Handover::TryLater { after, .. } = answer(later) else {
                panic!("{later}");
            };
            assert_eq!(after, Some(Duration::from_secs(7)));
        }
    }
}
