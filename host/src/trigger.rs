//! The HTTP trigger: hands a request to the component of its route, with the headers that Spin adds.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderName, RETRY_AFTER};
use http::uri::{Authority, Scheme};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use wasmtime_wasi_http::Error;

use crate::app::Components;
use crate::manifest::Manifest;
use crate::router::{RouteMatch, Router};
use crate::server::Answer;

/// Paths below this one are the host's own.
const WELL_KNOWN: &str = "/.well-known/spin/";

/// Serves an application: routes requests to components.
pub(crate) struct Trigger {
    router: Router,
    components: Components,
    /// The body of `/.well-known/spin/info`.
    info: String,
}

impl Trigger {
    pub(crate) fn new(manifest: &Manifest, router: Router, components: Components) -> Self {
        let info = serde_json::json!({ "name": manifest.name, "version": manifest.version });
        Self {
            router,
            components,
            info: format!("{info:#}"),
        }
    }

    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Answers a request.
    ///
    /// # Errors
    /// When it is not clear which host is meant. As on Spin, the connection must then be closed.
    pub(crate) async fn handle(
        self: Arc<Self>,
        mut request: Request<Incoming>,
        client: SocketAddr,
    ) -> Result<Answer<Error>> {
        remove_internal_host(request.headers_mut());
        let path = request.uri().path().to_owned();
        if let Some(name) = path.strip_prefix(WELL_KNOWN) {
            return Ok(match name {
                "health" => answer(StatusCode::OK, "OK"),
                "info" => {
                    let mut info = answer(StatusCode::OK, self.info.clone());
                    info.headers_mut()
                        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                    info
                }
                _ => answer(StatusCode::NOT_FOUND, ""),
            });
        }
        let Some(route) = self.router.find(&path) else {
            return Ok(answer(StatusCode::NOT_FOUND, ""));
        };
        *request.uri_mut() = absolute_uri(request.uri(), request.headers())?;
        let (Ok(()), Some(component)) = (
            add_spin_headers(&mut request, &route, client),
            self.components.get(route.component),
        ) else {
            return Ok(answer(StatusCode::INTERNAL_SERVER_ERROR, ""));
        };
        let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
        match component.handle(request).await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Ok(too_busy()),
            Err(error) => {
                crate::report(format_args!(
                    "{}: no answer to {path}: {error:#}",
                    route.component
                ));
                Ok(answer(StatusCode::INTERNAL_SERVER_ERROR, ""))
            }
        }
    }
}

fn answer(status: StatusCode, body: impl Into<Bytes>) -> Answer<Error> {
    let mut answer = Response::new(Full::new(body.into()).map_err(Error::from).boxed_unsync());
    *answer.status_mut() = status;
    answer
}

/// All instances of the component were busy for too long. Only the component knows the address of a problem's page.
fn too_busy() -> Answer<Error> {
    let problem = serde_json::json!({
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "All instances of the component are busy.",
    });
    let mut busy = answer(StatusCode::SERVICE_UNAVAILABLE, problem.to_string());
    let headers = busy.headers_mut();
    let media_type = HeaderValue::from_static("application/problem+json");
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    busy
}

/// Spin reserves `<component>.spin.internal` for calls between components, and ignores it from outside.
fn remove_internal_host(headers: &mut HeaderMap) {
    let internal = |host: &HeaderValue| {
        let host = host.to_str().unwrap_or_default();
        host.split(':')
            .next()
            .and_then(|name| name.split_once('.'))
            .is_some_and(|(_, rest)| rest == "spin.internal")
    };
    if headers.get(HOST).is_some_and(internal) {
        headers.remove(HOST);
    }
}

/// The URI with scheme and authority. The authority is the URI's or that of `Host`; if both have one, they must agree.
fn absolute_uri(uri: &Uri, headers: &HeaderMap) -> Result<Uri> {
    let mut parts = uri.clone().into_parts();
    ensure!(parts.path_and_query.is_some(), "CONNECT is not supported");
    let host = headers
        .get(HOST)
        .map(|host| {
            host.to_str()?
                .parse::<Authority>()
                .context("the `Host` header is not valid")
        })
        .transpose()?;
    ensure!(
        host.is_none() || parts.authority.is_none() || host == parts.authority,
        "the `Host` header and the request's URI disagree"
    );
    parts.authority = Some(
        host.or(parts.authority)
            .context("the request names no host")?,
    );
    parts.scheme = Some(Scheme::HTTP);
    Ok(Uri::from_parts(parts)?)
}

