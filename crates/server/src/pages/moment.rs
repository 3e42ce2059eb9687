//! Times as people read them: relative, with the exact time on hover and for machines.

use askama::{Template, filters::HtmlSafe};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

use text::{Argument, Value, text};

const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

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

impl Argument for Moment {
    fn plain(&self) -> Value<'static> {
        self.relative.plain()
    }

    fn html(&self) -> Value<'static> {
        Value::from(self.to_string())
    }
}

impl Moment {
    /// The time `at`, told at `now`; both in microseconds since 1970.
    pub(super) fn new(at: i64, now: i64) -> Self {
        let date = date_of(at);
        let time = date.format(format_description!("[hour]:[minute]:[second]")).unwrap_or_default();
        Self {
            iso: date.format(&Rfc3339).unwrap_or_default(),
            exact: text!("moment-exact", day = day_words(at), time),
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
    let date = date_of(at);
    let month = u64::from(u8::from(date.month()));
    text!("moment-day", day = date.day().to_string(), month, year = date.year().to_string())
}

fn relative(at: i64, now: i64) -> String {
    let away = now.abs_diff(at);
    let is_past = at <= now;
    let (second, minute, hour, day) = (away / SECOND, away / MINUTE, away / HOUR, away / DAY);
    match away {
        _ if second < 5 => text!("moment-just-now").to_owned(),
        ..MINUTE if is_past => text!("moment-seconds-ago", count = second),
        ..MINUTE => text!("moment-in-seconds", count = second),
        MINUTE..HOUR if is_past => text!("moment-minutes-ago", count = minute),
        MINUTE..HOUR => text!("moment-in-minutes", count = minute),
        HOUR..DAY if is_past => text!("moment-hours-ago", count = hour),
        HOUR..DAY => text!("moment-in-hours", count = hour),
        _ if day >= 14 => day_words(at),
        _ if is_past => text!("moment-days-ago", count = day),
        _ => text!("moment-in-days", count = day),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_773_324_309 * SECOND;

    fn told(at: u64) -> Moment {
        Moment::new(at.cast_signed(), NOW.cast_signed())
    }

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
            (14 * DAY, "26 February 2026"),
        ] {
            assert_eq!(told(NOW - away).words(), expected, "{away}");
        }
        for (ahead, expected) in [(SECOND, "just now"), (MINUTE, "in 1 minute"), (2 * HOUR, "in 2 hours")] {
            assert_eq!(told(NOW + ahead).words(), expected, "{ahead}");
        }
    }

    #[test]
    fn the_exact_time_stands_in_the_markup() {
        let html = told(NOW).to_string();
        assert!(html.contains(r#"datetime="2026-03-12T14:05:09Z""#), "{html}");
        assert!(html.contains("12 March 2026, 14:05:09 UTC"), "{html}");
    }

    #[test]
    fn a_time_no_calendar_knows_is_no_error() {
        for at in [i64::MAX, i64::MIN] {
            assert!(!Moment::new(at, NOW.cast_signed()).to_string().is_empty());
        }
    }
}
