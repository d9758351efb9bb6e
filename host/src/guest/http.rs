//! Outgoing HTTP: only to allowed hosts, and with the `Host` that belongs to the URL.

use std::sync::Arc;
use std::time::Duration;

use http::header::{HOST, HeaderName};
use http::uri::Authority;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, Result, WasiBody, WasiHttpHooks, default_hooks,
    default_send_request,
};

use super::Grants;
use super::returning::Returning;
use super::timers::Timers;
use crate::faults::Fault;

/// Timeout of each step of a call if the component sets none, as on Spin.
const DEFAULT_TIMEOUT: Duration = Duration::from_mins(10);

/// Guards what a component sends.
pub(super) struct OutgoingHooks {
    grants: Arc<Grants>,
}

/// Lets incoming requests through as they are. Notes when the guest has returned a response, and another part of it is about
/// to run.
pub(super) struct IncomingHooks {
    timers: Timers,
    returning: Returning,
}

type Sent = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<()>> + Send>,
);

impl OutgoingHooks {
    pub(super) fn new(grants: Arc<Grants>) -> Self {
        Self { grants }
    }

    fn check(&self, request: &Request<WasiBody>) -> Result<HeaderValue> {
        let uri = request.uri();
        let authority = uri
            .authority()
            .filter(|authority| !authority.host().is_empty());
        // Without a host the request is to the application itself, which is service chaining: not supported.
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), authority) else {
            return Err(Error::HttpRequestDenied);
        };
        if !self
            .grants
            .allow_list
            .allows(scheme, authority.host(), authority.port_u16())
        {
            crate::report(format_args!(
                "{}: a request to {scheme}://{} was denied: it is not in `allowed_outbound_hosts`",
                self.grants.component,
                host_and_port(authority)
            ));
            return Err(Error::HttpRequestDenied);
        }
        if authority.as_str().contains('@') {
            return Err(Error::HttpRequestUriInvalid);
        }
        HeaderValue::from_str(authority.as_str()).map_err(|_| Error::HttpRequestUriInvalid)
    }
}

impl IncomingHooks {
    pub(super) fn new(timers: Timers, returning: Returning) -> Self {
        Self { timers, returning }
    }
}

impl WasiHttpHooks for OutgoingHooks {
    fn send_request(
        &mut self,
        mut request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Box<dyn Future<Output = Result<()>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent>> + Send> {
        let host = self.check(&request);
        let faults = self.grants.faults.as_ref();
        let fault = faults.and_then(|faults| faults.next_outbound());
        Box::new(async move {
            // A value that the component set, or copied from its own request, is replaced.
            request.headers_mut().insert(HOST, host?);
            match fault {
                Some(Fault::Fail) => return Ok(refusal()),
                Some(Fault::Drop) => return Err(Error::ConnectionTerminated),
                Some(Fault::Delay(delay)) => tokio::time::sleep(delay).await,
                Some(Fault::Lose) | None => {}
            }
            let sending = default_send_request(request, options);
            let (response, io) = tokio::time::timeout(limit(options), sending)
                .await
                .map_err(|_| Error::ConnectionReadTimeout)??;
            if fault == Some(Fault::Lose) {
                return Err(Error::ConnectionTerminated);
            }
            let io: Box<dyn Future<Output = Result<()>> + Send> = Box::new(io);
            Ok((response.map(BodyExt::boxed_unsync), io))
        })
    }
}

impl WasiHttpHooks for IncomingHooks {
    fn is_forbidden_header(&mut self, _name: &HeaderName) -> bool {
        false
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|_| false)
    }

    /// wasmtime asks once for each response, after the guest has returned it and before the body is read.
    fn p3_outgoing_body_chunk_size(&mut self) -> usize {
        if self.timers.have_fired() {
            self.returning.while_another_part_is_due();
        }
        default_hooks().p3_outgoing_body_chunk_size()
    }
}

/// The answer to a call that a test's plan has refused.
fn refusal() -> Sent {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    (response, Box::new(async { Ok(()) }))
}

/// The limit on everything before the answer's first byte. That includes TLS, which has no timeout of its own.
fn limit(options: Option<RequestOptions>) -> Duration {
    let options = options.unwrap_or_default();
    let connect = options.connect_timeout.unwrap_or(DEFAULT_TIMEOUT);
    let first_byte = options.first_byte_timeout.unwrap_or(DEFAULT_TIMEOUT);
    connect.saturating_mul(2).saturating_add(first_byte)
}

fn host_and_port(authority: &Authority) -> &str {
    authority.as_str().rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::allow_list::AllowList;
    use crate::template::Template;
    use crate::variables::Variables;

    fn check(url: &str) -> Result<HeaderValue> {
        let entries = [Template::parse("http://127.0.0.1:3025").unwrap()];
        let variables = Variables::load(&BTreeMap::new(), &[], |_| None);
        let hooks = OutgoingHooks::new(Arc::new(Grants {
            component: "test".to_owned(),
            stores: BTreeMap::new(),
            variables: BTreeMap::new(),
            environment: Vec::new(),
            allow_list: AllowList::resolve(&entries, &variables).unwrap(),
            quiet: true,
            faults: None,
        }));
        let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
        hooks.check(&Request::builder().uri(url).body(body).unwrap())
    }

    #[test]
    fn an_allowed_request_gets_the_host_of_its_url() {
        assert_eq!(
            check("http://127.0.0.1:3025/emails").unwrap(),
            "127.0.0.1:3025"
        );
    }

    #[test]
    fn other_hosts_ports_and_schemes_are_denied() {
        for url in [
            "http://127.0.0.1/",
            "http://127.0.0.1:3026/",
            "https://127.0.0.1:3025/",
            "http://127.0.0.1.evil.test:3025/",
            "http://127.0.0.1:3025@evil.test/",
            "/relative",
        ] {
            assert!(matches!(check(url), Err(Error::HttpRequestDenied)), "{url}");
        }
    }

    #[test]
    fn user_information_in_a_url_is_refused() {
        assert!(matches!(
            check("http://user:secret@127.0.0.1:3025/"),
            Err(Error::HttpRequestUriInvalid)
        ));
    }
}
