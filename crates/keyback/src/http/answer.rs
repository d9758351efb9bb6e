//! An answer, and how it is rendered.

use ::http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::flow::Refusal;
use crate::http::preference::allows_gzip;
use crate::http::problem::{Problem, ProblemType};
use crate::http::request::Request;
use crate::http::text::Text;
use crate::model::base_url::BaseUrl;
use crate::ports::Unavailable;

/// An answer, before it is rendered.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    content: Content,
    outage: Option<Unavailable>,
    refuses_key: bool,
}

#[derive(Debug)]
enum Content {
    Nothing,
    Json(Value),
    Text(&'static str, String),
    Stored(&'static str, Text),
    Bytes(&'static str, Vec<u8>),
    Problem(Box<Problem>),
}

impl Answer {
    fn new(status: u16, content: Content) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content,
            outage: None,
            refuses_key: false,
        }
    }

    /// An answer with this JSON body.
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self::new(status, Content::Json(body))
    }

    /// An answer with the JSON form of `body`.
    pub(super) fn of(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_value(body) {
            Ok(body) => Self::json(status, body),
            // Serialising fails only for maps with keys that are not strings, and no answer has one.
            Err(_) => Problem::from(Unavailable::Template).into(),
        }
    }

    /// 204, for a change that returns nothing.
    pub(super) fn no_content() -> Self {
        Self::new(204, Content::Nothing)
    }

    /// 304: the client already has this version.
    pub(super) fn not_modified() -> Self {
        Self::new(304, Content::Nothing)
    }

    /// A page or a file, with its media type.
    pub(super) fn text(status: u16, media_type: &'static str, text: String) -> Self {
        Self::new(status, Content::Text(media_type, text))
    }

    /// A file that the component contains, with its media type. It is compressed if the client accepts gzip and the file is
    /// stored compressed.
    pub(super) fn stored(status: u16, media_type: &'static str, text: Text) -> Self {
        let answer = Self::new(status, Content::Stored(media_type, text));
        if text.compressed().is_some() {
            answer.with_header("vary", "accept-encoding")
        } else {
            answer
        }
    }

    /// A binary file, with its media type.
    pub(super) fn bytes(status: u16, media_type: &'static str, bytes: Vec<u8>) -> Self {
        Self::new(status, Content::Bytes(media_type, bytes))
    }

    /// 302 to a path of the app.
    pub(super) fn found(path: &'static str) -> Self {
        Self::new(302, Content::Nothing).with_header("location", path)
    }

    /// A path that does not exist.
    pub(super) fn not_found() -> Self {
        Problem::not_found().into()
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Attaches the outage behind a page, for the log.
    pub(super) fn because_of(mut self, outage: Option<Unavailable>) -> Self {
        self.outage = outage;
        self
    }

    /// Marks an answer that is not a problem as a refusal of the caller's key.
    pub(super) fn for_wrong_key(mut self) -> Self {
        self.refuses_key = true;
        self
    }

    /// Whether it refuses the caller's key.
    pub(super) fn refuses_key(&self) -> bool {
        let problem = self.problem().map(|problem| problem.kind);
        self.refuses_key || problem == Some(ProblemType::Unauthorized)
    }

    /// The HTTP status, before rendering.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The problem, if the answer is one.
    pub(super) fn problem(&self) -> Option<&Problem> {
        match &self.content {
            Content::Problem(problem) => Some(problem),
            _ => None,
        }
    }

    /// The outage behind a 503, for the log.
    #[must_use]
    pub fn outage(&self) -> Option<&Unavailable> {
        match &self.content {
            Content::Problem(problem) => problem.outage.as_ref(),
            _ => self.outage.as_ref(),
        }
    }

    /// The response, with the headers that every answer has unless it sets its own. A `HEAD` request gets no body.
    #[must_use]
    pub fn render(self, request: &Request, base_url: Option<&BaseUrl>) -> Response<Vec<u8>> {
        let accept = request.header("accept-encoding");
        let compressed = match self.content {
            Content::Stored(_, text) if accept.is_some_and(allows_gzip) => text.compressed(),
            _ => None,
        };
        let (status, content_type, body) = match &self.content {
            Content::Nothing => (self.status, None, Vec::new()),
            Content::Json(body) => (
                self.status,
                Some("application/json; charset=utf-8"),
                body.to_string().into_bytes(),
            ),
            Content::Text(media_type, text) => {
                (self.status, Some(*media_type), text.clone().into_bytes())
            }
            Content::Stored(media_type, text) => {
                let body = compressed.map_or_else(|| text.read().into_owned().into(), Vec::from);
                (self.status, Some(*media_type), body)
            }
            Content::Bytes(media_type, bytes) => (self.status, Some(*media_type), bytes.clone()),
            Content::Problem(problem) => (
                problem.kind.status(),
                Some("application/problem+json"),
                rendered(&problem.body(base_url, request.id())),
            ),
        };
        let own_headers = match self.content {
            Content::Problem(problem) => problem.headers,
            _ => self.headers,
        };
        let is_head = request.method() == "HEAD";
        let length =
            (!matches!(status, 204 | 304)).then(|| ("content-length", body.len().to_string()));
        let mut response = Response::new(if is_head { Vec::new() } else { body });
        *response.status_mut() =
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let common = [
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
            ("referrer-policy", "no-referrer".to_owned()),
            ("x-request-id", request.id().to_owned()),
        ];
        let content_type = content_type.map(|value| ("content-type", value.to_owned()));
        let encoding = compressed.map(|_| ("content-encoding", "gzip".to_owned()));
        for (name, value) in content_type
            .into_iter()
            .chain(encoding)
            .chain(length)
            .chain(common)
            .chain(own_headers)
        {
            // Every value is our own, and text.
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// The problem as JSON, its members in alphabetical order.
fn rendered(problem: &impl Serialize) -> Vec<u8> {
    let value = serde_json::to_value(problem).unwrap_or_default();
    value.to_string().into_bytes()
}

impl From<Problem> for Answer {
    fn from(problem: Problem) -> Self {
        Self::new(problem.kind.status(), Content::Problem(Box::new(problem)))
    }
}

impl From<Unavailable> for Problem {
    fn from(outage: Unavailable) -> Self {
        Self::unavailable(outage)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Limited(exceeded) => Self::rate_limited(exceeded),
            Refusal::Unavailable(outage) => Self::unavailable(outage),
        }
    }
}

impl From<Result<Self, Problem>> for Answer {
    fn from(result: Result<Self, Problem>) -> Self {
        result.unwrap_or_else(Self::from)
    }
}
