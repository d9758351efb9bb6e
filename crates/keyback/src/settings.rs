//! The application's variables, read and validated. A component loads its own once per request, and a bad variable
//! refuses the call: the app fails closed.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::model::base_url::BaseUrl;
use crate::model::client_address::ProxyTrust;
use crate::model::code::CodeLength;
use crate::model::keyring::{DerivedKeys, Keyring};
use crate::model::limit::Limit;
use crate::model::password_policy::{Blocklist, PasswordPolicy};
use crate::model::recovery::{AttemptCaps, IssueRules};

mod access;
mod components;
mod cors;
mod courier_url;
mod jwt;
mod mail;
mod mail_branding;
mod return_urls;
mod site;
#[cfg(test)]
mod tests;
mod values;
mod webhook;

// These types are defined where they are used.
pub use crate::mail::api::{MailSettings, ProviderSettings};
pub use crate::mail::message::MailBranding;
pub use crate::mail::registry::ProviderKind;
pub use crate::model::lifetimes::{ChallengeSettings, ResetTokenLifetime};
pub use crate::model::password_policy::PasswordRules;
pub use crate::model::site::{Accent, Site};
pub use crate::portal::{Webhook, WebhookSettings};
pub use access::{Access, ApiKey, Scope};
pub use components::{
    Accounts, AdminGraphql, Counting, Courier, ForgotPassword, Issuing, Pages, ResetPassword,
    Sending, SignIn, VerifyOtp,
};
pub use cors::CorsOrigins;
pub use courier_url::CourierUrlToken;
pub use mail::FeedbackSettings;
pub use return_urls::{ReturnUrls, SignInUrl};
pub use site::LogoImage;
pub use values::{Finding, Findings, Section, Values, check, load, names_of};

impl Section for BaseUrl {
    fn read(values: &Values) -> Option<Self> {
        values.read("public_base_url", ORIGIN, Self::parse)
    }
}

impl Section for Keyring {
    fn read(values: &Values) -> Option<Self> {
        let current = values.read("secret_key", "at least 32 random bytes in base64", |text| {
            DerivedKeys::from_base64(text).ok()
        });
        let previous = values.read(
            "secret_key_previous",
            "empty, or at least 32 random bytes in base64",
            |text| match text {
                "" => Some(None),
                text => DerivedKeys::from_base64(text).ok().map(Some),
            },
        );
        let (current, previous) = (current?, previous?);
        if previous.as_ref().is_some_and(|it| it.id() == current.id()) {
            values.warn(
                "secret_key_previous",
                "is the same as secret_key, so nothing is rotated",
            );
        }
        Some(Self::new(current, previous))
    }
}

impl Section for ProxyTrust {
    fn read(values: &Values) -> Option<Self> {
        let header = values.read_or_why("trusted_proxy_header", |text| match text {
            "" => Ok(None),
            text => address_header(text).map(Some),
        });
        let hops: Option<usize> = values.read("trusted_proxy_hops", "0 to 16", |text| {
            text.parse().ok().filter(|hops| *hops <= 16)
        });
        let (header, hops) = (header?, hops?);
        if header.is_none() && hops > 0 {
            values.warn_if_unused("trusted_proxy_header", &["trusted_proxy_hops"]);
        }
        Some(Self { header, hops })
    }
}

/// Request headers that contain no address, or one that the client chose.
const NO_ADDRESS: [&str; 7] = [
    "host",
    "spin-client-addr",
    "user-agent",
    "via",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
];

/// The header `text` in lower case, if addresses in it can be read.
fn address_header(text: &str) -> Result<String, String> {
    let name = ::http::HeaderName::try_from(text);
    let name = name.map_err(|_| "must be empty, or the name of a header".to_owned())?;
    match name.as_str() {
        // A client may put quotes into its own part, which then shift the values that a proxy appends.
        "forwarded" => Err("must be a header that lists plain addresses, such as X-Forwarded-For. Forwarded (RFC 7239) is not supported".to_owned()),
        name if NO_ADDRESS.contains(&name) => {
            Err("must be a header in which a proxy passes the client's address".to_owned())
        }
        name => Ok(name.to_owned()),
    }
}

impl Section for ResetTokenLifetime {
    fn read(values: &Values) -> Option<Self> {
        let lifetime = read_seconds(values, "reset_token_ttl_seconds", 60, 3_600);
        lifetime.map(Self)
    }
}

/// How long a link may live.
const LINK_SECONDS: RangeInclusive<u64> = 60..=86_400;

