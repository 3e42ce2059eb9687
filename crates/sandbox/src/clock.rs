//! The sandbox's own time: milliseconds since 1970, as both providers count it.
//! It never runs backwards, and a manual clock stands still until a test moves it.

use std::sync::atomic::{AtomicU64, Ordering};

use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339, macros::format_description};

/// Tells the sandbox's time.
#[derive(Debug)]
pub struct Clock {
    manual: bool,
    last_ms: AtomicU64,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self { manual: false, last_ms: AtomicU64::new(0) }
    }

    /// A clock that shows `start_ms` until it is moved.
    #[cfg(test)]
    #[must_use]
    pub fn manual(start_ms: u64) -> Self {
        Self { manual: true, last_ms: AtomicU64::new(start_ms) }
    }

    /// The time now, in milliseconds; never earlier than it said before.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        if self.manual {
            return self.last_ms.load(Ordering::SeqCst);
        }
        let now = system_now_ms();
        self.last_ms.fetch_max(now, Ordering::SeqCst).max(now)
    }

    /// The time now, or one millisecond after `previous_ms` if that is later: every change of a record has a
    /// later `updated` than the change before it.
    #[must_use]
    pub fn after(&self, previous_ms: u64) -> u64 {
        self.now_ms().max(previous_ms + 1)
    }

    /// Moves a manual clock forward; the system's clock stays as it is.
    #[cfg(test)]
    pub fn advance(&self, by_ms: u32) {
        if self.manual {
            self.last_ms.fetch_add(u64::from(by_ms), Ordering::SeqCst);
        }
    }
}

/// A time as both providers write it: `2026-01-01T00:00:00.000Z`.
#[must_use]
pub fn iso(ms: u64) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"))
        .expect("a date within the calendar can be written")
}

/// Reads a time with or without fraction, or a date alone (its first moment, UTC).
#[must_use]
pub fn parse_iso(text: &str) -> Option<u64> {
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    let at = OffsetDateTime::parse(&whole, &Rfc3339).ok()?.to_offset(UtcOffset::UTC);
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

#[expect(clippy::disallowed_methods, reason = "the home of the sandbox's clock")]
fn system_now_ms() -> u64 {
    u64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).expect("a time after 1970")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_milliseconds_and_read_back() {
        assert_eq!(iso(1_767_225_600_007), "2026-01-01T00:00:00.007Z");
        assert_eq!(parse_iso("2026-01-01T00:00:00.007Z"), Some(1_767_225_600_007));
        assert_eq!(parse_iso("2026-01-01T01:00:00+01:00"), Some(1_767_225_600_000));
        assert_eq!(parse_iso("2026-01-01"), Some(1_767_225_600_000));
        assert_eq!(parse_iso("yesterday"), None);
    }

    #[test]
    fn a_second_change_within_one_millisecond_is_later_all_the_same() {
        let clock = Clock::manual(1000);
        let first = clock.after(0);
        assert_eq!((first, clock.after(first)), (1000, 1001));
        clock.advance(5);
        assert_eq!(clock.after(first), 1005);
    }
}
