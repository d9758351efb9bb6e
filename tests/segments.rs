//! Head and body of an answer leave before the app does anything else, so they arrive in one read. Two segments cost a
//! kept-alive client 40 ms, and the time between them would show what the app does.

mod calls;

use calls::Calls;

use crate::app::{App, Call, Caller as _, Provider, Wire, is_embedded_host, unique_email};

/// How many answers to each call are looked at in a round.
const ANSWERS: usize = 12;

/// The platform passes head and body between threads, so fewer than one answer in a hundred is split whatever the app
/// does, and more on a busy machine or during the work of the previous call. If the app starts its work too early,
/// nearly all are split. So the best of three rounds counts.
const MAY_BE_APART: usize = 4;
const ROUNDS: usize = 3;

#[test]
fn reading_calls_are_answered_in_one_read() {
    let app = Calls::app();
    let calls = Calls::new(&app);
    let user = app.create_user();
    let of_user = format!("/v1/admin/users/{}", user.id);
    let (visitor, portal) = (app.visitor(), app.portal());

    let mut apart = Apart::new(&app);
    for method in ["GET", "HEAD"] {
        for path in ["/forgot-password", "/v1/health", "/v1/password-policy"] {
            apart.count(200, || visitor.call(method, path));
        }
        for path in [&of_user, "/v1/admin/users?limit=2", "/v1/admin/emails"] {
            apart.count(200, || portal.call(method, path));
        }
    }
    apart.count(404, || visitor.call("POST", "/v1/nope").body("{}"));
    apart.count(422, || calls.forgot_password("no address"));
    apart.assert_few();
}

#[test]
fn a_recovery_s_calls_are_answered_in_one_read() {
    let app = Calls::app();
    let calls = Calls::new(&app);
    let mut apart = Apart::new(&app);
    apart.count(202, || calls.forgot_password(&unique_email()));
    apart.count(202, || calls.forgot_password(&calls.newcomer().email));
    apart.count(202, || calls.forgot_password_form(&calls.newcomer().email));
    apart.count(400, || calls.verify_wrong_code());
    apart.count(200, || calls.verify_right_code());
    apart.count(204, || calls.reset_by_link());
    apart.count(204, || calls.reset_by_code());
    apart.count(204, || calls.cancel_recovery());
    apart.count(200, || calls.check_token());
    apart.count(200, || calls.check_password());
    apart.assert_few();
}

#[test]
fn a_portal_s_calls_are_answered_in_one_read() {
    let app = Calls::app();
    let calls = Calls::new(&app);
    let mut apart = Apart::new(&app);
    apart.count(200, || calls.sign_in_right());
    apart.count(401, || calls.sign_in_wrong());
    apart.count(201, || calls.create());
    apart.count(200, || calls.import());
    apart.count(200, || calls.update());
    apart.count(204, || calls.delete());
    apart.count(200, || calls.admin_reset());
    apart.count(204, || calls.require_change());
    apart.count(202, || calls.start_recovery());
    apart.count(204, || calls.change_password());
    apart.count(200, || {
        app.portal().call("POST", "/v1/courier/run").body("")
    });
    apart.assert_few();
}

#[test]
fn an_administrator_s_rarer_calls_are_answered_in_one_read() {
    let app = Calls::app();
    let calls = Calls::new(&app);
    let mut apart = Apart::new(&app);
    apart.count(202, || calls.invite());
    apart.count(204, || calls.unlock());
    apart.count(204, || calls.sign_out());
    apart.count(204, || calls.end_recovery());
    apart.count(202, || calls.bulk());
    apart.count(200, || calls.graphql_query());
    apart.count(200, || calls.graphql_mutation());
    apart.assert_few();
}

#[test]
fn the_calls_about_an_email_are_answered_in_one_read() {
    let app = Calls::app();
    let calls = Calls::new(&app);
    let mut apart = Apart::new(&app);
    apart.count(204, || calls.email_webhook());
    app.sink().provider(Provider::Fails {
        status: 422,
        retry_after: None,
    });
    apart.count(202, || calls.retry_email());
    apart.assert_few();
}

/// How many calls follow one another without a pause.
const IN_A_ROW: usize = 200;

#[test]
fn the_work_of_one_call_gives_way_to_the_answer_of_the_next() {
    let app = Calls::app();
    let calls = Calls::new(&app);
    // On Spin a tenth were split when the work did not yield, and now none are. The embedded host's threads split up to one
    // in a hundred.
    let most = IN_A_ROW / if is_embedded_host() { 10 } else { 50 };
    let mut wire = app.wire();
    let mut round = || {
        let apart = (0..IN_A_ROW).filter(|_| {
            let (answer, reads) = wire.send(calls.forgot_password(&unique_email()));
            answer.expect_status(202);
            reads > 1
        });
        apart.count()
    };
    let mut rounds = Vec::new();
    while rounds.len() < ROUNDS {
        let apart = round();
        // Shown with `--nocapture`.
        eprintln!("{apart} of {IN_A_ROW}");
        if apart <= most {
            return;
        }
        rounds.push(apart);
    }
    panic!("so many of {IN_A_ROW} answers came apart, in each round: {rounds:?}");
}

/// The calls whose answers were split, sent on one kept-alive connection.
struct Apart {
    wire: Wire,
    too_many: Vec<String>,
}

impl Apart {
    fn new(app: &App) -> Self {
        Self {
            wire: app.wire(),
            too_many: Vec::new(),
        }
    }

    /// Sends the calls that `prepare` makes; the first one only starts an instance.
    #[track_caller]
    fn count(&mut self, status: u16, prepare: impl Fn() -> Call) {
        self.wire.send(prepare()).0.expect_status(status);
        let mut rounds = Vec::new();
        while rounds.len() < ROUNDS {
            let (name, apart) = self.round(status, &prepare);
            if apart <= MAY_BE_APART {
                return;
            }
            rounds.push(format!("{apart} of {ANSWERS} to {name}"));
        }
        self.too_many.append(&mut rounds);
    }

    #[track_caller]
    fn round(&mut self, status: u16, prepare: impl Fn() -> Call) -> (String, usize) {
        let mut name = String::new();
        let mut apart = 0;
        for _ in 0..ANSWERS {
            let (answer, reads) = self.wire.send(prepare());
            name = answer.expect_status(status).call;
            apart += usize::from(reads > 1);
        }
        (name, apart)
    }

    #[track_caller]
    fn assert_few(self) {
        assert!(
            self.too_many.is_empty(),
            "head and body came apart: {:?}",
            self.too_many
        );
    }
}