impl Section for ChallengeSettings {
    fn read(values: &Values) -> Option<Self> {
        let short = values.read("allow_short_lifetimes", TRUE_OR_FALSE, boolean);
        let code_length = values.read("otp_length", "6 to 10", |text| {
            text.parse().ok().and_then(CodeLength::new)
        });
        let code_floor = if short == Some(true) { 1 } else { 30 };
        let code = read_seconds(values, "otp_ttl_seconds", code_floor, 600);
        let (least, most) = (*LINK_SECONDS.start(), *LINK_SECONDS.end());
        let link = read_seconds(values, "link_ttl_seconds", least, most);
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

/// `link_ttl_seconds`, for a page that shows it: `None` if it is invalid, since that does not stop a page.
#[derive(Debug, Clone, Copy)]
pub struct ShownLinkLifetime(
    /// 1 minute to 1 day.
    pub Option<Duration>,
);

impl Section for ShownLinkLifetime {
    fn read(values: &Values) -> Option<Self> {
        let seconds: Option<u64> =
            values.read_leniently("link_ttl_seconds", |text, _| text.parse().ok());
        let seconds = seconds.filter(|seconds| LINK_SECONDS.contains(seconds));
        Some(Self(seconds.map(Duration::from_secs)))
    }
}

impl Section for IssueRules {
    fn read(values: &Values) -> Option<Self> {
        let cooldown = read_seconds(values, "cooldown_seconds", 0, 86_400);
        let limits = values.read(
            "limit_account",
            "pairs of a count and a number of seconds, such as 5/3600,10/86400",
            Limit::parse_list,
        );
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
        let per_challenge = values.read("attempts_per_challenge", "1 to 100", count);
        let per_day = values.read("attempts_per_account_per_day", "1 to 100", count);
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
        let list = BreachList::read(values);
        Some(Self {
            policy: policy?,
            breach_list: list?.0,
        })
    }
}

/// Whether the description of the API is served: `/docs` and `/v1/openapi.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiDocs(pub bool);

impl Section for ApiDocs {
    fn read(values: &Values) -> Option<Self> {
        let on = values.read("api_docs", "on or off", |text| match text {
            "on" => Some(true),
            "off" => Some(false),
            _ => None,
        });
        on.map(Self)
    }
}

/// The list of breached passwords: `None` while `password_breach_check` is off.
#[derive(Debug, Clone)]
pub struct BreachList(
    /// `password_breach_api_origin`.
    pub Option<BaseUrl>,
);

impl Section for BreachList {
    fn read(values: &Values) -> Option<Self> {
        let check = values.read("password_breach_check", "on or off", |text| match text {
            "on" => Some(true),
            "off" | "" => Some(false),
            _ => None,
        });
        let list = values.read("password_breach_api_origin", ORIGIN, |text| match text {
            "" => BaseUrl::parse(BREACH_LIST),
            text => BaseUrl::parse(text).filter(BaseUrl::is_grantable),
        });
        let (check, list) = (check?, list?);
        Some(Self(check.then_some(list)))
    }
}

impl Section for PasswordPolicy {
    fn read(values: &Values) -> Option<Self> {
        let min_length = values.read("password_min_length", "8 to 64", |text| {
            text.parse().ok().filter(|length| (8..=64).contains(length))
        });
        let min_strength = values.read("password_min_strength", "0 to 4", |text| {
            text.parse().ok().filter(|strength| *strength <= 4)
        });
        let app_name = site::app_name(values);
        let expected = "words of 3 to 64 characters, joined by commas or newlines, at most 4 KiB";
        let blocklist = values.read("password_blocklist", expected, Blocklist::parse);
        Some(Self {
            min_length: min_length?,
            min_strength: min_strength?,
            app_name,
            blocklist: blocklist?,
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
        values
            .read("admin_may_choose_password", TRUE_OR_FALSE, boolean)
            .map(Self)
    }
}

/// The settings of an administrator's reset.
#[derive(Debug, Clone, Copy)]
pub struct AdminResetRules {
    /// Whether an administrator may type a password.
    pub may_choose: AdminMayChoose,
    /// `temporary_password_ttl_seconds`: how long a password that must be changed works.
    pub temporary_password_lifetime: Duration,
}

impl Section for AdminResetRules {
    fn read(values: &Values) -> Option<Self> {
        let may_choose = AdminMayChoose::read(values);
        let lifetime = TemporaryPasswordLifetime::read(values);
        Some(Self {
            may_choose: may_choose?,
            temporary_password_lifetime: lifetime?.0,
        })
    }
}

/// `temporary_password_ttl_seconds`: how long a temporary password from an administrator works.
#[derive(Debug, Clone, Copy)]
pub struct TemporaryPasswordLifetime(
    /// 5 minutes to 30 days.
    pub Duration,
);

impl Section for TemporaryPasswordLifetime {
    fn read(values: &Values) -> Option<Self> {
        read_seconds(values, "temporary_password_ttl_seconds", 300, 30 * 86_400).map(Self)
    }
}

/// `graphql_token_ttl_seconds`: how long a token signed by a key marked with `keyback_scopes` may live.
#[derive(Debug, Clone, Copy)]
pub struct GraphqlTokenLifetime(
    /// A minute to a year.
    pub Duration,
);

impl Section for GraphqlTokenLifetime {
    fn read(values: &Values) -> Option<Self> {
        read_seconds(values, "graphql_token_ttl_seconds", 60, 365 * 86_400).map(Self)
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
                values.read($variable, "a count and a number of seconds, such as 20/3600", Limit::parse).map(Self)
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

const TRUE_OR_FALSE: &str = "true or false";
/// The form that [`BaseUrl`] accepts.
const ORIGIN: &str = "an origin: https, or http on a loopback address, and no path";

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" | "" => Some(false),
        _ => None,
    }
}

fn read_seconds(values: &Values, name: &'static str, least: u64, most: u64) -> Option<Duration> {
    values.read(name, &format!("{least} to {most} seconds"), |text| {
        text.parse()
            .ok()
            .filter(|seconds| (least..=most).contains(seconds))
            .map(Duration::from_secs)
    })
}
