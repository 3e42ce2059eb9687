//! The brake: a run or a burst that would change more of the linked records than a person would expect stops before
//! it writes, and asks one.
//!
//! As long as few changes are due, they are written at once and nothing here costs more than a look. Where those that
//! are due, with those written in the last hour (or since the run began), could be too many, pairs are decided but not
//! written: each is set aside, until it is known how many there are. Few enough go on by themselves; too many are held
//! until a person releases or drops them. First-time pairs never count: to fill an empty portal changes nobody.
//!
//! `measure` counts, `gate` decides about the pairs of a batch, `aside` records them, `decide` is the person's part.

pub(crate) mod aside;
pub mod decide;
pub(crate) mod gate;
mod measure;

/// Fewer changes than this never stop anything.
pub const CHANGES_MIN: u64 = 50;
/// A percentage that never stops anything.
pub const NEVER_PERCENT: u32 = 100;
/// How long a change counts towards a burst.
const BURST_MICROS: i64 = 3_600 * 1_000_000;

/// Whether so many changes are too many of the linked records to go on without asking. Pure.
#[must_use]
pub fn is_too_many(changes: u64, linked: u64, percent: u32) -> bool {
    let share = u128::from(linked) * u128::from(percent);
    percent < NEVER_PERCENT && changes >= CHANGES_MIN && u128::from(changes) * 100 > share
}

/// Where an installation's brake stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrakeState {
    /// Nothing is held back.
    Off,
    /// It is not known yet how many records would be changed.
    Counting,
    /// A person has to decide.
    Held,
    /// What was counted was few enough and goes on by itself.
    Passed,
    /// A person let it all go on.
    Released,
    /// A person had it all dropped.
    Dropped,
}

impl BrakeState {
    const ALL: [Self; 6] =
        [Self::Off, Self::Counting, Self::Held, Self::Passed, Self::Released, Self::Dropped];

    /// The word stored, shown and sent in the JSON API.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Counting => "counting",
            Self::Held => "held",
            Self::Passed => "passed",
            Self::Released => "released",
            Self::Dropped => "dropped",
        }
    }

    /// Reads the word back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Whether changes of linked records are set aside.
    #[must_use]
    pub fn is_on(self) -> bool {
        matches!(self, Self::Counting | Self::Held)
    }
}

/// What is to become of a record that was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowState {
    Waiting,
    /// Few enough in all: it goes on, and counts as written lately.
    Below,
    /// A person let it go on: it no longer counts.
    Released,
}

impl RowState {
    fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Below => "below",
            Self::Released => "released",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fifty_and_more_than_the_share_are_too_many() {
        for (changes, linked, percent, expected) in [
            (60, 300, 20, false),
            (61, 300, 20, true),
            (49, 10, 20, false),
            (50, 10, 20, true),
            (1_000_000, 1_000_000, 100, false),
            (50, u64::MAX, 1, false),
            (50, 1_000, 0, true),
        ] {
            assert_eq!(is_too_many(changes, linked, percent), expected, "{changes} of {linked}, {percent} %");
        }
    }

    #[test]
    fn every_state_reads_back_from_its_word() {
        for state in BrakeState::ALL {
            assert_eq!(BrakeState::from_word(state.word()), Some(state));
        }
    }
}
