//! Moments as pages show them: how long ago, with the exact time behind it.

use crate::clock;

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// A moment, exactly and in words.
pub(super) struct Moment {
    /// For machines and on hover.
    pub(super) iso: String,
    /// For people.
    pub(super) words: String,
}

impl Moment {
    /// A moment as it looks at `now_ms`.
    pub(super) fn of(at_ms: u64, now_ms: u64) -> Self {
        let iso = clock::iso(at_ms);
        let words = match now_ms.saturating_sub(at_ms) {
            _ if at_ms > now_ms => format!("at {}", &iso[..16].replace('T', " ")),
            0..1000 => "just now".to_owned(),
            age @ 1000..MINUTE_MS => format!("{} s ago", age / 1000),
            age @ MINUTE_MS..HOUR_MS => format!("{} min ago", age / MINUTE_MS),
            age @ HOUR_MS..DAY_MS => format!("{} h ago", age / HOUR_MS),
            _ => iso[..10].to_owned(),
        };
        Self { iso, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_by_its_distance_and_a_far_one_by_its_date() {
        const NOW_MS: u64 = 1_767_225_600_000;
        for (age_ms, words) in [
            (0, "just now"),
            (1_000, "1 s ago"),
            (59_999, "59 s ago"),
            (60_000, "1 min ago"),
            (3_600_000, "1 h ago"),
            (86_399_999, "23 h ago"),
            (86_400_000, "2025-12-31"),
        ] {
            assert_eq!(Moment::of(NOW_MS - age_ms, NOW_MS).words, words);
        }
        assert_eq!(Moment::of(NOW_MS + 1, NOW_MS).words, "at 2026-01-01 00:00");
    }
}
