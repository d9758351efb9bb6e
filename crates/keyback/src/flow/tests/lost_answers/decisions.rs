//! What administrators decide about one account: ended sessions, lifted locks, invitations, stopped recoveries.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    at_every_lost_answer, come_back_later, events, start_again, take_different_mails, with_ann,
};
use crate::testing::{App, Call, Reply, other_than};

const ANN: &str = "/v1/admin/users/ann";

fn tell_the_portal(app: &App) {
    let variables = &app.env.variables;
    variables.set("webhook_url", "https://portal.example.test/hooks");
    variables.set(
        "webhook_secret",
        "whsec_a2V5YmFjay10ZXN0cy1rZXliYWNrLXRlc3RzIQ==",
    );
}

/// The portal has got as many events of this type as the account has had, and there are `times` of them.
#[track_caller]
fn assert_told(app: &App, kind: &str, times: usize) {
    come_back_later(app);
    let heard: BTreeSet<String> = app
        .take_webhooks()
        .iter()
        .filter_map(|hook| {
            let told: Value = serde_json::from_slice(hook.body()).unwrap();
            let id = hook.headers()["webhook-id"].to_str().unwrap();
            (told["type"] == kind).then(|| id.to_owned())
        })
        .collect();
    assert_eq!(
        [events(app, kind), heard.len()],
        [times, times],
        "{heard:?}"
    );
}

fn account(app: &App) -> Value {
    app.make(&Call::get(ANN)).expect(200).json()
}

#[test]
fn sessions_are_ended_again_by_whoever_repeats_it_and_each_time_is_told_once() {
    let app = with_ann();
    tell_the_portal(&app);
    let link = app.recover().link;
    let epoch = |app: &App| account(app)["credential_epoch"].as_u64();
    let before = epoch(&app);
    let call = app.call(&format!("{ANN}/sign-out"), json!({}));
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([204, 503].contains(&reply.status), "{reply:?}");
        let ended = epoch(app) > before;
        assert!(ended || reply.status == 503);
        assert_eq!(app.check(&link).status == 400, ended);
        assert_told(&app.fork(), "sessions.revoked", ended.into());
        let between = epoch(app);
        let _ = app.make(&call).expect(204);
        assert!(epoch(app) > between);
        assert_eq!(app.check(&link).status, 400);
        assert!(app.knows(App::PASSWORD));
        assert_told(app, "sessions.revoked", usize::from(ended) + 1);
        assert_eq!(take_different_mails(app).len(), 0);
    });
}

/// Uses up the day's attempts at codes, with three emails.
fn guess_all_day(app: &App) {
    for _ in 0..3 {
        let recovery = app.recover();
        for _ in 0..5 {
            let _ = app.verify(&recovery.challenge_id, &other_than(&recovery.code));
        }
        app.advance(60);
    }
}

/// The account `ann`, locked out by a stranger in the owner's network: no sign-in, no email and no code.
fn kept_out() -> App {
    let app = with_ann();
    guess_all_day(&app);
    for number in 0..100 {
        if number == 50 {
            app.advance(60);
        }
        let _ = app.sign_in(App::EMAIL, App::NEW_PASSWORD).expect(401);
    }
    for _ in 0..8 {
        app.advance(60);
        let _ = app.forgot(App::EMAIL);
    }
    let _ = app.take_mails();
    assert_eq!(locks(&app), [true; 3]);
    app
}

/// Whether sign-ins, emails and codes are refused.
fn locks(app: &App) -> [bool; 3] {
    let account = account(app);
    let times = [
        "locked_until",
        "recovery_paused_until",
        "codes_paused_until",
    ];
    times.map(|time| account[time].is_string())
}

#[test]
fn all_locks_are_lifted_together_and_whoever_repeats_it_gives_nobody_more_attempts() {
    let app = kept_out();
    tell_the_portal(&app);
    let call = app.call(&format!("{ANN}/unlock"), json!({}));
    let _ = at_every_lost_answer(&app, &call, |app, reply| {
        assert!([204, 503].contains(&reply.status), "{reply:?}");
        let lifted = locks(app) == [false; 3];
        assert!(lifted || reply.status == 503 && locks(app) == [true; 3]);
        assert_told(&app.fork(), "account.unlocked", lifted.into());
        let _ = app.make(&call).expect(204);
        assert_eq!(locks(app), [false; 3]);
        assert!(app.knows(App::PASSWORD));
        assert_told(&app.fork(), "account.unlocked", usize::from(lifted) + 1);
        guess_all_day(app);
        let refused = app.recover();
        let code = app.verify(&refused.challenge_id, &refused.code);
        assert_eq!(code.status, 400);
        let _ = app.reset(&refused.link, App::NEW_PASSWORD).expect(204);
    });
}

