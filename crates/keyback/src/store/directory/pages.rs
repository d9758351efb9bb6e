//! The records of the directory that are read or changed together. Each is read once, and written once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::listing::Listing;
use crate::ports::{KeyValue, Unavailable};
use crate::store::directory::node::Node;
use crate::store::keys::{self, AnyKey, Key};
use crate::store::record;

/// How many accounts' listings are in one record.
const LISTINGS: i64 = 32;

/// The records read so far, and the pending writes.
#[derive(Debug)]
pub(super) struct Pages<'s, S> {
    store: &'s S,
    next_id: u64,
    nodes: BTreeMap<u64, Node>,
    parts: BTreeMap<u64, Vec<i64>>,
    listings: BTreeMap<i64, BTreeMap<i64, Listing>>,
    changed: BTreeSet<Name>,
    gone: BTreeSet<Name>,
}

/// The result of changes to the directory.
#[derive(Debug)]
pub(super) struct Finished {
    /// To be written at once.
    pub(super) writes: Vec<(Key, Vec<u8>)>,
    /// To be deleted after that.
    pub(super) gone: Vec<AnyKey>,
}

/// The name of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Node(u64),
    Part(u64),
    Listings(i64),
}

impl Name {
    fn key(self) -> Key {
        match self {
            Self::Node(id) => keys::directory_node(id),
            Self::Part(id) => keys::directory_part(id),
            Self::Listings(chunk) => keys::directory_listings(chunk),
        }
    }
}

/// Numbers as they are stored: each as its distance from the previous one.
#[derive(Serialize, Deserialize)]
struct Distances(Vec<i64>);

impl Distances {
    fn of(numbers: &[i64]) -> Self {
        let before = std::iter::once(&0).chain(numbers);
        let distances = numbers.iter().zip(before);
        Self(
            distances
                .map(|(it, before)| it.saturating_sub(*before))
                .collect(),
        )
    }

    fn numbers(self) -> Vec<i64> {
        let mut last = 0_i64;
        let add = |distance: i64| {
            last = last.saturating_add(distance);
            last
        };
        self.0.into_iter().map(add).collect()
    }
}

impl<'s, S: KeyValue> Pages<'s, S> {
    /// `next_id` names the next record to be added.
    pub(super) const fn new(store: &'s S, next_id: u64) -> Self {
        Self {
            store,
            next_id,
            nodes: BTreeMap::new(),
            parts: BTreeMap::new(),
            listings: BTreeMap::new(),
            changed: BTreeSet::new(),
            gone: BTreeSet::new(),
        }
    }

    pub(super) const fn next_id(&self) -> u64 {
        self.next_id
    }

    fn draw_id(&mut self) -> u64 {
        self.next_id = self.next_id.saturating_add(1);
        self.next_id
    }

    /// The node `id`; one that was never written is empty.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn node(&mut self, id: u64) -> Result<Node, Unavailable> {
        if let Some(node) = self.nodes.get(&id) {
            return Ok(node.clone());
        }
        let found: Option<Node> = record::find(self.store, &keys::directory_node(id)).await?;
        let node = found.unwrap_or_default();
        self.nodes.insert(id, node.clone());
        Ok(node)
    }

    /// Takes the node `id` out, to be put back.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn take_node(&mut self, id: u64) -> Result<Node, Unavailable> {
        match self.nodes.remove(&id) {
            Some(node) => Ok(node),
            None => self.node(id).await,
        }
    }

    pub(super) fn put_node(&mut self, id: u64, node: Node) {
        self.nodes.insert(id, node);
        self.changed.insert(Name::Node(id));
    }

    pub(super) fn add_node(&mut self, node: Node) -> u64 {
        let id = self.draw_id();
        self.put_node(id, node);
        id
    }

    pub(super) fn drop_node(&mut self, id: u64) {
        self.changed.remove(&Name::Node(id));
        self.gone.insert(Name::Node(id));
    }

    /// The numbers of the part `id`.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn part(&mut self, id: u64) -> Result<Vec<i64>, Unavailable> {
        if let Some(numbers) = self.parts.get(&id) {
            return Ok(numbers.clone());
        }
        let found: Option<Distances> = record::find(self.store, &keys::directory_part(id)).await?;
        let numbers = found.map(Distances::numbers).unwrap_or_default();
        self.parts.insert(id, numbers.clone());
        Ok(numbers)
    }

    /// Takes the numbers of the part `id` out, to be put back or kept.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn take_part(&mut self, id: u64) -> Result<Vec<i64>, Unavailable> {
        match self.parts.remove(&id) {
            Some(numbers) => Ok(numbers),
            None => self.part(id).await,
        }
    }

    /// Puts numbers back that were not changed.
    pub(super) fn keep_part(&mut self, id: u64, numbers: Vec<i64>) {
        self.parts.insert(id, numbers);
    }

    pub(super) fn put_part(&mut self, id: u64, numbers: Vec<i64>) {
        self.parts.insert(id, numbers);
        self.changed.insert(Name::Part(id));
    }

    pub(super) fn add_part(&mut self, numbers: Vec<i64>) -> u64 {
        let id = self.draw_id();
        self.put_part(id, numbers);
        id
    }

    pub(super) fn drop_part(&mut self, id: u64) {
        self.changed.remove(&Name::Part(id));
        self.gone.insert(Name::Part(id));
    }

    /// The listing under which the directory has the account with this number.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn listing(&mut self, number: i64) -> Result<Option<Listing>, Unavailable> {
        let chunk = chunk_of(number);
        if !self.listings.contains_key(&chunk) {
            let found = record::find(self.store, &keys::directory_listings(chunk)).await?;
            self.listings.insert(chunk, found.unwrap_or_default());
        }
        let listings = self.listings.get(&chunk);
        Ok(listings.and_then(|it| it.get(&number)).cloned())
    }

    /// Sets the account's listing in the directory. [`Pages::listing`] must have read it before.
    pub(super) fn put_listing(&mut self, number: i64, listing: Option<Listing>) {
        let chunk = chunk_of(number);
        let listings = self.listings.entry(chunk).or_default();
        match listing {
            Some(listing) => listings.insert(number, listing),
            None => listings.remove(&number),
        };
        let name = Name::Listings(chunk);
        if listings.is_empty() {
            self.changed.remove(&name);
            self.gone.insert(name);
        } else {
            self.gone.remove(&name);
            self.changed.insert(name);
        }
    }

    /// The writes, and the keys that may be deleted after them.
    ///
    /// # Errors
    /// [`Unavailable::Record`].
    pub(super) fn finish(self) -> Result<Finished, Unavailable> {
        let mut writes = Vec::new();
        for name in &self.changed {
            let bytes = match name {
                Name::Node(id) => self.nodes.get(id).map(record::encode),
                Name::Part(id) => {
                    let numbers = self.parts.get(id);
                    numbers.map(|it| record::encode(&Distances::of(it)))
                }
                Name::Listings(chunk) => self.listings.get(chunk).map(record::encode),
            };
            if let Some(bytes) = bytes {
                writes.push((name.key(), bytes?));
            }
        }
        let gone = self.gone.into_iter().map(|name| name.key().into());
        Ok(Finished {
            writes,
            gone: gone.collect(),
        })
    }
}

fn chunk_of(number: i64) -> i64 {
    number.div_euclid(LISTINGS)
}
