//! The first half of a recovery: take the request, store it sealed, answer. Whether there is an account is not
//! looked at, so the answer cannot tell.

use serde::{Deserialize, Serialize};

use crate::flow::afterwards::{Afterwards, OwnEntry};
use crate::flow::{Refusal, within};
use crate::model::agenda_task::AgendaTask;
use crate::model::client_address::ClientAddress;
use crate::model::email_address::EmailAddress;
use crate::model::id::ChallengeId;
use crate::model::keyring::Keyring;
use crate::model::limit::LimitExceeded;
use crate::model::locale::Locale;
use crate::model::sealed::NONCE_BYTES;
use crate::model::timestamp::Timestamp;
use crate::ports::{Clock, Env, KeyValue, Outage, SecureRandom};
use crate::settings::{AppForgotLimit, ForgotLimit};
use crate::store::agenda::{self, Placed};
use crate::store::keys::Lane;
use crate::store::limiter::{self, NamedLimit, Spent};

/// What binds a sealed request to its place.
pub(super) const SEAL_CONTEXT: &str = "recovery request";
/// The window of the limit whose count the agenda keeps anyway.
const SLOT_WINDOW_SECONDS: u64 = 60;

/// A recovery request as it waits, sealed, on the agenda.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its public name.
    pub challenge_id: ChallengeId,
    /// The address as it was asked for. Mail goes to the account's own.
    pub email: EmailAddress,
    /// The language asked for.
    pub locale: Option<Locale>,
    /// Who asked.
    pub client: ClientAddress,
    /// When.
    pub requested_at: Timestamp,
    /// Counters that this request opened, to be deleted when their windows end.
    pub(super) opened: Vec<(String, Timestamp)>,
}

/// The limits of this call.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Per client.
    pub client: ForgotLimit,
    /// In all.
    pub app: AppForgotLimit,
}

/// Takes a request: three round trips to the store, whoever is asked for.
///
/// # Errors
/// [`Refusal`]; then nothing will be sent.
pub async fn accept<E: Env>(
    env: &E,
    keyring: &Keyring,
    limits: Limits,
    email: EmailAddress,
    locale: Option<Locale>,
    client: ClientAddress,
) -> Result<(ChallengeId, Afterwards), Refusal> {
    let store = env.store();
    let now = env.clock().now();
    let named = NamedLimit {
        name: "forgot-password",
        limit: limits.client.0,
    };
    let by_client = limiter::count(store, keyring, named, client, now).await?;
    within(by_client.exceeded)?;
    let (place, by_all) = take_place(env, limits.app, now).await?;

    let challenge_id = ChallengeId::generate(env.random())?;
    let request = Request {
        challenge_id: challenge_id.clone(),
        email,
        locale,
        client,
        requested_at: now,
        opened: [by_client.opened, by_all]
            .into_iter()
            .flatten()
            .map(|spent| (spent.key.as_str().to_owned(), spent.ends_at))
            .collect(),
    };
    let entry = OwnEntry::new(
        place,
        AgendaTask::Recover {
            request: seal(env, keyring, &request)?,
        },
        now,
    );
    let Placed { writes, .. } = agenda::place_at(place, entry.until(), entry.task().clone())?;
    store.set_many(writes).await?;
    Ok((challenge_id, Afterwards::work(entry)))
}

/// The request's slot on the agenda. A minute's slots count its requests, which is all that the limit needs if its
/// window is a minute; any other window costs a counter of its own.
async fn take_place<E: Env>(
    env: &E,
    AppForgotLimit(limit): AppForgotLimit,
    now: Timestamp,
) -> Result<(agenda::Place, Option<Spent>), Refusal> {
    const NAME: &str = "forgot-password-app";
    let store = env.store();
    if limit.window().as_secs() == SLOT_WINDOW_SECONDS {
        let place = agenda::take_slot(store, Lane::Requests, now).await?;
        if !limit.allows(place.slot()) {
            agenda::return_slot(store, place).await?;
            return Err(Refusal::Limited(LimitExceeded::new(NAME, limit, now)));
        }
        return Ok((place, None));
    }
    let counted = limiter::count_all(store, NamedLimit { name: NAME, limit }, now).await?;
    within(counted.exceeded)?;
    let place = agenda::take_slot(store, Lane::Requests, now).await?;
    Ok((place, counted.opened))
}

fn seal<E: Env>(
    env: &E,
    keyring: &Keyring,
    request: &Request,
) -> Result<crate::model::sealed::Sealed, Outage> {
    let mut nonce = [0; NONCE_BYTES];
    env.random().fill(&mut nonce)?;
    let plaintext = serde_json::to_vec(request).map_err(|_| Outage::Record("cannot be written"))?;
    Ok(keyring.seal(nonce, SEAL_CONTEXT, &plaintext))
}
