//! The email with which the owner of a new account chooses the first password.

use std::time::Duration;

use askama::Template;

use crate::base::timestamp::Timestamp;
use crate::mail::message::{MailData, Message, Parts, Requester, Translator, texts};
use crate::model::token::Token;
use crate::model::web_address::WebAddress;
use crate::ports::Unavailable;

/// The content of an invitation.
#[derive(Debug)]
pub struct InvitationMail<'a> {
    /// The secret of the link.
    pub link: &'a Token,
    /// How long the link lives.
    pub life: Duration,
    /// When the link stops working.
    pub link_expires_at: Timestamp,
    /// Where the owner signs in afterwards.
    pub sign_in_url: Option<&'a WebAddress>,
}

#[derive(Template)]
#[template(path = "mail/invitation.subject.txt")]
struct InvitationSubject<'a> {
    translator: &'a Translator<'a>,
}

#[derive(Template)]
#[template(path = "mail/invitation.txt")]
struct InvitationText<'a> {
    translator: &'a Translator<'a>,
    mail: &'a InvitationFacts,
}

#[derive(Template)]
#[template(path = "mail/invitation.html")]
struct InvitationHtml<'a> {
    translator: &'a Translator<'a>,
    mail: &'a InvitationFacts,
}

struct InvitationFacts {
    intro: String,
    open_link: String,
    link: String,
    sign_in_url: Option<String>,
}

/// The email with the link, whose secret is in the fragment. It does not name the administrator.
///
/// # Errors
/// [`Unavailable::Record`] if a template fails, which none of them can.
pub fn prepare_invitation(
    to: &str,
    mail: &InvitationMail<'_>,
    translator: &Translator<'_>,
) -> Result<Message, Unavailable> {
    let link = translator.site().reset_link(mail.link);
    let sign_in_url = mail.sign_in_url.map(ToString::to_string);
    let data = MailData {
        link: Some(link.clone()),
        link_expires_at: Some(mail.link_expires_at.rfc3339()),
        sign_in_url: sign_in_url.clone(),
        ..MailData::new(translator, Requester::Administrator)
    };
    let mail = &InvitationFacts {
        intro: translator.with(texts::INVITATION_INTRO, &[("email", to)]),
        open_link: translator.with_life(texts::INVITATION_LINK, mail.life),
        link,
        sign_in_url,
    };
    Parts {
        subject: InvitationSubject { translator },
        text: InvitationText { translator, mail },
        html: InvitationHtml { translator, mail },
    }
    .render(to, data)
}