fn token_in(reply: &Reply) -> String {
    let link = reply.text("link");
    link.split_once("#token=").unwrap().1.to_owned()
}

/// The links of the invitations, from emails and answers, oldest first.
fn links(app: &App, replies: &[&Reply]) -> Vec<String> {
    let mut keys = BTreeSet::new();
    let mut mails = app.take_mails();
    mails.retain(|mail| keys.insert(mail.idempotency_key.clone()));
    let mailed = mails.iter().map(crate::testing::Mail::link);
    let returned = replies.iter().filter(|reply| reply.status == 200);
    mailed.chain(returned.map(|it| token_in(it))).collect()
}

#[test]
fn the_latest_invitation_works_and_those_before_it_do_not() {
    let app = App::default();
    tell_the_portal(&app);
    let body = json!({"id": "ann", "email": App::EMAIL, "invite": {"deliver": "return"}});
    let created = app.make(&app.call("/v1/admin/users", body)).expect(201);
    let first = created.json()["invitation"]["link"].clone();
    let first = first.as_str().unwrap().split_once("#token=").unwrap().1;
    let live = |app: &App, links: &[String]| {
        let works = |link: &&String| app.check(link).status == 200;
        links.iter().filter(works).count()
    };
    for (deliver, status) in [("email", 202), ("return", 200)] {
        let call = app.call(&format!("{ANN}/invite"), json!({"deliver": deliver}));
        let _ = at_every_lost_answer(&app, &call, |app, reply| {
            assert!([status, 503].contains(&reply.status), "{reply:?}");
            let invited = app.check(first).status == 400;
            assert!(invited || reply.status == 503);
            let told = app.fork();
            come_back_later(&told);
            let sent = links(&told, &[reply]);
            let promised = invited && (deliver == "email" || reply.status == 200);
            assert_eq!([sent.len(), live(&told, &sent)], [usize::from(promised); 2]);
            assert_told(&told, "account.invited", usize::from(invited) + 1);

            let again = app.make(&call).expect(status);
            come_back_later(app);
            let sent = links(app, &[reply, &again]);
            assert!((1..=1 + usize::from(invited)).contains(&sent.len()));
            assert_eq!(live(app, &sent), 1);
            let _ = app
                .reset(&sent[sent.len() - 1], App::NEW_PASSWORD)
                .expect(204);
            assert!(app.knows(App::NEW_PASSWORD));
            assert_told(app, "account.invited", usize::from(invited) + 2);
        });
    }
}

#[test]
fn a_recovery_is_stopped_once_and_what_it_gave_sets_nothing() {
    let app = with_ann();
    tell_the_portal(&app);
    let recovery = app.recover();
    let verified = app.fork();
    let token = verified.verify(&recovery.challenge_id, &recovery.code);
    let token = token.expect(200).text("reset_token");
    for (app, secret) in [(app, &recovery.link), (verified, &token)] {
        let call = app.call(&format!("{ANN}/challenge"), Value::Null);
        let call = call.by("DELETE");
        let _ = at_every_lost_answer(&app, &call, |app, reply| {
            assert!([204, 503].contains(&reply.status), "{reply:?}");
            let stopped = app.check(secret).status == 400;
            assert!(stopped || reply.status == 503);
            assert_told(&app.fork(), "recovery.stopped", stopped.into());
            let _ = app.make(&call).expect(204);
            assert_eq!(app.reset(secret, App::NEW_PASSWORD).status, 400);
            let code = app.verify(&recovery.challenge_id, &recovery.code);
            assert_eq!(code.status, 400);
            assert!(app.knows(App::PASSWORD));
            assert_told(app, "recovery.stopped", 1);
            assert_eq!(take_different_mails(app).len(), 0);
            start_again(app);
        });
    }
}
