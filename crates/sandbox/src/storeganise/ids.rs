//! Ids as Storeganise writes them: 24 hexadecimal digits. The same seed gives the same ids in the same order.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The first digits of every id; the real ones begin with a time.
const START: u64 = 0x66ce_753e;

/// A source of ids. Clones share it, so that no id is given twice.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    middle: u64,
    next: Arc<AtomicU64>,
}

impl Ids {
    /// A source that belongs to `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        // An odd factor spreads neighbouring seeds; 40 bits of it fill ten digits.
        let middle = (seed ^ 0x5bf4_8bd9).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        Self { middle, next: Arc::default() }
    }

    /// The next id.
    pub(crate) fn next(&self) -> String {
        let n = self.next.fetch_add(1, Ordering::Relaxed) & 0xff_ffff;
        format!("{START:08x}{:010x}{n:06x}", self.middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_24_digits_differ_and_repeat_with_the_seed() {
        let (one, again, other) = (Ids::new(1), Ids::new(1), Ids::new(2));
        let first = one.next();
        assert_eq!(first.len(), 24);
        assert_eq!(first, again.next());
        assert_ne!(first, other.next());
        assert_ne!(first, one.next());
    }
}
