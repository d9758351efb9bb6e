//! `POST /v1/cancel-recovery`

use crate::app::{App, assert_alike, random_token, strong_password};

#[test]
fn a_cancelled_recovery_is_over_and_the_password_stays() {
    let app = App::shared();
    let visitor = app.visitor();
    let user = app.create_user();
    let recovery = app.recover(&user);

    visitor
        .cancel_recovery(&recovery.mail.cancel_token())
        .expect_nothing();

    let by_code = visitor.verify_otp(&recovery.challenge_id, &recovery.mail.code());
    by_code.expect_problem(400, "invalid-otp");
    let by_link = visitor.reset_password(&recovery.mail.link_token(), &strong_password());
    by_link.expect_problem(400, "invalid-reset-token");
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn cancelling_twice_does_nothing_more() {
    let app = App::shared();
    let user = app.create_user();
    let token = app.recover(&user).mail.cancel_token();
    for _ in 0..2 {
        app.visitor().cancel_recovery(&token).expect_nothing();
    }
    app.assert_signs_in(&user, &user.password);
}

#[test]
fn after_the_reset_there_is_nothing_left_to_cancel() {
    let app = App::shared();
    let visitor = app.visitor();
    let completed = app.recover(&app.create_user()).mail;
    visitor
        .reset_password(&completed.link_token(), &strong_password())
        .expect_nothing();

    let unknown = visitor.cancel_recovery(&random_token(32));
    unknown.expect_problem(400, "invalid-reset-token");
    for token in [completed.cancel_token(), completed.link_token()] {
        assert_alike(&visitor.cancel_recovery(&token), &unknown);
    }
}

#[test]
fn a_token_is_good_for_its_own_purpose_only() {
    let app = App::shared();
    let visitor = app.visitor();
    let user = app.create_user();
    let mail = app.recover(&user).mail;
    let by_cancel_token = visitor.reset_password(&mail.cancel_token(), &strong_password());
    by_cancel_token.expect_problem(400, "invalid-reset-token");
    visitor
        .cancel_recovery(&mail.link_token())
        .expect_problem(400, "invalid-reset-token");

    visitor
        .reset_password(&mail.link_token(), &strong_password())
        .expect_nothing();
}
