//! Creating an account.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::events::Caller;
use crate::flow::passwords::{check_password, generate, hashing};
use crate::flow::recovery::invitation::{InvitationOrder, InvitationSettings, Invited};
use crate::model::account::Account;
use crate::model::breach::BreachCheck;
use crate::model::credential::{Credential, SetBy};
use crate::model::email_address::EmailAddress;
use crate::model::event::EventType;
use crate::model::id::{AccountId, EmailId};
use crate::model::locale::Locale;
use crate::model::password::{Password, PasswordHash};
use crate::model::password_policy::PasswordRules;
use crate::model::password_policy::PasswordViolation;
use crate::ports::{Clock, Env, Unavailable};
use crate::store::accounts::{self, reservations};
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::Cx;
use crate::store::lease::Lease;

mod id_claim;
mod welcome;

pub(super) use id_claim::IdClaim;
use id_claim::is_free;
use welcome::Welcome;

/// The account to create.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The address, in the spelling to store.
    pub email: EmailAddress,
    /// Its id; drawn if none is given.
    pub id: Option<AccountId>,
    /// Its password, if it has one already.
    pub password: Option<InitialPassword>,
    /// The language of its emails.
    pub locale: Option<Locale>,
    /// Whether the user must choose another password at the next sign-in.
    pub change_on_next_sign_in: bool,
    /// How long the password works; `None` for ever.
    pub password_expires_in: Option<Duration>,
    /// Why, for the event.
    pub reason: Option<String>,
    /// Whether it is disabled from the beginning.
    pub disabled: bool,
    /// When it was created in another system, if it was.
    pub created_at: Option<Timestamp>,
}

/// An account's first password.
#[derive(Debug, Clone)]
pub enum InitialPassword {
    /// In clear; checked against the policy.
    Clear(Password),
    /// Another system's hash, replaced at the first correct sign-in.
    Hashed(PasswordHash),
}

/// An administrator's order to create an account.
#[derive(Debug, Clone)]
pub struct Order {
    /// The account to create, before it has an id and a number.
    pub draft: Draft,
    /// Whether to generate its password.
    pub generate: bool,
    /// Whether to email the password to the user.
    pub send_email: bool,
    /// Whether to return the password, this once.
    pub return_password: bool,
    /// How to invite the user to choose the password of an account that has none.
    pub invitation: Option<InvitationOrder>,
}

/// Settings for creating an account.
#[derive(Debug)]
pub struct CreateSettings {
    /// Which passwords may be set.
    pub rules: PasswordRules,
    /// Settings for inviting the user.
    pub invitation: InvitationSettings,
}

/// The new account, and the secrets that its creator asked for.
#[derive(Debug)]
pub struct Created {
    /// The account as stored, with its id.
    pub account: Account,
    /// The password, if it was to be returned.
    pub password: Option<Password>,
    /// The email with the password or the invitation in it, if one was to be sent.
    pub email_id: Option<EmailId>,
    /// The invitation, if there is one.
    pub invitation: Option<Invited>,
}

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateAccountError {
    /// The id or the address is another account's.
    #[error("the id or the address is taken")]
    Taken,
    /// A generated password that is neither sent nor returned would be known to nobody.
    #[error("nobody would know the password")]
    Undeliverable,
    /// The id or the address belonged to a deleted account, and is free from then on.
    #[error("the id or the address is not free yet")]
    Reserved(Timestamp),
    /// The policy refuses the password.
    #[error("the password is refused")]
    PasswordRejected(Vec<PasswordViolation>),
    /// The store, the randomness or the hashing failed. The account may exist.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// How often the owner of an id may be unclear before the call is refused.
pub(super) const TRIES: u32 = 3;

/// Creates the account and, if ordered to, emails its owner the password or an invitation to choose one.
///
/// # Errors
/// As [`CreateAccountError`] says. After an outage it may have been stored; creating it again says so.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &CreateSettings,
    mut order: Order,
    by: &Caller,
) -> Result<Created, CreateAccountError> {
    let (env, rules, email) = (cx.env, &settings.rules, &order.draft.email);
    if order.generate {
        if !order.send_email && !order.return_password {
            return Err(CreateAccountError::Undeliverable);
        }
        let password = generate(env, &rules.policy, email)?;
        order.draft.password = Some(InitialPassword::Clear(password));
    }
    let (hash, checked) = match &order.draft.password {
        None => (None, None),
        Some(InitialPassword::Hashed(hash)) => (Some(hash.clone()), None),
        Some(InitialPassword::Clear(password)) => {
            let place = hashing::enter(env)?;
            // A generated password is new, so no breach contains it.
            let checked = if order.generate {
                None
            } else {
                check_password(env, rules, password, email)
                    .await
                    .map_err(CreateAccountError::PasswordRejected)?
            };
            let hash = hashing::hash(env, &place, password).await?;
            (Some(hash), checked)
        }
    };
    for _ in 0..TRIES {
        let created = create(cx, settings, &order, hash.clone(), checked, by).await?;
        if let Some(created) = created {
            return Ok(created);
        }
        let leases = std::mem::take(&mut cx.deferred.leases);
        Lease::release_all(cx.store(), leases, cx.env.clock().now()).await;
    }
    Err(Unavailable::Store("timed out waiting for the ID".to_owned()).into())
}

