//! The end-to-end tests: black boxes that talk to the running app over real HTTP.
//!
//! `make test` runs them on the embedded host. With `KEYBACK_SPIN=/path/to/spin` (4.1 or later) they run unchanged on a
//! real Spin. With `KEYBACK_STORE=redis` the host keeps its store in Redis; with `outbound-redis` the components of
//! `spin-redis.toml` call Redis themselves. The modules mirror the URL tree; [`app`] starts what they talk to.
//!
//! Some tests wait a minute or two for the agenda and say so in their names (`slow_…`). Most of the others
//! wait for a child process too, so more test threads than cores make the run shorter.

mod app;
mod breaches;
mod broken_store;
mod clocks;
mod contract;
mod cors;
mod crash;
mod failed_attempts;
mod faults;
mod forgot_password_form;
mod grants;
mod graphql;
mod journey;
mod killed;
mod leaks;
mod links;
mod look_alikes;
mod mails;
mod misconfigured;
mod next_call;
mod overload;
mod people;
mod portal_events;
mod prepare_store;
mod problems;
mod races;
mod readme;
mod redis;
mod redis_build;
mod refusals;
mod segments;
mod stalled_store;
mod store_format;
mod supply_chain;
mod trusted_proxy;
mod unwritable_log;
mod v1;
