//! An ordered set of account numbers, in parts of a bounded size.

use crate::ports::{KeyValue, Unavailable};
use crate::store::directory::node::{Numbers, Part};
use crate::store::directory::pages::Pages;

/// How many numbers fit into the record itself. More are moved to parts.
const FEW: usize = 64;
/// The most numbers in a part: about a kilobyte if they are close together.
const PART: usize = 512;

/// The direction and the starting point of a walk over numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// Descending, all below this.
    Below(i64),
    /// Ascending, all above this.
    Above(i64),
}

impl From {
    /// Whether the walk includes `number`.
    pub(super) const fn reaches(self, number: i64) -> bool {
        match self {
            Self::Below(bound) => number < bound,
            Self::Above(bound) => number > bound,
        }
    }

    /// Puts numbers in the order of the walk.
    pub(super) fn sort(self, numbers: &mut [i64]) {
        numbers.sort_unstable();
        if matches!(self, Self::Below(_)) {
            numbers.reverse();
        }
    }
}

impl Numbers {
    /// All of `numbers`, which are sorted.
    pub(super) fn of<S: KeyValue>(pages: &mut Pages<'_, S>, numbers: Vec<i64>) -> Self {
        if numbers.len() <= FEW {
            return Self::Few(numbers);
        }
        let parts = numbers.chunks(PART).filter_map(|chunk| {
            let first = *chunk.first()?;
            Some(Part {
                id: pages.add_part(chunk.to_vec()),
                first,
                count: chunk.len(),
            })
        });
        Self::Many(parts.collect())
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        match self {
            Self::Few(numbers) => numbers.len(),
            Self::Many(parts) => parts.iter().map(|part| part.count).sum(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count() == 0
    }

    /// Adds `number`, unless it is there.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn insert<S: KeyValue>(
        &mut self,
        pages: &mut Pages<'_, S>,
        number: i64,
    ) -> Result<(), Unavailable> {
        match self {
            Self::Few(numbers) => {
                if let Err(place) = numbers.binary_search(&number) {
                    numbers.insert(place, number);
                }
                if numbers.len() > FEW {
                    *self = Self::of(pages, std::mem::take(numbers));
                }
            }
            Self::Many(parts) => {
                let place = place_of(parts, number);
                let is_last = place.saturating_add(1) == parts.len();
                let Some(part) = parts.get_mut(place) else {
                    return Ok(());
                };
                let mut numbers = pages.take_part(part.id).await?;
                let Err(at) = numbers.binary_search(&number) else {
                    pages.keep_part(part.id, numbers);
                    return Ok(());
                };
                // New accounts come last, so a full part stays full.
                let rest = if is_last && at == numbers.len() && at >= PART {
                    vec![number]
                } else {
                    numbers.insert(at, number);
                    let half = (numbers.len() > PART).then_some(PART / 2);
                    half.map_or_else(Vec::new, |half| numbers.split_off(half))
                };
                part.first = numbers.first().copied().unwrap_or(part.first);
                part.count = numbers.len();
                pages.put_part(part.id, numbers);
                if let Some(first) = rest.first().copied() {
                    let count = rest.len();
                    let id = pages.add_part(rest);
                    parts.insert(place.saturating_add(1), Part { id, first, count });
                }
            }
        }
        Ok(())
    }

    /// Removes `number`, if it is there.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn remove<S: KeyValue>(
        &mut self,
        pages: &mut Pages<'_, S>,
        number: i64,
    ) -> Result<(), Unavailable> {
        match self {
            Self::Few(numbers) => numbers.retain(|it| *it != number),
            Self::Many(parts) => {
                let place = place_of(parts, number);
                let Some(part) = parts.get_mut(place) else {
                    return Ok(());
                };
                let mut numbers = pages.part(part.id).await?;
                let Ok(at) = numbers.binary_search(&number) else {
                    return Ok(());
                };
                numbers.remove(at);
                part.count = numbers.len();
                if numbers.is_empty() {
                    pages.drop_part(part.id);
                    parts.remove(place);
                    if parts.is_empty() {
                        *self = Self::default();
                    }
                } else {
                    part.first = numbers.first().copied().unwrap_or(part.first);
                    pages.put_part(part.id, numbers);
                }
            }
        }
        Ok(())
    }

    /// A copy with its own parts.
    ///
    /// # Errors
    /// [`Unavailable`] of the store.
    pub(super) async fn copy<S: KeyValue>(
        &self,
        pages: &mut Pages<'_, S>,
    ) -> Result<Self, Unavailable> {
        let Self::Many(parts) = self else {
            return Ok(self.clone());
        };
        let mut copies = Vec::new();
        for part in parts {
            let numbers = pages.part(part.id).await?;
            let id = pages.add_part(numbers);
            copies.push(Part { id, ..*part });
        }
        Ok(Self::Many(copies))
    }

    /// The first `count` of them, walking `from`, in that order.
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
        match self {
            Self::Few(numbers) => taken.extend(numbers.iter().filter(|it| from.reaches(**it))),
            Self::Many(parts) => {
                let (From::Below(bound) | From::Above(bound)) = from;
                let place = place_of(parts, bound);
                let (before, after) = parts.split_at(place.min(parts.len()));
                let ways: Vec<&Part> = match from {
                    From::Above(_) => after.iter().collect(),
                    From::Below(_) => after
                        .first()
                        .into_iter()
                        .chain(before.iter().rev())
                        .collect(),
                };
                for part in ways {
                    if taken.len() >= count {
                        break;
                    }
                    let numbers = pages.part(part.id).await?;
                    taken.extend(numbers.into_iter().filter(|it| from.reaches(*it)));
                }
            }
        }
        from.sort(&mut taken);
        taken.truncate(count);
        Ok(taken)
    }
}

/// The place of the part that `number` belongs to.
fn place_of(parts: &[Part], number: i64) -> usize {
    let after = parts.partition_point(|part| part.first <= number);
    after.saturating_sub(1)
}
