//! How long each provider takes before it answers, beyond the work itself: nothing, a fixed time, or a log-normal spread
//! that is told by its median and its 99th percentile.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{provider::Provider, random::uniform};

/// No answer is held back for longer.
const LATENCY_MAX_MS: u64 = 60_000;
/// How many standard deviations the 99th percentile lies above the median.
const P99_DEVIATIONS: f64 = 2.326_348;
/// Latencies are drawn from streams of their own, far from those of the fault rules.
const FIRST_STREAM: u64 = 1 << 32;

/// How the latency of one provider is spread.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distribution {
    /// Half of the answers are at least this late, in milliseconds.
    pub median_ms: u64,
    /// One answer in a hundred is later than this, in milliseconds.
    pub p99_ms: u64,
}

/// The latency as it is posted to `/_sandbox/latency`; what is left out stays.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// HubSpot's spread.
    pub hubspot: Option<Distribution>,
    /// Storeganise's spread.
    pub storeganise: Option<Distribution>,
    /// HubSpot's as a fixed time, in milliseconds.
    pub hubspot_ms: Option<u64>,
    /// Storeganise's as a fixed time, in milliseconds.
    pub storeganise_ms: Option<u64>,
}

/// The latency that holds; the medians stand beside the spreads for those who set fixed times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct InForce {
    hubspot: Distribution,
    storeganise: Distribution,
    hubspot_ms: u64,
    storeganise_ms: u64,
}

/// The latency of both providers.
#[derive(Debug)]
pub struct Latency {
    seed: u64,
    hubspot: Side,
    storeganise: Side,
}

#[derive(Debug, Default)]
struct Side {
    spread: Mutex<Distribution>,
    drawn: AtomicU64,
}

impl Distribution {
    /// Every answer equally late.
    #[must_use]
    pub fn fixed(ms: u64) -> Self {
        Self { median_ms: ms, p99_ms: ms }
    }

    /// The latency below which the share `u` (from 0 to 1) of all answers lies, in milliseconds.
    #[must_use]
    pub fn quantile_ms(self, u: f64) -> u64 {
        if self.p99_ms <= self.median_ms {
            return self.median_ms;
        }
        let (median, p99) = (self.median_ms as f64, self.p99_ms as f64);
        let deviation = (p99 / median).ln() / P99_DEVIATIONS;
        let ms = median * (deviation * normal_quantile(u)).exp();
        (ms.round() as u64).min(LATENCY_MAX_MS)
    }

    fn check(self) -> Result<(), String> {
        let is_possible = (self.median_ms > 0 || self.p99_ms == 0) && self.median_ms <= self.p99_ms;
        match is_possible && self.p99_ms <= LATENCY_MAX_MS {
            true => Ok(()),
            false => Err(format!(
                "p99_ms must be at least median_ms and at most {LATENCY_MAX_MS}, and a median of 0 has no spread"
            )),
        }
    }
}

impl Latency {
    /// No latency; what is set later is drawn from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, hubspot: Side::default(), storeganise: Side::default() }
    }

    /// Changes what `setting` names, starts its draw again, and answers with what holds from now on.
    ///
    /// # Errors
    ///
    /// Says which spread is none; nothing is then changed.
    pub fn set(&self, setting: Setting) -> Result<InForce, String> {
        let changes = [
            ("hubspot", &self.hubspot, setting.hubspot.or(setting.hubspot_ms.map(Distribution::fixed))),
            (
                "storeganise",
                &self.storeganise,
                setting.storeganise.or(setting.storeganise_ms.map(Distribution::fixed)),
            ),
        ];
        for (name, _, wish) in &changes {
            wish.map_or(Ok(()), Distribution::check).map_err(|problem| format!("{name}: {problem}"))?;
        }
        for (_, side, wish) in changes {
            if let Some(spread) = wish {
                side.set(spread);
            }
        }
        Ok(self.in_force())
    }

    /// What holds now.
    #[must_use]
    pub fn in_force(&self) -> InForce {
        let (hubspot, storeganise) = (self.hubspot.spread(), self.storeganise.spread());
        InForce { hubspot, storeganise, hubspot_ms: hubspot.median_ms, storeganise_ms: storeganise.median_ms }
    }

    /// No latency any more.
    pub fn clear(&self) {
        for side in [&self.hubspot, &self.storeganise] {
            side.set(Distribution::default());
        }
    }

    /// How late the next answer of `provider` is; requests draw in the order in which they come in.
    #[must_use]
    pub fn draw(&self, provider: Provider) -> Duration {
        let (side, stream) = match provider {
            Provider::Hubspot => (&self.hubspot, FIRST_STREAM),
            Provider::Storeganise => (&self.storeganise, FIRST_STREAM + 1),
        };
        let spread = side.spread();
        if spread.p99_ms == 0 {
            return Duration::ZERO;
        }
        let n = side.drawn.fetch_add(1, Ordering::Relaxed);
        Duration::from_millis(spread.quantile_ms(uniform(self.seed, stream, n)))
    }
}

