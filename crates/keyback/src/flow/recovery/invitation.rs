//! An invitation: a long-lived link, without a code, with which the owner of a new account chooses the first password.
//!
//! Like a recovery, it is its account's only live challenge: each replaces the one before it.

use std::time::Duration;

use crate::base::timestamp::Timestamp;
use crate::flow::recovery::issue::{IssueSettings, forget_in_time};
use crate::mail::message::{InvitationMail, Translator, prepare_invitation};
use crate::model::account::Account;
use crate::model::code::Code;
use crate::model::email::EmailKind;
use crate::model::id::{AccountId, ChallengeSerial, EmailId};
use crate::model::keyring::Keyring;
use crate::model::recovery::{Challenge, Recovery};
use crate::model::token::{Token, TokenPurpose, TokenRecord, TokenReference};
use crate::model::web_address::WebAddress;
use crate::ports::{Env, Unavailable};
use crate::store::batch::{Batch, Draft, DraftSecret};
use crate::store::cx::Cx;
use crate::store::recoveries::{self, AFTERLIFE};
use crate::store::tokens;

/// What an invitation looks like, how it is sealed, and where its reader signs in later.
#[derive(Debug)]
pub struct InvitationSettings {
    /// What every challenge needs.
    pub issue: IssueSettings,
    /// `sign_in_url`: where the owner signs in once the password is chosen.
    pub sign_in_url: Option<WebAddress>,
}

/// How an invitation is delivered, and how long it lasts.
#[derive(Debug, Clone, Copy)]
pub struct InvitationOrder {
    /// Whether to email the link; otherwise it is returned.
    pub deliver: bool,
    /// How long the link lives.
    pub expires_in: Duration,
}

/// The result of inviting an account's owner.
#[derive(Debug)]
pub struct Invited {
    /// When the link stops working.
    pub expires_at: Timestamp,
    /// The link's token, if it is not emailed.
    pub link: Option<Token>,
    /// The email, if there is one.
    pub email_id: Option<EmailId>,
}

/// The day and the count of attempts that an invitation's challenge starts from.
#[derive(Debug, Clone, Copy)]
pub(in crate::flow) struct Counted {
    /// The day whose attempts it would count.
    pub(in crate::flow) day: u64,
    /// The day's attempts so far.
    pub(in crate::flow) attempts: i64,
}

/// An invitation whose records are not written yet: they contain the account's epoch, which a new account only gets
/// together with its number.
#[derive(Debug)]
pub(in crate::flow) struct Drafted {
    challenge: Challenge,
    link: Token,
    /// What the administrator is told.
    pub(in crate::flow) invited: Invited,
}

/// Draws the link of an invitation of `account`, and puts its email and the deletion of its records into `batch`.
///
/// # Errors
/// [`Unavailable::Random`], or a template's.
pub(in crate::flow) fn draft<E: Env>(
    cx: &Cx<'_, E>,
    settings: &InvitationSettings,
    order: InvitationOrder,
    account: &Account,
    counted: Counted,
    batch: &mut Batch,
) -> Result<Drafted, Unavailable> {
    let IssueSettings { keyring, rules, .. } = &settings.issue;
    let random = cx.env.random();
    let serial = ChallengeSerial::generate(random)?;
    let link = Token::generate(random)?;
    // The code is never given out, and has expired from the start.
    let code = Code::generate(settings.issue.lifetimes.code_length, random)?;
    let expires_at = cx.now.plus(order.expires_in);
    let challenge = Challenge {
        code: code.digest(keyring, &serial),
        serial,
        epoch: account.epoch,
        issued_at: cx.now,
        code_expires_at: cx.now,
        link_expires_at: expires_at,
        attempts_day: counted.day,
        attempts_before: counted.attempts,
        reset_reference: TokenReference::generate(random)?,
        cancel_reference: None,
        locale: None,
        is_invitation: true,
    };
    let last = expires_at.plus(AFTERLIFE);
    tokens::expire(batch, &link, last);
    recoveries::expire_claims(batch, &challenge, last);
    let quiet_at = last.max(cx.now.plus(rules.memory()));
    forget_in_time(batch, account, &challenge, quiet_at);
    let email_id = if order.deliver {
        let mail = mail(cx, settings, order, account, (&challenge, &link), batch)?;
        Some(mail)
    } else {
        None
    };
    let invited = Invited {
        expires_at,
        link: (!order.deliver).then(|| link.clone()),
        email_id,
    };
    Ok(Drafted {
        challenge,
        link,
        invited,
    })
}

fn mail<E: Env>(
    cx: &Cx<'_, E>,
    settings: &InvitationSettings,
    order: InvitationOrder,
    account: &Account,
    (challenge, link): (&Challenge, &Token),
    batch: &mut Batch,
) -> Result<EmailId, Unavailable> {
    let IssueSettings {
        branding,
        keyring,
        lifetimes,
        ..
    } = &settings.issue;
    let mail = InvitationMail {
        link,
        life: order.expires_in,
        link_expires_at: challenge.link_expires_at,
        sign_in_url: settings.sign_in_url.as_ref(),
    };
    let translator = Translator::for_reader(branding, &[account.locale.as_ref()]);
    let message = prepare_invitation(account.email.as_str(), &mail, &translator)?;
    // The email is worth sending as long as its link will work for at least the lifetime of a code.
    let least = lifetimes.code.min(order.expires_in);
    let discard_at = challenge.link_expires_at.minus(least);
    let draft = Draft {
        kind: EmailKind::Invitation,
        account_id: &account.id,
        message: &message,
        discard_at: Some(discard_at.max(cx.now.plus(least))),
        secret: Some(DraftSecret::Challenge {
            serial: challenge.serial.clone(),
            request: None,
        }),
    };
    batch.mail(cx, keyring, draft)
}

impl Drafted {
    /// Writes the invitation under `epoch`, replacing the challenge before it. `after` makes the account's recovery
    /// with the new challenge.
    ///
    /// # Errors
    /// [`Unavailable::Record`].
    pub(in crate::flow) fn insert(
        self,
        batch: &mut Batch,
        keyring: &Keyring,
        id: &AccountId,
        epoch: u64,
        after: impl FnOnce(Challenge) -> Recovery,
    ) -> Result<Invited, Unavailable> {
        let challenge = Challenge {
            epoch,
            ..self.challenge
        };
        let stored = TokenRecord {
            purpose: TokenPurpose::Link,
            account_id: id.clone(),
            epoch,
            serial: Some(challenge.serial.clone()),
            digest: self.link.digest(keyring, TokenPurpose::Link),
            expires_at: challenge.link_expires_at,
            replaces: None,
            cancelled: false,
        };
        tokens::insert(batch, &self.link, &stored)?;
        recoveries::replace(batch, id, &after(challenge))?;
        Ok(self.invited)
    }
}
