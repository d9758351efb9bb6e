//! `/v1/admin/events…`: one file per call.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::base::timestamp::Timestamp;
use crate::http::problem::Problem;
use crate::http::query::Query;
use crate::http::request::Request;
use crate::model::event::EventType;
use crate::model::id::AccountId;
use crate::store::event_feed::cursor::Cursor;
use crate::store::event_feed::filter::Filter;
use crate::store::event_log::Recorded;

pub mod export;
pub mod heads;
pub mod list;

/// A page of events, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(in crate::http) struct EventPage {
    pub(super) events: Vec<EventShown>,
    /// Cursor for older events.
    pub(super) next_cursor: Option<String>,
}

/// An event. It has digests once it is in the feed of all events.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(rename = "Event"))]
pub(in crate::http) struct EventShown {
    #[serde(flatten)]
    #[cfg_attr(test, schemars(with = "crate::http::openapi::EventMembers"))]
    members: Map<String, Value>,
    /// SHA-256 of `previous_digest` and the event, in hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    /// The digest of the account's previous event in the feed, or 64 zeros for the first one.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_digest: Option<String>,
}

/// An event as the API shows it. It has digests once it is in the feed of all events.
pub(super) fn shape(recorded: &Recorded) -> EventShown {
    let link = recorded.link.as_ref();
    EventShown {
        members: recorded.event.shown(recorded.place.sequence),
        digest: link.map(|link| link.digest.hex()),
        previous_digest: link.map(|link| link.previous.hex()),
    }
}

/// The requested events.
struct Asked {
    filter: Filter,
    /// Only the events of one account. They have numbers, and cursors of their own.
    account: Option<AccountId>,
    limit: Option<i64>,
    query: Query,
}

impl Asked {
    fn read(request: &Request, max_limit: i64) -> Result<Self, Problem> {
        let known = [
            "type", "actor", "user_id", "since", "until", "limit", "cursor",
        ];
        let query = request.query(&known)?;
        let time = |text: &str| {
            Timestamp::parse(text)
                .ok_or("must be an RFC 3339 time, such as 2026-11-23T09:00:00Z, or a date")
        };
        let filter = Filter {
            kind: query.parsed("type", |text| {
                EventType::parse(text).ok_or("must be an event type")
            })?,
            actor: query.text("actor").map(str::to_owned),
            since: query.parsed("since", time)?,
            until: query.parsed("until", time)?,
        };
        let account = query.parsed("user_id", |text| {
            AccountId::parse(text).map_err(|_| "must be a user ID")
        })?;
        Ok(Self {
            filter,
            account,
            limit: query.number("limit", 1..=max_limit)?,
            query,
        })
    }

    fn feed_cursor(&self) -> Result<Option<Cursor>, Problem> {
        self.query.parsed("cursor", |text| {
            Cursor::parse(text).ok_or("must be the next_cursor from an earlier page")
        })
    }

    /// The same request from a cursor on, as a link (RFC 8288).
    fn link_to(&self, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.query.iter().filter(|(name, _)| *name != "cursor") {
            query.append_pair(name, value);
        }
        let query = query.append_pair("cursor", cursor).finish();
        format!("</v1/admin/events/export?{query}>; rel=\"next\"")
    }

    fn account_cursor(&self) -> Result<Option<i64>, Problem> {
        self.query.number("cursor", 1..=i64::MAX)
    }
}
