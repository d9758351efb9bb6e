//! Keeping Keyback's own hash of a right password in place of one made elsewhere.

use crate::model::credential::Credential;
use crate::model::id::AccountId;
use crate::model::imported_hash::ImportedHash;
use crate::model::password::PasswordHash;
use crate::ports::{KeyValue, Outage};
use crate::store::{keys, record};

/// A newer hash of a right password, whose hash was not one of Keyback's own.
#[derive(Debug, PartialEq, Eq)]
pub struct Rehash {
    /// Whose.
    pub account_id: AccountId,
    /// The stand-in for the hash that its credential was given.
    pub stand_in: PasswordHash,
    /// What stood beside the credential.
    pub imported: Option<ImportedHash>,
    /// The newer hash.
    pub hash: PasswordHash,
}

/// Stores the hash beside the credential, never in it: if somebody sets a new password at the same time, what is
/// written here counts for nothing.
pub(super) async fn run(store: &impl KeyValue, rehash: Rehash) -> Result<(), Outage> {
    let id = &rehash.account_id;
    let (credential_key, imported_key) = (keys::credential(id), keys::imported_hash(id));
    let (credential, imported) = futures::join!(
        record::find::<Credential>(store, &credential_key),
        record::find::<ImportedHash>(store, &imported_key),
    );
    let is_current =
        credential?.is_some_and(|credential| credential.hash.stand_in() == rehash.stand_in);
    if is_current && imported? == rehash.imported {
        let newer = ImportedHash {
            of: rehash.stand_in,
            hash: rehash.hash,
        };
        let writes = vec![(imported_key, record::encode(&newer)?)];
        store.set_many(writes).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    /// Signs in and leaves what follows to the test.
    fn sign_in_slowly(app: &App, password: &str) -> crate::flow::afterwards::Afterwards {
        let body = json!({"email": App::EMAIL, "password": password});
        let (reply, afterwards) = app.answer(&app.call("/v1/sign-in", body));
        let _ = reply.expect(200);
        afterwards
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
        let afterwards = sign_in_slowly(&app, App::PASSWORD);
        let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
        block_on(afterwards.run(&app.env));
        assert!(app.knows(App::NEW_PASSWORD));
        assert!(!app.knows(App::PASSWORD));
    }

    #[test]
    fn what_is_left_of_an_older_password_goes_at_the_next_sign_in() {
        let app = with_foreign_hash();
        let recovery = app.recover();
        let _ = app.reset(&recovery.link, App::NEW_PASSWORD).expect(204);
        assert!(app.env.store.bytes("v1:imported-hash:ann").is_some());
        assert!(app.knows(App::NEW_PASSWORD));
        assert_eq!(app.env.store.bytes("v1:imported-hash:ann"), None);
    }

    #[test]
    fn an_account_deleted_meanwhile_leaves_no_hash() {
        let app = with_foreign_hash();
        let afterwards = sign_in_slowly(&app, App::PASSWORD);
        let delete = app.call("/v1/admin/users/ann", json!(null)).by("DELETE");
        let _ = app.make(&delete).expect(204);
        block_on(afterwards.run(&app.env));
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
        block_on(one.run(&app.env));
        block_on(other.run(&app.env));
        assert!(app.knows(App::PASSWORD));
        assert!(!app.env.store.dump().contains("$2y$"));
    }

    #[test]
    fn a_foreign_hash_costs_no_round_trip_more() {
        let app = with_foreign_hash();
        let _ = app.env.store.take_round_trips();
        let afterwards = sign_in_slowly(&app, App::PASSWORD);
        assert!(app.env.store.take_round_trips() <= 4);
        assert!(!afterwards.is_nothing());
    }

    #[test]
    fn a_failed_store_only_puts_the_new_hash_off() {
        let app = with_foreign_hash();
        let afterwards = sign_in_slowly(&app, App::PASSWORD);
        app.env.store.fail_after(Some(0));
        block_on(afterwards.run(&app.env));
        app.env.store.fail_after(None);
        assert!(app.knows(App::PASSWORD));
        assert!(!app.env.store.dump().contains("$2y$"));
    }
}
