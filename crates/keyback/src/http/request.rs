//! A request as the handlers see it.

use ::http::{HeaderMap, Method, header};
use uuid::Builder;

use crate::http::fields::Fields;
use crate::http::problem::{FieldError, Problem};
use crate::http::query::Query;
use crate::model::client_address::{ClientAddress, ProxyTrust};
use crate::ports::{SecureRandom, Unavailable};

/// The maximum bytes of a body, except an import's or a webhook's.
pub(super) const MAX_BODY_BYTES: usize = 16 * 1024;
/// Maximum bytes of a provider's webhook: some report on a thousand emails at once.
const MAX_WEBHOOK_BYTES: usize = 1024 * 1024;
/// Maximum bytes of a GraphQL request. The longest operation of Authgear's own portal has 3 KiB.
const MAX_GRAPHQL_BYTES: usize = 64 * 1024;

/// Maximum bytes to read of a body sent to `path`. An import has [its own
/// function](crate::http::v1::admin::users::import::max_body_bytes).
#[must_use]
pub fn max_body_bytes(path: &str) -> usize {
    if path.starts_with("/v1/email-webhooks/") {
        MAX_WEBHOOK_BYTES
    } else if matches!(path, "/graphql" | "/_api/admin/graphql") {
        MAX_GRAPHQL_BYTES
    } else {
        MAX_BODY_BYTES
    }
}

/// A body, or why it was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The complete body.
    Read(Vec<u8>),
    /// Longer than the limit. The rest was not read.
    TooLarge,
    /// The client disconnected, or the transfer broke.
    Broken,
}

/// A request: its head, the bytes of its body, and an id of our own.
#[derive(Debug)]
pub struct Request {
    id: String,
    method: Method,
    path: String,
    query: String,
    headers: HeaderMap,
    body: Body,
}

impl Request {
    /// A request under a new id, a random UUID (RFC 9562 §5.4). A client's own `X-Request-Id` is ignored.
    ///
    /// # Errors
    /// [`Unavailable::Random`].
    pub fn new(
        head: &::http::request::Parts,
        body: Body,
        random: &impl SecureRandom,
    ) -> Result<Self, Unavailable> {
        Ok(Self {
            id: uuid(random)?,
            method: head.method.clone(),
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers.clone(),
            body,
        })
    }

    /// The random id that logs and `X-Request-Id` share.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The method, for a routing table.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The path's segments, for a routing table. They are not decoded: no route needs percent-encoding.
    #[must_use]
    pub fn segments(&self) -> Vec<&str> {
        self.path.split('/').skip(1).collect()
    }

    /// The parameters of the query, which must be in `known`.
    ///
    /// # Errors
    /// 422 for any other parameter, or a duplicate.
    pub(super) fn query(&self, known: &[&str]) -> Result<Query, Problem> {
        Query::parse(&self.query, known)
    }

