//! The English emails match `tests-data/mails`. To renew the files, see `written.rs`.

use super::*;

#[track_caller]
fn same_lines(written: &str, kept: &str) {
    for (number, (written, kept)) in written.lines().zip(kept.lines()).enumerate() {
        assert_eq!(written, kept, "line {}", number + 1);
    }
    assert_eq!(written.lines().count(), kept.lines().count());
}

macro_rules! snapshots {
    ($($test:ident = $name:literal),+ $(,)?) => {
        $(#[test]
        fn $test() {
            let message = mail(&env(), Language::English, $name);
            same_lines(&as_text(&message), include_str!(concat!("../../../../tests-data/mails/", $name, ".en.txt")));
            same_lines(&message.html, include_str!(concat!("../../../../tests-data/mails/", $name, ".en.html")));
        })+
    };
}
snapshots!(
    a_recovery_mail_is_as_it_was_last_looked_at = "recovery",
    a_password_changed_mail_is_as_it_was_last_looked_at = "password-changed",
    a_temporary_password_mail_is_as_it_was_last_looked_at = "temporary-password",
    an_invitation_is_as_it_was_last_looked_at = "invitation",
    an_email_changed_mail_is_as_it_was_last_looked_at = "email-changed",
    an_account_deleted_mail_is_as_it_was_last_looked_at = "account-deleted",
);
