//! A member of a merge patch.

/// The change that a merge patch makes to a member (RFC 7396).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patched<T> {
    /// The member is absent, so the value stays.
    #[default]
    Kept,
    /// `null`: the value is removed.
    Removed,
    /// A new value.
    Set(T),
}

impl<T> Patched<T> {
    /// The value that was `before`, after the patch.
    #[must_use]
    pub fn apply(self, before: Option<T>) -> Option<T> {
        match self {
            Self::Kept => before,
            Self::Removed => None,
            Self::Set(value) => Some(value),
        }
    }
}
