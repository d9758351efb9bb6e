//! Where SES tells what is wrong.

use super::*;

#[test]
fn ses_names_its_errors_in_a_header() {
    for (status, error, expected) in [
        (
            400,
            "BadRequestException:http://internal.amazon.com/",
            "refused: ses answered 400 BadRequestException: it does not take this mail",
        ),
        (
            400,
            "MessageRejected",
            "later: ses answered 400 MessageRejected: the account may not send",
        ),
        (
            400,
            "MailFromDomainNotVerifiedException",
            "sender refused: ses answered 400 MailFromDomainNotVerifiedException: the sender is not accepted",
        ),
        (
            400,
            "SendingPausedException",
            "later: ses answered 400 SendingPausedException: the account may not send",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "later: ses answered 403 SignatureDoesNotMatch: the key is not allowed to send",
        ),
        (
            429,
            "TooManyRequestsException",
            "later: ses answered 429 TooManyRequestsException: too many requests",
        ),
    ] {
        let answer = answer(status, &[("x-amzn-ErrorType", error)], "{}");
        assert_eq!(verdict(Ses, &answer), expected);
    }
}

#[test]
fn ses_names_its_errors_in_the_body_where_the_header_is_missing() {
    for body in [
        r#"{"__type":"com.amazonaws.sesv2#BadRequestException","message":"…"}"#,
        r#"{"__type":"BadRequestException"}"#,
        r#"{"code":"BadRequestException"}"#,
        r#"{"code":"com.amazonaws.sesv2#BadRequestException:http://internal.amazon.com/#x"}"#,
    ] {
        assert_eq!(
            verdict(Ses, &answer(400, &[], body)),
            "refused: ses answered 400 BadRequestException: it does not take this mail"
        );
    }
    let header = [("x-amzn-ErrorType", "SendingPausedException")];
    let answer = answer(400, &header, r#"{"__type":"BadRequestException"}"#);
    assert_eq!(
        verdict(Ses, &answer),
        "later: ses answered 400 SendingPausedException: the account may not send"
    );
}

#[test]
fn ses_says_in_words_that_an_identity_is_not_verified() {
    let body = r#"{"message":"Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: no-reply@example.test"}"#;
    let answer = answer(400, &[("x-amzn-ErrorType", "MessageRejected")], body);
    assert_eq!(
        verdict(Ses, &answer),
        "sender refused: ses answered 400 MessageRejected: the sender is not accepted"
    );
}
