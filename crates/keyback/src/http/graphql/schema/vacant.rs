//! Types that Keyback has no values of: clients may ask for them, and every list of them is empty.

#![expect(
    unreachable_code,
    reason = "what the macro makes of a field that nothing has"
)]

use async_graphql::{Enum, ID, Object, OutputType};

use super::connection::{Connection, Edge, PageArgs};
use super::scalars::DateTime;
use super::user::User;

/// A group of users. There are none.
#[derive(Debug)]
pub(super) enum Group {}

/// A role of users. There are none.
#[derive(Debug)]
pub(super) enum Role {}

/// A session. There are none: the portal manages sessions, and Keyback tells it when they must end.
#[derive(Debug)]
pub(super) enum Session {}

/// An authorization of another app. There are none.
#[derive(Debug)]
pub(super) enum Authorization {}

/// How a session was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum SessionType {
    /// With a cookie.
    #[graphql(name = "IDP")]
    Idp,
    /// With a refresh token.
    OfflineGrant,
}

/// A group of users. There are none.
#[Object]
impl Group {
    /// When it was created.
    pub(super) async fn created_at(&self) -> DateTime {
        match *self {}
    }

    /// What it is for.
    async fn description(&self) -> Option<String> {
        match *self {}
    }

    /// The global ID.
    pub(super) async fn id(&self) -> ID {
        match *self {}
    }

    /// Its key, for programs.
    async fn key(&self) -> String {
        match *self {}
    }

    /// Its display name.
    async fn name(&self) -> Option<String> {
        match *self {}
    }

    /// Its roles.
    async fn roles(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<Role>> {
        Some(none(after, before, first, last))
    }

    /// When it was last changed.
    pub(super) async fn updated_at(&self) -> DateTime {
        match *self {}
    }

    /// Its users.
    async fn users(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<User>> {
        Some(none(after, before, first, last))
    }
}

/// A role of users. There are none.
#[Object]
impl Role {
    /// When it was created.
    pub(super) async fn created_at(&self) -> DateTime {
        match *self {}
    }

    /// What it is for.
    async fn description(&self) -> Option<String> {
        match *self {}
    }

    /// The groups that have it.
    async fn groups(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<Group>> {
        Some(none(after, before, first, last))
    }

    /// The global ID.
    pub(super) async fn id(&self) -> ID {
        match *self {}
    }

    /// Its key, for programs.
    async fn key(&self) -> String {
        match *self {}
    }

    /// Its display name.
    async fn name(&self) -> Option<String> {
        match *self {}
    }

    /// When it was last changed.
    pub(super) async fn updated_at(&self) -> DateTime {
        match *self {}
    }

    /// The users who have it.
    async fn users(
        &self,
        after: Option<String>,
        before: Option<String>,
        first: Option<i32>,
        last: Option<i32>,
    ) -> Option<Connection<User>> {
        Some(none(after, before, first, last))
    }
}

/// An empty page.
pub(super) fn none<T: OutputType>(
    after: Option<String>,
    before: Option<String>,
    first: Option<i32>,
    last: Option<i32>,
) -> Connection<T>
where
    Edge<T>: OutputType,
{
    let args = PageArgs {
        after,
        before,
        first,
        last,
    };
    Connection::of(Vec::new(), &args)
}

/// A session. There are none: the portal manages sessions, and Keyback tells it when they must end.
#[Object]
impl Session {
    /// No longer used.
    async fn acr(&self) -> Option<String> {
        match *self {}
    }

    /// How the user was authenticated.
    async fn amr(&self) -> Vec<String> {
        match *self {}
    }

    /// The name of the app.
    async fn application_name(&self) -> Option<String> {
        match *self {}
    }

    /// The client for which it was created.
    #[graphql(name = "clientID")]
    async fn client_id(&self) -> Option<String> {
        match *self {}
    }

    /// When it was created.
    pub(super) async fn created_at(&self) -> DateTime {
        match *self {}
    }

    /// The IP address from which it was created.
    #[graphql(name = "createdByIP")]
    async fn created_by_ip(&self) -> String {
        match *self {}
    }

    /// Its display name.
    async fn display_name(&self) -> String {
        match *self {}
    }

    /// The global ID.
    pub(super) async fn id(&self) -> ID {
        match *self {}
    }

    /// When it was last used.
    async fn last_accessed_at(&self) -> DateTime {
        match *self {}
    }

    /// The IP address from which it was last used.
    #[graphql(name = "lastAccessedByIP")]
    async fn last_accessed_by_ip(&self) -> String {
        match *self {}
    }

    /// The country of that address, as a code.
    #[graphql(name = "lastAccessedByIPCountryCode")]
    async fn last_accessed_by_ip_country_code(&self) -> String {
        match *self {}
    }

    /// The country of that address, in English.
    #[graphql(name = "lastAccessedByIPEnglishCountryName")]
    async fn last_accessed_by_ip_english_country_name(&self) -> String {
        match *self {}
    }

    /// How the session was started.
    #[graphql(name = "type")]
    async fn session_type(&self) -> SessionType {
        match *self {}
    }

    /// When it was last changed.
    pub(super) async fn updated_at(&self) -> DateTime {
        match *self {}
    }

    /// The browser's user agent.
    async fn user_agent(&self) -> Option<String> {
        match *self {}
    }
}

/// An authorization of another app. There are none.
#[Object]
impl Authorization {
    /// The app.
    #[graphql(name = "clientID")]
    async fn client_id(&self) -> String {
        match *self {}
    }

    /// When it was granted.
    pub(super) async fn created_at(&self) -> DateTime {
        match *self {}
    }

    /// The global ID.
    pub(super) async fn id(&self) -> ID {
        match *self {}
    }

    /// What the app may do.
    async fn scopes(&self) -> Vec<String> {
        match *self {}
    }

    /// When it was last changed.
    pub(super) async fn updated_at(&self) -> DateTime {
        match *self {}
    }
}
