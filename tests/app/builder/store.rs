//! Where apps keep what they store.

use std::{env, path::PathBuf};

use super::{OUTBOUND_PREFIX, workspace};
use crate::app::redis::Database;

/// Where an app keeps what it stores.
#[derive(Clone)]
pub(in crate::app) enum Store {
    /// The file of the default store.
    File,
    Redis(Database),
    /// The same, but the components call it themselves.
    OutboundRedis(Database),
}

impl Store {
    pub(super) fn new() -> Self {
        match StoreKind::chosen() {
            StoreKind::File => Self::File,
            StoreKind::Redis => Self::Redis(Database::of_all("")),
            StoreKind::OutboundRedis => Self::OutboundRedis(Database::of_all(OUTBOUND_PREFIX)),
        }
    }
}

/// The value of the tests' variable `KEYBACK_STORE`: where all apps keep what they store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    File,
    /// `redis`: the host's store is in Redis.
    Redis,
    /// `outbound-redis`: the components of `spin-redis.toml` call Redis themselves.
    OutboundRedis,
}

impl StoreKind {
    /// Whether it is a file. If not, prints that the test is skipped.
    pub(crate) fn is_file() -> bool {
        let is_file = Self::chosen() == Self::File;
        if !is_file {
            eprintln!("not tried: the store is no file");
        }
        is_file
    }

    /// Whether it is a store of the host's. If not, prints that the test is skipped.
    pub(crate) fn is_of_host() -> bool {
        let is_of_host = Self::chosen() != Self::OutboundRedis;
        if !is_of_host {
            eprintln!("not tried: the store is none of the host's");
        }
        is_of_host
    }

    pub(crate) fn chosen() -> Self {
        match env::var("KEYBACK_STORE").as_deref() {
            Err(_) | Ok("") => Self::File,
            Ok("redis") => Self::Redis,
            Ok("outbound-redis") => Self::OutboundRedis,
            Ok(other) => {
                panic!("KEYBACK_STORE may be `redis` or `outbound-redis`, not `{other}`")
            }
        }
    }

    /// The manifest of the components that use it.
    pub(super) fn manifest(self) -> PathBuf {
        workspace().join(match self {
            Self::File | Self::Redis => "spin.toml",
            Self::OutboundRedis => "spin-redis.toml",
        })
    }
}
