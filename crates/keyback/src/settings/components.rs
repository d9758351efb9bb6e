//! One struct per component, with all settings that its calls need, read once at the start of each call. A bad variable
//! refuses every call of the components that use it.

use crate::mail::api::MailSettings;
use crate::mail::message::MailBranding;
use crate::model::base_url::BaseUrl;
use crate::model::client_address::ProxyTrust;
use crate::model::keyring::Keyring;
use crate::model::lifetimes::{ChallengeSettings, ResetTokenLifetime};
use crate::model::password_policy::PasswordRules;
use crate::model::recovery::{AttemptCaps, IssueRules};
use crate::model::site::Site;
use crate::portal::WebhookSettings;
use crate::settings::{
    Access, AdminResetRules, ApiDocs, AppForgotLimit, BreachList, CorsOrigins, CourierUrlToken,
    FeedbackSettings, ForgotLimit, GraphqlTokenLifetime, LogoImage, ResetLimit, ReturnUrls,
    Section, ShownLinkLifetime, SignInLimit, SignInUrl, TemporaryPasswordLifetime, Values,
    VerifyLimit,
};

macro_rules! components {
    ($($(#[$doc:meta])* $component:ident { $($(#[$field_doc:meta])* $field:ident: $section:ty,)+ })+) => {
        $($(#[$doc])*
        #[derive(Debug)]
        pub struct $component {
            $($(#[$field_doc])* pub $field: $section,)+
        }

        impl Section for $component {
            fn read(values: &Values) -> Option<Self> {
                $(let $field = <$section>::read(values);)+
                Some(Self { $($field: $field?,)+ })
            }
        })+
    };
}
components!(
    /// The settings of the component `forgot-password`.
    ForgotPassword {
        /// What emails look like. Checked before a request is accepted: no 202 for an email that cannot be written.
        branding: MailBranding,
        /// Seals what is stored.
        keyring: Keyring,
        /// Which proxies to trust for the client's address.
        trust: ProxyTrust,
        /// How long codes and links live.
        challenge: ChallengeSettings,
        /// How often an email may go to one account.
        issue: IssueRules,
        /// Where the result page of the form leads back to.
        sign_in_url: SignInUrl,
        /// `limit_client_forgot`.
        client_limit: ForgotLimit,
        /// Calls by all clients together.
        app_limit: AppForgotLimit,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is notified of events.
        webhook: WebhookSettings,
    }

    /// The settings of the component `verify-otp`.
    VerifyOtp {
        /// `public_base_url`, in the types of problems.
        base_url: BaseUrl,
        /// Digests codes and tokens.
        keyring: Keyring,
        /// Which proxies to trust for the client's address.
        trust: ProxyTrust,
        /// How long a reset token lives.
        lifetime: ResetTokenLifetime,
        /// How many wrong codes are allowed.
        caps: AttemptCaps,
        /// `limit_client_verify`.
        limit: VerifyLimit,
    }

    /// The settings of the component `reset-password`.
    ResetPassword {
        /// What emails look like.
        branding: MailBranding,
        /// Digests tokens, and seals what is stored.
        keyring: Keyring,
        /// Which proxies to trust for the client's address.
        trust: ProxyTrust,
        /// Which passwords are accepted.
        rules: PasswordRules,
        /// Calls of users, per client.
        limit: ResetLimit,
        /// How many current passwords a client may have checked, including those at sign-in.
        sign_in_limit: SignInLimit,
        /// The API keys and JWT keys that are accepted.
        access: Access,
        /// What an administrator's reset may do.
        admin_reset: AdminResetRules,
        /// Where the user of an emailed password signs in.
        sign_in_url: SignInUrl,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is notified of events.
        webhook: WebhookSettings,
    }

    /// The settings of the component `accounts`.
    Accounts {
        /// What emails look like.
        branding: MailBranding,
        /// Seals what is stored.
        keyring: Keyring,
        /// The API keys and JWT keys that are accepted.
        access: Access,
        /// Which passwords are accepted.
        rules: PasswordRules,
        /// How long a password works that is given to a new account and must be changed.
        temporary: TemporaryPasswordLifetime,
        /// How long codes and links live.
        challenge: ChallengeSettings,
        /// How often an email may go to one account.
        issue: IssueRules,
        /// How many wrong codes are too many.
        caps: AttemptCaps,
        /// Where the owner of a new account signs in.
        sign_in_url: SignInUrl,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is notified of events.
        webhook: WebhookSettings,
    }

    /// The settings of the component `admin-graphql`.
    AdminGraphql {
        /// What emails look like.
        branding: MailBranding,
        /// Seals what is stored.
        keyring: Keyring,
        /// The API keys and JWT keys that are accepted.
        access: Access,
        /// How long a token of a marked key may live.
        token_lifetime: GraphqlTokenLifetime,
        /// Which passwords are accepted.
        rules: PasswordRules,
        /// What an administrator's reset may do.
        admin_reset: AdminResetRules,
        /// How long codes and links live.
        challenge: ChallengeSettings,
        /// How often an email may go to one account.
        issue: IssueRules,
        /// Where the owner of an emailed password signs in.
        sign_in_url: SignInUrl,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is notified of events.
        webhook: WebhookSettings,
    }

    /// The settings of the component `sign-in`.
    SignIn {
        /// `public_base_url`, in the types of problems.
        base_url: BaseUrl,
        /// The API keys and JWT keys that are accepted.
        access: Access,
        /// Digests tokens.
        keyring: Keyring,
        /// Which proxies to trust for the client's address.
        trust: ProxyTrust,
        /// How long the token for a required password change lives.
        lifetime: ResetTokenLifetime,
        /// `limit_client_sign_in`.
        limit: SignInLimit,
        /// The list of breached passwords in which correct passwords are looked up.
        breach_list: BreachList,
    }

    /// The settings of the component `courier`: those of every component, since a bad variable would block some task,
    /// and since its health check names all bad ones.
    Courier {
        /// The settings of `forgot-password`.
        forgot_password: ForgotPassword,
        /// The settings of `verify-otp`.
        verify_otp: VerifyOtp,
        /// The settings of `reset-password`.
        reset_password: ResetPassword,
        /// The settings of `sign-in`. `accounts` needs none that the others do not.
        sign_in: SignIn,
        /// The one setting of `admin-graphql` that the others do not need.
        graphql_token_lifetime: GraphqlTokenLifetime,
        /// The settings of `pages`.
        pages: Pages,
        /// Who may report on emails.
        feedback: FeedbackSettings,
        /// Opens the URL that runs the courier.
        url_token: CourierUrlToken,
        /// The pages on other origins that may call.
        cors: CorsOrigins,
    }

    /// The settings of the pages that people use.
    Pages {
        /// How the app presents itself.
        site: Site,
        /// Where the pages may lead back to.
        return_urls: ReturnUrls,
        /// The operator's logo.
        logo: LogoImage,
        /// How long the link of a recovery works unless an administrator chooses otherwise.
        link: ShownLinkLifetime,
        /// Whether the description of the API is served.
        api_docs: ApiDocs,
    }

    /// The settings for counting a client's failed attempts. Every component that authorises has them.
    Counting {
        /// Names clients in the store.
        keyring: Keyring,
        /// Which proxies to trust for the client's address.
        trust: ProxyTrust,
    }

    /// The settings for issuing a challenge.
    Issuing {
        /// What emails look like.
        branding: MailBranding,
        /// Seals what is stored.
        keyring: Keyring,
        /// How long secrets live.
        challenge: ChallengeSettings,
        /// How often emails may go out.
        issue: IssueRules,
    }

    /// The settings for notifying the portal and delivering emails.
    Sending {
        /// Opens what is stored.
        keyring: Keyring,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is notified of events.
        webhook: WebhookSettings,
    }
);
