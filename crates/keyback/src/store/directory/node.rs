//! The records of the tree, as they are stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The accounts with a term that begins with one text: split by the next part of it, or all of them if they are few.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Node {
    Inner {
        /// By the next part of the text: no two begin with the same character.
        children: BTreeMap<String, u64>,
        /// All accounts with a term that begins with the text, by their state.
        lists: BTreeMap<u8, Numbers>,
    },
    Leaf(Vec<Entry>),
}

/// A term of an account in a leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry(pub(super) String, pub(super) i64, pub(super) u8);

impl Default for Node {
    fn default() -> Self {
        Self::Inner {
            children: BTreeMap::new(),
            lists: BTreeMap::new(),
        }
    }
}

/// Account numbers in ascending order, none twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Numbers {
    Few(Vec<i64>),
    Many(Vec<Part>),
}

/// One part of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Its name in the store.
    #[serde(rename = "i")]
    pub(super) id: u64,
    /// Its first number. All from here to the next part's first belong to it.
    #[serde(rename = "f")]
    pub(super) first: i64,
    #[serde(rename = "n")]
    pub(super) count: usize,
}

impl Default for Numbers {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}
