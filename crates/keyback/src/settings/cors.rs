//! The pages on other origins that may call from a browser.

use crate::model::base_url::BaseUrl;
use crate::settings::values::entries;
use crate::settings::{Section, Values};

/// The origins whose pages may call from a browser (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
#[derive(Debug, Clone, Default)]
pub struct CorsOrigins {
    /// `cors_origins`: for the calls that need no key.
    pub public: Vec<BaseUrl>,
    /// `cors_admin_origins`: for the calls that need one.
    pub admin: Vec<BaseUrl>,
}

impl Section for CorsOrigins {
    fn read(values: &Values) -> Option<Self> {
        Some(Self {
            public: values.read_leniently("cors_origins", origins),
            admin: values.read_leniently("cors_admin_origins", origins),
        })
    }
}

/// An origin in lower case, without its scheme's default port: the only form in which a browser sends it.
fn as_browsers_write(origin: &str) -> String {
    let origin = origin.to_ascii_lowercase();
    let origin = origin.strip_suffix('/').unwrap_or(&origin);
    let port = if origin.starts_with("https:") {
        ":443"
    } else {
        ":80"
    };
    origin.strip_suffix(port).unwrap_or(origin).to_owned()
}

/// Origins, separated by commas or blanks. Anything else, such as `*`, is left out and allows nothing.
fn origins(text: &str, warn: &mut dyn FnMut(String)) -> Vec<BaseUrl> {
    let parsed = (1_u32..).zip(entries(text)).filter_map(|(number, entry)| {
        let origin = BaseUrl::parse(&as_browsers_write(entry));
        if origin.is_none() {
            warn(format!(
                "entry {number} is not an https origin, so it is ignored"
            ));
        }
        origin
    });
    parsed.collect()
}
