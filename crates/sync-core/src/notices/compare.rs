//! What is amiss against what the business was told: which notices to open, and which to close. Pure.

use uuid::Uuid;

/// After a notice was closed, its cause is left alone for so long: what comes and goes is not told each time.
pub(super) const QUIET_MICROS: i64 = 24 * 3_600 * 1_000_000;
/// Open notices of one installation at most: a business with more causes than this is told enough.
const OPEN_MAX: usize = 10;

/// Something that is amiss.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Present {
    /// What, as a cause code.
    pub cause: String,
    /// Records it is about; 0 where it is about the installation as a whole.
    pub records: u64,
    /// Whether it needs a person. What is still tried by itself keeps a notice open, and opens none.
    pub needs_a_person: bool,
}

/// A notice that is open, or was closed lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub id: Uuid,
    pub cause: String,
    pub closed_at: Option<i64>,
}

/// What to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Moves {
    pub open: Vec<Present>,
    pub close: Vec<Uuid>,
}

impl Moves {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.close.is_empty()
    }
}

/// Decides. Nothing is closed while work is still due: a record that is being tried again may fail again.
pub(super) fn compare(present: &[Present], known: &[Known], is_idle: bool, now: i64) -> Moves {
    let open = || known.iter().filter(|notice| notice.closed_at.is_none());
    let is_told = |cause: &str| {
        known.iter().any(|notice| {
            notice.cause == cause && notice.closed_at.is_none_or(|closed| now - closed < QUIET_MICROS)
        })
    };
    let is_present = |cause: &str| present.iter().any(|found| found.cause == cause);
    let close: Vec<Uuid> =
        open().filter(|notice| is_idle && !is_present(&notice.cause)).map(|notice| notice.id).collect();
    let room = OPEN_MAX.saturating_sub(open().count() - close.len());
    let untold = present.iter().filter(|found| found.needs_a_person && !is_told(&found.cause));
    Moves { open: untold.take(room).cloned().collect(), close }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_000 * QUIET_MICROS;

    fn amiss(cause: &str, needs_a_person: bool) -> Present {
        Present { cause: cause.to_owned(), records: 3, needs_a_person }
    }

    fn told(n: u128, cause: &str, closed_at: Option<i64>) -> Known {
        Known { id: Uuid::from_u128(n), cause: cause.to_owned(), closed_at }
    }

    #[test]
    fn a_cause_is_told_once_however_many_records_it_is_about() {
        let present = [amiss("a", true), amiss("b", false)];
        let moves = compare(&present, &[], true, NOW);
        assert_eq!(moves, Moves { open: vec![amiss("a", true)], close: Vec::new() });
        assert!(compare(&present, &[told(1, "a", None)], true, NOW).is_empty());
    }

    #[test]
    fn a_cause_that_is_over_is_closed_once_nothing_is_due() {
        let known = [told(1, "a", None), told(2, "b", None)];
        let still = [amiss("b", false)];
        assert_eq!(compare(&still, &known, true, NOW).close, [Uuid::from_u128(1)]);
        assert!(compare(&still, &known, false, NOW).is_empty(), "work is due");
    }

    #[test]
    fn what_comes_and_goes_is_told_again_only_after_a_day() {
        let present = [amiss("a", true)];
        for (ago, opened) in [(0, 0), (QUIET_MICROS - 1, 0), (QUIET_MICROS, 1)] {
            let moves = compare(&present, &[told(1, "a", Some(NOW - ago))], true, NOW);
            assert_eq!(moves.open.len(), opened, "{ago}");
        }
    }

    #[test]
    fn a_business_has_ten_open_notices_at_most() {
        let present: Vec<Present> = (0..20).map(|n| amiss(&format!("c{n}"), true)).collect();
        assert_eq!(compare(&present, &[], true, NOW).open.len(), OPEN_MAX);
        let known: Vec<Known> = (0..9).map(|n| told(n, &format!("c{n}"), None)).collect();
        assert_eq!(compare(&present, &known, true, NOW).open.len(), 1);
    }
}
