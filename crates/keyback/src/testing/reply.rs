//! What a caller sees of an answer.

use ::http::Response;
use serde_json::Value;

/// An answer as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status code, such as 204.
    pub status: u16,
    /// The headers, in order.
    pub headers: Vec<(String, String)>,
    /// All of it, as text.
    pub body: String,
}

impl Reply {
    pub(super) fn new(response: Response<Vec<u8>>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head
                .headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            body: String::from_utf8(body).unwrap(),
        }
    }

    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The body as JSON, if it is that.
    #[must_use]
    pub fn json_if_any(&self) -> Option<Value> {
        serde_json::from_str(&self.body).ok()
    }

    /// The text under `member`.
    #[must_use]
    pub fn text(&self, member: &str) -> String {
        match &self.json()[member] {
            Value::String(text) => text.clone(),
            other => panic!("{member} is {other} in {self:?}"),
        }
    }

    /// The lines of NDJSON.
    #[must_use]
    pub fn lines(&self) -> Vec<Value> {
        let lines = self.body.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect()
    }

    /// The value of a header, if it is there.
    #[must_use]
    pub fn header_if_any(&self, name: &str) -> Option<&str> {
        let header = self.headers.iter().find(|(header, _)| header == name);
        header.map(|(_, value)| value.as_str())
    }

    /// The value of a header that must be there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let header = self.headers.iter().find(|(header, _)| header == name);
        header.map_or_else(|| panic!("no {name} in {self:?}"), |(_, value)| value)
    }

    /// The last part of a problem's type, such as `invalid-otp`.
    #[must_use]
    pub fn problem(&self) -> String {
        let kind = self.text("type");
        kind.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The same answer without the values that differ each time: the request's id and the `challenge_id`.
    #[must_use]
    pub fn without_ids(&self) -> Self {
        let mut reply = self.clone();
        let mut ids = vec![self.header("x-request-id").to_owned()];
        if let Ok(body) = serde_json::from_str::<Value>(&self.body)
            && let Some(id) = body["challenge_id"].as_str()
        {
            ids.push(id.to_owned());
        }
        for id in ids {
            let masked = "*".repeat(id.len());
            reply.body = reply.body.replace(&id, &masked);
            for (_, value) in &mut reply.headers {
                *value = value.replace(&id, &masked);
            }
        }
        reply
    }

    /// Returns the answer, which must have this status.
    ///
    /// # Panics
    /// If it has another.
    #[must_use]
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}
