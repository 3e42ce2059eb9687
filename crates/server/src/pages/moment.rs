//! Times as people read them: relative, with the exact time on hover and for machines.

use askama::{Template, filters::HtmlSafe};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time beside the one it is told from; written as `<time>`.
#[derive(Debug, Template)]
#[template(path = "components/moment.html")]
pub(super) struct Moment {
    iso: String,
    exact: String,
    relative: String,
}

// It is a template: what goes into it was escaped there.
impl HtmlSafe for Moment {}

impl Moment {
    /// The time `at`, told at `now`; both in microseconds since 1970.
    pub(super) fn new(at: i64, now: i64) -> Self {
        let date = date_of(at);
        let exact =
            format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute]:[second] UTC");
        Self {
            iso: date.format(&Rfc3339).unwrap_or_default(),
            exact: date.format(exact).unwrap_or_default(),
            relative: relative(at, now),
        }
    }

    /// The time in words, such as "3 minutes ago".
    pub(super) fn words(&self) -> &str {
        &self.relative
    }
}

/// A stored time that no calendar knows shows as 1970 rather than as an error page.
fn date_of(at: i64) -> OffsetDateTime {
    let date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000);
    date.unwrap_or(OffsetDateTime::UNIX_EPOCH).replace_nanosecond(0).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// The day of a time, such as "2 January 1970".
pub(super) fn day_words(at: i64) -> String {
    let day = format_description!("[day padding:none] [month repr:long] [year]");
    date_of(at).format(day).unwrap_or_default()
}

fn relative(at: i64, now: i64) -> String {
    let away = now.saturating_sub(at).saturating_abs();
    if away < 5 * SECOND {
        return "just now".to_owned();
    }
    if away >= 14 * DAY {
        return day_words(at);
    }
    let (count, unit) = match away {
        ..MINUTE => (away / SECOND, "second"),
        MINUTE..HOUR => (away / MINUTE, "minute"),
        HOUR..DAY => (away / HOUR, "hour"),
        _ => (away / DAY, "day"),
    };
    let s = if count == 1 { "" } else { "s" };
    if at > now { format!("in {count} {unit}{s}") } else { format!("{count} {unit}{s} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_773_324_309 * SECOND;

    #[test]
    fn times_are_told_from_now_in_the_largest_unit_that_fits() {
        for (away, expected) in [
            (0, "just now"),
            (4 * SECOND, "just now"),
            (5 * SECOND, "5 seconds ago"),
            (MINUTE, "1 minute ago"),
            (59 * MINUTE, "59 minutes ago"),
            (3 * HOUR, "3 hours ago"),
            (DAY, "1 day ago"),
            (13 * DAY, "13 days ago"),
            (-2 * HOUR, "in 2 hours"),
            (14 * DAY, "26 February 2026"),
        ] {
            assert_eq!(relative(NOW - away, NOW), expected, "{away}");
        }
    }

    #[test]
    fn the_exact_time_stands_in_the_markup() {
        let html = Moment::new(NOW, NOW).to_string();
        assert!(html.contains(r#"datetime="2026-03-12T14:05:09Z""#), "{html}");
        assert!(html.contains("12 March 2026, 14:05:09 UTC"), "{html}");
    }

    #[test]
    fn a_time_no_calendar_knows_is_no_error() {
        for at in [i64::MAX, i64::MIN] {
            assert!(!Moment::new(at, NOW).to_string().is_empty());
        }
    }
}
