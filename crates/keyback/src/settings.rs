//! The application's variables, read and checked. A handler loads only the sections it needs, and a bad variable in
//! one of them refuses the call: the app fails closed.

use std::cell::RefCell;
use std::time::Duration;

use crate::model::base_url::BaseUrl;
use crate::model::client_address::ProxyTrust;
use crate::model::code::CodeLength;
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::password_policy::PasswordPolicy;
use crate::model::recovery::{AttemptCaps, IssueRules};
use crate::ports::{Outage, Variables};

mod access;
mod mail;
#[cfg(test)]
mod tests;

pub use access::{Access, ApiKey, Scope};
pub use mail::{MailSettings, ProviderKind};

/// Reads variables and remembers the bad ones, so that all of them are named at once.
#[derive(Debug)]
pub struct Loader<'a, V> {
    variables: &'a V,
    bad: RefCell<Vec<&'static str>>,
}

impl<V: Variables> Loader<'_, V> {
    /// The variable `name` as `parse` reads it; `None`, and noted as bad, if it is missing or not understood.
    pub async fn read<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let value = self.variables.find(name).await;
        let parsed = value.as_deref().and_then(parse);
        if parsed.is_none() {
            self.refuse(name);
        }
        parsed
    }

    /// Notes `name` as bad.
    pub fn refuse(&self, name: &'static str) {
        let mut bad = self.bad.borrow_mut();
        if !bad.contains(&name) {
            bad.push(name);
        }
    }
}

/// A group of variables that belong together.
#[expect(
    async_fn_in_trait,
    reason = "a Wasm instance has one thread: futures need not be Send"
)]
pub trait Section: Sized {
    /// Reads the section; `None` if one of its variables is bad, with all bad ones noted in `loader`.
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self>;
}

/// Loads a section, or several as a tuple.
///
/// # Errors
/// [`Outage::Variables`] with the names of all bad variables.
pub async fn load<S: Section>(variables: &impl Variables) -> Result<S, Outage> {
    let loader = Loader {
        variables,
        bad: RefCell::default(),
    };
    let section = S::load(&loader).await;
    let bad = loader.bad.into_inner();
    match section {
        Some(section) if bad.is_empty() => Ok(section),
        _ => Err(Outage::Variables(bad)),
    }
}

macro_rules! tuples {
    ($(($($section:ident),+)),+) => {
        $(impl<$($section: Section),+> Section for ($($section,)+) {
            async fn load<Vars: Variables>(loader: &Loader<'_, Vars>) -> Option<Self> {
                // All are read before the first bad one ends it.
                #[expect(non_snake_case, reason = "named like their types")]
                let ($($section,)+) = ($($section::load(loader).await,)+);
                Some(($($section?,)+))
            }
        })+
    };
}
tuples!(
    (A, B),
    (A, B, C),
    (A, B, C, D),
    (A, B, C, D, F),
    (A, B, C, D, F, G)
);

/// How the app presents itself.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where users see it.
    pub base_url: BaseUrl,
    /// Its name.
    pub app_name: String,
    /// Where users find help.
    pub support_url: Option<String>,
}

impl Section for Site {
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
        let base_url = loader.read("public_base_url", BaseUrl::parse).await;
        let app_name = loader.read("app_name", one_line).await;
        let support_url = loader
            .read("support_url", |text| match text {
                "" => Some(None),
                text => (text.starts_with("https://") || text.starts_with("mailto:"))
                    .then(|| Some(text.to_owned())),
            })
            .await;
        Some(Self {
            base_url: base_url?,
            app_name: app_name?,
            support_url: support_url?,
        })
    }
}

impl Section for Keyring {
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
        let current = loader
            .read("secret_key", |text| {
                Self::from_base64(text, "").ok().map(|_| text.to_owned())
            })
            .await;
        let previous = loader
            .read("secret_key_previous", |text| {
                (text.is_empty() || Self::from_base64(text, "").is_ok()).then(|| text.to_owned())
            })
            .await;
        Self::from_base64(&current?, &previous?).ok()
    }
}

