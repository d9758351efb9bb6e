//! Setting a new password with a link token or a reset token: validate, claim, write.

use crate::flow::accounts::{self, AccountWithCredential};
use crate::flow::afterwards::{Afterwards, OwnEntry};
use crate::flow::judge::judge;
use crate::flow::outbox::{self, Draft, Enqueued};
use crate::flow::{Refusal, within};
use crate::mail::message::{Requester, Translator, prepare_password_changed};
use crate::model::account::Account;
use crate::model::breach::BreachCheck;
use crate::model::client_address::ClientAddress;
use crate::model::credential::{Credential, SetBy};
use crate::model::email::EmailKind;
use crate::model::event::{Event, EventType};
use crate::model::id::{AccountId, EventId};
use crate::model::keyring::Keyring;
use crate::model::locale::Locale;
use crate::model::password::{Password, PasswordHash};
use crate::model::password_policy::PasswordViolation;
use crate::model::recovery::Recovery;
use crate::model::timestamp::Timestamp;
use crate::model::token::{PasswordMark, Token, TokenPurpose, TokenRecord};
use crate::ports::{Clock, Env, KeyValue, Outage};
use crate::settings::{MailBranding, PasswordRules, ResetLimit};
use crate::store::keys::CounterKey;
use crate::store::limiter::{self, NamedLimit};
use crate::store::{keys, record};

/// Why the password was not set.
#[derive(Debug, thiserror::Error)]
pub enum ResetPasswordError {
    /// Wrong, expired, used, replaced or unknown: nobody is told which.
    #[error("not a good token")]
    InvalidToken(Afterwards),
    /// The token is good, and stays so; the password is not.
    #[error("the password is refused")]
    PasswordRejected(Vec<PasswordViolation>, Afterwards),
    /// The token is used up and the password was not stored: the old one still works, and a new request is needed.
    #[error("not stored after the token was used: {0}")]
    StartAgain(Outage),
    /// Limited, or an outage before anything was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<Outage> for ResetPasswordError {
    fn from(outage: Outage) -> Self {
        Self::Refused(outage.into())
    }
}

/// What resetting needs to know.
#[derive(Debug)]
pub struct ResetSettings {
    /// How mails present the app.
    pub branding: MailBranding,
    /// The keys.
    pub keyring: Keyring,
    /// Which passwords may be set.
    pub rules: PasswordRules,
    /// How many calls a client may make.
    pub limit: ResetLimit,
}

/// A token found good, and the counters that decide who uses it.
struct LiveToken {
    account: AccountWithCredential,
    claim: CounterKey,
    /// For a link, what a reset token of the same mail is claimed by: "this was not me" takes it as well, so that either
    /// the one or the other wins.
    then: Option<CounterKey>,
    /// The language that the recovery was asked for in.
    locale: Option<Locale>,
    /// The password that must be changed.
    replaces: Option<PasswordMark>,
}

/// The password to set.
#[derive(Debug)]
pub struct Order {
    /// What allows it; `None` if the text given cannot be a token.
    pub token: Option<Token>,
    /// What to set.
    pub new_password: Password,
    /// Whether all sessions must end.
    pub sign_out_everywhere: bool,
}

/// Sets the password: at most six round trips, and one hashing only for a good token and a good password.
///
/// # Errors
/// As [`ResetPasswordError`] says.
pub async fn run<E: Env>(
    env: &E,
    settings: &ResetSettings,
    order: &Order,
    client: ClientAddress,
) -> Result<Afterwards, ResetPasswordError> {
    let store = env.store();
    let now = env.clock().now();
    let named = NamedLimit {
        name: "reset-password",
        limit: settings.limit.0,
    };
    let token = match &order.token {
        Some(token) => token.clone(),
        None => Token::generate(env.random())?,
    };
    let token_key = keys::token(token.reference());
    let (record, counted) = futures::join!(
        record::find::<TokenRecord>(store, &token_key),
        limiter::count(store, &settings.keyring, named, client, now),
    );
    let counted = counted?;
    within(counted.exceeded)?;
    let mut afterwards = Afterwards::forget(counted.opened);

    let purposes = [TokenPurpose::Link, TokenPurpose::Reset];
    let live = find_live(env, &settings.keyring, &token, record?, &purposes, now).await?;
    let Some(LiveToken {
        account,
        claim,
        then,
        locale,
        replaces,
    }) = live
    else {
        return Err(ResetPasswordError::InvalidToken(afterwards));
    };
    if replaces.is_some_and(|current| current == token.mark(&order.new_password)) {
        let same = vec![PasswordViolation::SameAsCurrent];
        return Err(ResetPasswordError::PasswordRejected(same, afterwards));
    }
    let email = &account.account.email;
    let checked = match judge(env, &settings.rules, &order.new_password, email).await {
        Ok(checked) => checked,
        Err(violations) => {
            return Err(ResetPasswordError::PasswordRejected(violations, afterwards));
        }
    };
    let hash = order.new_password.hash(env.random())?;

    if store.increment(&claim, 1).await? != 1 {
        return Err(ResetPasswordError::InvalidToken(afterwards));
    }
    if let Some(claim) = then {
        let claimed = store.increment(&claim, 1).await;
        if claimed.map_err(ResetPasswordError::StartAgain)? != 1 {
            return Err(ResetPasswordError::InvalidToken(afterwards));
        }
    }
    let reset = Reset {
        account: account.account,
        locale,
        hash,
        checked,
        client,
        sign_out_everywhere: order.sign_out_everywhere,
        at: now,
    };
    let entry = write(env, settings, reset)
        .await
        .map_err(ResetPasswordError::StartAgain)?;
    afterwards.also_work(entry);
    Ok(afterwards)
}

