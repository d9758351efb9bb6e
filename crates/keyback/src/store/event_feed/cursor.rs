//! Where a page of the feed begins.

use std::fmt;

use crate::base::timestamp::Timestamp;
use crate::store::event_feed::{Position, Rank};

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// In the feed.
    At(Position),
    /// After this one among the events that were not yet in the feed. The feed ended at the position.
    After(Rank, Position),
}

impl Cursor {
    /// Reads a cursor of an earlier page.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let position = Position {
            part: parts.next()?.parse().ok()?,
            index: parts.next()?.parse().ok()?,
        };
        let Some(at) = parts.next() else {
            return Some(Self::At(position));
        };
        let rank = Rank {
            at: Timestamp::from_unix_millis(at.parse().ok()?),
            sequence: parts.next()?.parse().ok()?,
            account: parts.next()?.to_owned(),
        };
        parts
            .next()
            .is_none()
            .then_some(Self::After(rank, position))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(Position { part, index }) => write!(f, "{part}.{index}"),
            Self::After(rank, Position { part, index }) => {
                let (at, sequence) = (rank.at.unix_millis(), rank.sequence);
                write!(f, "{part}.{index}.{at}.{sequence}.{}", rank.account)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for text in [
            "1.0",
            "7.256",
            "3.18446744073709551615",
            "2.9.1795424400987.12.0a1b2c3d",
        ] {
            assert_eq!(Cursor::parse(text).unwrap().to_string(), text);
        }
        for bad in [
            "",
            "1",
            "1.",
            "1.x",
            "-1.0",
            "1.2.3",
            "1.2.3.4",
            "1.2.3.4.a.b",
        ] {
            assert_eq!(Cursor::parse(bad), None, "{bad}");
        }
    }
}
