//! The service itself, asked where people and providers reach it: so the proxy before it is looked at as well.

use url::Url;

use super::{super::ask::ask, Check, Finding};
use crate::config::Config;

/// Whether it is alive, and whether it is ready; one line where nobody answers at all.
pub(super) async fn look(config: &Config, meant_to_run: bool) -> Vec<Check> {
    let alive = probe(config, "/healthz").await;
    let Some(alive) = alive else { return vec![Check::new("the service", silent(config, meant_to_run))] };
    let ready = probe(config, "/readyz").await.unwrap_or_else(|| silent(config, true));
    vec![Check::new("the service is alive", alive), Check::new("the service is ready", ready)]
}

/// What is found at an address of the service; none where nobody answers.
async fn probe(config: &Config, path: &str) -> Option<Finding> {
    let url: Url = format!("{}{path}", config.base_url).parse().ok()?;
    let answer = ask(&url).await.ok()?;
    Some(match answer.status {
        200 if matches!(answer.text.as_str(), "ok" | "ready") => {
            Finding::Good(format!("says: {}", answer.text))
        }
        503 if !answer.text.is_empty() => Finding::Wrong(format!("says: {}. Look at its log.", answer.text)),
        status => Finding::Wrong(format!(
            "is answered with {status} by something else. Look at ANNEX_BASE_URL, and at the proxy before ANNEX_LISTEN."
        )),
    })
}

fn silent(config: &Config, meant_to_run: bool) -> Finding {
    let text = format!(
        "does not answer at {} (ANNEX_BASE_URL). `annex serve` starts it; does the proxy lead to {} (ANNEX_LISTEN)?",
        config.base_url, config.listen
    );
    if meant_to_run { Finding::Wrong(text) } else { Finding::Note(text) }
}
