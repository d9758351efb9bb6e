//! An HTTP answer, and what the contract says about every answer.

use serde_json::Value;

use super::PUBLIC_BASE_URL;

/// Headers whose values differ from one answer to the next.
const VARYING: [&str; 3] = ["date", "ratelimit", "x-request-id"];

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, in the order in which they came.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The call that was answered, for messages.
    pub(crate) call: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(of, _)| of == name)
            .map(|(_, value)| value.as_str())
    }

    /// The content type without its parameters.
    fn media_type(&self) -> Option<&str> {
        self.header("content-type")?.split(';').next()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is UTF-8")
    }

    #[track_caller]
    pub(crate) fn expect_status(self, status: u16) -> Self {
        assert_eq!(
            self.status,
            status,
            "{}: {}",
            self.call,
            String::from_utf8_lossy(&self.body)
        );
        self
    }

    /// The body of an answer that is JSON and has this status.
    #[track_caller]
    pub(crate) fn expect_json(self, status: u16) -> Value {
        let answer = self.expect_status(status);
        assert_eq!(
            answer.media_type(),
            Some("application/json"),
            "{}",
            answer.call
        );
        answer.json()
    }

    /// Asserts a 204, which has no body.
    #[track_caller]
    pub(crate) fn expect_nothing(self) {
        let answer = self.expect_status(204);
        assert_eq!(answer.text(), "", "{}", answer.call);
    }

    /// The problem (RFC 9457) that an answer with this status must be.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16, slug: &str) -> Value {
        let Self { call, .. } = self;
        assert_eq!(
            self.status,
            status,
            "{call}: {}",
            String::from_utf8_lossy(&self.body)
        );
        assert_eq!(
            self.media_type(),
            Some("application/problem+json"),
            "{call}"
        );
        let problem = self.json();
        assert_eq!(
            problem["type"],
            format!("{PUBLIC_BASE_URL}/problems/{slug}"),
            "{call}: {problem}"
        );
        assert_eq!(problem["status"], status, "{call}: {problem}");
        for member in ["title", "instance"] {
            let text = problem[member].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{call}: no {member} in {problem}");
        }
        let extra = match slug {
            "method-not-allowed" => Some("allow"),
            "rate-limited" | "overloaded" | "service-unavailable" => Some("retry-after"),
            _ if status == 401 => Some("www-authenticate"),
            _ => None,
        };
        if let Some(name) = extra {
            assert!(
                self.header(name).is_some(),
                "{call}: no {name} in {:?}",
                self.headers
            );
        }
        problem
    }

    /// The pointers of a `422 validation-failed`, sorted.
    #[track_caller]
    pub(crate) fn expect_invalid(&self) -> Vec<String> {
        let problem = self.expect_problem(422, "validation-failed");
        let errors = problem["errors"]
            .as_array()
            .unwrap_or_else(|| panic!("{}: no errors in {problem}", self.call));
        assert!(!errors.is_empty(), "{}: {problem}", self.call);
        let mut pointers: Vec<String> = errors
            .iter()
            .map(|error| {
                assert!(
                    error["detail"]
                        .as_str()
                        .is_some_and(|detail| !detail.is_empty()),
                    "{}: {problem}",
                    self.call
                );
                let pointer = error["pointer"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{}: {problem}", self.call));
                assert!(
                    pointer.is_empty() || pointer.starts_with('/'),
                    "{}: {problem}",
                    self.call
                );
                pointer.to_owned()
            })
            .collect();
        pointers.sort();
        pointers
    }

    /// The codes of a `422 password-rejected`, sorted.
    #[track_caller]
    pub(crate) fn expect_violations(&self) -> Vec<String> {
        let problem = self.expect_problem(422, "password-rejected");
        let violations = problem["errors"].as_array();
        let violations =
            violations.unwrap_or_else(|| panic!("{}: no errors in {problem}", self.call));
        let mut codes: Vec<String> = violations
            .iter()
            .map(|violation| {
                assert!(violation["detail"].is_string(), "{}: {problem}", self.call);
                violation["code"]
                    .as_str()
                    .unwrap_or_else(|| panic!("{}: {problem}", self.call))
                    .to_owned()
            })
            .collect();
        codes.sort();
        codes
    }

    /// Asserts the headers that every answer of the API has.
    #[track_caller]
    pub(super) fn assert_guarded(&self) {
        let Self { call, headers, .. } = self;
        let body = String::from_utf8_lossy(&self.body);
        assert_eq!(
            self.header("cache-control"),
            Some("no-store"),
            "{call}: {} {headers:?} {body}",
            self.status
        );
        assert_eq!(
            self.header("x-content-type-options"),
            Some("nosniff"),
            "{call}: {headers:?}"
        );
        assert!(
            self.header("x-request-id").is_some_and(|id| !id.is_empty()),
            "{call}: {headers:?}"
        );
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| {
            panic!(
                "{}: {error} in {}",
                self.call,
                String::from_utf8_lossy(&self.body)
            )
        })
    }

    /// The headers that an outsider may compare: all names in order, and the values that do not vary.
    fn comparable_headers(&self) -> Vec<(&str, &str)> {
        let blank = |name: &str, value| if VARYING.contains(&name) { "" } else { value };
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), blank(name, value)))
            .collect()
    }

    /// The body's bytes without the value of `instance`, which names this one answer.
    fn comparable_body(&self) -> String {
        let problem = self.json();
        let instance = problem["instance"]
            .as_str()
            .expect("a problem has an instance");
        self.text().replace(instance, "")
    }

    /// The body with the letters of each of its strings blanked.
    fn shape(&self) -> String {
        let body = self.json();
        let members = body.as_object().expect("the body is an object");
        let strings = members.values().filter_map(Value::as_str);
        strings.fold(self.text().to_owned(), |text, value| {
            text.replace(value, &"?".repeat(value.len()))
        })
    }
}

/// Asserts that two refusals are the same, byte for byte, apart from `instance`.
#[track_caller]
pub(crate) fn assert_alike(one: &Answer, other: &Answer) {
    assert_eq!(one.status, other.status, "{}\n{}", one.text(), other.text());
    assert_eq!(one.comparable_headers(), other.comparable_headers());
    assert_eq!(one.comparable_body(), other.comparable_body());
}

/// Asserts that two successes differ in nothing but the random strings in them.
#[track_caller]
pub(crate) fn assert_same_shape(one: &Answer, other: &Answer) {
    assert_eq!(one.status, other.status, "{}\n{}", one.text(), other.text());
    assert_eq!(one.comparable_headers(), other.comparable_headers());
    assert_eq!(one.shape(), other.shape());
}