/// Creates the account under the leases that it takes. Returns `None` if another request may have drawn the first
/// number of its id meanwhile, so that the id's owner is not clear yet.
async fn create<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &CreateSettings,
    order: &Order,
    hash: Option<PasswordHash>,
    checked: Option<BreachCheck>,
    by: &Caller,
) -> Result<Option<Created>, CreateAccountError> {
    let draft = order.draft.clone();
    let claim = IdClaim::find(cx.env, draft.id.as_ref()).await?;
    let claim = claim.ok_or(CreateAccountError::Taken)?;
    let mut names = vec![accounts::address_lease_name(&draft.email)];
    names.extend(claim.lease_name());
    let held = Lease::acquire_all(cx, &names).await?;
    let id = match draft.id.clone() {
        Some(id) => id,
        None => AccountId::generate(cx.env.random())?,
    };
    let store = cx.store();
    let (by_email, id_is_free) = futures::join!(
        accounts::find_by_email(store, &draft.email),
        is_free(store, &id),
    );
    if by_email?.is_some() || !id_is_free? {
        return Err(CreateAccountError::Taken);
    }
    // Checked last, since a deletion reserves id and address before it frees them.
    let (asked_id, email) = (draft.id.as_ref(), &draft.email);
    if let Some(until) = reserved_until(cx, by, asked_id, email).await? {
        return Err(CreateAccountError::Reserved(until));
    }
    let reason = draft.reason.clone();
    let account = prepare(cx.now, id.clone(), draft, hash);
    let mut batch = Batch::default();
    let event = by.event(cx, EventType::AccountCreated, &id, reason)?;
    batch.event(event.checked(checked));
    let welcome = Welcome::prepare(cx, settings, order, &account, by, &mut batch)?;
    add_to(&mut batch, account.clone());
    batch.under(held);
    let mut numbered = batch.number(cx).await?;
    if claim == IdClaim::ByFirstNumber && !numbered.begins(&id) {
        return Ok(None);
    }
    let keyring = &settings.invitation.issue.keyring;
    let welcomed = numbered.insert(&account, |batch, epoch| {
        welcome.insert(batch, keyring, &account, epoch)
    })?;
    let committed = numbered.commit(cx).await?;
    let created = committed.accounts.into_iter().next();
    let account = created.ok_or(Unavailable::Record("no account was written"))?;
    Ok(Some(welcomed.of(account)))
}

/// Until when an id or an address can be taken only by callers who may delete accounts; `None` if `by` may take both.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn reserved_until<E: Env>(
    cx: &Cx<'_, E>,
    by: &Caller,
    id: Option<&AccountId>,
    email: &EmailAddress,
) -> Result<Option<Timestamp>, Unavailable> {
    if by.may_delete_users {
        return Ok(None);
    }
    reservations::reserved_until(cx.store(), id, email, cx.now).await
}

/// The account of a draft. It gets its number and its epochs when it is written.
pub(super) fn prepare(
    now: Timestamp,
    id: AccountId,
    draft: Draft,
    hash: Option<PasswordHash>,
) -> Account {
    // What a hash was made of is unknown.
    let ignores_blanks = matches!(draft.password, Some(InitialPassword::Clear(_)));
    Account {
        id,
        email: draft.email,
        locale: draft.locale,
        disable_reason: draft.reason.filter(|_| draft.disabled),
        disabled: draft.disabled,
        created_at: draft.created_at.unwrap_or(now),
        epoch: 0,
        number: 0,
        credential: hash.map(|hash| Credential {
            hash,
            set_at: now,
            set_by: SetBy::Administrator,
            must_change: draft.change_on_next_sign_in,
            expires_at: draft.password_expires_in.map(|it| now.plus(it)),
            ignores_blanks,
            epoch: 0,
        }),
        email_taken_by: None,
        unlocked_at: None,
        updated_at: None,
        listed: None,
        imported_at: draft.created_at.map(|_| now),
        is_legacy: false,
    }
}

/// Writes a new account.
pub(super) fn add_to(batch: &mut Batch, account: Account) {
    let credential = account.credential.as_ref();
    if let Some(slowness) = credential.and_then(|credential| credential.hash.slowness()) {
        batch.note_foreign_hash(slowness);
    }
    batch.account(account, Epoch::Begin);
}
