//! The addresses that users may be sent to after a reset.

use crate::model::web_address::WebAddress;
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

impl Section for ReturnUrls {
    fn read(values: &Values) -> Option<Self> {
        let sign_in_url = values.read("sign_in_url", |text| match text {
            "" => Some(None),
            text => WebAddress::parse(text).map(Some),
        });
        let return_urls = values.read("return_urls", |text| {
            let listed = text.split([',', ' ']).filter(|entry| !entry.is_empty());
            listed
                .map(|entry| WebAddress::parse(entry).filter(|address| !address.has_query()))
                .collect()
        });
        Some(Self {
            sign_in_url: sign_in_url?,
            return_urls: return_urls?,
        })
    }
}
