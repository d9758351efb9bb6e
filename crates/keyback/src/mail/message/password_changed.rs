//! The email after a password was changed, with no secret in it.

use askama::Template;

use crate::base::timestamp::Timestamp;
use crate::mail::message::translator::AttributionTexts;
use crate::mail::message::{MailData, Message, Parts, Requester, Translator, texts};
use crate::ports::Unavailable;

#[derive(Template)]
#[template(path = "mail/password_changed.subject.txt")]
struct PasswordChangedSubject<'a> {
    translator: &'a Translator<'a>,
}

#[derive(Template)]
#[template(path = "mail/password_changed.txt")]
struct PasswordChangedText<'a> {
    translator: &'a Translator<'a>,
    mail: &'a PasswordChangedFacts,
}

#[derive(Template)]
#[template(path = "mail/password_changed.html")]
struct PasswordChangedHtml<'a> {
    translator: &'a Translator<'a>,
    mail: &'a PasswordChangedFacts,
}

struct PasswordChangedFacts {
    changed: String,
    fine: String,
    forgot_link: String,
}

const CHANGED: AttributionTexts = AttributionTexts {
    at: texts::CHANGED_AT,
    by_administrator: texts::CHANGED_BY_ADMINISTRATOR,
};

/// The email after a password was changed.
///
/// # Errors
/// [`Unavailable::Record`] if a template fails, which none of them can.
pub fn prepare_password_changed(
    to: &str,
    translator: &Translator<'_>,
    changed_by: Requester,
    changed_at: Timestamp,
) -> Result<Message, Unavailable> {
    let fine = match changed_by {
        Requester::User => texts::CHANGED_FINE,
        Requester::Administrator => texts::CHANGED_EXPECTED,
    };
    let data = MailData {
        changed_at: Some(changed_at.rfc3339()),
        ..MailData::new(translator, changed_by)
    };
    let mail = &PasswordChangedFacts {
        changed: translator.by(&CHANGED, changed_by, to, changed_at),
        fine: translator.text(fine),
        forgot_link: translator.site().base_url.join("/forgot-password"),
    };
    Parts {
        subject: PasswordChangedSubject { translator },
        text: PasswordChangedText { translator, mail },
        html: PasswordChangedHtml { translator, mail },
    }
    .render(to, data)
}
