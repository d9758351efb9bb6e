//! The application's variables, read and validated. A component loads its own once per request, and a bad variable
//! refuses the call: the app fails closed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::base_url::BaseUrl;
use crate::model::client_address::ProxyTrust;
use crate::model::code::CodeLength;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::line::one_line;
use crate::model::password_policy::PasswordPolicy;
use crate::model::recovery::{AttemptCaps, IssueRules};
use crate::ports::{Unavailable, Variables};

mod access;
mod components;
mod jwt;
mod mail;
mod mail_branding;
mod return_urls;
mod site;
#[cfg(test)]
mod tests;
mod webhook;

// The types of sections live with what uses them.
pub use crate::mail::api::{MailSettings, ProviderSettings};
pub use crate::mail::message::MailBranding;
pub use crate::mail::registry::ProviderKind;
pub use crate::model::lifetimes::{ChallengeSettings, ResetTokenLifetime};
pub use crate::model::password_policy::PasswordRules;
pub use crate::model::site::{Accent, Site};
pub use crate::portal::{Webhook, WebhookSettings};
pub use access::{Access, ApiKey, Scope};
pub use components::{
    Accounts, Courier, ForgotPassword, Pages, ResetPassword, Sending, SignIn, VerifyOtp,
};
pub use mail::FeedbackSettings;
pub use return_urls::ReturnUrls;

/// The variables that a section reads, and the names of the bad ones, so that all are reported at once.
#[derive(Debug, Default)]
pub struct Values {
    found: BTreeMap<&'static str, Option<String>>,
    asked: RefCell<Vec<&'static str>>,
    bad: RefCell<Vec<&'static str>>,
}

impl Values {
    /// Parses the variable `name`. If it is missing or `parse` refuses it, records it as bad and returns `None`.
    pub fn read<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let parsed = self.text(name).and_then(parse);
        if parsed.is_none() {
            self.refuse(name);
        }
        parsed
    }

    fn text(&self, name: &'static str) -> Option<&str> {
        self.asked.borrow_mut().push(name);
        self.found.get(name)?.as_deref()
    }

    fn refuse(&self, name: &'static str) {
        let mut bad = self.bad.borrow_mut();
        if !bad.contains(&name) {
            bad.push(name);
        }
    }
}

/// A group of variables that belong together.
pub trait Section: Sized {
    /// Reads the section; `None` if a variable is bad. Must read all its variables before returning, so that all bad ones are
    /// reported.
    fn read(values: &Values) -> Option<Self>;
}

/// Loads the settings of a component, or a section of them.
///
/// # Errors
/// [`Unavailable::Variables`] with the names of all bad variables.
pub async fn load<S: Section>(variables: &impl Variables) -> Result<S, Unavailable> {
    // Reading a section without any values collects the names that it asks for.
    let values = Values::default();
    drop(S::read(&values));
    let values = find_all(variables, values.asked.into_inner()).await;
    let section = S::read(&values);
    let bad = values.bad.into_inner();
    match section {
        Some(section) if bad.is_empty() => Ok(section),
        _ => Err(Unavailable::Variables(bad)),
    }
}

async fn find_all(variables: &impl Variables, names: Vec<&'static str>) -> Values {
    let mut values = Values::default();
    for name in names {
        values.found.insert(name, variables.find(name).await);
    }
    values
}

impl Section for BaseUrl {
    fn read(values: &Values) -> Option<Self> {
        values.read("public_base_url", Self::parse)
    }
}

impl Section for Keyring {
    fn read(values: &Values) -> Option<Self> {
        let current = values.read("secret_key", |text| {
            Self::from_base64(text, "").ok().map(|_| text.to_owned())
        });
        let previous = values.read("secret_key_previous", |text| {
            (text.is_empty() || Self::from_base64(text, "").is_ok()).then(|| text.to_owned())
        });
        Self::from_base64(&current?, &previous?).ok()
    }
}

impl Section for ProxyTrust {
    fn read(values: &Values) -> Option<Self> {
        let header = values.read("trusted_proxy_header", |text| match text {
            "" => Some(None),
            text => ::http::HeaderName::try_from(text)
                .ok()
                .map(|name| Some(name.as_str().to_owned())),
        });
        let hops = values.read("trusted_proxy_hops", |text| {
            text.parse().ok().filter(|hops| *hops <= 16)
        });
        Some(Self {
            header: header?,
            hops: hops?,
        })
    }
}

impl Section for ResetTokenLifetime {
    fn read(values: &Values) -> Option<Self> {
        let lifetime = values.read("reset_token_ttl_seconds", seconds(60, 3_600));
        lifetime.map(Self)
    }
}

