//! The providers' APIs, as far as `keyback`'s requests go: `docs/email.md` names the pages of their documentation.

use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Map, Value, json};

use super::email::{Email, Refusal};
use super::{MailboxAnswer, content, json_answer};

/// The provider whose API is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Resend,
    Postmark,
    SendGrid,
    Mailgun,
    Ses,
    Webhook,
}

impl Api {
    /// By the path of a POST.
    pub(super) fn of(path: &str) -> Option<Self> {
        match path {
            "/emails" => Some(Self::Resend),
            "/email" => Some(Self::Postmark),
            "/v3/mail/send" => Some(Self::SendGrid),
            "/v2/email/outbound-emails" => Some(Self::Ses),
            "/" => Some(Self::Webhook),
            path => path
                .strip_prefix("/v3/")?
                .strip_suffix("/messages")
                .filter(|domain| !domain.is_empty() && !domain.contains('/'))
                .map(|_| Self::Mailgun),
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Resend => "resend",
            Self::Postmark => "postmark",
            Self::SendGrid => "sendgrid",
            Self::Mailgun => "mailgun",
            Self::Ses => "ses",
            Self::Webhook => "webhook",
        }
    }

    /// Whether there is a credential of the right kind. Any will do.
    pub(super) fn is_authorised(self, headers: &HeaderMap) -> bool {
        let (name, prefix) = match self {
            Self::Resend | Self::SendGrid => ("authorization", "Bearer "),
            Self::Postmark => ("x-postmark-server-token", ""),
            Self::Mailgun => ("authorization", "Basic "),
            Self::Ses => ("authorization", "AWS4-HMAC-SHA256 "),
            Self::Webhook => ("webhook-signature", "v1,"),
        };
        text(headers, name)
            .and_then(|value| value.strip_prefix(prefix))
            .is_some_and(|credential| !credential.trim().is_empty())
    }

    /// The idempotency key, if the API has one.
    pub(super) fn idempotency_key(self, headers: &HeaderMap) -> Option<String> {
        let name = match self {
            Self::Resend => "idempotency-key",
            Self::Webhook => "webhook-id",
            Self::Postmark | Self::SendGrid | Self::Mailgun | Self::Ses => return None,
        };
        text(headers, name).map(str::to_owned)
    }

    /// The email in a request's body.
    pub(super) fn parse(self, body: &[u8]) -> Result<Email, Refusal> {
        if self == Self::Resend {
            return Email::parse(body);
        }
        let body: Value = if self == Self::Mailgun {
            let fields = form_urlencoded::parse(body).into_owned();
            fields.map(|(name, value)| (name, json!(value))).collect()
        } else {
            serde_json::from_slice(body).map_err(|error| Refusal::invalid(error.to_string()))?
        };
        let at = |pointer: &str| body.pointer(pointer).cloned();
        let headers = match self {
            Self::Postmark => named(&body["Headers"]),
            Self::SendGrid => body["headers"].clone(),
            Self::Mailgun => prefixed(&body, "h:"),
            Self::Ses => named(&body["Content"]["Simple"]["Headers"]),
            Self::Webhook | Self::Resend => body["data"]["headers"].clone(),
        };
        let headers = if headers.is_object() {
            headers
        } else {
            json!({})
        };
        let from = match self {
            Self::SendGrid => sender(&body["from"]),
            _ => at(self.pointers()[0]),
        };
        let [_, to, subject, text, html] = self.pointers().map(at);
        Email::from_value(json!({
            "from": from, "to": to, "subject": subject, "text": text, "html": html, "headers": headers,
            "reply_to": self.reply_to(&body),
        }))
    }

    /// Where replies go, if the body says so.
    fn reply_to(self, body: &Value) -> Option<Value> {
        if self == Self::SendGrid {
            return sender(&body["reply_to"]);
        }
        let pointer = match self {
            Self::Postmark => "/ReplyTo",
            // It is a header, so it is also shown among them.
            Self::Mailgun => "/h:Reply-To",
            Self::Ses => "/ReplyToAddresses",
            Self::Webhook | Self::Resend | Self::SendGrid => "/data/reply_to",
        };
        body.pointer(pointer).cloned()
    }