impl Side {
    fn spread(&self) -> Distribution {
        *self.spread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, spread: Distribution) {
        *self.spread.lock().unwrap_or_else(PoisonError::into_inner) = spread;
        self.drawn.store(0, Ordering::Relaxed);
    }
}

/// The standard normal quantile, by the rational approximation 26.2.23 of Abramowitz and Stegun: off by less than
/// 0.00045, which is far below a millisecond here, and not worth a crate of distributions.
fn normal_quantile(u: f64) -> f64 {
    let tail = u.min(1.0 - u).max(f64::MIN_POSITIVE);
    let t = (-2.0 * tail.ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let size = t - above / below;
    if u < 0.5 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPREAD: Distribution = Distribution { median_ms: 120, p99_ms: 400 };

    #[test]
    fn the_quantiles_are_those_that_were_asked_for() {
        for (u, ms) in [(0.5, 120), (0.99, 400), (0.01, 36), (0.841_345, 201), (0.158_655, 72)] {
            let got = SPREAD.quantile_ms(u);
            assert!(got.abs_diff(ms) <= 1, "{got} ms at {u}, not {ms}");
        }
        assert_eq!(SPREAD.quantile_ms(0.0), 0);
        assert_eq!(SPREAD.quantile_ms(1.0), LATENCY_MAX_MS);
        assert_eq!(Distribution::fixed(30).quantile_ms(0.999), 30);
    }

    #[test]
    fn draws_have_the_spread_and_repeat_with_the_seed() {
        let drawn = |seed| {
            let latency = Latency::new(seed);
            latency.set(Setting { hubspot: Some(SPREAD), ..Setting::default() }).unwrap();
            (0..10_000).map(|_| latency.draw(Provider::Hubspot).as_millis()).collect::<Vec<_>>()
        };
        let first = drawn(3);
        assert_eq!(first, drawn(3));
        assert_ne!(first, drawn(4));
        let share = |ms| first.iter().filter(|drawn| **drawn > ms).count();
        assert!((4_700..5_300).contains(&share(120)), "{} above the median", share(120));
        assert!((60..140).contains(&share(400)), "{} above the 99th percentile", share(400));
    }

    #[test]
    fn a_spread_that_is_none_is_refused_and_nothing_changes() {
        let latency = Latency::new(1);
        latency.set(Setting { storeganise_ms: Some(5), ..Setting::default() }).unwrap();
        for (median_ms, p99_ms) in [(100, 50), (0, 10), (1, LATENCY_MAX_MS + 1)] {
            let wish = Some(Distribution { median_ms, p99_ms });
            let refused =
                latency.set(Setting { hubspot_ms: Some(9), storeganise: wish, ..Setting::default() });
            assert!(refused.is_err_and(|why| why.starts_with("storeganise: ")));
        }
        assert_eq!(latency.draw(Provider::Storeganise), Duration::from_millis(5));
        assert_eq!(latency.draw(Provider::Hubspot), Duration::ZERO);
    }
}
