//! Which muscles are shown.

/// A set of a scene's muscles, by their numbers in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MuscleSet(u64);

impl MuscleSet {
    /// The most muscles that a scene can have.
    pub const MOST: usize = 64;
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// One alone; none, if there is no such number.
    pub fn only(muscle: usize) -> Self {
        Self::NONE.with(muscle, true)
    }

    /// Whether a muscle is shown.
    pub fn has(self, muscle: usize) -> bool {
        muscle < Self::MOST && self.0 >> muscle & 1 == 1
    }

    /// The same, with a muscle shown or hidden.
    #[must_use]
    pub fn with(self, muscle: usize, shown: bool) -> Self {
        let bit = if muscle < Self::MOST { 1 << muscle } else { 0 };
        Self(if shown { self.0 | bit } else { self.0 & !bit })
    }

    /// The one that is shown, of a scene of `count` muscles, if it is one.
    pub fn single(self, count: usize) -> Option<usize> {
        let mut shown = (0..count).filter(|m| self.has(*m));
        let first = shown.next()?;
        shown.next().is_none().then_some(first)
    }
}
