//! The jobs that resolvers order. Resolvers run as futures that may change threads, which the flows' futures may not.
//! So a resolver sends a [`Job`] and waits for the reply, and the [`work`](super::work) beside it, which has the
//! environment, does the job.

use async_graphql::Context;
use futures::channel::mpsc::UnboundedSender;
use futures::channel::oneshot;

use crate::flow::passwords::admin_reset::NewPassword;
use crate::http::graphql::error::{ApiError, Failure};
use crate::http::graphql::schema::user::User;
use crate::model::email_address::EmailAddress;
use crate::model::id::AccountId;
use crate::settings::Scope;
use crate::store::directory::{Order, Place, SearchPage};

/// Where a reply goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, Failure>>;

/// A job for a resolver.
#[derive(Debug)]
pub(super) enum Job {
    /// Find accounts, in this order.
    Find(Vec<AccountId>, Reply<Vec<Option<User>>>),
    /// Find the account with an address.
    FindByEmail(EmailAddress, Reply<Option<User>>),
    /// List accounts.
    List(Listing, Reply<Listed>),
    /// Change an account, and return it as it is then.
    Change(Change, Reply<User>),
    /// Delete an account.
    Delete(AccountId, Option<String>, Reply<()>),
    /// Email a link to choose a new password with.
    SendLink(EmailAddress, Reply<()>),
}

/// Which accounts to list.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    /// The beginning of the address, its domain or the id, as typed.
    pub(super) keyword: String,
    pub(super) order: Order,
    pub(super) place: Place,
    pub(super) limit: usize,
}

/// The accounts of a page.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) users: Vec<User>,
    /// The page without its accounts.
    pub(super) found: SearchPage,
}

/// A change of one account, with the flags of its mutation.
#[derive(Debug)]
pub(super) enum Change {
    Create {
        email: EmailAddress,
        /// `None` for an account without a password.
        password: Option<NewPassword>,
        send: bool,
        expired: bool,
    },
    Reset {
        id: AccountId,
        password: NewPassword,
        send: bool,
        expired: bool,
    },
    Expire {
        id: AccountId,
        required: bool,
    },
    Disable {
        id: AccountId,
        disabled: bool,
        reason: Option<String>,
    },
    SignOut(AccountId),
    Unlock(AccountId),
}

/// The channel from a resolver to the work, and the caller's rights.
#[derive(Debug)]
pub(super) struct Calls {
    pub(super) jobs: UnboundedSender<Job>,
    /// The words of the caller's scopes.
    pub(super) scopes: Vec<String>,
}

impl Calls {
    /// The calls of the request that `ctx` belongs to.
    ///
    /// # Errors
    /// Never: each request has them.
    pub(super) fn of<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a Self> {
        ctx.data()
    }

    /// Checks that the caller has `scope`, which the documentation calls `word`.
    ///
    /// # Errors
    /// The refusal if it may not.
    pub(super) fn authorise(&self, scope: Scope, word: &str) -> async_graphql::Result<()> {
        if scope.is_opened_by(&self.scopes) {
            return Ok(());
        }
        let refused = Failure::Refused(ApiError::forbidden(word));
        Err(refused.into_field_error())
    }

    /// Sends a job, and waits for its result.
    ///
    /// # Errors
    /// The refusal, or an unexpected error after an outage.
    pub(super) async fn have<T>(
        &self,
        job: impl FnOnce(Reply<T>) -> Job,
    ) -> async_graphql::Result<T> {
        let (reply, answer) = oneshot::channel();
        // The work continues as long as there are calls.
        let sent = self.jobs.unbounded_send(job(reply));
        match (sent, answer.await) {
            (Ok(()), Ok(Ok(value))) => Ok(value),
            (Ok(()), Ok(Err(failure))) => Err(failure.into_field_error()),
            (Err(_), _) | (_, Err(_)) => Err(async_graphql::Error::new("unexpected error")),
        }
    }
}
