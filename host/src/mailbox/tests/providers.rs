//! Emails that each provider accepts or refuses.

use super::*;

/// An email as each provider's API accepts it: path, credential, content type, body.
const MAILS: [(&str, &str, &str, &str, &str); 5] = [
    (
        "postmark",
        "/email",
        "x-postmark-server-token: 1",
        "application/json",
        r#"{"From":"Keyback <no-reply@example.com>","To":"ada@example.com","Subject":"Hello","TextBody":"plain","HtmlBody":"<p>rich</p>","Headers":[{"Name":"X-Kind","Value":"test"}],"ReplyTo":"help@example.com","TrackLinks":"None"}"#,
    ),
    (
        "sendgrid",
        "/v3/mail/send",
        "authorization: Bearer SG.1",
        "application/json",
        r#"{"from":{"email":"no-reply@example.com","name":"Keyback"},"personalizations":[{"to":[{"email":"ada@example.com"}]}],"subject":"Hello","content":[{"type":"text/plain","value":"plain"},{"type":"text/html","value":"<p>rich</p>"}],"headers":{"X-Kind":"test"},"reply_to":{"email":"help@example.com"}}"#,
    ),
    (
        "mailgun",
        "/v3/mg.example.com/messages",
        "authorization: Basic YXBpOjE=",
        "application/x-www-form-urlencoded",
        "from=Keyback+%3Cno-reply%40example.com%3E&to=ada%40example.com&subject=Hello&text=plain&html=%3Cp%3Erich%3C%2Fp%3E&h%3AX-Kind=test&h%3AReply-To=help%40example.com&o%3Atracking=no",
    ),
    (
        "ses",
        "/v2/email/outbound-emails",
        "authorization: AWS4-HMAC-SHA256 Credential=1",
        "application/json",
        r#"{"FromEmailAddress":"Keyback <no-reply@example.com>","Destination":{"ToAddresses":["ada@example.com"]},"Content":{"Simple":{"Subject":{"Data":"Hello"},"Body":{"Text":{"Data":"plain"},"Html":{"Data":"<p>rich</p>"}},"Headers":[{"Name":"X-Kind","Value":"test"}]}},"ReplyToAddresses":["help@example.com"]}"#,
    ),
    (
        "webhook",
        "/",
        "webhook-signature: v1,1",
        "application/json",
        r#"{"type":"email.send","data":{"id":"1","from":"Keyback <no-reply@example.com>","to":"ada@example.com","subject":"Hello","text":"plain","html":"<p>rich</p>","headers":{"X-Kind":"test"},"reply_to":"help@example.com"}}"#,
    ),
];

impl Served {
    fn send_as(
        &self,
        (_, path, credential, content_type, body): (&str, &str, &str, &str, &str),
    ) -> Got {
        let (name, value) = credential.split_once(": ").unwrap();
        self.call(
            "POST",
            path,
            &[(name, value), ("content-type", content_type)],
            body,
        )
    }

    pub(super) fn behave(&self, behaviour: &str) {
        let body = json!({ "behaviour": behaviour }).to_string();
        let told = self.call("PUT", "/api/behaviour", &[], &body);
        assert_eq!((told.status, told.body), (200, body));
    }
}

#[test]
fn a_mail_is_taken_in_as_each_provider_takes_it() {
    for mail in MAILS {
        let mailbox = Served::start();
        let sent = mailbox.send_as(mail);
        let marked = match mail.0 {
            "postmark" => sent.status == 200 && sent.json()["ErrorCode"] == 0,
            "sendgrid" => sent.status == 202,
            "mailgun" => sent.status == 200 && sent.json()["id"].is_string(),
            "ses" => sent.status == 200 && sent.json()["MessageId"].is_string(),
            _ => sent.status == 204,
        };
        assert!(marked, "{}: {} {}", mail.0, sent.status, sent.body);
        let messages = mailbox.messages();
        let mut shown = messages[0].clone();
        shown["id"] = Value::Null;
        shown["received_at"] = Value::Null;
        if let Some(headers) = shown["headers"].as_object_mut() {
            headers.remove("Reply-To");
        }
        let expected = json!({
            "id": null, "received_at": null, "provider": mail.0,
            "from": "Keyback <no-reply@example.com>", "to": ["ada@example.com"], "subject": "Hello",
            "text": "plain", "html": "<p>rich</p>", "headers": { "X-Kind": "test" }, "reply_to": ["help@example.com"],
        });
        assert_eq!(shown, expected);
    }
}

