//! An email in the form of Resend's API; `api.rs` converts the other providers' requests.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Resend refuses more recipients than this.
const MOST_RECIPIENTS: usize = 50;

/// An email as Resend would send it.
#[derive(Debug, Hash, Serialize)]
pub(super) struct Email {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) subject: String,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) reply_to: Vec<String>,
}

/// Why a request was not accepted, in Resend's terms.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) name: &'static str,
    pub(super) message: String,
}

#[derive(Deserialize)]
struct Body {
    from: Option<String>,
    to: Option<Addresses>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    reply_to: Option<Addresses>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "an address or an array of addresses")]
enum Addresses {
    One(String),
    Many(Vec<String>),
}

impl Refusal {
    pub(super) fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            name,
            message: message.into(),
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_error",
            message,
        )
    }

    fn missing(field: &str) -> Self {
        let message = format!("Missing `{field}` field.");
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "missing_required_field",
            message,
        )
    }
}

impl Email {
    /// Parses a request's body. Fields that the mailbox does not show are ignored.
    pub(super) fn parse(body: &[u8]) -> Result<Self, Refusal> {
        let body: Body =
            serde_json::from_slice(body).map_err(|error| Refusal::invalid(error.to_string()))?;
        Self::check(body)
    }

    /// The same from a value.
    pub(super) fn from_value(body: Value) -> Result<Self, Refusal> {
        let body =
            serde_json::from_value(body).map_err(|error| Refusal::invalid(error.to_string()))?;
        Self::check(body)
    }

    fn check(body: Body) -> Result<Self, Refusal> {
        let from = body.from.ok_or_else(|| Refusal::missing("from"))?;
        let to = body.to.ok_or_else(|| Refusal::missing("to"))?.into_vec();
        let subject = body.subject.ok_or_else(|| Refusal::missing("subject"))?;
        if body.text.is_none() && body.html.is_none() {
            return Err(Refusal::missing("html` or `text"));
        }
        if to.is_empty() || to.len() > MOST_RECIPIENTS {
            return Err(Refusal::invalid(format!(
                "The `to` field must have 1 to {MOST_RECIPIENTS} addresses."
            )));
        }
        let reply_to = body.reply_to.map(Addresses::into_vec).unwrap_or_default();
        for (field, addresses) in [
            ("from", std::slice::from_ref(&from)),
            ("to", &to),
            ("reply_to", &reply_to),
        ] {
            if !addresses.iter().all(|address| is_address(address)) {
                return Err(Refusal::invalid(format!(
                    "Invalid `{field}` field. Use the `email@example.com` or `Name <email@example.com>` format."
                )));
            }
        }
        Ok(Self {
            from,
            to,
            subject,
            text: body.text,
            html: body.html,
            headers: body.headers,
            reply_to,
        })
    }
}

impl Addresses {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(address) => vec![address],
            Self::Many(addresses) => addresses,
        }
    }
}

/// Whether this is roughly `local@domain` or `Name <local@domain>`. Real providers are stricter.
fn is_address(text: &str) -> bool {
    let address = match text.strip_suffix('>') {
        Some(named) => named.rsplit_once('<').map_or("", |(_, address)| address),
        None => text,
    };
    let valid = |part: &str| {
        !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control())
    };
    address
        .rsplit_once('@')
        .is_some_and(|(local, domain)| valid(local) && valid(domain))
        && !text.contains(['\r', '\n'])
}
