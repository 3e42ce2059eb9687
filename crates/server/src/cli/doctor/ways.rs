//! The ways to both providers, and the clock, which is held against theirs.

use sync_core::{clock::Clock, core::Core, views::overview::FleetFilter};
use url::Url;

use super::{
    super::ask::{Answer, ask},
    Check, Finding,
};
use crate::config::Config;

/// HubSpot takes a signature for five minutes, and replicas compare times of each other's; this is far below both.
const CLOCK_OFF_MAX_SECONDS: i64 = 5;

pub(super) async fn look(config: &Config, core: Option<&Core>) -> Vec<Check> {
    let hubspot = Way::to("HubSpot", "ANNEX_HUBSPOT_API_URL", &config.hubspot.api_url).await;
    let mut checks = vec![hubspot.check()];
    let mut time = hubspot.time();
    match storeganise_of(core).await {
        Some(url) => {
            let storeganise = Way::to("Storeganise", "ANNEX_STOREGANISE_API_TEMPLATE", &url).await;
            checks.push(storeganise.check());
            time = time.or(storeganise.time());
        }
        None => {
            let text = "is looked at once a business is installed".to_owned();
            checks.push(Check::new("the way to Storeganise", Finding::Note(text)));
        }
    }
    checks.push(Check::new("the clock", time.map_or_else(unknown_time, clock)));
    checks
}

/// One provider, and what it answered.
struct Way {
    provider: &'static str,
    setting: &'static str,
    host: String,
    port: u16,
    answer: Result<Answer, reqwest::Error>,
    asked_at: i64,
}

impl Way {
    /// Any answer at all shows that the way is open.
    async fn to(provider: &'static str, setting: &'static str, url: &Url) -> Self {
        let answer = ask(url).await;
        let asked_at = Clock::system().now().0 / 1_000_000;
        let host = url.host_str().unwrap_or_default().to_owned();
        Self { provider, setting, host, port: url.port_or_known_default().unwrap_or(443), answer, asked_at }
    }

    fn check(&self) -> Check {
        let Self { provider, setting, host, port, .. } = self;
        let finding = match &self.answer {
            Ok(answer) => Finding::Good(format!("is open ({host} answered {})", answer.status)),
            Err(_) => Finding::Wrong(format!(
                "is closed: {host} does not answer. Let this machine reach it on port {port}, and look at {setting}."
            )),
        };
        Check::new(&format!("the way to {provider}"), finding)
    }

    /// By how many seconds our clock is ahead of the provider's.
    fn time(&self) -> Option<i64> {
        Some(self.asked_at - self.answer.as_ref().ok()?.time?)
    }
}

/// The address of some business: Storeganise has none for all of them.
async fn storeganise_of(core: Option<&Core>) -> Option<Url> {
    let page = core?.installations(&FleetFilter::default(), None, 1).await.ok()?;
    page.items.first()?.installation.api_url.parse().ok()
}

fn unknown_time() -> Finding {
    Finding::Note("is held against a provider's once one answers".to_owned())
}

fn clock(ahead_seconds: i64) -> Finding {
    if ahead_seconds.abs() <= CLOCK_OFF_MAX_SECONDS {
        return Finding::Good("agrees with the provider's".to_owned());
    }
    let (by, side) = (ahead_seconds.abs(), if ahead_seconds > 0 { "ahead of" } else { "behind" });
    Finding::Wrong(format!(
        "is {by} s {side} the provider's: signatures are refused and leases go wrong. Let the system keep it (NTP)."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_may_be_off_by_a_few_seconds_and_no_more() {
        assert!(matches!(clock(0), Finding::Good(_)));
        assert!(matches!(clock(-5), Finding::Good(_)));
        let Finding::Wrong(text) = clock(-90) else { panic!("far behind") };
        assert!(text.contains("90 s behind"), "{text}");
    }
}
