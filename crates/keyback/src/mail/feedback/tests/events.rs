//! What each provider's events say.

use Outcome::{Bounced, Complained, Delivered};
use ProviderKind::{Mailgun, MailgunEu, Postmark, Resend, SendGrid, Ses, Webhook};

use super::*;

/// A provider, its event, and what it says of the mail `e1`; `None` where it says nothing that counts.
type Case = (
    ProviderKind,
    &'static str,
    Option<(Outcome, Option<&'static str>)>,
);

const CASES: &[Case] = &[
    (
        Resend,
        r#"{"type":"email.delivered","created_at":"2026-11-23T09:00:00.000Z","data":{"email_id":"56761188-7520-42d8-8898-ff6fc54ce618","from":"Keyback <no-reply@example.test>","to":["ann@example.test"],"subject":"Reset","tags":{"keyback_email_id":"e1"}}}"#,
        Some((Delivered, None)),
    ),
    (
        Resend,
        r#"{"type":"email.bounced","data":{"to":["ann@example.test"],"bounce":{"message":"The recipient's email address is on the suppression list","subType":"Suppressed","type":"Permanent"},"tags":[{"name":"keyback_email_id","value":"e1"}]}}"#,
        Some((Bounced, Some("refused by its server: Suppressed"))),
    ),
    (
        Resend,
        r#"{"type":"email.bounced","data":{"bounce":{"subType":"MailboxFull","type":"Transient"},"tags":{"keyback_email_id":"e1"}}}"#,
        Some((
            Bounced,
            Some("temporarily refused by its server: MailboxFull"),
        )),
    ),
    (
        Resend,
        r#"{"type":"email.complained","data":{"tags":{"keyback_email_id":"e1"}}}"#,
        Some((Complained, Some("reported as spam"))),
    ),
    (
        Resend,
        r#"{"type":"email.failed","data":{"failed":{"reason":"reached_daily_quota"},"tags":{"keyback_email_id":"e1"}}}"#,
        Some((
            Bounced,
            Some("the provider did not send it: reached_daily_quota"),
        )),
    ),
    (
        Resend,
        r#"{"type":"email.suppressed","data":{"tags":{"keyback_email_id":"e1"}}}"#,
        Some((Bounced, Some("the provider did not send it"))),
    ),
    (
        Resend,
        r#"{"type":"email.delivery_delayed","data":{"tags":{"keyback_email_id":"e1"}}}"#,
        None,
    ),
    (
        Resend,
        r#"{"type":"email.delivered","data":{"tags":{"category":"other"}}}"#,
        None,
    ),
    (Resend, r#"{"type":"email.delivered","data":{}}"#, None),
    (
        Postmark,
        r#"{"RecordType":"Delivery","ServerID":23,"MessageStream":"outbound","MessageID":"00000000-0000-0000-0000-000000000000","Recipient":"ann@example.test","Tag":"","DeliveredAt":"2026-11-23T09:00:00Z","Details":"Test delivery webhook details","Metadata":{"keyback_email_id":"e1"}}"#,
        Some((Delivered, None)),
    ),
    (
        Postmark,
        r#"{"RecordType":"Bounce","ID":42,"Type":"HardBounce","TypeCode":1,"Name":"Hard bounce","Email":"ann@example.test","Inactive":true,"CanActivate":true,"Description":"The server was unable to deliver your message (ex: unknown user, mailbox not found).","Metadata":{"keyback_email_id":"e1"}}"#,
        Some((Bounced, Some("refused by its server: HardBounce"))),
    ),
    (
        Postmark,
        r#"{"RecordType":"Bounce","Type":"SoftBounce","TypeCode":4096,"Inactive":false,"Metadata":{"keyback_email_id":"e1"}}"#,
        Some((
            Bounced,
            Some("temporarily refused by its server: SoftBounce"),
        )),
    ),
    (
        Postmark,
        r#"{"RecordType":"Bounce","Type":"Transient","TypeCode":2,"Inactive":false,"Metadata":{"keyback_email_id":"e1"}}"#,
        None,
    ),
    (
        Postmark,
        r#"{"RecordType":"Bounce","Type":"SpamComplaint","TypeCode":100001,"Inactive":true,"Metadata":{"keyback_email_id":"e1"}}"#,
        Some((Complained, Some("reported as spam"))),
    ),
    (
        Postmark,
        r#"{"RecordType":"SpamComplaint","Type":"SpamComplaint","Inactive":true,"Metadata":{"keyback_email_id":"e1"}}"#,
        Some((Complained, Some("reported as spam"))),
    ),
    (
        Postmark,
        r#"{"RecordType":"Open","Metadata":{"keyback_email_id":"e1"}}"#,
        None,
    ),
    (Postmark, r#"{"RecordType":"Delivery","Metadata":{}}"#, None),
    (
        SendGrid,
        r#"[{"email":"ann@example.test","timestamp":1513299569,"smtp-id":"<14c5d75ce93.dfd.64b469@ismtpd-555>","event":"delivered","sg_event_id":"sg_event_id","sg_message_id":"sg_message_id","response":"250 OK","keyback_email_id":"e1"}]"#,
        Some((Delivered, None)),
    ),
    (
        SendGrid,
        r#"[{"email":"ann@example.test","event":"processed","keyback_email_id":"e1"},{"email":"ann@example.test","event":"bounce","reason":"500 unknown recipient ann@example.test","status":"5.0.0","type":"bounce","keyback_email_id":"e1"}]"#,
        Some((Bounced, Some("refused by its server: 5.0.0"))),
    ),
    (
        SendGrid,
        r#"[{"event":"bounce","status":"5.2.2","type":"blocked","keyback_email_id":"e1"}]"#,
        Some((Bounced, Some("temporarily refused by its server: 5.2.2"))),
    ),
    (
        SendGrid,
        r#"[{"event":"dropped","reason":"Bounced Address","status":"5.0.0","keyback_email_id":"e1"}]"#,
        Some((Bounced, Some("the provider did not send it: 5.0.0"))),
    ),
    (
        SendGrid,
        r#"[{"event":"spamreport","keyback_email_id":"e1"}]"#,
        Some((Complained, Some("reported as spam"))),
    ),
    (
        SendGrid,
        r#"[{"event":"deferred","keyback_email_id":"e1"},{"event":"delivered"},7]"#,
        None,
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"delivered","id":"CPgfbmQMTCKtHW6uIWtuVe","recipient":"ann@example.test","delivery-status":{"code":250,"message":"OK"},"user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Delivered, None)),
    ),
    (
        MailgunEu,
        r#"{"signature":SIGNATURE,"event-data":{"event":"failed","severity":"permanent","reason":"suppress-bounce","delivery-status":{"attempt-no":1,"code":605,"message":"","description":"Not delivering to previously bounced address"},"user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Bounced, Some("refused by its server: 605"))),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"failed","severity":"temporary","delivery-status":{"code":452},"user-variables":{"keyback_email_id":"e1"}}}"#,
        None,
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"complained","user-variables":{"keyback_email_id":"e1"}}}"#,
        Some((Complained, Some("reported as spam"))),
    ),
    (
        Mailgun,
        r#"{"signature":SIGNATURE,"event-data":{"event":"delivered","user-variables":[]}}"#,
        None,
    ),
    (Mailgun, r#"{"signature":SIGNATURE}"#, None),
    (
        Ses,
        r#"{"eventType":"Delivery","mail":{"timestamp":"2026-11-23T09:00:00.000Z","source":"no-reply@example.test","messageId":"EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000","destination":["ann@example.test"],"tags":{"ses:configuration-set":["keyback"],"keyback_email_id":["e1"]}},"delivery":{"recipients":["ann@example.test"],"smtpResponse":"250 2.6.0 Message received"}}"#,
        Some((Delivered, None)),
    ),
    (
        Ses,
        r#"{"version":"0","detail-type":"Email Bounced","source":"aws.ses","detail":{"eventType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"ann@example.test","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"tags":{"keyback_email_id":["e1"]}}}}"#,
        Some((Bounced, Some("refused by its server: General"))),
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
            Some("temporarily refused by its server: MailboxFull"),
        )),
    ),
    (
        Ses,
        r#"{"eventType":"Bounce","bounce":{"bounceType":"Undetermined","bounceSubType":"Undetermined"},"mail":{"tags":{"keyback_email_id":["e1"]}}}"#,
        Some((Bounced, Some("refused by its server: Undetermined"))),
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
    (
        Webhook,
        r#"{"type":"email.delivered","data":{"email_id":"e1"}}"#,
        Some((Delivered, None)),
    ),
    (
        Webhook,
        r#"{"type":"email.bounced","data":{"email_id":"e1","reason":"550 no such user"}}"#,
        Some((Bounced, Some("550 no such user"))),
    ),
    (
        Webhook,
        r#"{"type":"email.complained","data":{"email_id":"e1","reason":"ann@example.test complained"}}"#,
        Some((Complained, None)),
    ),
    (
        Webhook,
        r#"{"type":"email.send","data":{"email_id":"e1"}}"#,
        None,
    ),
    (
        Webhook,
        r#"{"type":"email.delivered","data":{"email_id":"not an id"}}"#,
        None,
    ),
    (Webhook, r#"{"type":"email.delivered"}"#, None),
];

#[test]
fn each_event_is_read_as_documented() {
    for (provider, body, expected) in CASES {
        let expected: Vec<_> = expected
            .iter()
            .map(|(outcome, reason)| Feedback {
                email_id: EmailId::parse("e1").unwrap(),
                outcome: *outcome,
                reason: reason.map(str::to_owned),
            })
            .collect();
        assert_eq!(posted(*provider, body).read_at(NOW), Ok(expected), "{body}");
    }
}

#[test]
fn many_events_of_one_post_are_all_read() {
    let body = r#"[{"event":"delivered","keyback_email_id":"e1"},{"event":"delivered","keyback_email_id":"e2"}]"#;
    let ids: Vec<_> = posted(SendGrid, body).read_at(NOW).unwrap();
    let ids: Vec<_> = ids.iter().map(|it| it.email_id.as_str()).collect();
    assert_eq!(ids, ["e1", "e2"]);
}

#[test]
fn a_reason_holds_no_address() {
    let body = r#"{"RecordType":"Bounce","Type":"ann@example.test","Inactive":true,"Metadata":{"keyback_email_id":"e1"}}"#;
    let feedback = posted(Postmark, body).read_at(NOW).unwrap();
    assert_eq!(feedback[0].reason.as_deref(), Some("refused by its server"));
}
