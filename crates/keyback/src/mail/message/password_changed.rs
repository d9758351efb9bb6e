//! The mail after a password was changed, with no secret in it.

use askama::Template;

use crate::mail::message::translator::AttributionTexts;
use crate::mail::message::{Message, Parts, Requester, Translator, texts};
use crate::model::timestamp::Timestamp;
use crate::ports::Outage;

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
    forgot_link: String,
}

const CHANGED: AttributionTexts = AttributionTexts {
    at: texts::CHANGED_AT,
    from: texts::CHANGED_FROM,
    by_administrator: texts::CHANGED_BY_ADMINISTRATOR,
};

/// The mail after a password was changed.
///
/// # Errors
/// [`Outage::Record`] if a template fails, which none of them can.
pub fn prepare_password_changed(
    to: &str,
    translator: &Translator<'_>,
    changed_by: Requester,
    changed_at: Timestamp,
) -> Result<Message, Outage> {
    let mail = &PasswordChangedFacts {
        changed: translator.by(&CHANGED, changed_by, changed_at),
        forgot_link: translator.site().base_url.join("/forgot-password"),
    };
    Parts {
        subject: PasswordChangedSubject { translator },
        text: PasswordChangedText { translator, mail },
        html: PasswordChangedHtml { translator, mail },
    }
    .render(to)
}