    /// The parameter `name` of the query, if it occurs once. Others are ignored: this is for pages, to whose addresses
    /// mail programs and portals add their own.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut values = form_urlencoded::parse(self.query.as_bytes())
            .filter_map(|(known, value)| (known == name).then(|| value.into_owned()));
        let value = values.next()?;
        values.next().is_none().then_some(value)
    }

    /// The value of the first cookie `name`, unvalidated.
    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        // RFC 9113 §8.2.3: they may come in several headers.
        let values = self.headers.get_all(header::COOKIE).iter();
        let mut pairs = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let (_, value) = pairs.find(|(known, _)| *known == name)?;
        Some(value)
    }

    /// The fields of a form that a browser sent, in their order.
    ///
    /// # Errors
    /// The problem to answer with: of another content type, or too large.
    pub(super) fn form(&self) -> Result<Vec<(String, String)>, Problem> {
        self.expect_type(&["application/x-www-form-urlencoded"])?;
        let fields = form_urlencoded::parse(self.bytes()?);
        Ok(fields.into_owned().collect())
    }

    /// The value of a header, if it occurs once and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        single_text(&self.headers, name)
    }

    /// The headers, as the host passed them.
    pub(super) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The client's address, as far as `trust` allows.
    #[must_use]
    pub fn client(&self, trust: &ProxyTrust) -> ClientAddress {
        let headers: Vec<_> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        trust.client_address(&headers)
    }

    /// The members of the body. Members that `read` does not read are refused.
    ///
    /// # Errors
    /// The problem to answer with: the content type is not JSON, the body is too large or not one object, a member is
    /// unknown or duplicate, or `read` refuses members.
    pub(super) fn members<T>(
        &self,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Result<T, Problem> {
        self.expect_type(&["application/json"])?;
        let bytes = self.bytes()?;
        let mut fields = Fields::parse(bytes).map_err(Problem::validation_failed)?;
        let read = read(&mut fields);
        let errors = fields.finish();
        match read {
            Some(read) if errors.is_empty() => Ok(read),
            _ => Err(Problem::validation_failed(errors)),
        }
    }

    /// As [`Request::members`], for a body that may be absent or `null`.
    ///
    /// # Errors
    /// As there.
    pub(super) fn optional_members<T>(
        &self,
        read: impl FnOnce(&mut Fields) -> Option<T>,
    ) -> Result<T, Problem> {
        if !matches!(self.bytes()?.trim_ascii(), b"" | b"null") {
            return self.members(read);
        }
        let mut none = Fields::default();
        let read = read(&mut none);
        read.ok_or_else(|| Problem::validation_failed(none.finish()))
    }

    /// Whether the body is a table, by its content type.
    pub(super) fn is_table(&self) -> bool {
        self.is_of_type(&["text/csv"])
    }

    /// The bytes of an NDJSON body, of a JSON list, or of a table.
    ///
    /// # Errors
    /// The problem to answer with: of another content type, or too large.
    pub(super) fn lines(&self) -> Result<&[u8], Problem> {
        self.expect_type(&[
            "application/x-ndjson",
            "application/ndjson",
            "application/jsonl",
            "application/json",
            "text/csv",
        ])?;
        self.bytes()
    }

    /// The bytes of a body of any content type.
    ///
    /// # Errors
    /// The problem to answer with if it is too large or broke off.
    pub(super) fn any_bytes(&self) -> Result<&[u8], Problem> {
        self.bytes()
    }

    /// The body, as far as it was read.
    pub(super) const fn body(&self) -> &Body {
        &self.body
    }

    /// Refuses a body of a content type that is not one of `types`.
    ///
    /// # Errors
    /// 415, which names them.
    pub(super) fn expect_type(&self, types: &[&str]) -> Result<(), Problem> {
        if self.is_of_type(types) {
            Ok(())
        } else {
            Err(Problem::unsupported_media_type(types))
        }
    }

    fn bytes(&self) -> Result<&[u8], Problem> {
        match &self.body {
            Body::Read(bytes) => Ok(bytes),
            Body::TooLarge => Err(Problem::payload_too_large()),
            Body::Broken => Err(Problem::validation_failed(vec![FieldError::whole(
                "could not be read",
            )])),
        }
    }

    /// Whether the content type is one of `types`, with no parameter but `charset=utf-8` (RFC 8259 §8.1), and `header=present`
    /// of a table (RFC 4180 §3).
    pub(super) fn is_of_type(&self, types: &[&str]) -> bool {
        let Some(value) = self.header(header::CONTENT_TYPE.as_str()) else {
            return false;
        };
        let mut parts = value.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        types
            .iter()
            .any(|known| essence.eq_ignore_ascii_case(known))
            && parts.all(|parameter| {
                parameter.is_empty()
                    || parameter.eq_ignore_ascii_case("charset=utf-8")
                    || parameter.eq_ignore_ascii_case("charset=\"utf-8\"")
                    || parameter.eq_ignore_ascii_case("header=present")
                        && essence.eq_ignore_ascii_case("text/csv")
            })
    }
}

/// The value of the header `name`, if it occurs once and is text.
pub(super) fn single_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn uuid(random: &impl SecureRandom) -> Result<String, Unavailable> {
    let mut bytes = [0; 16];
    random.fill(&mut bytes)?;
    Ok(Builder::from_random_bytes(bytes).into_uuid().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::SeededRandom;

    #[test]
    fn ids_are_random_uuids() {
        let random = SeededRandom::new(1);
        let id = uuid(&random).unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
        assert_ne!(id, uuid(&random).unwrap());
    }

    #[test]
    fn json_is_told_by_its_content_type() {
        let is_json = |content_type: &str| {
            let (head, ()) = ::http::Request::post("/")
                .header("content-type", content_type)
                .body(())
                .unwrap()
                .into_parts();
            Request::new(&head, Body::TooLarge, &SeededRandom::new(1))
                .unwrap()
                .is_of_type(&["application/json"])
        };
        for good in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/json2",
            "application/json; charset=latin1",
            "text/json",
        ] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}
