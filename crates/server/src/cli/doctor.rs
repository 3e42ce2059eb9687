//! `annex doctor`: every setting, the database and the way to HubSpot, each with how to mend it.
//!
//! It starts nothing and sends nothing but one request without credentials to HubSpot. It brings the database
//! up to date, as `annex serve` would.

use std::{fmt, process::ExitCode, time::Duration};

use secrecy::ExposeSecret as _;
use sync_core::storage::Db;

use super::env;
use crate::config::{Config, Seen, Source};

const REACH_TIMEOUT: Duration = Duration::from_secs(10);

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    name: String,
    /// What was found, or what is wrong and how to mend it.
    finding: Result<String, String>,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, text) = match &self.finding {
            Ok(text) => ('✓', text),
            Err(text) => ('✗', text),
        };
        write!(f, "{sign} {:<38} {text}", self.name)
    }
}

pub(super) async fn run() -> anyhow::Result<ExitCode> {
    let (config, seen) = Config::examine(&env);
    let mut checks: Vec<Check> = seen.iter().map(Check::of).collect();
    checks.push(database(config.as_ref()).await);
    checks.push(hubspot(config.as_ref()).await);
    for check in &checks {
        println!("{check}");
    }
    let wrong = checks.iter().filter(|check| check.finding.is_err()).count();
    if wrong == 0 {
        println!("\nEverything is as it should be. {}", registered(config.as_ref()));
        return Ok(ExitCode::SUCCESS);
    }
    println!("\n{wrong} of {} need mending.", checks.len());
    Ok(ExitCode::FAILURE)
}

impl Check {
    fn of(seen: &Seen) -> Self {
        let finding = match (&seen.problem, seen.source) {
            (Some(problem), _) => Err(problem.clone()),
            (None, Source::Environment) => Ok("is set".to_owned()),
            (None, Source::File) => Ok("is set, from a file".to_owned()),
            (None, Source::Unset) => Ok("has its default".to_owned()),
        };
        Self { name: seen.name.to_owned(), finding }
    }

    fn new(name: &str, finding: Result<String, String>) -> Self {
        Self { name: name.to_owned(), finding }
    }

    fn waits(name: &str) -> Self {
        Self::new(name, Err("can be looked at once the settings above are mended.".to_owned()))
    }
}

async fn database(config: Option<&Config>) -> Check {
    const NAME: &str = "the database";
    let Some(config) = config else { return Check::waits(NAME) };
    // The driver's own words may hold the address with its password.
    let finding = match Db::connect(config.database_url.expose_secret()).await {
        Ok(_) => Ok("answers, and its schema is up to date".to_owned()),
        Err(_) => Err("cannot be reached or brought up to date. Look at ANNEX_DATABASE_URL: does the server run, \
                       does the database exist, may this user make tables in it, may this process write there?"
            .to_owned()),
    };
    Check::new(NAME, finding)
}

async fn hubspot(config: Option<&Config>) -> Check {
    const NAME: &str = "the way to HubSpot";
    let Some(config) = config else { return Check::waits(NAME) };
    let url = &config.hubspot.api_url;
    let host = url.host_str().unwrap_or_default();
    let finding = match reach(url.clone()).await {
        Ok(status) => Ok(format!("is open ({host} answered {status})")),
        Err(_) => Err(format!(
            "is closed: {host} does not answer. Let this machine reach it on port {}, and look at \
             ANNEX_HUBSPOT_API_URL.",
            url.port_or_known_default().unwrap_or(443)
        )),
    };
    Check::new(NAME, finding)
}

/// Any answer at all shows that the way is open.
#[expect(clippy::disallowed_methods, reason = "the one home of this crate's HTTP client")]
async fn reach(url: url::Url) -> Result<u16, reqwest::Error> {
    // Refused only where the process already has a provider, which then serves as well.
    rustls::crypto::ring::default_provider().install_default().ok();
    let client = reqwest::Client::builder()
        .timeout(REACH_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    Ok(client.get(url).send().await?.status().as_u16())
}

/// What no check from here can see.
fn registered(config: Option<&Config>) -> String {
    config.map_or_else(String::new, |config| {
        format!(
            "Registered elsewhere must be:\n  at the HubSpot app, as redirect URL: {}\n  at the HubSpot app, as \
             webhook target: {}/webhooks/hubspot\n  at Storeganise, as webhook address of the add-on: \
             {}/webhooks/storeganise",
            config.redirect_url(),
            config.base_url,
            config.base_url
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_configuration_the_rest_waits_and_counts_as_wrong() {
        assert!(database(None).await.finding.is_err());
        assert!(hubspot(None).await.finding.is_err());
    }

    #[test]
    fn a_line_says_what_is_wrong_behind_the_name() {
        let seen = Seen {
            name: "HUBSPOT_APP_ID",
            source: Source::Unset,
            problem: Some("is not set. Copy it.".to_owned()),
        };
        let line = Check::of(&seen).to_string();
        assert!(line.starts_with("✗ HUBSPOT_APP_ID"), "{line}");
        assert!(line.ends_with("is not set. Copy it."), "{line}");
    }
}
