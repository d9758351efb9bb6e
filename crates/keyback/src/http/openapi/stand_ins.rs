//! Types for parts of answers that no type of the app describes: maps, and text that is written piece by piece. The
//! tests compare each with what is really written.

use schemars::JsonSchema;

use crate::http::time::Time;
use crate::model::breach::BreachCheck;
use crate::model::email::EmailKind;
use crate::model::event::{AuthenticatedBy, EventType};

macro_rules! stand_ins {
    ($($(#[$attribute:meta])* $name:ident { $($(#[$member_attribute:meta])* $member:ident: $type:ty,)+ })+) => {
        $(
            #[derive(JsonSchema)]
            $(#[$attribute])*
            #[expect(dead_code, reason = "only its schema is used")]
            pub(in crate::http) struct $name { $($(#[$member_attribute])* $member: $type,)+ }
        )+
    };
}

stand_ins! {
    /// An event.
    EventMembers {
        /// Unique. Receivers use it to drop duplicates.
        id: String,
        /// Its number among the events of its account, from 1. There may be gaps.
        sequence: u64,
        r#type: EventType,
        at: Time,
        /// The changed account.
        user_id: String,
        actor: ActorMembers,
        /// The client's masked address.
        from: Option<String>,
        /// The administrator's reason, or Keyback's own.
        reason: Option<String>,
        /// The email that the event is about.
        email: Option<AboutEmailMembers>,
        /// For a new password: the result of the breach check.
        #[schemars(skip_serializing_if = "Option::is_none")]
        breach_check: Option<BreachCheck>,
    }
    /// The email that an event is about.
    #[schemars(rename = "AboutEmail")]
    AboutEmailMembers {
        id: String,
        kind: EmailKind,
    }
    /// The result of an import.
    ImportReport {
        created: u64,
        /// Accounts that already existed with the same ID and address.
        unchanged: u64,
        failed: u64,
        failures: Vec<ImportFailure>,
        /// Present and true for a dry run, which creates nothing.
        #[schemars(skip_serializing_if = "Option::is_none")]
        dry_run: Option<bool>,
        /// The columns of a table that were ignored.
        #[schemars(skip_serializing_if = "Option::is_none")]
        ignored_columns: Option<Vec<String>>,
    }
    /// An account that was not imported.
    ImportFailure {
        /// The number of its line, from 1.
        line: u64,
        #[schemars(extend("enum" = ["validation-failed", "conflict", "password-rejected", "too-many-passwords"]))]
        code: &'static str,
        detail: String,
        /// Where in the account, or in the list: a JSON Pointer.
        #[schemars(skip_serializing_if = "Option::is_none")]
        pointer: Option<String>,
    }
}

/// Who caused a change.
#[derive(JsonSchema)]
#[schemars(rename = "Actor", tag = "kind", rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(in crate::http) enum ActorMembers {
    /// The user, or anyone with access to the user's mailbox.
    User,
    /// Keyback or the email provider.
    System,
    /// A caller of the administrator's API.
    Administrator {
        /// The ID of the API key, or the subject of the token.
        id: String,
        /// Null for older events.
        authenticated_by: Option<AuthenticatedBy>,
        /// The token's `audit_context`, unchanged.
        audit_context: serde_json::Value,
    },
}

macro_rules! inline {
    ($($(#[$doc:meta])* $name:ident = $schema:tt;)+) => {
        $(
            $(#[$doc])*
            pub(super) struct $name;

            impl JsonSchema for $name {
                fn schema_name() -> std::borrow::Cow<'static, str> {
                    stringify!($name).into()
                }

                fn inline_schema() -> bool {
                    true
                }

                fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                    schemars::json_schema!($schema)
                }
            }
        )+
    };
}

inline! {
    /// NDJSON of accounts.
    ExportLines = {"type": "string", "description": "Each line is an object with `id`, `email`, `created_at`, and unless absent `locale`, `disabled`, `password_hash` and `change_on_next_sign_in`."};
    /// NDJSON of events.
    EventLines = {"type": "string", "description": "Each line is an `Event`."};
    /// The document itself.
    Document = {"type": "object", "required": ["openapi", "info", "paths"]};
}