/// Adds Spin's headers after the client's own.
///
/// They are appended, in Spin's order: if a client sends one of them itself, its value comes first and Spin's last.
fn add_spin_headers<B>(
    request: &mut Request<B>,
    route: &RouteMatch,
    client: SocketAddr,
) -> Result<()> {
    for value in request.headers().values() {
        std::str::from_utf8(value.as_bytes()).context("a header is not UTF-8")?;
    }
    let host = request
        .headers()
        .get(HOST)
        .map_or("localhost", |host| host.to_str().unwrap_or("localhost"));
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let full_url = format!("http://{host}{path}");
    let client = client.to_string();
    let own = [
        ("spin-path-info", route.path_info.as_str()),
        ("spin-full-url", &full_url),
        ("spin-matched-route", route.normalized),
        ("spin-base-path", "/"),
        ("spin-raw-component-route", route.pattern),
        ("spin-component-route", route.prefix()),
        ("spin-client-addr", &client),
    ];
    let headers = request.headers_mut();
    for (name, value) in own {
        headers.append(
            HeaderName::from_static(name),
            HeaderValue::from_bytes(value.as_bytes())?,
        );
    }
    for (name, value) in &route.parameters {
        let name = format!(
            "spin-path-match-{}",
            name.to_ascii_lowercase().replace('_', "-")
        );
        headers.append(
            HeaderName::try_from(name)?,
            HeaderValue::from_bytes(value.as_bytes())?,
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route() -> RouteMatch<'static> {
        RouteMatch {
            component: "users",
            pattern: "/users/:user_id/...",
            normalized: "/users/:user_id/...",
            path_info: "/events".to_owned(),
            parameters: vec![("user_id".to_owned(), "7".to_owned())],
        }
    }

    fn request(headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder().uri("http://example.com/users/7/events?a=b");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap()
    }

    fn client() -> SocketAddr {
        "192.0.2.1:5000".parse().unwrap()
    }

    #[test]
    fn spins_headers_follow_the_clients_in_spins_order() {
        let mut request = request(&[("host", "example.com"), ("accept", "*/*")]);
        add_spin_headers(&mut request, &route(), client()).unwrap();
        let headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(
            headers,
            [
                ("host", "example.com"),
                ("accept", "*/*"),
                ("spin-path-info", "/events"),
                ("spin-full-url", "http://example.com/users/7/events?a=b"),
                ("spin-matched-route", "/users/:user_id/..."),
                ("spin-base-path", "/"),
                ("spin-raw-component-route", "/users/:user_id/..."),
                ("spin-component-route", "/users/:user_id"),
                ("spin-client-addr", "192.0.2.1:5000"),
                ("spin-path-match-user-id", "7"),
            ]
        );
    }

    #[test]
    fn a_forged_client_address_stays_first_and_the_real_one_is_last() {
        let mut request = request(&[("spin-client-addr", "10.0.0.1:1")]);
        add_spin_headers(&mut request, &route(), client()).unwrap();
        let values: Vec<_> = request
            .headers()
            .get_all("spin-client-addr")
            .iter()
            .collect();
        assert_eq!(values, ["10.0.0.1:1", "192.0.2.1:5000"]);
    }

    #[test]
    fn the_host_comes_from_the_header_or_the_uri_and_they_must_agree() {
        let host = |host| HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
        let path: Uri = "/path?a=b".parse().unwrap();
        let absolute: Uri = "http://example.com/path".parse().unwrap();

        assert_eq!(
            absolute_uri(&path, &host("a.test:80")).unwrap(),
            "http://a.test:80/path?a=b"
        );
        assert_eq!(
            absolute_uri(&absolute, &HeaderMap::new()).unwrap(),
            "http://example.com/path"
        );
        assert_eq!(
            absolute_uri(&absolute, &host("example.com")).unwrap(),
            "http://example.com/path"
        );
        assert!(absolute_uri(&absolute, &host("other.test")).is_err());
        assert!(absolute_uri(&path, &HeaderMap::new()).is_err());
        assert!(absolute_uri(&path, &host("a b")).is_err());
        assert!(
            absolute_uri(
                &"example.com:443".parse().unwrap(),
                &host("example.com:443")
            )
            .is_err()
        );
    }

    #[test]
    fn an_internal_host_is_removed() {
        for (host, kept) in [
            ("a.spin.internal", false),
            ("a.spin.internal:80", false),
            ("spin.internal", true),
            ("a.test", true),
        ] {
            let mut headers = HeaderMap::from_iter([(HOST, HeaderValue::from_static(host))]);
            remove_internal_host(&mut headers);
            assert_eq!(headers.contains_key(HOST), kept, "{host}");
        }
    }
}
