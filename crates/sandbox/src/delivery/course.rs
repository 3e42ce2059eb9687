//! How one delivery goes, drawn before it starts: how long it is held back, whether its events are out of order,
//! and how long it waits between attempts. A pure function of the sandbox's seed and the delivery's number, so that
//! what other tasks do meanwhile changes nothing.

use std::time::Duration;

use crate::random::Random;

/// The spacing stops growing at this many times the first one.
const SPACING_FACTOR_MAX: u64 = 64;
/// A delivery is held back for at most this many first spacings, but never for less than `HOLD_MIN_MS`.
const HOLD_FACTOR: u64 = 2;
/// The least range from which the time to hold back is drawn, in milliseconds.
const HOLD_MIN_MS: u64 = 20;

/// What is settled about a delivery before its first attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Course {
    /// How long it waits before the first attempt.
    pub(super) hold: Duration,
    /// With which seed its events are put out of order, if at all.
    pub(super) shuffle: Option<u64>,
    /// The wait after each failed attempt but the last.
    pub(super) spacings: Vec<Duration>,
}

impl Course {
    /// The usual course of delivery number `sequence`: at once and in order.
    ///
    /// The first spacing is `scale_ms` in the middle; each later one is doubled, up to 64 times, and every one is
    /// spread by half to either side. Ten of them take 478.5 times `scale_ms` at most.
    pub(super) fn usual(seed: u64, sequence: u64, retries: u32, scale_ms: u64) -> Self {
        Self::drawn(&numbered(seed, sequence), retries, scale_ms)
    }

    /// The course of a delivery that later ones overtake and whose events are out of order.
    pub(super) fn held_back(seed: u64, sequence: u64, retries: u32, scale_ms: u64) -> Self {
        let random = numbered(seed, sequence);
        let usual = Self::drawn(&random, retries, scale_ms);
        let hold_ms = 1 + random.below(scale_ms.saturating_mul(HOLD_FACTOR).max(HOLD_MIN_MS));
        Self { hold: Duration::from_millis(hold_ms), shuffle: Some(random.below(u64::MAX)), ..usual }
    }

    fn drawn(random: &Random, retries: u32, scale_ms: u64) -> Self {
        let spacings = (0..retries).map(|retry| spacing(random, retry, scale_ms)).collect();
        Self { hold: Duration::ZERO, shuffle: None, spacings }
    }
}

/// A source of its own for each delivery.
fn numbered(seed: u64, sequence: u64) -> Random {
    // The odd constant spreads neighbouring numbers over the whole range.
    Random::seeded(seed ^ sequence.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn spacing(random: &Random, retry: u32, scale_ms: u64) -> Duration {
    let factor = 1_u64.checked_shl(retry).unwrap_or(u64::MAX).min(SPACING_FACTOR_MAX);
    let middle_ms = scale_ms.saturating_mul(factor);
    Duration::from_millis(middle_ms / 2 + random.below(middle_ms.saturating_add(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::REAL_RETRY_SCALE_MS;
    use crate::provider::Provider;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn hubspots(seed: u64, sequence: u64) -> Course {
        Course::usual(seed, sequence, Provider::Hubspot.webhook_retries(), REAL_RETRY_SCALE_MS)
    }

    #[test]
    fn ten_retries_at_the_real_scale_end_within_a_day_whatever_is_drawn() {
        let totals: Vec<Duration> =
            (0..2_000).map(|sequence| hubspots(7, sequence).spacings.iter().sum()).collect();
        assert!(totals.iter().all(|total| *total <= DAY));
        assert!(totals.iter().any(|total| *total > DAY / 2), "and make use of it");
        assert_eq!(hubspots(7, 0).spacings.len(), 10);
    }

    #[test]
    fn no_draw_can_exceed_a_day_at_the_real_scale() {
        let factors = (0..10).map(|retry| 2_u64.pow(retry).min(SPACING_FACTOR_MAX));
        let most_ms: u64 = factors.map(|factor| factor * REAL_RETRY_SCALE_MS * 3 / 2).sum();
        assert!(Duration::from_millis(most_ms) <= DAY, "{most_ms}");
    }

    #[test]
    fn a_course_depends_on_the_seed_and_the_number_alone() {
        assert_eq!(hubspots(7, 3), hubspots(7, 3));
        assert_ne!(hubspots(7, 3), hubspots(7, 4));
        assert_ne!(hubspots(7, 3), hubspots(8, 3));
        let held = Course::held_back(7, 3, 10, 50);
        assert_eq!(held, Course::held_back(7, 3, 10, 50));
        assert!(!held.hold.is_zero() && held.hold <= Duration::from_millis(101), "{held:?}");
        assert!(held.shuffle.is_some());
        assert_eq!(held.spacings, Course::usual(7, 3, 10, 50).spacings, "its retries are the usual ones");
    }

    #[test]
    fn the_spacing_grows_from_the_first_to_a_limit_and_is_spread_by_half() {
        for sequence in 0..500 {
            for (retry, spacing) in (0..).zip(Course::usual(1, sequence, 10, 1_000).spacings) {
                let middle = Duration::from_secs(2_u64.pow(retry).min(64));
                assert!(spacing >= middle / 2 && spacing <= middle * 3 / 2, "{retry}: {spacing:?}");
            }
        }
    }
}
