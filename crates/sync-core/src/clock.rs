//! Time as a parameter: the one place that reads the system's clock.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use time::OffsetDateTime;

/// Microseconds since 1970, the form in which times are stored and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub i64);

/// Tells the time; a manual one stands still until it is moved.
#[derive(Debug, Clone)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that shows `start` until it is moved; clones share its hands.
    #[must_use]
    pub fn manual(start: Micros) -> Self {
        Self(Some(Arc::new(AtomicI64::new(start.0))))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Micros {
        match &self.0 {
            Some(hands) => Micros(hands.load(Ordering::SeqCst)),
            None => system_now(),
        }
    }

    /// Moves a manual clock forward by `micros`; the system's clock cannot be moved and stays as it is.
    pub fn advance(&self, micros: u32) {
        if let Some(hands) = &self.0 {
            hands.fetch_add(i64::from(micros), Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the home of the system's clock")]
fn system_now() -> Micros {
    let micros = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000;
    Micros(i64::try_from(micros).expect("a time within 292,000 years of 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_hand_and_for_all_its_clones() {
        let clock = Clock::manual(Micros(5));
        let clone = clock.clone();
        clock.advance(10);
        assert_eq!(clone.now(), Micros(15));
    }
}
