//! A recovery that an administrator starts, against a reset that is under way, at every operation on the store.

use std::cell::Cell;

use serde_json::{Value, json};

use super::{ANN, against_resets_of, with_ann};
use crate::testing::{App, Call, Mail};

#[test]
fn a_recovery_that_is_started_while_a_reset_is_under_way_works_if_the_reset_came_first_or_failed() {
    let works = Cell::new([0, 0]);
    against_resets_of(
        with_ann(),
        |app| app.call(&format!("{ANN}/recovery"), json!({"deliver": "return"})),
        |app, done, started| {
            let link = started.text("link");
            let (_, token) = link.split_once("#token=").unwrap();
            assert_link(app, done, token, &works);
        },
    );
    assert!(works.get().iter().all(|orders| *orders > 0), "{works:?}");
}

#[test]
fn a_recovery_that_is_mailed_while_a_reset_is_under_way_works_if_the_reset_came_first_or_failed() {
    let works = Cell::new([0, 0]);
    against_resets_of(
        with_ann(),
        |app| app.call(&format!("{ANN}/recovery"), json!({"deliver": "email"})),
        |app, done, _| {
            let mut mails = app.take_mails();
            mails.retain(Mail::is_recovery);
            assert!(mails.len() == 1 || (mails.is_empty() && done), "{mails:?}");
            match mails.first() {
                Some(mail) => assert_link(app, done, &mail.link(), &works),
                // It was cancelled, since its link had become invalid.
                None => works.set([works.get()[0], works.get()[1] + 1]),
            }
        },
    );
    assert!(works.get().iter().all(|orders| *orders > 0), "{works:?}");
}

/// The link sets a password, unless a reset that was done came after it. `works` counts the resets that were done before
/// it and after it.
#[track_caller]
fn assert_link(app: &App, done: bool, link: &str, works: &Cell<[usize; 2]>) {
    assert_eq!(app.knows(App::NEW_PASSWORD), done);
    let is_good = app.check(link).status == 200;
    assert!(is_good || done);
    let shown = app.make(&Call::get(&format!("{ANN}/challenge")));
    assert_eq!(shown.json()["challenge"] != Value::Null, is_good);
    let set = app.reset(link, App::OTHER_PASSWORD);
    assert_eq!(set.status, if is_good { 204 } else { 400 });
    assert_eq!(app.knows(App::OTHER_PASSWORD), is_good);
    let [before, after] = works.get();
    works.set(match (done, is_good) {
        (true, true) => [before + 1, after],
        (true, false) => [before, after + 1],
        (false, _) => [before, after],
    });
}
