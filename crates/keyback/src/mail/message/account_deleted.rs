//! The email to an account's address after the account was deleted.

use askama::Template;

use crate::base::timestamp::Timestamp;
use crate::mail::message::{MailData, Message, Parts, Requester, Translator, texts};
use crate::ports::Unavailable;

#[derive(Template)]
#[template(path = "mail/account_deleted.subject.txt")]
struct AccountDeletedSubject<'a> {
    translator: &'a Translator<'a>,
}

#[derive(Template)]
#[template(path = "mail/account_deleted.txt")]
struct AccountDeletedText<'a> {
    translator: &'a Translator<'a>,
    deleted: &'a str,
}

#[derive(Template)]
#[template(path = "mail/account_deleted.html")]
struct AccountDeletedHtml<'a> {
    translator: &'a Translator<'a>,
    deleted: &'a str,
}

/// The email to the address of a deleted account.
///
/// # Errors
/// [`Unavailable::Record`] if a template fails, which none of them can.
pub fn prepare_account_deleted(
    to: &str,
    translator: &Translator<'_>,
    deleted_at: Timestamp,
) -> Result<Message, Unavailable> {
    let values = [("email", to), ("time", &*translator.time(deleted_at))];
    let deleted = &translator.with(texts::DELETED_INTRO, &values);
    let data = MailData {
        deleted_at: Some(deleted_at.rfc3339()),
        ..MailData::new(translator, Requester::Administrator)
    };
    Parts {
        subject: AccountDeletedSubject { translator },
        text: AccountDeletedText {
            translator,
            deleted,
        },
        html: AccountDeletedHtml {
            translator,
            deleted,
        },
    }
    .render(to, data)
}