impl Section for ProxyTrust {
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
        let header = loader
            .read("trusted_proxy_header", |text| match text {
                "" => Some(None),
                text => ::http::HeaderName::try_from(text)
                    .ok()
                    .map(|name| Some(name.as_str().to_owned())),
            })
            .await;
        let hops = loader
            .read("trusted_proxy_hops", |text| {
                text.parse().ok().filter(|hops| *hops <= 16)
            })
            .await;
        Some(Self {
            header: header?,
            hops: hops?,
        })
    }
}

/// How long a reset token lives.
#[derive(Debug, Clone, Copy)]
pub struct ResetTokenLifetime(
    /// From its being given on.
    pub Duration,
);

impl Section for ResetTokenLifetime {
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
        let lifetime = loader
            .read("reset_token_ttl_seconds", seconds(60, 3_600))
            .await;
        lifetime.map(Self)
    }
}

/// How long the secrets of a challenge live, and how long a code is.
#[derive(Debug, Clone, Copy)]
pub struct Lifetimes {
    /// The digits of a code.
    pub code_length: CodeLength,
    /// A code's life.
    pub code: Duration,
    /// A link's life.
    pub link: Duration,
    /// The life of the reset token that a code is turned into.
    pub reset_token: ResetTokenLifetime,
}

impl Section for Lifetimes {
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
        let short = loader.read("allow_short_lifetimes", boolean).await;
        let code_length = loader
            .read("otp_length", |text| {
                text.parse().ok().and_then(CodeLength::new)
            })
            .await;
        let code_floor = if short == Some(true) { 1 } else { 30 };
        let code = loader
            .read("otp_ttl_seconds", seconds(code_floor, 600))
            .await;
        let link = loader.read("link_ttl_seconds", seconds(60, 86_400)).await;
        let reset_token = ResetTokenLifetime::load(loader).await;
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
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
        let cooldown = loader.read("cooldown_seconds", seconds(0, 86_400)).await;
        let limits = loader.read("limit_account", Limit::parse_list).await;
        Some(Self {
            cooldown: cooldown?,
            limits: limits?,
        })
    }
}

impl Section for AttemptCaps {
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
        // NIST SP 800-63B-4 §3.2.2 allows at most 100 failures in a row.
        let count = |text: &str| text.parse().ok().filter(|count| (1..=100).contains(count));
        let per_challenge = loader.read("attempts_per_challenge", count).await;
        let per_day = loader.read("attempts_per_account_per_day", count).await;
        Some(Self {
            per_challenge: per_challenge?,
            per_day: per_day?,
        })
    }
}

impl Section for PasswordPolicy {
    async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
        let min_length = loader
            .read("password_min_length", |text| {
                text.parse().ok().filter(|length| (8..=64).contains(length))
            })
            .await;
        let min_strength = loader
            .read("password_min_strength", |text| {
                text.parse().ok().filter(|strength| *strength <= 4)
            })
            .await;
        let app_name = loader.read("app_name", one_line).await;
        Some(Self {
            min_length: min_length?,
            min_strength: min_strength?,
            app_name: app_name?,
        })
    }
}

macro_rules! limits {
    ($($(#[$doc:meta])* $section:ident = $variable:literal),+ $(,)?) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $section(
            /// How many in how long.
            pub Limit,
        );

        impl Section for $section {
            async fn load<V: Variables>(loader: &Loader<'_, V>) -> Option<Self> {
                loader.read($variable, Limit::parse).await.map(Self)
            }
        })+
    };
}
limits!(
    /// Calls to forgot-password per client.
    ForgotLimit = "limit_client_forgot",
    /// Calls to forgot-password in all.
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

/// A non-empty line of at most 100 characters, without control characters.
fn one_line(text: &str) -> Option<String> {
    let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}
