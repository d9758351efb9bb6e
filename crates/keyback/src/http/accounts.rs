//! `/v1/admin/users…`: one file per call.

use serde_json::{Value, json};

use crate::model::account::Account;
use crate::model::locale::Locale;
use crate::model::timestamp::Timestamp;

pub mod challenge;
pub mod create;
pub mod delete;
pub mod events;
pub mod import;
pub mod list;
pub mod require_change;
pub mod reset_password;
pub mod show;
pub mod start_recovery;
pub mod update;

/// An account in the contract's form, without the hash.
fn shape(account: &Account) -> Value {
    json!({
        "id": account.id.as_str(),
        "email": account.email.as_str(),
        "locale": account.locale.as_ref().map(Locale::as_str),
        "disabled": account.disabled,
        "created_at": account.created_at.rfc3339(),
        "credential": account.credential.as_ref().map(|credential| json!({
            "set_at": credential.set_at.rfc3339(),
            "set_by": credential.set_by.as_str(),
            "must_change": credential.must_change,
            "expires_at": credential.expires_at.map(Timestamp::rfc3339),
        })),
        "credential_epoch": account.epoch,
    })
}
