//! `annex doctor`: every setting, the database and what is in it, the service, the ways to both providers and the clock,
//! each with how to mend it.
//!
//! It starts and changes nothing, and sends nothing but requests without credentials.

use std::{fmt, process::ExitCode};

use super::env;
use crate::config::{Config, Seen, Source};

mod database;
mod service;
mod ways;

/// What is looked at.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Args {
    /// The service is meant to run: it counts as wrong where it does not answer.
    #[arg(long)]
    running: bool,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    Good(String),
    /// Neither good nor wrong yet.
    Note(String),
    /// What is wrong, and how to mend it.
    Wrong(String),
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    name: String,
    finding: Finding,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, text) = match &self.finding {
            Finding::Good(text) => ('✓', text),
            Finding::Note(text) => ('·', text),
            Finding::Wrong(text) => ('✗', text),
        };
        write!(f, "{sign} {:<38} {text}", self.name)
    }
}

impl Check {
    fn of(seen: &Seen) -> Self {
        let finding = match (&seen.problem, seen.source) {
            (Some(problem), _) => Finding::Wrong(problem.clone()),
            (None, Source::Environment) => Finding::Good("is set".to_owned()),
            (None, Source::Command) => Finding::Good("is set, by a command".to_owned()),
            (None, Source::File) => Finding::Good("is set, from a file".to_owned()),
            (None, Source::Unset) => Finding::Good("has its default".to_owned()),
        };
        Self { name: seen.name.to_owned(), finding }
    }

    fn new(name: &str, finding: Finding) -> Self {
        Self { name: name.to_owned(), finding }
    }

    fn is_wrong(&self) -> bool {
        matches!(self.finding, Finding::Wrong(_))
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let (config, seen) = Config::examine(&env);
    let mut checks: Vec<Check> = seen.iter().map(Check::of).collect();
    match &config {
        Some(config) => checks.extend(look(config, args).await),
        None => checks.push(rest_waits()),
    }
    for check in &checks {
        println!("{check}");
    }
    let wrong = checks.iter().filter(|check| check.is_wrong()).count();
    if wrong == 0 {
        println!("\nEverything is as it should be. {}", config.as_ref().map_or_else(String::new, registered));
        return Ok(ExitCode::SUCCESS);
    }
    println!("\n{wrong} of {} need mending.", checks.len());
    Ok(ExitCode::FAILURE)
}

fn rest_waits() -> Check {
    let text = "can be looked at once the settings above are mended.".to_owned();
    Check::new("the rest", Finding::Wrong(text))
}

async fn look(config: &Config, args: Args) -> Vec<Check> {
    let (mut checks, core) = database::look(config).await;
    checks.extend(service::look(config, args.running).await);
    checks.extend(ways::look(config, core.as_deref()).await);
    checks
}

/// What no check from here can see.
fn registered(config: &Config) -> String {
    format!(
        "Registered elsewhere must be:\n  at the HubSpot app, as redirect URL: {}\n  at the HubSpot app, as webhook \
         target: {}/webhooks/hubspot\n  at Storeganise, as webhook address of the add-on: {}/webhooks/storeganise",
        config.redirect_url(),
        config.base_url,
        config.base_url
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_configuration_the_rest_counts_as_wrong() {
        assert!(rest_waits().is_wrong());
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
