//! Replacing a foreign hash of a right password by Keyback's own.

use crate::ports::{Env, Unavailable};
use crate::store::accounts;
use crate::store::batch::{Batch, Epoch};
use crate::store::cx::{Cx, Rehash};
use crate::store::lease::Lease;

/// Stores the newer hash, unless a new password was set meanwhile.
///
/// # Errors
/// [`Unavailable`]; the next right sign-in tries again.
pub(crate) async fn store_newer_hash<E: Env>(
    cx: &mut Cx<'_, E>,
    rehash: Rehash,
) -> Result<(), Unavailable> {
    let env = cx.env;
    let name = accounts::lease_name(&rehash.account_id);
    Lease::with(env, &name, async |held| {
        let Some(mut account) = accounts::find(env.store(), &rehash.account_id).await? else {
            return Ok(());
        };
        let credential = account.credential.as_mut();
        let Some(credential) = credential.filter(|it| it.hash == rehash.old) else {
            return Ok(());
        };
        credential.hash = rehash.new;
        let mut batch = Batch::default();
        batch.account(account, Epoch::Keep);
        batch.under(held);
        batch.commit(cx).await.map(drop)
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::courier::after_response;
    use crate::ports::Env as _;
    use crate::testing::{App, Reply, block_on};

    /// bcrypt of [`App::PASSWORD`].
    const FOREIGN: &str = "$2y$04$rehashrehashrehashrehuazLW3Y0/d8DLg0/8vE4mgxmYOPq2jLi";

    fn with_foreign_hash() -> App {
        let app = App::default();
        let _ = import(&app, FOREIGN).expect(201);
        app
    }

    fn import(app: &App, hash: &str) -> Reply {
        let body = json!({"id": "ann", "email": App::EMAIL, "password_hash": hash});
        app.make(&app.call("/v1/admin/users", body))
    }

    /// Signs in, and leaves the deferred work to the test.
    fn sign_in_slowly(app: &App, password: &str) -> crate::store::cx::Deferred {
        let body = json!({"email": App::EMAIL, "password": password});
        let (reply, deferred) = app.answer(&app.call("/v1/sign-in", body));
        let _ = reply.expect(200);
        deferred
    }

    #[test]
    fn the_first_right_sign_in_leaves_nothing_of_the_old_hash() {
        let app = with_foreign_hash();
        assert!(app.env.store.dump().contains("$2y$04$"));
        assert!(!app.knows("wrong"));
        assert!(app.env.store.dump().contains("$2y$04$"));
        assert!(app.knows(App::PASSWORD));
        assert!(!app.env.store.dump().contains("$2y$"));
        assert!(app.env.store.dump().contains("$argon2id$"));
        assert!(app.knows(App::PASSWORD));
        assert!(!app.knows("wrong"));
    }

    #[test]
    fn hashing_anew_changes_neither_the_epoch_nor_when_the_password_was_set() {
        let app = with_foreign_hash();
        let before = app.env.store.bytes("v1:credential:ann");
        app.advance(60);
        let first = app.sign_in(App::EMAIL, App::PASSWORD).json();
        let second = app.sign_in(App::EMAIL, App::PASSWORD).json();
        assert_eq!(first, second);
        assert_eq!(app.env.store.bytes("v1:credential:ann"), before);
    }

    #[test]
    fn a_password_set_meanwhile_stays_and_the_old_one_is_dead() {
        let app = with_foreign_hash();
        let recovery = app.recover();
        let deferred = sign_in_slowly(&app, App::PASSWORD);
        let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
        block_on(after_response::run(&app.env, deferred));
        assert!(app.knows(App::NEW_PASSWORD));
        assert!(!app.knows(App::PASSWORD));
    }

    #[test]
    fn an_account_deleted_meanwhile_leaves_no_hash() {
        let app = with_foreign_hash();
        let deferred = sign_in_slowly(&app, App::PASSWORD);
        let delete = app.call("/v1/admin/users/ann", json!(null)).by("DELETE");
        let _ = app.make(&delete).expect(204);
        block_on(after_response::run(&app.env, deferred));
        assert!(!app.env.store().dump().contains("$argon2id$"));
        assert!(!app.env.store().dump().contains("$2y$"));
    }

    #[test]
    fn a_password_that_bcrypt_cuts_is_not_hashed_anew() {
        let app = App::default();
        let digits = "0123456789".repeat(9);
        let _ = import(
            &app,
            "$2b$04$rehashrehashrehashrehuw7esdNsJKzSRRumaVGXjC5pLP3KCYJu",
        )
        .expect(201);
        assert!(app.knows(&format!("{digits} with a slip at the end")));
        assert!(app.knows(&digits));
        assert!(app.env.store.dump().contains("$2b$"));
    }

    #[test]
    fn two_sign_ins_at_once_leave_one_good_hash() {
        let app = with_foreign_hash();
        let (one, other) = (
            sign_in_slowly(&app, App::PASSWORD),
            sign_in_slowly(&app, App::PASSWORD),
        );
        block_on(after_response::run(&app.env, one));
        block_on(after_response::run(&app.env, other));
        assert!(app.knows(App::PASSWORD));
        assert!(!app.env.store.dump().contains("$2y$"));
    }

    #[test]
    fn a_foreign_hash_costs_no_round_trip_more() {
        let app = with_foreign_hash();
        let _ = app.env.store.take_round_trips();
        let deferred = sign_in_slowly(&app, App::PASSWORD);
        assert!(app.env.store.take_round_trips() <= 4);
        assert!(!deferred.is_empty());
    }

    #[test]
    fn a_failed_store_only_puts_the_new_hash_off() {
        let app = with_foreign_hash();
        let deferred = sign_in_slowly(&app, App::PASSWORD);
        app.env.store.fail_after(Some(0));
        block_on(after_response::run(&app.env, deferred));
        app.env.store.fail_after(None);
        assert!(app.knows(App::PASSWORD));
        assert!(!app.env.store.dump().contains("$2y$"));
    }
}
