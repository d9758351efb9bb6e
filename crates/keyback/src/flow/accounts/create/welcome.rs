//! What the owner of a new account gets: a working password, or an invitation to choose one.

use crate::flow::accounts::create::{CreateSettings, Created, InitialPassword, Order};
use crate::flow::events::Caller;
use crate::flow::recovery::invitation::{Counted, Drafted, Invited, draft};
use crate::mail::message::{TemporaryPasswordMail, Translator, prepare_temporary_password};
use crate::model::account::Account;
use crate::model::email::EmailKind;
use crate::model::event::EventType;
use crate::model::id::EmailId;
use crate::model::issued_mail::IssuedMail;
use crate::model::keyring::Keyring;
use crate::model::password::Password;
use crate::model::recovery::{Challenge, Recovery, attempts_day};
use crate::ports::{Env, Unavailable};
use crate::store::batch::{Batch, Draft, DraftSecret};
use crate::store::cx::Cx;

/// What the owner gets. An invitation's records wait for the account's epoch.
#[derive(Debug, Default)]
pub(super) struct Welcome {
    password: Option<Password>,
    email_id: Option<EmailId>,
    invitation: Option<Drafted>,
}

/// A [`Welcome`] that is complete in the batch.
#[derive(Debug)]
pub(super) struct Welcomed {
    password: Option<Password>,
    email_id: Option<EmailId>,
    invitation: Option<Invited>,
}

impl Welcome {
    /// Puts the requested email and its events into `batch`.
    ///
    /// # Errors
    /// [`Unavailable::Random`], or a template's.
    pub(super) fn prepare<E: Env>(
        cx: &Cx<'_, E>,
        settings: &CreateSettings,
        order: &Order,
        account: &Account,
        by: &Caller,
        batch: &mut Batch,
    ) -> Result<Self, Unavailable> {
        if let Some(invitation) = order.invitation {
            let reason = order.draft.reason.clone();
            batch.event(by.event(cx, EventType::AccountInvited, &account.id, reason)?);
            let counted = Counted {
                day: attempts_day(cx.now),
                attempts: 0,
            };
            let settings = &settings.invitation;
            let drafted = draft(cx, settings, invitation, account, counted, batch)?;
            return Ok(Self {
                invitation: Some(drafted),
                ..Self::default()
            });
        }
        let Some(InitialPassword::Clear(password)) = &order.draft.password else {
            return Ok(Self::default());
        };
        let email_id = if order.send_email {
            Some(mail(cx, settings, account, password, batch)?)
        } else {
            None
        };
        Ok(Self {
            password: order.return_password.then(|| password.clone()),
            email_id,
            invitation: None,
        })
    }

    /// Writes an invitation under the account's first `epoch`. Nobody can issue another: the account cannot be found
    /// yet.
    ///
    /// # Errors
    /// [`Unavailable::Record`].
    pub(super) fn insert(
        self,
        batch: &mut Batch,
        keyring: &Keyring,
        account: &Account,
        epoch: u64,
    ) -> Result<Welcomed, Unavailable> {
        let first = |challenge: Challenge| Recovery {
            issued: vec![IssuedMail {
                at: challenge.issued_at,
                asker: None,
            }],
            challenge: Some(challenge),
            claim: None,
            forgiven: None,
            earlier: None,
        };
        let insert = |it: Drafted| it.insert(batch, keyring, &account.id, epoch, first);
        let mut invitation = self.invitation.map(insert).transpose()?;
        let of_invitation = invitation.as_mut().and_then(|it| it.email_id.take());
        Ok(Welcomed {
            password: self.password,
            email_id: self.email_id.or(of_invitation),
            invitation,
        })
    }
}

impl Welcomed {
    /// The result for the new `account`.
    pub(super) fn of(self, account: Account) -> Created {
        let Self {
            password,
            email_id,
            invitation,
        } = self;
        Created {
            account,
            password,
            email_id,
            invitation,
        }
    }
}

/// The email with the password.
fn mail<E: Env>(
    cx: &Cx<'_, E>,
    settings: &CreateSettings,
    account: &Account,
    password: &Password,
    batch: &mut Batch,
) -> Result<EmailId, Unavailable> {
    let issue = &settings.invitation.issue;
    let credential = account.credential.as_ref();
    let expires_at = credential.and_then(|credential| credential.expires_at);
    let translator = Translator::for_reader(&issue.branding, &[account.locale.as_ref()]);
    let mail = TemporaryPasswordMail {
        password,
        must_change: account.must_change(),
        expires_at,
        sign_in_url: settings.invitation.sign_in_url.as_ref(),
    };
    let message = prepare_temporary_password(account.email.as_str(), &mail, &translator)?;
    let draft = Draft {
        kind: EmailKind::TemporaryPassword,
        account_id: &account.id,
        message: &message,
        discard_at: expires_at,
        secret: Some(DraftSecret::NewPassword),
    };
    batch.mail(cx, &issue.keyring, draft)
}
