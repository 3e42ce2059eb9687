//! The last day as a small bar chart: an hour is a bar, what failed stands on what was worked. Its words stand beside it.

use std::fmt::Write as _;

use askama::{Template, filters::HtmlSafe};
use sync_core::views::day::{Day, Hour};

use text::text;

/// The chart's height in its own units; `components/day.html` says the same.
const HEIGHT: u64 = 16;
/// From one bar to the next.
const STEP: usize = 2;

/// The chart of a day; it is drawn with two paths, because a list holds many of them.
#[derive(Debug, Template)]
#[template(path = "components/day.html")]
pub(super) struct Chart {
    label: String,
    worked: String,
    failed: String,
}

// It is a template: what goes into it was escaped there.
impl HtmlSafe for Chart {}

impl Chart {
    /// The chart of a day; none where nothing happened.
    pub(super) fn of(day: &Day) -> Option<Self> {
        let most = day.hours.iter().map(|hour| hour.worked + hour.failed).max().filter(|most| *most > 0)?;
        let (mut worked, mut failed) = (String::new(), String::new());
        for (at, hour) in day.hours.iter().enumerate() {
            let (x, (low, high)) = (at * STEP + 1, heights(*hour, most));
            if low > 0 {
                let _infallible = write!(worked, "M{x} {HEIGHT}v-{low}");
            }
            if high > 0 {
                let _infallible = write!(failed, "M{x} {}v-{high}", HEIGHT - low);
            }
        }
        Some(Self { label: label(day), worked, failed })
    }
}

/// What the chart says, in words.
fn label(day: &Day) -> String {
    text!("day-label", worked = day.worked(), failed = day.failed())
}

/// How high an hour's two parts stand. Whatever happened is seen, however little it was beside the rest.
fn heights(hour: Hour, most: u64) -> (u64, u64) {
    let part = |count: u64| if count == 0 { 0 } else { (count * HEIGHT / most).max(1) };
    let failed = part(hour.failed);
    (part(hour.worked).min(HEIGHT - failed), failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(hours: &[(usize, u64, u64)]) -> Day {
        let mut day = Day::default();
        for (at, worked, failed) in hours {
            day.hours[*at] = Hour { worked: *worked, failed: *failed };
        }
        day
    }

    #[test]
    fn a_day_on_which_nothing_happened_has_no_chart() {
        assert!(Chart::of(&Day::default()).is_none());
    }

    #[test]
    fn what_failed_stands_on_what_was_worked_and_nothing_is_too_small_to_see() {
        let chart = Chart::of(&day(&[(0, 12, 4), (2, 1_600, 0), (23, 0, 1)])).unwrap();
        assert_eq!(chart.worked, "M1 16v-1M5 16v-16");
        assert_eq!(chart.failed, "M1 15v-1M47 16v-1");
        assert_eq!(chart.label, "1,612 done, 5 failed");
    }

    #[test]
    fn no_bar_is_higher_than_the_chart() {
        for (worked, failed) in [(1, 1), (1, 1_000_000), (1_000_000, 1), (5, 11), (0, 3), (3, 0)] {
            let (low, high) = heights(Hour { worked, failed }, worked + failed);
            assert!(low + high <= HEIGHT, "{worked} {failed}: {low} {high}");
            assert_eq!(high > 0, failed > 0, "{worked} {failed}");
        }
    }
}
