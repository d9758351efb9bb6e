//! `/v1/admin/users…`: one file per call.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::Serialize;

use crate::flow::accounts::activity::{self, Activity};
use crate::http::fields::Fields;
use crate::http::problem::Problem;
use crate::http::time::Time;
use crate::model::account::Account;
use crate::model::credential::SetBy;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;

pub mod bulk;
pub mod challenge;
pub mod create;
pub mod delete;
pub mod events;
pub mod export;
pub mod import;
pub mod invite;
pub mod list;
pub mod require_change;
pub mod reset_password;
pub mod show;
pub mod sign_out;
pub mod start_recovery;
pub mod unlock;
pub mod update;

/// The characters of an id that are encoded in a path: all but those that RFC 3986 §2.3 leaves unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The id in a segment of a path, percent-decoded once.
///
/// # Errors
/// 404 for a text that cannot be the id of an account.
fn find_id(segment: &str) -> Result<AccountId, Problem> {
    let decoded = percent_decode_str(segment).decode_utf8();
    let id = decoded.ok().and_then(|text| AccountId::parse(&text).ok());
    id.ok_or_else(Problem::not_found)
}

/// Reads whether to email a secret (`email`), or to return it to the caller (`return`).
fn read_deliver(fields: &mut Fields) -> Option<bool> {
    fields.text("deliver", |text| match text {
        "email" => Ok(true),
        "return" => Ok(false),
        _ => Err("must be email or return"),
    })
}

/// The path of an account.
fn path_of(id: &AccountId) -> String {
    let segment = utf8_percent_encode(id.as_str(), RESERVED);
    format!("/v1/admin/users/{segment}")
}

/// An account, without its hash.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Account"))]
pub(in crate::http) struct AccountShown {
    /// Chosen by the caller, or generated.
    id: String,
    /// The address as it was given, but its domain in lower case and in its ASCII form. Emails go to it.
    email: String,
    /// The language of emails, as a language tag.
    locale: Option<String>,
    /// A disabled account can neither sign in nor recover.
    disabled: bool,
    /// When it was created.
    created_at: Time,
    /// When it was last changed.
    updated_at: Time,
    /// When its user last signed in, accurate to a minute.
    last_sign_in_at: Option<Time>,
    /// The time until which sign-ins from some network are refused.
    locked_until: Option<Time>,
    /// The password; null if the account has none.
    credential: Option<CredentialShown>,
    /// Rises with each credential event, such as a new password. The portal ends sessions with a different epoch.
    credential_epoch: u64,
    /// The account that owns the address. Only after an upgrade that found two accounts with one mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    email_taken_by: Option<String>,
}

/// What is known about a password.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Credential"))]
struct CredentialShown {
    /// When it was set.
    set_at: Time,
    /// Who set it.
    set_by: SetBy,
    /// Whether the user must choose another password at the next sign-in.
    must_change: bool,
    /// When it expires.
    expires_at: Option<Time>,
}

/// An account in the contract's form, without the hash, with its recent activity.
fn shape(account: &Account, activity: Activity) -> AccountShown {
    let credential = account.credential.as_ref();
    AccountShown {
        id: account.id.as_str().to_owned(),
        email: account.email.as_str().to_owned(),
        locale: account.locale.as_ref().map(|it| it.as_str().to_owned()),
        disabled: account.disabled,
        created_at: account.created_at.into(),
        updated_at: account.updated_at.unwrap_or(account.created_at).into(),
        last_sign_in_at: activity.last_sign_in_at.map(Time::from),
        locked_until: activity.locked_until.map(Time::from),
        credential: credential.map(|credential| CredentialShown {
            set_at: credential.set_at.into(),
            set_by: credential.set_by,
            must_change: credential.must_change,
            expires_at: credential.expires_at.map(Time::from),
        }),
        credential_epoch: account.epoch,
        email_taken_by: account
            .email_taken_by
            .as_ref()
            .map(|it| it.as_str().to_owned()),
    }
}

/// The account's form, with its recent activity from the store.
async fn shape_of<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    account: &Account,
) -> Result<AccountShown, Unavailable> {
    let activity = activity::find(cx, keyring, account).await?;
    Ok(shape(account, activity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_from_its_path_whatever_it_is_made_of() {
        let all: String = ('!'..='~').collect();
        for text in ["ann", "auth0|5f7c", "a%2Fb", "a+b", "a/b?c#d", ".a", &all] {
            let id = AccountId::parse(text).unwrap();
            let path = path_of(&id);
            let segment = path.strip_prefix("/v1/admin/users/").unwrap();
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
            assert!(segment.bytes().all(is_plain), "{segment}");
            assert_eq!(find_id(segment).unwrap(), id);
        }
    }

    #[test]
    fn what_a_path_may_hold_as_it_is_need_not_be_encoded() {
        for (segment, id) in [
            ("auth0|5f7c", "auth0|5f7c"),
            ("a+b@c:d", "a+b@c:d"),
            ("%61", "a"),
        ] {
            assert_eq!(find_id(segment).unwrap().as_str(), id);
        }
        for segment in ["", ".", "..", "%2e", "%2E.", "%20", "%00", "%ff", "%C3%BC"] {
            assert!(find_id(segment).is_err(), "{segment}");
        }
    }
}