#[test]
fn each_provider_wants_its_own_credential_and_a_whole_mail() {
    let mailbox = Served::start();
    for (name, path, credential, content_type, body) in MAILS {
        let refused = mailbox.call("POST", path, &[("content-type", content_type)], body);
        assert_eq!(
            refused.status,
            if name == "ses" { 403 } else { 401 },
            "{name}"
        );
        for bad in ["{}", "{", &body.replace("ada", "ada bad")] {
            let refused = mailbox.send_as((name, path, credential, content_type, bad));
            let status = match name {
                "postmark" | "webhook" => 422,
                _ => 400,
            };
            assert_eq!(refused.status, status, "{name}: {bad}");
        }
    }
    assert!(mailbox.messages().is_empty());
}

#[test]
fn a_receivers_webhook_is_taken_once() {
    let mailbox = Served::start();
    let (_, path, _, _, body) = MAILS[4];
    let headers = [("webhook-signature", "v1,1"), ("webhook-id", "e1")];
    for _ in 0..2 {
        assert_eq!(mailbox.call("POST", path, &headers, body).status, 204);
    }
    assert_eq!(mailbox.messages().len(), 1);
}

#[test]
fn it_behaves_as_it_is_told_to() {
    let mailbox = Served::start();
    assert_eq!(
        mailbox.call("GET", "/api/behaviour", &[], "").json()["behaviour"],
        "accept"
    );
    for (mail, status) in MAILS.into_iter().zip([422, 400, 400, 400, 422]) {
        mailbox.behave("refuse");
        assert_eq!(mailbox.send_as(mail).status, status, "{}", mail.0);
    }
    mailbox.behave("refuse");
    assert_eq!(mailbox.send(&[], MAIL).status, 422);
    for mail in MAILS {
        mailbox.behave("fail");
        assert_eq!(mailbox.send_as(mail).status, 503, "{}", mail.0);
    }
    assert!(mailbox.messages().is_empty());
    for bad in [
        "",
        "{}",
        r#"{"behaviour":"explode"}"#,
        r#"{"behaviour":"fail","x":1}"#,
    ] {
        assert_eq!(
            mailbox.call("PUT", "/api/behaviour", &[], bad).status,
            422,
            "{bad}"
        );
    }
    mailbox.behave("fail");
    mailbox.behave("accept");
    assert_eq!(mailbox.send(&[], MAIL).status, 200);
}

#[test]
fn what_it_is_told_counts_for_one_mail_and_one_event() {
    let mailbox = Served::start();
    let event = || {
        let headers = [("webhook-id", "m1"), ("webhook-signature", "v1,1")];
        mailbox.call("POST", "/events", &headers, "{}").status
    };
    mailbox.behave("refuse");
    assert_eq!(event(), 400);
    let next = || mailbox.call("GET", "/api/behaviour", &[], "").json();
    assert_eq!(next()["behaviour"], "refuse");
    assert_eq!(mailbox.send(&[], MAIL).status, 422);
    assert_eq!(next()["behaviour"], "accept");
    assert_eq!(mailbox.send(&[], MAIL).status, 200);
    assert_eq!(event(), 204);
    // A call whose credential is refused does not count as an email.
    mailbox.behave("refuse");
    assert_eq!(mailbox.call("POST", "/emails", &[], MAIL).status, 401);
    assert_eq!(mailbox.send(&[], MAIL).status, 422);
}

#[test]
fn it_does_not_answer_when_it_is_told_to_time_out() {
    let mailbox = Served::start();
    mailbox.behave("time-out");
    let mut stream = TcpStream::connect(mailbox.address).unwrap();
    let length = MAIL.len();
    let request = format!(
        "POST /emails HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer 1\r\ncontent-length: {length}\r\n\r\n{MAIL}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let wait = Duration::from_millis(500);
    stream.set_read_timeout(Some(wait)).unwrap();
    let silent = stream.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(
        silent,
        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
    ));
    // Others are answered meanwhile.
    mailbox.behave("accept");
    assert_eq!(mailbox.send(&[], MAIL).status, 200);
}
