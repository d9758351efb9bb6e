//! The addresses that users may be sent to after a reset.

use crate::model::web_address::WebAddress;
use crate::settings::values::entries;
use crate::settings::{Section, Values};

/// The addresses that users may be sent to after a reset.
#[derive(Debug, Clone)]
pub struct ReturnUrls {
    /// `sign_in_url`: the portal's sign-in; `None` if the pages link nowhere.
    pub sign_in_url: Option<WebAddress>,
    /// `return_urls`: `?return_to=` may name these addresses and everything below them.
    pub return_urls: Vec<WebAddress>,
}

impl ReturnUrls {
    /// Parses `wanted` and returns it if `return_urls` covers it.
    #[must_use]
    pub fn allowed(&self, wanted: &str) -> Option<WebAddress> {
        let wanted = WebAddress::parse(wanted)?;
        let covered = self
            .return_urls
            .iter()
            .any(|allowed| allowed.covers(&wanted));
        covered.then_some(wanted)
    }
}

/// `sign_in_url`: the portal's sign-in; `None` if nothing links to it.
#[derive(Debug, Clone)]
pub struct SignInUrl(
    /// Read leniently: a bad one stops no call.
    pub Option<WebAddress>,
);

impl Section for SignInUrl {
    fn read(values: &Values) -> Option<Self> {
        Some(Self(values.read_leniently("sign_in_url", |text, warn| {
            let address = WebAddress::parse(text);
            if address.is_none() && !text.is_empty() {
                warn("is not an https URL, so nothing links to it".to_owned());
            }
            address
        })))
    }
}

impl Section for ReturnUrls {
    fn read(values: &Values) -> Option<Self> {
        let sign_in_url = SignInUrl::read(values);
        let return_urls = values.read_leniently("return_urls", |text, warn| {
            let parsed = (1_u32..).zip(entries(text)).filter_map(|(number, entry)| {
                let address = WebAddress::parse(entry).filter(|address| !address.has_query());
                if address.is_none() {
                    warn(format!(
                        "entry {number} is not an https URL without a query, so it is ignored"
                    ));
                }
                address
            });
            parsed.collect()
        });
        Some(Self {
            sign_in_url: sign_in_url?.0,
            return_urls,
        })
    }
}
