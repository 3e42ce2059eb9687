//! Fields that go back and forth: a workflow at HubSpot that rewrites our value, and we its. Pure; kept on the link as
//! JSON, with digests and never with values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    merge::{Digest, Side},
};

/// So many turns within [`WINDOW_MICROS`] hold a field.
const TURNS_MAX: usize = 3;
/// An hour: what turned longer ago no longer counts.
const WINDOW_MICROS: i64 = 3_600 * 1_000_000;

/// What was written lately on a link, by the fields' baseline names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flips(BTreeMap<String, Written>);

/// The last write of one field, and when it turned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    to: Direction,
    /// The digest of the value in hexadecimal; none for a blank.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    at: i64,
    /// When the direction turned, or the same value had to be written again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    turns: Vec<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    Contact,
    User,
}

impl From<Side> for Direction {
    fn from(side: Side) -> Self {
        match side {
            Side::User => Self::User,
            Side::Contact => Self::Contact,
        }
    }
}

impl Flips {
    /// Reads what a link keeps.
    ///
    /// # Errors
    /// The text is not one of ours.
    pub fn from_json(text: Option<&str>) -> Result<Self, Error> {
        let stored = text.map(serde_json::from_str).transpose();
        Ok(Self(stored.map_err(|_| Error::Corrupt("flips"))?.unwrap_or_default()))
    }

    /// What a link keeps; none where nothing was written lately.
    #[must_use]
    pub fn to_json(&self) -> Option<String> {
        let text = || serde_json::to_string(&self.0).expect("names, digests and times are plain data");
        (!self.0.is_empty()).then(text)
    }

    /// Whether one more write of this value to this side would be one turn too many.
    #[must_use]
    pub fn would_hold(&self, field: &str, to: Side, value: Option<Digest>, now: i64) -> bool {
        let Some(last) = self.0.get(field) else { return false };
        last.turns_with(to, value, now).len() >= TURNS_MAX
    }

    /// Notes a write, and forgets what is too long ago to count.
    pub fn note(&mut self, field: &str, to: Side, value: Option<Digest>, now: i64) {
        self.0.retain(|_, written| now - written.at <= WINDOW_MICROS);
        let turns = self.0.get(field).map(|last| last.turns_with(to, value, now)).unwrap_or_default();
        let written = Written { to: to.into(), value: value.map(hex::encode), at: now, turns };
        self.0.insert(field.to_owned(), written);
    }

    /// Forgets a field: a person decided, and it begins anew.
    pub fn clear(&mut self, field: &str) {
        self.0.remove(field);
    }
}

impl Written {
    /// The turns that count, this write's own among them where it is one.
    fn turns_with(&self, to: Side, value: Option<Digest>, now: i64) -> Vec<i64> {
        let counts = |at: i64| now - at <= WINDOW_MICROS;
        let to = Direction::from(to);
        // The other way round; or the same value again, because somebody changed it back.
        let again = to == Direction::Contact && self.to == to && self.value == value.map(hex::encode);
        let is_turn = counts(self.at) && (self.to != to || again);
        let before = self.turns.iter().copied().filter(|at| counts(*at));
        before.chain(is_turn.then_some(now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60 * 1_000_000;

    fn after(writes: &[(Side, u8, i64)]) -> Flips {
        let mut flips = Flips::default();
        for (to, value, minute) in writes {
            flips.note("phone", *to, Some([*value; 16]), minute * MINUTE);
        }
        flips
    }

    #[test]
    fn the_third_turn_within_an_hour_is_held() {
        use Side::{Contact, User};
        let written = after(&[(Contact, 1, 0), (User, 2, 1), (Contact, 1, 2)]);
        assert!(written.would_hold("phone", User, Some([2; 16]), 3 * MINUTE));
        assert!(!written.would_hold("phone", Contact, Some([3; 16]), 3 * MINUTE), "no turn");
        assert!(!written.would_hold("email", User, Some([2; 16]), 3 * MINUTE), "another field");
        assert!(!written.would_hold("phone", User, Some([2; 16]), 62 * MINUTE), "the first turn is too old");
    }

    #[test]
    fn the_same_value_written_again_and_again_counts_and_new_values_do_not() {
        let again = after(&[(Side::Contact, 1, 0), (Side::Contact, 1, 1), (Side::Contact, 1, 2)]);
        assert!(again.would_hold("phone", Side::Contact, Some([1; 16]), 3 * MINUTE));
        let edits: Vec<_> = (0..20).map(|n| (Side::Contact, n, i64::from(n))).collect();
        assert!(!after(&edits).would_hold("phone", Side::Contact, Some([99; 16]), 20 * MINUTE));
    }

    #[test]
    fn a_persons_choice_begins_anew_and_what_is_old_is_forgotten() {
        let mut written = after(&[(Side::Contact, 1, 0), (Side::User, 2, 1), (Side::Contact, 1, 2)]);
        let read = Flips::from_json(written.to_json().as_deref()).unwrap();
        assert_eq!(read, written);
        written.clear("phone");
        assert!(!written.would_hold("phone", Side::User, Some([2; 16]), 3 * MINUTE));
        assert_eq!(written.to_json(), None);
        let mut old = read;
        old.note("email", Side::Contact, None, 90 * MINUTE);
        assert!(!old.to_json().unwrap().contains("phone"));
        assert!(Flips::from_json(Some("[]")).is_err());
    }
}
