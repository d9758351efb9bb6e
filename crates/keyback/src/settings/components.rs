//! One struct per component: all settings that its calls need, read once, at the door. A bad variable of one refuses every
//! call of the component that has it.

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
    Section, SignInLimit, SignInUrl, TemporaryPasswordLifetime, ToldLinkLifetime, Values,
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
        /// What mails look like. Checked before a request is accepted: no 202 for a mail that cannot be written.
        branding: MailBranding,
        /// Seals what is stored.
        keyring: Keyring,
        /// Whose word on a client's address counts.
        trust: ProxyTrust,
        /// How long codes and links live.
        challenge: ChallengeSettings,
        /// How often a mail may go to one account.
        issue: IssueRules,
        /// Where the form's answer leads back to.
        sign_in_url: SignInUrl,
        /// `limit_client_forgot`.
        client_limit: ForgotLimit,
        /// Calls by all clients together.
        app_limit: AppForgotLimit,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is told of events.
        webhook: WebhookSettings,
    }

    /// The settings of the component `verify-otp`.
    VerifyOtp {
        /// `public_base_url`, in the types of problems.
        base_url: BaseUrl,
        /// Digests codes and tokens.
        keyring: Keyring,
        /// Whose word on a client's address counts.
        trust: ProxyTrust,
        /// How long a reset token lives.
        lifetime: ResetTokenLifetime,
        /// How many wrong codes are too many.
        caps: AttemptCaps,
        /// `limit_client_verify`.
        limit: VerifyLimit,
    }

    /// The settings of the component `reset-password`.
    ResetPassword {
        /// What mails look like.
        branding: MailBranding,
        /// Digests tokens, and seals what is stored.
        keyring: Keyring,
        /// Whose word on a client's address counts.
        trust: ProxyTrust,
        /// Which passwords are accepted.
        rules: PasswordRules,
        /// Calls of users, per client.
        limit: ResetLimit,
        /// Current passwords that a client may have checked, those of sign-ins included.
        sign_in_limit: SignInLimit,
        /// Who may call for an administrator.
        access: Access,
        /// What an administrator's reset may do.
        admin_reset: AdminResetRules,
        /// Where the user of a mailed password signs in.
        sign_in_url: SignInUrl,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is told of events.
        webhook: WebhookSettings,
    }

    /// The settings of the component `accounts`.
    Accounts {
        /// What mails look like.
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
        /// How often a mail may go to one account.
        issue: IssueRules,
        /// How many wrong codes are too many.
        caps: AttemptCaps,
        /// Where the owner of a new account signs in.
        sign_in_url: SignInUrl,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is told of events.
        webhook: WebhookSettings,
    }

    /// The settings of the component `admin-graphql`.
    AdminGraphql {
        /// What mails look like.
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
        /// How often a mail may go to one account.
        issue: IssueRules,
        /// Where the owner of a mailed password signs in.
        sign_in_url: SignInUrl,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is told of events.
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
        /// Whose word on a client's address counts.
        trust: ProxyTrust,
        /// How long a token lives that a change of the password needs.
        lifetime: ResetTokenLifetime,
        /// `limit_client_sign_in`.
        limit: SignInLimit,
        /// Where right passwords are looked for among breached ones.
        breach_list: BreachList,
    }

    /// The settings of the component `courier`: those of every component, since with any variable bad some task could not be
    /// done, and since its health check names all bad ones.
    Courier {
        /// Those of `forgot-password`.
        forgot_password: ForgotPassword,
        /// Those of `verify-otp`.
        verify_otp: VerifyOtp,
        /// Those of `reset-password`.
        reset_password: ResetPassword,
        /// Those of `sign-in`. `accounts` needs none that the others do not.
        sign_in: SignIn,
        /// The one of `admin-graphql` that the others do not need.
        graphql_token_lifetime: GraphqlTokenLifetime,
        /// Those of `pages`.
        pages: Pages,
        /// Who may report on mails.
        feedback: FeedbackSettings,
        /// Opens the run by URL.
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
        /// How long the link of a recovery works unless an administrator says otherwise.
        link: ToldLinkLifetime,
        /// Whether the description of the API is served.
        api_docs: ApiDocs,
    }

    /// What counting a client's failed attempts needs. Every component that authorises has it.
    Counting {
        /// Names clients in the store.
        keyring: Keyring,
        /// Whose word on a client's address counts.
        trust: ProxyTrust,
    }

    /// What issuing a challenge needs.
    Issuing {
        /// What mails look like.
        branding: MailBranding,
        /// Seals what is stored.
        keyring: Keyring,
        /// How long secrets live.
        challenge: ChallengeSettings,
        /// How often mails may go out.
        issue: IssueRules,
    }

    /// What telling of an event and delivering a mail need.
    Sending {
        /// Opens what is stored.
        keyring: Keyring,
        /// The email provider and its fallback.
        mail: MailSettings,
        /// Where the portal is told of events.
        webhook: WebhookSettings,
    }
);
