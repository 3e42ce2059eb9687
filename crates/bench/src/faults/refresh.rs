//! A token that has expired, and sixteen who want it at once in four processes; the endpoint is slow, fails, or does its work
//! and is not heard. One asks, nobody uses the old token any more, and nobody is told to authorise again.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use server::demo::control::Control;
use tokio::task::JoinSet;

use crate::{
    report::Report,
    scene::{Database, Scene},
    service::Api,
};

const PROCESSES: usize = 4;
const EACH: usize = 4;
const ROUNDS: u64 = 1_000;
const SHORT_ROUNDS: u64 = 8;
/// So slow that everybody wants the token before anybody has it.
const SLOW_MS: u64 = 60;
/// So often nobody may have a token yet: a failure is shared, and asked anew by whoever comes next.
const TRIES_MAX: usize = 5;

/// What the endpoint does to the first who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Slow,
    Unavailable,
    CutOff,
    NotHeard,
}

const ENDPOINTS: [Endpoint; 4] =
    [Endpoint::Slow, Endpoint::Unavailable, Endpoint::CutOff, Endpoint::NotHeard];

impl Endpoint {
    fn faults(self) -> Value {
        let fault = match self {
            Self::Slow => return json!([]),
            Self::Unavailable => json!({ "kind": "status", "status": 503 }),
            Self::CutOff => json!({ "kind": "cut" }),
            Self::NotHeard => json!({ "kind": "lose_after" }),
        };
        let mut rule = json!({ "provider": "hubspot", "route_contains": "token", "times": 1 });
        let whole = rule.as_object_mut().zip(fault.as_object());
        whole.into_iter().for_each(|(rule, fault)| rule.extend(fault.clone()));
        json!([rule])
    }
}

/// What is counted over all rounds.
#[derive(Debug, Default)]
struct Counts {
    wanted: u64,
    /// Rounds in which the endpoint was asked more often than it takes: once, and once more where that came to nothing.
    asked_too_often: u64,
    /// Requests with a token that had expired.
    old_tokens: u64,
    /// Wants that were refused with anything but "not just now".
    refused_wrongly: u64,
    /// Rounds after which the business was to authorise again.
    access_lost: u64,
}

pub(super) async fn run(short: bool, report: &mut Report) -> anyhow::Result<()> {
    let rounds = if short { SHORT_ROUNDS } else { ROUNDS };
    let mut scene = Scene::set(Database::postgres()?, |setting| setting).await?;
    let mut replicas = Vec::new();
    for _ in 0..PROCESSES {
        replicas.push(scene.replica().await?);
    }
    let api = scene.api(&replicas[0]);
    scene.connect(&api, 1).await?;
    scene.rest().await?;
    let apis: Vec<Api> = replicas.iter().map(|replica| replica.api.clone()).collect();
    let control = scene.businesses[0].control.clone();
    control.post("latency", &json!({ "hubspot_ms": SLOW_MS })).await?;
    let mut counts = Counts::default();
    for round in 0..rounds {
        let endpoint = ENDPOINTS[usize::try_from(round)? % ENDPOINTS.len()];
        one_round(&scene, &apis, &control, endpoint, &mut counts).await?;
    }
    report.note("rounds", rounds as f64, "");
    report.note("wants", counts.wanted as f64, "");
    report.note("rounds that asked more often than it takes", counts.asked_too_often as f64, "");
    report.note("requests with an expired token", counts.old_tokens as f64, "");
    report.note("wants refused wrongly", counts.refused_wrongly as f64, "");
    report.note("rounds with a false \"needs authorisation\"", counts.access_lost as f64, "");
    report.write()
}

async fn one_round(
    scene: &Scene,
    apis: &[Api],
    control: &Control,
    endpoint: Endpoint,
    counts: &mut Counts,
) -> anyhow::Result<()> {
    let business = &scene.businesses[0];
    control.post(&format!("hubspot/{}/expire", business.portal), &Value::Null).await?;
    scene.tell("UPDATE connection SET access_expires_at = 0").await?;
    control.post("faults", &endpoint.faults()).await?;
    control.reset_stats().await?;
    let mut tries = 0;
    // Whoever shares a failure is told "not just now"; a person tries again, and so does a worker.
    loop {
        tries += 1;
        ensure!(tries <= TRIES_MAX, "{endpoint:?}: no token after {tries} tries");
        let refused = everybody_wants(apis, &business.path, counts).await?;
        if refused == 0 {
            break;
        }
        ensure!(endpoint != Endpoint::Slow, "{refused} were refused though the endpoint works");
    }
    let stats = control.stats().await?;
    let routes = stats["hubspot"]["routes"].as_object().context("routes")?;
    let asked: u64 = routes
        .iter()
        .filter(|(route, _)| route.ends_with("/token"))
        .flat_map(|(_, statuses)| statuses.as_object().into_iter().flat_map(|statuses| statuses.values()))
        .filter_map(Value::as_u64)
        .sum();
    let takes = if endpoint == Endpoint::Slow { 1 } else { 2 };
    counts.asked_too_often += u64::from(asked > takes);
    counts.old_tokens += stats["hubspot"]["statuses"]["401"].as_u64().unwrap_or_default();
    counts.access_lost += u64::from(scene.count("connection WHERE state <> 'active'").await? > 0);
    Ok(())
}

/// Everybody looks somebody up at once, which takes a token: how many were told "not just now".
async fn everybody_wants(apis: &[Api], path: &str, counts: &mut Counts) -> anyhow::Result<u64> {
    let mut wants = JoinSet::new();
    for api in apis.iter().flat_map(|api| std::iter::repeat_n(api, EACH)) {
        let (api, path) = (api.clone(), format!("{path}/explain"));
        wants.spawn(async move { api.post(&path, &json!({ "email": "nobody@example.com" })).await });
    }
    let mut refused = 0;
    while let Some(wanted) = wants.join_next().await {
        counts.wanted += 1;
        if let Err(error) = wanted? {
            refused += 1;
            let words = error.to_string();
            counts.refused_wrongly += u64::from(
                !words.contains("hubspot.oauth")
                    && !words.contains("answered 503")
                    && !words.contains("answered 502"),
            );
        }
    }
    Ok(refused)
}
