//! The schema: Authgear's names, types and defaults. What each field means is its doc comment, which clients read as well.
//! `docs/admin.graphql` is printed from it.

use std::sync::OnceLock;

use async_graphql::{EmptySubscription, Schema};

mod by_last_login;
mod connection;
mod inputs;
mod mutation;
mod node;
mod page;
mod query;
mod scalars;
pub(super) mod user;
mod vacant;

pub(super) use mutation::Mutation;
pub(super) use query::Query;

/// The schema with its resolvers.
pub(super) type AdminSchema = Schema<Query, Mutation, EmptySubscription>;

/// How deep selections may be nested, fragments included. Requests that go deeper were refused before.
const LEVELS: usize = 64;

/// The schema, which is built by the first request of an instance.
pub(super) fn schema() -> &'static AdminSchema {
    static SCHEMA: OnceLock<AdminSchema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        Schema::build(Query, Mutation, EmptySubscription)
            .register_output_type::<node::Entity>()
            .limit_recursive_depth(LEVELS)
            .finish()
    })
}
