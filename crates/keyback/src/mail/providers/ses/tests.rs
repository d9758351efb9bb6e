//! Requests to SES, and its answers and webhooks.

use EmailState::{Bounced, Complained, Delivered};
use ProviderKind::Ses;

use crate::mail::api::Mailbox;
use crate::mail::providers::tests::{
    Event, answer, assert_answers, assert_events, assert_unknown, settings, verdict, written,
};
use crate::mail::registry::ProviderKind;
use crate::model::email::EmailState;

const ANSWERS: &[(ProviderKind, u16, &str, &str)] =
    &[(Ses, 200, r#"{"MessageId":"0100"}"#, "accepted")];

const EVENTS: &[Event] = &[
    (
        Ses,
        r#"{"eventType":"Delivery","mail":{"timestamp":"2026-11-23T09:00:00.000Z","source":"no-reply@example.test","messageId":"EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000","destination":["ann@example.test"],"tags":{"ses:configuration-set":["keyback"],"keyback_email_id":["e1"]}},"delivery":{"recipients":["ann@example.test"],"smtpResponse":"250 2.6.0 Message received"}}"#,
        Some((Delivered, None)),
    ),
    (
        Ses,
        r#"{"version":"0","detail-type":"Email Bounced","source":"aws.ses","detail":{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"ann@example.test","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"tags":{"keyback_email_id":["e1"]}}}}"#,
        Some((Bounced, Some("rejected by the recipient's server: General"))),
    ),
    (
        Ses,
        r#"{"Type":"Notification","MessageId":"22b80b92","TopicArn":"arn:aws:sns:us-west-2:123456789012:MyTopic","Message":"{\"eventType\":\"Complaint\",\"complaint\":{\"complaintFeedbackType\":\"abuse\"},\"mail\":{\"tags\":{\"keyback_email_id\":[\"e1\"]}}}"}"#,
        Some((Complained, Some("reported as spam: abuse"))),
    ),
    (
        Ses,
        r#"{"eventType":"Bounce","bounce":{"bounceType":"Transient","bounceSubType":"MailboxFull"},"mail":{"tags":{"keyback_email_id":["e1"]}}}"#,
        Some((
            Bounced,
            Some("temporarily rejected by the recipient's server: MailboxFull"),
        )),
    ),
    (
        Ses,
        r#"{"eventType":"Bounce","bounce":{"bounceType":"Undetermined","bounceSubType":"Undetermined"},"mail":{"tags":{"keyback_email_id":["e1"]}}}"#,
        Some((
            Bounced,
            Some("rejected by the recipient's server: Undetermined"),
        )),
    ),
    (
        Ses,
        r#"{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"OnAccountSuppressionList"},"mail":{"tags":{"keyback_email_id":["e1"]}}}"#,
        Some((
            Bounced,
            Some("the provider did not send it: OnAccountSuppressionList"),
        )),
    ),
    (
        Ses,
        r#"{"eventType":"Complaint","complaint":{"complaintSubType":"OnAccountSuppressionList","complaintFeedbackType":"not-spam"},"mail":{"tags":{"keyback_email_id":["e1"]}}}"#,
        Some((
            Bounced,
            Some("the provider did not send it: OnAccountSuppressionList"),
        )),
    ),
    (
        Ses,
        r#"{"eventType":"Rendering Failure","failure":{"errorMessage":"…"},"mail":{"tags":{"keyback_email_id":["e1"]}}}"#,
        Some((
            Bounced,
            Some("the provider did not send it: RenderingFailure"),
        )),
    ),
    (
        Ses,
        r#"{"eventType":"DeliveryDelay","deliveryDelay":{"delayType":"MailboxFull"},"mail":{"tags":{"keyback_email_id":["e1"]}}}"#,
        None,
    ),
    (
        Ses,
        r#"{"eventType":"Reject","mail":{"tags":{"keyback_email_id":["e1"]}},"reject":{"reason":"Bad content"}}"#,
        Some((Bounced, Some("the provider did not send it"))),
    ),
    (
        Ses,
        r#"{"Type":"SubscriptionConfirmation","Message":"You have chosen to subscribe to the topic.","Token":"2336412f","SubscribeURL":"https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f"}"#,
        None,
    ),
    (
        Ses,
        r#"{"Type":"Notification","Message":"Successfully validated SNS topic for Amazon SES event publishing."}"#,
        None,
    ),
    (
        Ses,
        r#"{"notificationType":"Bounce","bounce":{"bounceType":"Permanent"},"mail":{}}"#,
        None,
    ),
];

#[test]
fn its_answers_are_understood() {
    assert_answers(ANSWERS);
}

#[test]
fn its_events_are_read_as_documented() {
    assert_events(EVENTS);
}

#[test]
fn only_what_nobody_knows_is_named() {
    for kind in ["Send", "DeliveryDelay", "Open", "Click", "Subscription"] {
        let body = format!(r#"{{"eventType":"{kind}"}}"#);
        assert_unknown(&[(Ses, &body, &[])]);
    }
    assert_unknown(&[
        (Ses, r#"{"eventType":"Teleport"}"#, &["Teleport"]),
        (
            Ses,
            r#"{"detail-type":"Advisor Status","detail":{}}"#,
            &["Advisor-Status"],
        ),
        // An unconfirmed subscription, and notifications of an identity, are for the operator to fix.
        (
            Ses,
            r#"{"Type":"SubscriptionConfirmation","Message":"You have chosen to subscribe."}"#,
            &["SubscriptionConfirmation"],
        ),
        (
            Ses,
            r#"{"notificationType":"Bounce","bounce":{},"mail":{}}"#,
            &["notification.Bounce"],
        ),
        (Ses, "{}", &["unnamed"]),
    ]);
}

#[test]
fn ses_names_its_errors_in_a_header() {
    for (status, error, expected) in [
        (
            400,
            "BadRequestException:http://internal.amazon.com/",
            "refused: ses answered 400 BadRequestException: it rejected this email",
        ),
        (
            400,
            "MessageRejected",
            "later: ses answered 400 MessageRejected: the account is not allowed to send",
        ),
        (
            400,
            "MailFromDomainNotVerifiedException",
            "sender refused: ses answered 400 MailFromDomainNotVerifiedException: the sender is not accepted",
        ),
        (
            400,
            "SendingPausedException",
            "later: ses answered 400 SendingPausedException: the account is not allowed to send",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "later: ses answered 403 SignatureDoesNotMatch: the key is not allowed to send",
        ),
        (
            429,
            "TooManyRequestsException",
            "throttled: ses answered 429 TooManyRequestsException: too many requests",
        ),
        (
            400,
            "Throttling",
            "throttled: ses answered 400 Throttling: too many requests",
        ),
        (
            400,
            "ThrottlingException:",
            "throttled: ses answered 400 ThrottlingException: too many requests",
        ),
        (
            503,
            "RequestLimitExceeded",
            "throttled: ses answered 503 RequestLimitExceeded: too many requests",
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
            "refused: ses answered 400 BadRequestException: it rejected this email"
        );
    }
    let header = [("x-amzn-ErrorType", "SendingPausedException")];
    let answer = answer(400, &header, r#"{"__type":"BadRequestException"}"#);
    assert_eq!(
        verdict(Ses, &answer),
        "later: ses answered 400 SendingPausedException: the account is not allowed to send"
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

#[test]
fn ses_is_given_long_foreign_names_as_short_encoded_words() {
    let mut settings = settings(Ses);
    settings.from = Mailbox::parse(&format!("{} <a@b.test>", "パスワード".repeat(9))).unwrap();
    let request = written(&settings);
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    let from = body["FromEmailAddress"].as_str().unwrap();
    assert!(from.is_ascii() && from.ends_with(" <a@b.test>"), "{from}");
    assert!(from.split(' ').all(|word| word.len() <= 75), "{from}");
    settings.from = Mailbox::parse("Plain, Inc <a@b.test>").unwrap();
    let request = written(&settings);
    let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
    assert_eq!(body["FromEmailAddress"], "\"Plain, Inc\" <a@b.test>");
}
