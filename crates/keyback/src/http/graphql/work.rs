//! Doing the jobs of resolvers, by the flows that the JSON calls use.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::channel::mpsc::UnboundedReceiver;
use futures::future::join_all;

use crate::flow::accounts::search::{self, Query};
use crate::flow::accounts::{activity, delete};
use crate::flow::events::Caller;
use crate::flow::recovery::send_link::{self, SendLinkError};
use crate::http::graphql::calls::{Change, Job, Listed, Listing};
use crate::http::graphql::change;
use crate::http::graphql::error::{ApiError, Failure};
use crate::http::graphql::schema::user::User;
use crate::model::account::Account;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::model::keyring::Keyring;
use crate::model::listing::Beginning;
use crate::ports::{Env, Unavailable};
use crate::settings::AdminGraphql;
use crate::store::accounts;
use crate::store::cx::Cx;
use crate::store::directory::SearchPage;

/// Does jobs until no resolver is left that could send one. Returns the last outage, for the log.
pub(super) async fn run<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    caller: &Caller,
    mut jobs: UnboundedReceiver<Job>,
) -> Option<Unavailable> {
    let mut outages = Outages(None);
    while let Some(job) = jobs.next().await {
        // Once a field has failed, nobody waits for the replies to the fields beside it.
        match job {
            Job::Find(ids, reply) => {
                let found = find(cx, &settings.keyring, &ids).await;
                drop(reply.send(outages.note(found)));
            }
            Job::FindByEmail(email, reply) => {
                let found = find_by_email(cx, &settings.keyring, &email).await;
                drop(reply.send(outages.note(found)));
            }
            Job::List(listing, reply) => {
                let listed = list(cx, &settings.keyring, listing).await;
                drop(reply.send(outages.note(listed)));
            }
            Job::Change(order, reply) => {
                let changed = Box::pin(change_user(cx, settings, order, caller)).await;
                drop(reply.send(outages.note(changed)));
            }
            Job::Delete(id, reason, reply) => {
                let deleted = delete_user(cx, settings, &id, reason, caller).await;
                drop(reply.send(outages.note(deleted)));
            }
            Job::SendLink(email, reply) => {
                let sent = Box::pin(send_link_to(cx, settings, &email, caller)).await;
                drop(reply.send(outages.note(sent)));
            }
        }
    }
    outages.0
}

struct Outages(Option<Unavailable>);

impl Outages {
    fn note<T>(&mut self, result: Result<T, Failure>) -> Result<T, Failure> {
        if let Err(Failure::Unavailable(outage)) = &result {
            self.0 = Some(outage.clone());
        }
        result
    }
}

async fn find<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    ids: &[AccountId],
) -> Result<Vec<Option<User>>, Failure> {
    let users = ids.iter().map(async |id| {
        let found = accounts::find(cx.store(), id).await?;
        match found {
            Some(account) => show(cx, keyring, account).await.map(Some),
            None => Ok(None),
        }
    });
    join_all(users).await.into_iter().collect()
}

async fn find_by_email<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    email: &EmailAddress,
) -> Result<Option<User>, Failure> {
    match accounts::find_by_email(cx.store(), email).await? {
        Some(account) => show(cx, keyring, account).await.map(Some),
        None => Ok(None),
    }
}

/// The account with its recent activity.
async fn show<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    account: Account,
) -> Result<User, Failure> {
    let activity = activity::find(cx, keyring, &account).await?;
    Ok(User {
        account: Arc::new(account),
        activity,
    })
}

async fn list<E: Env>(
    cx: &Cx<'_, E>,
    keyring: &Keyring,
    listing: Listing,
) -> Result<Listed, Failure> {
    let Listing {
        keyword,
        order,
        place,
        limit,
    } = listing;
    let beginning = Beginning::parse(&keyword);
    let query = Query {
        beginning: beginning.map_err(|why| ApiError::invalid(&format!("searchKeyword {why}")))?,
        ..Query::default()
    };
    let mut found: SearchPage = search::run(cx, keyring, query, order, place, limit).await?;
    let accounts = std::mem::take(&mut found.accounts);
    let users = accounts
        .into_iter()
        .map(|account| show(cx, keyring, account));
    let users: Result<_, Failure> = join_all(users).await.into_iter().collect();
    Ok(Listed {
        users: users?,
        found,
    })
}

/// Makes a change, and returns the account as it is then.
async fn change_user<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    change: Change,
    caller: &Caller,
) -> Result<User, Failure> {
    let id = change::run(cx, settings, change, caller).await?;
    let found = accounts::find(cx.store(), &id).await?;
    let account = found.ok_or_else(ApiError::user_not_found)?;
    show(cx, &settings.keyring, account).await
}

async fn delete_user<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    id: &AccountId,
    reason: Option<String>,
    caller: &Caller,
) -> Result<(), Failure> {
    let needed = delete::DeleteSettings {
        branding: &settings.branding,
        keyring: &settings.keyring,
    };
    if delete::run(cx, &needed, id, caller, reason).await? {
        Ok(())
    } else {
        Err(ApiError::user_not_found().into())
    }
}

async fn send_link_to<E: Env>(
    cx: &mut Cx<'_, E>,
    settings: &AdminGraphql,
    email: &EmailAddress,
    caller: &Caller,
) -> Result<(), Failure> {
    let needed = change::issue_settings(settings);
    match send_link::run(cx, &needed, email, caller).await {
        Ok(()) => Ok(()),
        Err(SendLinkError::NotFound) => Err(ApiError::nobody_to_remind().into()),
        Err(SendLinkError::Disabled) => Err(ApiError::disabled_user().into()),
        Err(SendLinkError::Cooldown) => {
            Err(ApiError::rate_limited("ForgotPasswordCooldownEmail").into())
        }
        Err(SendLinkError::Paused) => {
            Err(ApiError::rate_limited("ForgotPasswordTriggerEmail").into())
        }
        Err(SendLinkError::Unavailable(outage)) => Err(outage.into()),
    }
}
