//! The mail with which the owner of a new account chooses the first password.

use std::time::Duration;

use askama::Template;

use crate::mail::message::{Message, Parts, Translator, texts};
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
    open_link: String,
    link: String,
    sign_in_url: Option<String>,
}

/// The mail with the link, whose secret is in the fragment. It names nobody.
///
/// # Errors
/// [`Unavailable::Record`] if a template fails, which none of them can.
pub fn prepare_invitation(
    to: &str,
    mail: &InvitationMail<'_>,
    translator: &Translator<'_>,
) -> Result<Message, Unavailable> {
    let mail = &InvitationFacts {
        open_link: translator.with_life(texts::INVITATION_LINK, mail.life),
        link: translator.site().reset_link(mail.link),
        sign_in_url: mail.sign_in_url.map(ToString::to_string),
    };
    Parts {
        subject: InvitationSubject { translator },
        text: InvitationText { translator, mail },
        html: InvitationHtml { translator, mail },
    }
    .render(to)
}