/// The account for a token that is good and unused; `None` for every other, after the same calls to the store.
async fn find_live<E: Env>(
    env: &E,
    keyring: &Keyring,
    token: &Token,
    record: Option<TokenRecord>,
    purposes: &[TokenPurpose],
    now: Timestamp,
) -> Result<Option<LiveToken>, Outage> {
    let store = env.store();
    let account_id = record
        .as_ref()
        .map_or_else(AccountId::nobodys, |record| record.account_id.clone());
    let claim = match &record {
        Some(TokenRecord {
            purpose: TokenPurpose::Link,
            serial: Some(serial),
            ..
        }) => keys::challenge_claim(serial),
        _ => keys::token_claim(token.reference()),
    };
    let (recovery_key, claim_key) = (keys::recovery(&account_id), claim.clone().into());
    let (account, recovery, claimed) = futures::join!(
        accounts::find_by_id(store, &account_id),
        record::find::<Recovery>(store, &recovery_key),
        store.exists(&claim_key),
    );
    let (recovery, claimed) = (recovery?, claimed?);
    let (Some(account), Some(record)) = (account?, record) else {
        return Ok(None);
    };
    // A newer challenge kills what came of an older one.
    let challenge = recovery.and_then(|recovery| recovery.challenge);
    let superseded = match (&record.serial, &challenge) {
        (Some(serial), Some(challenge)) => *serial != challenge.serial,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let of_recovery = challenge.as_ref().filter(|_| record.serial.is_some());
    let locale = of_recovery.and_then(|challenge| challenge.locale.clone());
    let then = challenge
        .filter(|_| record.purpose == TokenPurpose::Link)
        .map(|challenge| keys::token_claim(&challenge.reset_reference));
    let admitted = [
        record.admits(token, purposes, keyring, account.epoch(), now),
        !superseded,
        !claimed,
        !account.account.disabled,
    ];
    Ok(admitted
        .into_iter()
        .all(|holds| holds)
        .then_some(LiveToken {
            account,
            claim,
            then,
            locale,
            replaces: record.replaces,
        }))
}

/// A reset whose token is used up.
struct Reset {
    account: Account,
    locale: Option<Locale>,
    hash: PasswordHash,
    checked: Option<BreachCheck>,
    client: ClientAddress,
    sign_out_everywhere: bool,
    at: Timestamp,
}

/// Writes the new credential, and the mail and events that tell of it, in one call.
async fn write<E: Env>(
    env: &E,
    settings: &ResetSettings,
    reset: Reset,
) -> Result<OwnEntry, Outage> {
    let Reset { account, at, .. } = reset;
    let event = |kind| {
        let id = EventId::generate(env.random())?;
        Ok::<_, Outage>(Event::by_user(
            id,
            kind,
            account.id.clone(),
            reset.client,
            at,
        ))
    };
    let mut events = vec![event(EventType::PasswordChanged)?.checked(reset.checked)];
    if reset.sign_out_everywhere {
        events.push(event(EventType::SessionsRevoked)?);
    }
    let choices = [reset.locale.as_ref(), account.locale.as_ref()];
    let translator = Translator::for_reader(&settings.branding, &choices);
    let message = prepare_password_changed(
        account.email.as_str(),
        &translator,
        Requester::Client(reset.client),
        at,
    )?;
    let draft = Draft {
        kind: EmailKind::PasswordChanged,
        account_id: &account.id,
        message: &message,
        discard_at: None,
        secret: None,
        events,
    };
    let (epoch, enqueued) = futures::join!(
        accounts::next_epoch(env.store(), &account),
        outbox::enqueue(env, &settings.keyring, draft, at),
    );
    let Enqueued {
        mut writes, entry, ..
    } = enqueued?;
    let credential = Credential {
        hash: reset.hash,
        set_at: at,
        set_by: SetBy::User,
        must_change: false,
        expires_at: None,
        epoch: epoch?,
        account_number: account.number,
    };
    writes.push((keys::credential(&account.id), record::encode(&credential)?));
    env.store().set_many(writes).await?;
    Ok(entry)
}