impl Section for ChallengeSettings {
    fn read(values: &Values) -> Option<Self> {
        let short = values.read("allow_short_lifetimes", boolean);
        let code_length = values.read("otp_length", |text| {
            text.parse().ok().and_then(CodeLength::new)
        });
        let code_floor = if short == Some(true) { 1 } else { 30 };
        let code = values.read("otp_ttl_seconds", seconds(code_floor, 600));
        let link = values.read("link_ttl_seconds", seconds(60, 86_400));
        let reset_token = ResetTokenLifetime::read(values);
        short?;
        Some(Self {
            code_length: code_length?,
            code: code?,
            link: link?,
            reset_token: reset_token?,
        })
    }
}

impl Section for IssueRules {
    fn read(values: &Values) -> Option<Self> {
        let cooldown = values.read("cooldown_seconds", seconds(0, 86_400));
        let limits = values.read("limit_account", Limit::parse_list);
        Some(Self {
            cooldown: cooldown?,
            limits: limits?,
        })
    }
}

impl Section for AttemptCaps {
    fn read(values: &Values) -> Option<Self> {
        // NIST SP 800-63B-4 §3.2.2 allows at most 100 failures in a row.
        let count = |text: &str| text.parse().ok().filter(|count| (1..=100).contains(count));
        let per_challenge = values.read("attempts_per_challenge", count);
        let per_day = values.read("attempts_per_account_per_day", count);
        Some(Self {
            per_challenge: per_challenge?,
            per_day: per_day?,
        })
    }
}

/// The default of `password_breach_api_origin`. `spin.toml` grants it.
const BREACH_LIST: &str = "https://api.pwnedpasswords.com";

impl Section for PasswordRules {
    fn read(values: &Values) -> Option<Self> {
        let policy = PasswordPolicy::read(values);
        let check = values.read("password_breach_check", |text| match text {
            "on" => Some(true),
            "off" | "" => Some(false),
            _ => None,
        });
        let list = values.read("password_breach_api_origin", |text| match text {
            "" => BaseUrl::parse(BREACH_LIST),
            text => BaseUrl::parse(text),
        });
        let (check, list) = (check?, list?);
        Some(Self {
            policy: policy?,
            breach_list: check.then_some(list),
        })
    }
}

impl Section for PasswordPolicy {
    fn read(values: &Values) -> Option<Self> {
        let min_length = values.read("password_min_length", |text| {
            text.parse().ok().filter(|length| (8..=64).contains(length))
        });
        let min_strength = values.read("password_min_strength", |text| {
            text.parse().ok().filter(|strength| *strength <= 4)
        });
        let app_name = values.read("app_name", one_line);
        Some(Self {
            min_length: min_length?,
            min_strength: min_strength?,
            app_name: app_name?,
        })
    }
}

/// `admin_may_choose_password`: whether an administrator may type a password, or only generate one.
#[derive(Debug, Clone, Copy)]
pub struct AdminMayChoose(
    /// True by default in `spin.toml`.
    pub bool,
);

impl Section for AdminMayChoose {
    fn read(values: &Values) -> Option<Self> {
        values.read("admin_may_choose_password", boolean).map(Self)
    }
}

/// The settings of an administrator's reset.
#[derive(Debug, Clone, Copy)]
pub struct AdminResetRules {
    /// Whether an administrator may type a password.
    pub may_choose: AdminMayChoose,
    /// `temporary_password_ttl_seconds`: how long a password works that must be changed.
    pub temporary_password_lifetime: Duration,
}

impl Section for AdminResetRules {
    fn read(values: &Values) -> Option<Self> {
        let may_choose = AdminMayChoose::read(values);
        let lifetime = values.read("temporary_password_ttl_seconds", seconds(300, 30 * 86_400));
        Some(Self {
            may_choose: may_choose?,
            temporary_password_lifetime: lifetime?,
        })
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])* $section:ident = $variable:literal),+ $(,)?) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $section(
            /// The count per window.
            pub Limit,
        );

        impl Section for $section {
            fn read(values: &Values) -> Option<Self> {
                values.read($variable, Limit::parse).map(Self)
            }
        })+
    };
}
limits!(
    /// Calls to forgot-password per client.
    ForgotLimit = "limit_client_forgot",
    /// Calls to forgot-password by all clients together.
    AppForgotLimit = "limit_app_forgot",
    /// Calls to verify-otp per client.
    VerifyLimit = "limit_client_verify",
    /// Calls to reset-password per client.
    ResetLimit = "limit_client_reset",
    /// Calls to sign-in per client.
    SignInLimit = "limit_client_sign_in",
);

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" | "" => Some(false),
        _ => None,
    }
}

fn seconds(least: u64, most: u64) -> impl Fn(&str) -> Option<Duration> {
    move |text| {
        text.parse()
            .ok()
            .filter(|seconds| (least..=most).contains(seconds))
            .map(Duration::from_secs)
    }
}
