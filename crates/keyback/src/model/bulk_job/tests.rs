use serde_json::json;

use super::*;
use crate::model::credential::{Credential, SetBy};
use crate::model::email_address::EmailAddress;
use crate::model::listing::{Beginning, StateFilter};
use crate::model::password::Password;
use crate::ports::Env as _;
use crate::testing::{MemoryEnv, hash_cheaply};

const NOON: Timestamp = Timestamp::from_unix_millis(1_795_435_200_000);

fn account() -> Account {
    hash_cheaply();
    let env = MemoryEnv::default();
    let mut account = Account::placeholder(EmailAddress::parse("Ann@Corp.example").unwrap());
    account.id = AccountId::parse("U-17").unwrap();
    account.created_at = NOON;
    account.credential = Some(Credential {
        hash: Password::new("staple horse").hash(env.random()).unwrap(),
        set_at: NOON,
        set_by: SetBy::User,
        must_change: false,
        expires_at: None,
        ignores_blanks: false,
        epoch: 1,
    });
    account
}

fn job() -> BulkJob {
    BulkJob {
        id: BulkJobId::parse("job").unwrap(),
        action: BulkAction::Disable,
        scope: BulkScope::Ids,
        actor: Actor::System,
        from: String::new(),
        reason: None,
        created_at: NOON,
        updated_at: NOON,
        state: BulkState::Running,
        last: 500,
        cursor: 0,
        total: Some(500),
        done: 0,
        skipped: 0,
        failed: 0,
        failures: Vec::new(),
        tries: 2,
    }
}

#[test]
fn an_account_must_meet_every_condition() {
    let with_password = account();
    let mut without = account();
    without.credential = None;
    let later = "2026-11-23T12:00:01Z";
    let noon = "2026-11-23T12:00:00Z";
    for (filter, has, has_not) in [
        (json!({}), true, true),
        (json!({"password_set_before": later}), true, false),
        (json!({"password_set_before": noon}), false, false),
        (json!({"created_before": later}), true, true),
        (json!({"created_before": noon}), false, false),
        (json!({"disabled": false}), true, true),
        (json!({"disabled": true}), false, false),
        (json!({"no_password": true}), false, true),
        (json!({"must_change": false}), true, true),
        (json!({"q": "ann@c"}), true, true),
        (json!({"q": "CORP"}), true, true),
        (json!({"q": "@corp"}), true, true),
        (json!({"q": " ann@c"}), true, true),
        (json!({"q": "u-1"}), true, true),
        (json!({"q": "nn@"}), false, false),
        (json!({"no_password": true, "disabled": true}), false, false),
    ] {
        let time = |name: &str| filter[name].as_str().and_then(Timestamp::parse);
        let read = BulkFilter {
            password_set_before: time("password_set_before"),
            created_before: time("created_before"),
            state: StateFilter {
                disabled: filter["disabled"].as_bool(),
                no_password: filter["no_password"].as_bool(),
                must_change: filter["must_change"].as_bool(),
            },
            q: filter["q"].as_str().map(|q| Beginning::parse(q).unwrap()),
        };
        assert_eq!(read.matches(&with_password), has, "{filter}");
        assert_eq!(read.matches(&without), has_not, "{filter}");
    }
}

#[test]
fn what_is_so_already_is_not_changed_again() {
    let mut account = account();
    for (action, event) in [
        (BulkAction::RequireChange, EventType::PasswordChangeRequired),
        (BulkAction::Disable, EventType::AccountDisabled),
    ] {
        assert_eq!(action.apply(&mut account), Some(event));
        assert_eq!(action.apply(&mut account), None);
    }
    account.credential = None;
    assert_eq!(BulkAction::RequireChange.apply(&mut account), None);
}

#[test]
fn every_action_is_read_as_it_is_written() {
    for text in ["require-change", "sign-out", "disable", "recover"] {
        assert_eq!(BulkAction::parse(text).map(BulkAction::as_str), Some(text));
        let written = serde_json::to_value(BulkAction::parse(text)).unwrap();
        assert_eq!(written, text);
    }
    assert_eq!(BulkAction::parse("delete"), None);
}

#[test]
fn a_job_counts_all_and_lists_the_first_failures() {
    let id = AccountId::parse("a").unwrap();
    let mut job = job();
    for place in 1..=300 {
        job = job.after(place, &id, BulkOutcome::Failed("is gone"), NOON);
    }
    job = job.after(301, &id, BulkOutcome::Done, NOON);
    assert_eq!((job.failed, job.failures.len()), (300, 100));
    assert_eq!((job.done, job.cursor, job.tries), (1, 301, 0));
    // 199 of those that were counted no longer matched.
    let over = job.ended(BulkState::Done, NOON);
    assert_eq!((over.skipped, over.total), (199, Some(500)));
}

#[test]
fn a_job_whose_total_was_not_known_knows_it_in_the_end() {
    let id = AccountId::parse("a").unwrap();
    let job = BulkJob {
        total: None,
        ..job()
    };
    let job = job.after(1, &id, BulkOutcome::Skipped, NOON);
    let stopped = job.clone().ended(BulkState::Stopped, NOON);
    assert_eq!(stopped.total, None);
    assert_eq!(job.ended(BulkState::Done, NOON).total, Some(1));
}
