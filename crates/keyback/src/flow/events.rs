//! The causes of events.

use serde_json::Value;

use crate::model::client_address::ClientAddress;
use crate::model::event::{Actor, AuthenticatedBy, Event, EventType};
use crate::model::id::{AccountId, EventId};
use crate::ports::{Env, Unavailable};
use crate::store::cx::Cx;

/// An administrator whose key or token was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The API key's id, or the subject of a token.
    pub id: String,
    /// Whether `id` is from an API key or a JWT, since both may be the same text.
    pub authenticated_by: AuthenticatedBy,
    /// What the token says about its bearer.
    pub audit_context: Option<Value>,
    /// The client's masked address, such as `203.0.*.*`.
    pub from: String,
    /// Whether it may delete accounts, and so reuse their ids and addresses at once.
    pub may_delete_users: bool,
}

impl Caller {
    /// The caller as the cause of events.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Administrator {
            id: self.id.clone(),
            authenticated_by: Some(self.authenticated_by),
            audit_context: self.audit_context.clone(),
        }
    }

    /// A caller that acts for `actor`, who called from `from`: for work that the courier does later.
    pub(super) fn acting_as(actor: &Actor, from: &str) -> Self {
        let (id, authenticated_by, audit_context) = match actor {
            Actor::Administrator {
                id,
                authenticated_by,
                audit_context,
            } => (id.clone(), *authenticated_by, audit_context.clone()),
            Actor::User | Actor::System => (String::new(), None, None),
        };
        Self {
            id,
            authenticated_by: authenticated_by.unwrap_or(AuthenticatedBy::ApiKey),
            audit_context,
            from: from.to_owned(),
            may_delete_users: false,
        }
    }

    /// An event that the caller causes now.
    ///
    /// # Errors
    /// [`Unavailable::Random`].
    pub fn event<E: Env>(
        &self,
        cx: &Cx<'_, E>,
        kind: EventType,
        account_id: &AccountId,
        reason: Option<String>,
    ) -> Result<Event, Unavailable> {
        Ok(Event {
            id: EventId::generate(cx.env.random())?,
            kind,
            account_id: account_id.clone(),
            at: cx.now,
            actor: self.actor(),
            from: Some(self.from.clone()),
            reason,
            email: None,
            breach_check: None,
        })
    }
}

/// An event that a user at `client` causes now.
///
/// # Errors
/// [`Unavailable::Random`].
pub(super) fn by_user<E: Env>(
    cx: &Cx<'_, E>,
    kind: EventType,
    account_id: &AccountId,
    client: ClientAddress,
) -> Result<Event, Unavailable> {
    let id = EventId::generate(cx.env.random())?;
    Ok(Event::by_user(id, kind, account_id.clone(), client, cx.now))
}
