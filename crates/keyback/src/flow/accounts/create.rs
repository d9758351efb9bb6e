//! Creating an account.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::events::Caller;
use crate::flow::passwords::check_password;
use crate::model::account::Account;
use crate::model::breach::BreachCheck;
use crate::model::credential::{Credential, SetBy};
use crate::model::email_address::EmailAddress;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::model::locale::Locale;
use crate::model::password::{Password, PasswordHash};
use crate::model::password_policy::PasswordRules;
use crate::model::password_policy::PasswordViolation;
use crate::ports::{Clock, Env, KeyValue, Unavailable};
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::Cx;
use crate::store::lease::Lease;
use crate::store::{accounts, event_log};

/// The account to create.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Its address.
    pub email: EmailAddress,
    /// Its id; drawn if none is given.
    pub id: Option<AccountId>,
    /// Its password, if it has one already.
    pub password: Option<InitialPassword>,
    /// The language of its mails.
    pub locale: Option<Locale>,
    /// Whether the user must choose another password at the next sign-in.
    pub change_on_next_sign_in: bool,
    /// How long the password works; `None` for ever.
    pub password_expires_in: Option<Duration>,
    /// Why, for the event.
    pub reason: Option<String>,
}

/// A password to begin with.
#[derive(Debug, Clone)]
pub enum InitialPassword {
    /// In clear; the policy judges it.
    Clear(Password),
    /// Hashed elsewhere.
    Hashed(PasswordHash),
}

/// Why an account was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateAccountError {
    /// The id or the address is another account's.
    #[error("the id or the address is taken")]
    Taken,
    /// The policy refuses the password.
    #[error("the password is refused")]
    PasswordRejected(Vec<PasswordViolation>),
    /// Something outside failed.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// How long whoever drew the first number of an id has to write the account. Leases end before.
const WRITTEN_WITHIN: Duration = Duration::from_secs(11);
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);
/// How often whose an id is may be unclear before the call is refused.
pub(super) const TRIES: u32 = 3;

/// Creates the account.
///
/// # Errors
/// As [`CreateAccountError`] says. After an outage it may have been stored; creating it again says so.
pub async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    rules: &PasswordRules,
    draft: Draft,
    by: &Caller,
) -> Result<Account, CreateAccountError> {
    let (hash, checked) = match &draft.password {
        None => (None, None),
        Some(InitialPassword::Hashed(hash)) => (Some(hash.clone()), None),
        Some(InitialPassword::Clear(password)) => {
            let checked = check_password(cx.env, rules, password, &draft.email)
                .await
                .map_err(CreateAccountError::PasswordRejected)?;
            (Some(password.hash(cx.env.random())?), checked)
        }
    };
    for _ in 0..TRIES {
        let created = create(cx, draft.clone(), hash.clone(), checked, by).await?;
        if let Some(account) = created {
            return Ok(account);
        }
        let leases = std::mem::take(&mut cx.deferred.leases);
        Lease::release_all(cx.store(), leases, cx.env.clock().now()).await;
    }
    Err(Unavailable::Store("others are at the id for too long".to_owned()).into())
}

/// Creates the account under the leases that it takes. `None` if somebody else may have drawn the first number of its id
/// meanwhile: then it is not clear yet whose the id is.
async fn create<E: Env>(
    cx: &mut Cx<'_, E>,
    draft: Draft,
    hash: Option<PasswordHash>,
    checked: Option<BreachCheck>,
    by: &Caller,
) -> Result<Option<Account>, CreateAccountError> {
    let claim = IdClaim::find(cx.env, draft.id.as_ref()).await?;
    let claim = claim.ok_or(CreateAccountError::Taken)?;
    let mut names = vec![accounts::address_lease_name(&draft.email)];
    names.extend(claim.lease_name());
    let held = Lease::hold_all(cx, &names).await?;
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
    let reason = draft.reason.clone();
    let account = prepare(cx.now, id.clone(), draft, hash);
    let mut batch = Batch::default();
    let event = by.event(cx, EventType::AccountCreated, &id, reason)?;
    batch.event(event.checked(checked));
    add_to(&mut batch, account);
    batch.under(held);
    let numbered = batch.number(cx).await?;
    if claim == IdClaim::ByFirstNumber && !numbered.begins(&id) {
        return Ok(None);
    }
    let committed = numbered.commit(cx).await?;
    let created = committed.accounts.into_iter().next();
    Ok(Some(
        created.ok_or(Unavailable::Record("no account was written"))?,
    ))
}

/// What decides who creates an account under an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum IdClaim {
    /// Nothing: the id is drawn, and nobody else has it.
    None,
    /// Whoever draws the first number of its events.
    ByFirstNumber,
    /// The lease on the account: the id had events before.
    ByLease(AccountId),
}

impl IdClaim {
    /// Looks an id up before any lease is taken: waiting for somebody who is about to write it may take longer than a
    /// lease lasts. `None` if it is an account's.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn find<E: Env>(
        env: &E,
        id: Option<&AccountId>,
    ) -> Result<Option<Self>, Unavailable> {
        let Some(id) = id else {
            return Ok(Some(Self::None));
        };
        if accounts::is_unused(env.store(), id).await? {
            return Ok(Some(Self::ByFirstNumber));
        }
        let stays_free = stays_free(env, id).await?;
        Ok(stays_free.then(|| Self::ByLease(id.clone())))
    }

    /// The lease to take for it.
    pub(super) fn lease_name(&self) -> Option<String> {
        match self {
            Self::None | Self::ByFirstNumber => None,
            Self::ByLease(id) => Some(accounts::lease_name(id)),
        }
    }
}

/// The account of a draft. It gets its number and its epochs when it is written.
pub(super) fn prepare(
    now: Timestamp,
    id: AccountId,
    draft: Draft,
    hash: Option<PasswordHash>,
) -> Account {
    let ignores_blanks = match &draft.password {
        Some(InitialPassword::Clear(password)) => password.has_no_blanks_around(),
        Some(InitialPassword::Hashed(_)) | None => false,
    };
    Account {
        id,
        email: draft.email,
        locale: draft.locale,
        disabled: false,
        created_at: now,
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

/// Whether there is no account with this id.
async fn is_free(store: &impl KeyValue, id: &AccountId) -> Result<bool, Unavailable> {
    Ok(accounts::find(store, id).await?.is_none())
}

/// Whether an id that had events stays without an account. It was a deleted one's; or somebody who drew its first number
/// is about to write it.
async fn stays_free<E: Env>(env: &E, id: &AccountId) -> Result<bool, Unavailable> {
    if !is_free(env.store(), id).await? {
        return Ok(false);
    }
    let began = env.clock().now();
    loop {
        // In this order: whoever writes the event writes the account with it.
        let settled = event_log::has_latest(env.store(), id).await?;
        if !is_free(env.store(), id).await? {
            return Ok(false);
        }
        if settled || env.clock().now() >= began.plus(WRITTEN_WITHIN) {
            return Ok(true);
        }
        env.clock().sleep(BETWEEN_LOOKS).await;
    }
}
