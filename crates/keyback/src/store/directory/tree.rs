//! The tree of beginnings: which accounts have a term that begins with a text, in order of their numbers.
//!
//! It is a radix tree over the terms of all accounts. An inner node represents a text, and lists the numbers of all
//! accounts with a term that begins with it, one list per state. A leaf is shared by a few terms, and stores the rest
//! of each. A leaf that grows too large becomes an inner node. So a page of the matches of any text is read along one
//! path, whatever the number of accounts.

use std::collections::BTreeMap;

use crate::model::listing::{AccountState, Listing, StateFilter};
use crate::ports::{KeyValue, Unavailable};
use crate::store::directory::node::{Entry, Node, Numbers};
use crate::store::directory::numbers::From;
use crate::store::directory::pages::Pages;

/// The node of the empty text.
const ROOT: u64 = 0;
/// How many terms share a leaf at most: about two kilobytes.
const LEAF: usize = 48;

/// The child for `rest`, with its label.
fn child_for(children: &BTreeMap<String, u64>, rest: &str) -> Option<(String, u64)> {
    let first = rest.chars().next()?;
    let (label, id) = children.range(first.to_string()..).next()?;
    label.starts_with(first).then(|| (label.clone(), *id))
}

/// The length of their common beginning. Terms are ASCII.
fn common(one: &str, other: &str) -> usize {
    let pairs = one.bytes().zip(other.bytes());
    pairs.take_while(|(one, other)| one == other).count()
}

/// The text after the first `count` bytes.
fn after(text: &str, count: usize) -> &str {
    text.get(count..).unwrap_or("")
}

fn before(text: &str, count: usize) -> &str {
    text.get(..count).unwrap_or(text)
}

/// Adds an account under all its terms.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn insert<S: KeyValue>(
    pages: &mut Pages<'_, S>,
    number: i64,
    listing: &Listing,
) -> Result<(), Unavailable> {
    for term in listing.terms() {
        insert_term(pages, number, &term, listing.state.into()).await?;
    }
    Ok(())
}

async fn insert_term<S: KeyValue>(
    pages: &mut Pages<'_, S>,
    number: i64,
    term: &str,
    state: u8,
) -> Result<(), Unavailable> {
    let (mut id, mut rest) = (ROOT, term);
    let mut parent = None;
    loop {
        match pages.take_node(id).await? {
            Node::Leaf(mut entries) => {
                let entry = Entry(rest.to_owned(), number, state);
                if !entries.contains(&entry) {
                    entries.push(entry);
                }
                match parent {
                    Some((parent, label)) if entries.len() > LEAF => {
                        return burst(pages, parent, label, id, entries).await;
                    }
                    _ => pages.put_node(id, Node::Leaf(entries)),
                }
                return Ok(());
            }
            Node::Inner {
                mut children,
                mut lists,
            } => {
                lists
                    .entry(state)
                    .or_default()
                    .insert(pages, number)
                    .await?;
                if rest.is_empty() {
                    pages.put_node(id, Node::Inner { children, lists });
                    return Ok(());
                }
                let (label, next) = child_towards(pages, &mut children, rest).await?;
                pages.put_node(id, Node::Inner { children, lists });
                rest = after(rest, label.len());
                parent = Some((id, label));
                id = next;
            }
        }
    }
}

/// The child under which a term that continues with `rest` belongs, with its label. It is created if there is none.
async fn child_towards<S: KeyValue>(
    pages: &mut Pages<'_, S>,
    children: &mut BTreeMap<String, u64>,
    rest: &str,
) -> Result<(String, u64), Unavailable> {
    let Some((label, child)) = child_for(children, rest) else {
        // One character leads to a leaf, so every term that starts with it goes there.
        let label = before(rest, 1).to_owned();
        let leaf = pages.add_node(Node::Leaf(Vec::new()));
        children.insert(label.clone(), leaf);
        return Ok((label, leaf));
    };
    let shared = common(&label, rest);
    if shared == label.len() {
        return Ok((label, child));
    }
    // The term branches off before the end of the label.
    children.remove(&label);
    let label_before = before(&label, shared).to_owned();
    let between = split(pages, after(&label, shared), child).await?;
    children.insert(label_before.clone(), between);
    Ok((label_before, between))
}

/// Inserts a node on the path to `child`. From there, `label` leads to the child.
async fn split<S: KeyValue>(
    pages: &mut Pages<'_, S>,
    label: &str,
    child: u64,
) -> Result<u64, Unavailable> {
    let mut copies = BTreeMap::new();
    if let Node::Inner { lists, .. } = pages.node(child).await? {
        for (state, numbers) in lists {
            copies.insert(state, numbers.copy(pages).await?);
        }
    }
    Ok(pages.add_node(Node::Inner {
        children: BTreeMap::from([(label.to_owned(), child)]),
        lists: copies,
    }))
}

