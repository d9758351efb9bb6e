//! Where a page returns to after the reset.

use crate::http::request::Request;
use crate::model::web_address::WebAddress;
use crate::settings::ReturnUrls;

/// The cookie that stores the address while the user goes from the request to the emailed link, which opens in another
/// tab. It is trusted no more than the query.
const COOKIE: &str = "keyback-return";

/// The address in the query's `return_to`, or else in the cookie, if the operator allows it. Any other is ignored.
pub(super) fn wanted(request: &Request, return_urls: &ReturnUrls) -> Option<WebAddress> {
    let asked = request.parameter("return_to");
    let kept = || {
        let value = request.cookie(COOKIE)?;
        let mut pairs = form_urlencoded::parse(value.as_bytes());
        // The value is one encoded text: a name without a value.
        pairs.next().map(|(text, _)| text.into_owned())
    };
    asked
        .and_then(|asked| return_urls.allowed(&asked))
        .or_else(|| return_urls.allowed(&kept()?))
}

/// The query that passes the address on to the next page, and the email address for its field unless empty.
pub(super) fn query(address: Option<&WebAddress>, email: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(address) = address {
        query.append_pair("return_to", address.as_str());
    }
    if !email.is_empty() {
        query.append_pair("email", email);
    }
    let query = query.finish();
    if query.is_empty() {
        query
    } else {
        format!("?{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::request::Body;
    use crate::ports::Env as _;
    use crate::settings;
    use crate::testing::{MemoryEnv, SeededRandom, block_on};

    fn led_back(query: &str, cookie: &str) -> Option<String> {
        let env = MemoryEnv::default();
        env.variables.set(
            "return_urls",
            "https://portal.example.com/app, http://127.0.0.1:8080",
        );
        let return_urls: ReturnUrls = block_on(settings::load(env.variables())).unwrap();
        let request =
            ::http::Request::get(format!("/reset-password?{query}")).header("cookie", cookie);
        let (head, ()) = request.body(()).unwrap().into_parts();
        let request = Request::new(&head, Body::Read(Vec::new()), &SeededRandom::new(1)).unwrap();
        wanted(&request, &return_urls).map(|address| address.to_string())
    }

    #[test]
    fn leads_back_where_the_operator_allows_it_and_nowhere_else() {
        let portal = "https%3A%2F%2Fportal.example.com%2Fapp%2Fhome%3Fa%3Db";
        let home = Some("https://portal.example.com/app/home?a=b".to_owned());
        assert_eq!(led_back(&format!("return_to={portal}"), ""), home);
        assert_eq!(
            led_back("return_to=https://portal.example.com/app/home?a=b", ""),
            home
        );
        assert_eq!(led_back(&format!("utm=x&return_to={portal}"), ""), home);
        assert_eq!(led_back("", &format!("a=b; keyback-return={portal}")), home);
        for bad in [
            "",
            "return_to=",
            "return_to=https%3A%2F%2Fportal.example.com%2Fapplication",
            "return_to=https%3A%2F%2Fportal.example.com%2F",
            "return_to=https%3A%2F%2Fportal.example.com.evil.example%2Fapp",
            "return_to=https%3A%2F%2Fportal.example.com%2Fapp%2F..%2F",
            "return_to=%2F%2Fportal.example.com%2Fapp",
            "return_to=javascript%3Aalert(1)",
            &format!("return_to={portal}&return_to={portal}"),
            &format!("Return_To={portal}"),
        ] {
            assert_eq!(led_back(bad, ""), None, "{bad}");
            assert_eq!(
                led_back(bad, "keyback-return=https%3A%2F%2Fevil.example"),
                None
            );
        }
    }

    #[test]
    fn what_may_not_be_followed_hides_nothing_that_may() {
        let cookie = "keyback-return=http%3A%2F%2F127.0.0.1%3A8080%2Fb";
        let kept = Some("http://127.0.0.1:8080/b".to_owned());
        assert_eq!(led_back("return_to=https://evil.example", cookie), kept);
    }

    #[test]
    fn the_next_page_is_told_in_a_query() {
        let address = WebAddress::parse("https://a.example/b?c=d&e").unwrap();
        assert_eq!(
            query(Some(&address), ""),
            "?return_to=https%3A%2F%2Fa.example%2Fb%3Fc%3Dd%26e"
        );
        assert_eq!(query(None, "a&b@c.example"), "?email=a%26b%40c.example");
        assert_eq!(query(None, ""), "");
    }
}
