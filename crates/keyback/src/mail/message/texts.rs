//! The table of all texts in emails, with the placeholders that each may contain in addition to `{app}`.

use crate::for_all_languages;
use crate::mail::message::text::{Key, Text, bytes, find, utf8};

macro_rules! file {
    ($tag:literal) => {
        include_str!(concat!("../../../texts/mail/", $tag, ".json"))
    };
}

// Each text is its own constant, so that a component contains only the texts that it writes.
macro_rules! in_all_languages {
    ($key:literal; $($language:ident $tag:literal $name:literal,)+) => {
        [$({
            const LACKING: &str = concat!("texts/mail/", $tag, ".json lacks the text ", $key);
            const FOUND: &str = find(file!($tag), $key, LACKING);
            const BYTES: [u8; FOUND.len()] = bytes(FOUND);
            utf8(&BYTES)
        }),+]
    };
}

#[cfg(test)]
macro_rules! files {
    (; $($language:ident $tag:literal $name:literal,)+) => { [$(file!($tag)),+] };
}

/// In the order of `Language::ALL`.
#[cfg(test)]
pub(super) static FILES: [&str; crate::model::language::Language::ALL.len()] =
    for_all_languages!(files);

macro_rules! texts {
    ($($name:ident = $key:literal [$($placeholder:literal),*]),+ $(,)?) => {
        $(pub(super) static $name: &Text = &Text {
            key: $key,
            words: for_all_languages!(in_all_languages $key),
        };)+

        /// The texts that `mail_texts` may replace.
        pub(super) static KEYS: &[Key] = &[
            $(Key { name: $key, placeholders: &[$($placeholder),*] }),+
        ];

        #[cfg(test)]
        pub(super) static ALL: &[&Text] = &[$($name),+];
    };
}

texts! {
    HELP = "help" [],
    CARE = "care" [],
    CHOOSE_PASSWORD = "choose-password" [],
    SIGN_IN = "sign-in" [],
    LINK_HINT = "link-hint" [],
    TELL_US = "tell-us" [],
    TELL_OPERATOR = "tell-operator" [],

    DATE = "date" ["day", "month", "year", "hour", "minute"],
    DATE_FIRST = "date.first" [],
    DATE_MONTHS = "date.months" [],

    LIFE_SECOND = "life.second" [],
    LIFE_SECONDS = "life.seconds" ["count"],
    LIFE_MINUTES = "life.minutes" ["count"],
    LIFE_HOURS = "life.hours" ["count"],
    LIFE_DAYS = "life.days" ["count"],

    RECOVERY_SUBJECT = "recovery.subject" [],
    RECOVERY_INTRO = "recovery.intro" ["email"],
    RECOVERY_INTRO_BY_ADMINISTRATOR = "recovery.intro-by-administrator" ["email"],
    RECOVERY_CODE = "recovery.code" ["life"],
    RECOVERY_CODE_BY_ADMINISTRATOR = "recovery.code-by-administrator" ["life", "page"],
    RECOVERY_LINK = "recovery.link" ["life"],
    RECOVERY_ONCE = "recovery.once" [],
    RECOVERY_NOT_YOU = "recovery.not-you" [],
    RECOVERY_NOT_EXPECTED = "recovery.not-expected" [],
    RECOVERY_CANCEL = "recovery.cancel" [],
    RECOVERY_ASKED = "recovery.asked" ["time"],
    RECOVERY_ASKED_BY_ADMINISTRATOR = "recovery.asked-by-administrator" ["time"],

    CHANGED_SUBJECT = "password-changed.subject" [],
    CHANGED_AT = "password-changed.at" ["email", "time"],
    CHANGED_BY_ADMINISTRATOR = "password-changed.by-administrator" ["email", "time"],
    CHANGED_FINE = "password-changed.fine" [],
    CHANGED_EXPECTED = "password-changed.expected" [],
    CHANGED_NOT_YOU = "password-changed.not-you" [],

    TEMPORARY_SUBJECT = "temporary-password.subject" [],
    TEMPORARY_INTRO = "temporary-password.intro" ["email"],
    TEMPORARY_MUST_CHANGE = "temporary-password.must-change" [],
    TEMPORARY_EXPIRES = "temporary-password.expires" ["time"],
    TEMPORARY_SIGN_IN = "temporary-password.sign-in" [],

    INVITATION_SUBJECT = "invitation.subject" [],
    INVITATION_INTRO = "invitation.intro" ["email"],
    INVITATION_LINK = "invitation.link" ["life"],
    INVITATION_BUTTON = "invitation.button" [],
    INVITATION_SIGN_IN = "invitation.sign-in" [],
    INVITATION_NOT_EXPECTED = "invitation.not-expected" [],

    EMAIL_SUBJECT = "email-changed.subject" [],
    EMAIL_INTRO = "email-changed.intro" ["email", "time"],
    EMAIL_NOT_KNOWN = "email-changed.not-known" [],

    DELETED_SUBJECT = "account-deleted.subject" [],
    DELETED_INTRO = "account-deleted.intro" ["email", "time"],
    DELETED_NOT_KNOWN = "account-deleted.not-known" [],
}