/// Turns a leaf that has grown too large into an inner node. It represents everything that its terms have in common, so
/// the label that leads to it grows.
async fn burst<S: KeyValue>(
    pages: &mut Pages<'_, S>,
    parent: u64,
    label: String,
    id: u64,
    entries: Vec<Entry>,
) -> Result<(), Unavailable> {
    let first = entries.first().map(|it| it.0.clone()).unwrap_or_default();
    let shared = entries
        .iter()
        .fold(first.len(), |shared, it| shared.min(common(&first, &it.0)));
    let mut numbers: BTreeMap<u8, Vec<i64>> = BTreeMap::new();
    let mut leaves: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for Entry(term, number, state) in entries {
        numbers.entry(state).or_default().push(number);
        let rest = after(&term, shared);
        if !rest.is_empty() {
            let leaf = leaves.entry(before(rest, 1).to_owned()).or_default();
            leaf.push(Entry(after(rest, 1).to_owned(), number, state));
        }
    }
    let mut lists = BTreeMap::new();
    for (state, mut numbers) in numbers {
        numbers.sort_unstable();
        numbers.dedup();
        lists.insert(state, Numbers::of(pages, numbers));
    }
    let children = leaves
        .into_iter()
        .map(|(label, entries)| (label, pages.add_node(Node::Leaf(entries))))
        .collect();
    pages.put_node(id, Node::Inner { children, lists });
    if shared > 0
        && let Node::Inner {
            mut children,
            lists,
        } = pages.take_node(parent).await?
    {
        children.remove(&label);
        children.insert(format!("{label}{}", before(&first, shared)), id);
        pages.put_node(parent, Node::Inner { children, lists });
    }
    Ok(())
}

/// Removes an account from all its terms.
///
/// # Errors
/// [`Unavailable`] of the store.
pub(super) async fn remove<S: KeyValue>(
    pages: &mut Pages<'_, S>,
    number: i64,
    listing: &Listing,
) -> Result<(), Unavailable> {
    for term in listing.terms() {
        remove_term(pages, number, &term, listing.state.into()).await?;
    }
    Ok(())
}

async fn remove_term<S: KeyValue>(
    pages: &mut Pages<'_, S>,
    number: i64,
    term: &str,
    state: u8,
) -> Result<(), Unavailable> {
    let (mut id, mut rest) = (ROOT, term);
    let mut path = Vec::new();
    let mut is_empty = loop {
        match pages.take_node(id).await? {
            Node::Leaf(mut entries) => {
                entries.retain(|it| (it.0.as_str(), it.1, it.2) != (rest, number, state));
                let is_empty = entries.is_empty();
                pages.put_node(id, Node::Leaf(entries));
                break is_empty;
            }
            Node::Inner {
                children,
                mut lists,
            } => {
                if let Some(numbers) = lists.get_mut(&state) {
                    numbers.remove(pages, number).await?;
                    if numbers.is_empty() {
                        lists.remove(&state);
                    }
                }
                let is_empty = children.is_empty() && lists.is_empty();
                let next = child_for(&children, rest).filter(|(label, _)| rest.starts_with(label));
                pages.put_node(id, Node::Inner { children, lists });
                let Some((label, child)) = next else {
                    break is_empty;
                };
                rest = after(rest, label.len());
                path.push((id, label));
                id = child;
            }
        }
    };
    // Nodes that have become empty are removed, from the bottom up.
    while is_empty && let Some((parent, label)) = path.pop() {
        pages.drop_node(id);
        is_empty = false;
        if let Node::Inner {
            mut children,
            lists,
        } = pages.take_node(parent).await?
        {
            children.remove(&label);
            is_empty = children.is_empty() && lists.is_empty();
            pages.put_node(parent, Node::Inner { children, lists });
        }
        id = parent;
    }
    Ok(())
}

/// The accounts with a term that begins with a text, in the states that match.
#[derive(Debug, Default)]
pub(super) struct Matches {
    lists: Vec<Numbers>,
}

impl Matches {
    /// The matches for `beginning`.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn find<S: KeyValue>(
        pages: &mut Pages<'_, S>,
        beginning: &str,
        filter: StateFilter,
    ) -> Result<Self, Unavailable> {
        let (mut id, mut rest) = (ROOT, beginning);
        loop {
            match pages.node(id).await? {
                Node::Leaf(entries) => {
                    let found = entries.into_iter().filter(|Entry(term, _, state)| {
                        term.starts_with(rest) && filter.accepts(AccountState::from(*state))
                    });
                    let mut numbers: Vec<i64> = found.map(|it| it.1).collect();
                    numbers.sort_unstable();
                    numbers.dedup();
                    let lists = vec![Numbers::Few(numbers)];
                    return Ok(Self { lists });
                }
                Node::Inner { children, lists } => {
                    if rest.is_empty() {
                        let sought = lists
                            .into_iter()
                            .filter(|(state, _)| filter.accepts(AccountState::from(*state)));
                        let lists = sought.map(|(_, numbers)| numbers).collect();
                        return Ok(Self { lists });
                    }
                    match child_for(&children, rest) {
                        Some((label, child)) if rest.starts_with(&label) => {
                            rest = after(rest, label.len());
                            id = child;
                        }
                        // Everything below begins with the label, and so with the rest.
                        Some((label, child)) if label.starts_with(rest) => {
                            rest = "";
                            id = child;
                        }
                        _ => return Ok(Self::default()),
                    }
                }
            }
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.lists.iter().map(Numbers::count).sum()
    }

    /// The first `count` of them, taken `from`, in that order.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn take<S: KeyValue>(
        &self,
        pages: &mut Pages<'_, S>,
        from: From,
        count: usize,
    ) -> Result<Vec<i64>, Unavailable> {
        let mut taken = Vec::new();
        for numbers in &self.lists {
            taken.extend(numbers.take(pages, from, count).await?);
        }
        from.sort(&mut taken);
        taken.truncate(count);
        Ok(taken)
    }
}
