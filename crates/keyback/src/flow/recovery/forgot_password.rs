//! The first half of a recovery: accept the request, store it sealed, answer. Nothing is looked up about the account,
//! so the answer cannot reveal whether there is one.

use serde::{Deserialize, Serialize};

use crate::base::timestamp::Timestamp;
use crate::flow::{Refusal, within};
use crate::model::agenda_task::AgendaTask;
use crate::model::client_address::ClientAddress;
use crate::model::email_address::EmailAddress;
use crate::model::id::{ChallengeId, ChallengeSerial};
use crate::model::keyring::Keyring;
use crate::model::limit::Limit;
use crate::model::locale::Locale;
use crate::model::sealed::{NONCE_BYTES, Sealed};
use crate::ports::{Env, SecureRandom, Unavailable};
use crate::store::agenda::{Place, ReservedEntry};
use crate::store::batch::Batch;
use crate::store::cx::Cx;
use crate::store::keys::Lane;
use crate::store::limiter::{self, NamedLimit};

/// Binds a sealed request to its purpose.
const SEAL_CONTEXT: &str = "recovery request";

/// A recovery request as it waits, sealed, on the agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The `challenge_id` of the answer.
    pub challenge_id: ChallengeId,
    /// The address as it was asked for. Mail goes to the account's own.
    pub email: EmailAddress,
    /// The language asked for.
    pub locale: Option<Locale>,
    /// The client that asked; counts against `limit_account`.
    pub client: ClientAddress,
    /// When the request arrived; the email shows it.
    pub requested_at: Timestamp,
    /// The challenge whose email was not sent in time, and which this one replaces. A replacement is not replaced
    /// again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<ChallengeSerial>,
}

impl Request {
    /// Seals it for the agenda.
    ///
    /// # Errors
    /// [`Unavailable::Random`] or [`Unavailable::Record`].
    pub fn seal<E: Env>(&self, env: &E, keyring: &Keyring) -> Result<Sealed, Unavailable> {
        let mut nonce = [0; NONCE_BYTES];
        env.random().fill(&mut nonce)?;
        let plaintext =
            serde_json::to_vec(self).map_err(|_| Unavailable::Record("cannot be written"))?;
        Ok(keyring.seal(nonce, SEAL_CONTEXT, &plaintext))
    }

    /// Opens a sealed one.
    ///
    /// # Errors
    /// [`Unavailable::Record`].
    pub fn open(keyring: &Keyring, sealed: &Sealed) -> Result<Self, Unavailable> {
        let plaintext = keyring
            .open(sealed, SEAL_CONTEXT)
            .ok_or(Unavailable::Record("a request under an unknown key"))?;
        serde_json::from_slice(&plaintext).map_err(|_| Unavailable::Record("unknown layout"))
    }
}

/// The limits of this call.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// `limit_client_forgot`: calls of one client.
    pub client: Limit,
    /// `limit_app_forgot`: calls of all clients together.
    pub app: Limit,
}

/// Accepts a request: three round trips to the store, for any address.
///
/// # Errors
/// [`Refusal`]; then nothing will be sent.
pub async fn accept<E: Env>(
    cx: &mut Cx<'_, E>,
    keyring: &Keyring,
    limits: Limits,
    email: EmailAddress,
    locale: Option<Locale>,
    client: ClientAddress,
) -> Result<ChallengeId, Refusal> {
    let by_client = NamedLimit {
        name: "forgot-password",
        limit: limits.client,
    };
    let by_all = NamedLimit {
        name: "forgot-password-app",
        limit: limits.app,
    };
    let (store, now) = (cx.store(), cx.now);
    let (full, counted) = futures::join!(
        limiter::find_full(cx.env, by_all, now),
        limiter::count(cx, keyring, by_client, client),
    );
    within(counted?.exceeded)?;
    within(full?)?;
    let (counted, place) = futures::join!(
        limiter::count_all(cx, by_all),
        Place::take(store, Lane::Requests),
    );
    let counted = counted?;
    // So that somebody always looks for due work, but rarely does when there are many requests.
    cx.deferred.looks_around = counted.is_first();
    if counted.exceeded.is_some() {
        // So that later requests draw no place on the agenda, which would stay empty.
        limiter::note_full(cx, by_all).await?;
    }
    within(counted.exceeded)?;

    let challenge_id = ChallengeId::generate(cx.env.random())?;
    let request = Request {
        challenge_id: challenge_id.clone(),
        email,
        locale,
        client,
        requested_at: cx.now,
        instead_of: None,
    };
    let mut batch = Batch::going_on_with(ReservedEntry::own(place?, cx.now));
    batch.task(AgendaTask::Recover {
        request: request.seal(cx.env, keyring)?,
    });
    batch.commit(cx).await?;
    Ok(challenge_id)
}