    /// Where the body has the sender, the recipient, the subject, the text and the HTML, as JSON Pointers.
    const fn pointers(self) -> [&'static str; 5] {
        match self {
            Self::Postmark => ["/From", "/To", "/Subject", "/TextBody", "/HtmlBody"],
            Self::SendGrid => [
                "/from",
                "/personalizations/0/to/0/email",
                "/subject",
                "/content/0/value",
                "/content/1/value",
            ],
            Self::Mailgun => ["/from", "/to", "/subject", "/text", "/html"],
            Self::Ses => [
                "/FromEmailAddress",
                "/Destination/ToAddresses",
                "/Content/Simple/Subject/Data",
                "/Content/Simple/Body/Text/Data",
                "/Content/Simple/Body/Html/Data",
            ],
            Self::Webhook | Self::Resend => [
                "/data/from",
                "/data/to",
                "/data/subject",
                "/data/text",
                "/data/html",
            ],
        }
    }

    /// The answer to an accepted email.
    pub(super) fn accept(self, id: &str) -> MailboxAnswer {
        let body = match self {
            Self::Resend => json!({ "id": id }),
            Self::Postmark => json!({ "ErrorCode": 0, "Message": "OK", "MessageID": id }),
            Self::SendGrid => return content(StatusCode::ACCEPTED, "text/plain", ""),
            Self::Mailgun => {
                json!({ "id": format!("<{id}@mailbox.test>"), "message": "Queued. Thank you." })
            }
            Self::Ses => json!({ "MessageId": id }),
            Self::Webhook => return content(StatusCode::NO_CONTENT, "text/plain", ""),
        };
        json_answer(StatusCode::OK, &body)
    }

    /// The answer to a permanently rejected email.
    pub(super) fn refuse(self, refusal: &Refusal) -> MailboxAnswer {
        let message = &refusal.message;
        let (status, body) = match self {
            Self::Resend => (
                refusal.status,
                json!({ "statusCode": refusal.status.as_u16(), "name": refusal.name, "message": message }),
            ),
            Self::Postmark => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({ "ErrorCode": 300, "Message": message }),
            ),
            Self::SendGrid => (
                StatusCode::BAD_REQUEST,
                json!({ "errors": [{ "message": message, "field": null }] }),
            ),
            Self::Mailgun | Self::Ses => (StatusCode::BAD_REQUEST, json!({ "message": message })),
            Self::Webhook => (
                StatusCode::UNPROCESSABLE_ENTITY,
                json!({ "message": message }),
            ),
        };
        let mut answer = json_answer(status, &body);
        if self == Self::Ses {
            let error = HeaderValue::from_static("BadRequestException");
            answer.headers_mut().insert("x-amzn-errortype", error);
        }
        answer
    }

    /// The answer to a request without a credential.
    pub(super) fn unauthorised(self) -> MailboxAnswer {
        let message = "Missing API key.";
        let body = match self {
            Self::Resend => {
                json!({ "statusCode": 401, "name": "missing_api_key", "message": message })
            }
            Self::Postmark => json!({ "ErrorCode": 10, "Message": message }),
            _ => json!({ "message": message }),
        };
        let status = match self {
            Self::Ses => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        };
        json_answer(status, &body)
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// `Name <address>` of SendGrid's object.
fn sender(from: &Value) -> Option<Value> {
    let address = from["email"].as_str()?;
    Some(match from["name"].as_str() {
        Some(name) => json!(format!("{name} <{address}>")),
        None => json!(address),
    })
}

/// The object of a list of names and values.
fn named(list: &Value) -> Value {
    let pairs = list.as_array().into_iter().flatten().filter_map(|pair| {
        let name = pair["Name"].as_str()?;
        Some((name.to_owned(), pair["Value"].clone()))
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// The object of the members whose names begin with `prefix`, without it.
fn prefixed(body: &Value, prefix: &str) -> Value {
    let members = body.as_object().into_iter().flatten();
    let pairs = members.filter_map(|(name, value)| {
        let name = name.strip_prefix(prefix)?;
        Some((name.to_owned(), value.clone()))
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}
