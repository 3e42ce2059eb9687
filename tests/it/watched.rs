//! What a service shows of itself: the metrics, what is written of them, and what is made of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use axum::{Json, Router, routing::post};

use serde_json::{Value, json};
use server::demo::control::property;
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, PORTAL, until},
    on_both_databases,
};
use tokio::net::TcpListener;

use crate::{business::Business, process::Service};

on_both_databases!(
    work_that_is_taken_over_from_a_process_that_was_killed_is_counted,
    each_business_is_counted_by_itself_only_where_that_is_asked_for,
);

const OPERATIONS: &str = "docs/operations.md";
const ALERTS: &str = "docs/operations/alerts.yaml";
const DASHBOARD: &str = "docs/operations/grafana.json";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

/// Every source file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// The metrics a text speaks of.
fn names(text: &str) -> BTreeSet<String> {
    let word = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    let words = text.split(|letter| !word(letter)).filter(|word| word.starts_with("annex_"));
    words.map(|word| word.trim_end_matches("_bucket").to_owned()).collect()
}

/// The metrics that the code counts.
fn counted() -> BTreeSet<String> {
    let mut files = Vec::new();
    sources(&root().join("crates"), &mut files);
    let mut counted = BTreeSet::new();
    for file in files {
        let code = fs::read_to_string(file).unwrap();
        for kind in ["counter", "gauge", "histogram"] {
            for call in code.split(&format!("metrics::{kind}!(")).skip(1) {
                counted.extend(names(call.split('"').nth(1).unwrap()));
            }
        }
    }
    counted
}

#[derive(serde::Deserialize)]
struct Alerts {
    groups: Vec<Group>,
}

#[derive(serde::Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(serde::Deserialize)]
struct Rule {
    alert: String,
    expr: String,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

fn rules() -> Vec<Rule> {
    let alerts: Alerts = serde_saphyr::from_str(&text(ALERTS)).unwrap();
    alerts.groups.into_iter().flat_map(|group| group.rules).collect()
}

/// What the panels of the dashboard ask Prometheus for.
fn panels() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&text(DASHBOARD)).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_metric_is_written_of_and_on_the_dashboard() {
    let counted = counted();
    assert!(counted.len() > 15, "{counted:?}");
    let tables: String = text(OPERATIONS).lines().filter(|line| line.starts_with("| `annex_")).collect();
    assert_eq!(names(&tables), counted, "the tables of {OPERATIONS} and what is counted");
    assert_eq!(names(&panels().concat()), counted, "{DASHBOARD} and what is counted");
    let alerts: String = rules().into_iter().map(|rule| rule.expr).collect();
    let unknown: Vec<String> = names(&alerts).difference(&counted).cloned().collect();
    assert!(unknown.is_empty(), "{ALERTS} asks for {unknown:?}");
}

#[test]
fn every_alert_says_how_urgent_it_is_and_has_its_own_words_in_the_guide() {
    let guide = text(OPERATIONS);
    for rule in rules() {
        assert!(["page", "ticket"].contains(&rule.labels["severity"].as_str()), "{}", rule.alert);
        assert!(!rule.annotations["summary"].is_empty());
        let link = format!("{OPERATIONS}#{}", rule.alert.to_lowercase());
        assert_eq!(rule.annotations["runbook_url"], link);
        assert!(guide.contains(&format!("\n### {}\n", rule.alert)), "{OPERATIONS} lacks {}", rule.alert);
    }
}

/// The labels by which expressions choose: the metric, the label, and the value where it is one.
fn chosen(expressions: &[String]) -> Vec<(String, String, Option<String>)> {
    let mut chosen = Vec::new();
    for expression in expressions {
        for (before, rest) in expression.match_indices('{').map(|(at, _)| expression.split_at(at)) {
            let metric = names(before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap());
            let Some(metric) = metric.into_iter().next() else { continue };
            for chooser in rest[1..rest.find('}').unwrap()].split(',') {
                let (label, how) = chooser.split_at(chooser.find(['=', '!']).unwrap());
                let one = how.strip_prefix("=\"").map(|value| value.trim_end_matches('"').to_owned());
                chosen.push((metric.clone(), label.to_owned(), one));
            }
        }
    }
    chosen
}

#[tokio::test]
async fn a_service_that_works_shows_what_the_alerts_and_the_dashboard_choose_by() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let mut business = Business::new(&database, None).await;
    let service = business.at.start(&["serve"]).await;
    business.connect(3).await;
    business.works("one service").await;
    let at_rest = [
        "annex_changes_due{lane=\"prompt\"} 0\n",
        "annex_commit_waiting 0\n",
        "annex_commit_lag_seconds 0\n",
    ];
    shows(&business, &service, &at_rest).await;
    let shown = business.metrics(&service).await;
    let expressions: Vec<String> = rules().into_iter().map(|rule| rule.expr).chain(panels()).collect();
    let has =
        |metric: &str, part: &str| shown.lines().any(|line| line.starts_with(metric) && line.contains(part));
    for (metric, label, value) in chosen(&expressions) {
        if !has(&metric, "") {
            // It is counted only where something went wrong.
            continue;
        }
        assert!(has(&metric, &format!("{label}=\"")), "{metric} has no label {label}");
        // What is counted by state is there for each state, and is 0 where there is none.
        if let Some(value) = value.filter(|_| label == "health" || label == "lane") {
            assert!(has(&metric, &format!("{label}=\"{value}\"")), "{metric} has no {label} {value}");
        }
    }
    for metric in [
        "annex_installations{health=\"healthy\"} 1",
        "annex_oldest_change_due_seconds{lane=\"prompt\"}",
        "annex_commit_seconds_bucket",
        "annex_commit_events_bucket",
        "annex_webhook_events_total{provider=\"storeganise\",verdict=\"marked\"}",
        "annex_turns_total{result=\"worked\"}",
        "annex_turn_seconds_bucket",
        "annex_provider_requests_total{provider=\"hubspot\"",
        "annex_provider_requests_total{provider=\"storeganise\"",
        "annex_hubspot_budget_wait_seconds_bucket",
        "annex_hubspot_budget_used_ratio_bucket",
        "annex_outcomes_total{action=\"created\"}",
    ] {
        assert!(has(metric, ""), "{metric} is not in\n{shown}");
    }
    assert_eq!(service.stops().await, Some(0));
}

/// Until a service shows all of this: the last write of a turn is seen at its provider before it is noted here.
async fn shows(business: &Business, service: &Service, lines: &[&str]) {
    until(&format!("{lines:?}"), || async {
        let shown = business.metrics(service).await;
        lines.iter().all(|line| shown.contains(line))
    })
    .await;
}

/// A turn is in the midst of its work when the process is killed; the next one does the work and counts that it was
/// another's.
async fn work_that_is_taken_over_from_a_process_that_was_killed_is_counted(database: Database) {
    let mut business = Business::new(&database, None).await;
    business.at = business.at.clone().with("ANNEX_LEASE_SECONDS", "10");
    let killed = business.at.start(&["serve"]).await;
    business.connect(1).await;
    business.works("the first").await;
    assert!(!business.metrics(&killed).await.contains("annex_lease_takeovers_total"));
    let control = business.control();
    let hold =
        json!([{ "provider": "hubspot", "kind": "hold", "route_contains": "contacts/batch/", "times": 1 }]);
    control.post("faults", &hold).await.unwrap();
    let ada = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Byron" });
    control.create_user(BUSINESS, &ada).await.unwrap();
    until("an answer is on its way", || async { control.get("faults").await.unwrap()["held"] == 1 }).await;
    killed.kill().await;
    control.post("faults", &json!([])).await.unwrap();
    let next = business.at.start(&["serve"]).await;
    until("the work was taken over", || async {
        business.metrics(&next).await.contains("annex_lease_takeovers_total 1\n")
    })
    .await;
    until("the user has a contact", || async {
        let contacts = control.contacts(PORTAL).await.unwrap();
        contacts.iter().any(|contact| property(contact, "email") == Some("ada@example.com"))
    })
    .await;
    assert_eq!(next.stops().await, Some(0));
}

async fn each_business_is_counted_by_itself_only_where_that_is_asked_for(database: Database) {
    let mut business = Business::new(&database, None).await;
    let quiet = business.at.start(&["serve"]).await;
    let path = business.connect(2).await;
    let id = path.rsplit('/').next().unwrap();
    business.works("one that counts them all together").await;
    let shown = business.metrics(&quiet).await;
    assert!(!shown.contains("annex_installation_") && !shown.contains(id), "{shown}");
    assert_eq!(quiet.stops().await, Some(0));

    business.at = business.at.clone().with("ANNEX_METRICS_PER_BUSINESS", "true");
    let exact = business.at.start(&["serve"]).await;
    // What cannot be worked is seen to wait.
    let busy = json!([{ "provider": "storeganise", "kind": "hold", "times": 1 }]);
    business.control().post("faults", &busy).await.unwrap();
    let edit = json!({ "set": { "companyName": "Waits Ltd" } });
    business.control().post(&format!("storeganise/{BUSINESS}/users/bulk"), &edit).await.unwrap();
    let due = format!("annex_installation_changes_due{{installation=\"{id}\"}}");
    until("the business has something due", || async {
        let shown = business.metrics(&exact).await;
        shown.lines().any(|line| line.starts_with(&due) && !line.ends_with(" 0"))
    })
    .await;
    business.control().post("faults", &json!([])).await.unwrap();
    business.works("one that counts each by itself").await;
    let series = [
        format!("{due} 0\n"),
        format!("annex_installation_oldest_change_due_seconds{{installation=\"{id}\"}} 0\n"),
        format!("annex_installation_outcomes_total{{installation=\"{id}\",action=\"updated\"}}"),
    ];
    shows(&business, &exact, &series.each_ref().map(String::as_str)).await;
    assert_eq!(exact.stops().await, Some(0));
}

#[tokio::test]
async fn two_replicas_get_along_with_two_connections_each() {
    let Some(database) = Database::new(Kind::Postgres) else { return };
    let mut business = Business::new(&database, None).await;
    business.at = business.at.clone().with("ANNEX_DATABASE_CONNECTIONS", "2");
    let one = business.at.start(&["serve"]).await;
    let other = business.at.clone().elsewhere().start(&["work"]).await;
    business.connect(40).await;
    business.works("two that have two connections each").await;
    business.nobody_is_doubled().await;
    for replica in [one, other] {
        assert_eq!(replica.stops().await, Some(0));
    }
}

#[tokio::test]
async fn what_a_visitor_and_a_turn_asked_of_the_providers_is_found_by_their_ids() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let mut business = Business::new(&database, None).await;
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("annex.log");
    let filter = "info,hubspot=debug,storeganise=debug";
    let service = business.at.start_logging(&["serve"], filter, &log).await;
    let path = business.connect(1).await;
    business.works("one that logs").await;
    assert_eq!(service.stops().await, Some(0));
    let text = fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let asked = |span: &str, provider: &str| -> Vec<&Value> {
        let is_it =
            |line: &&Value| line["message"] == "a provider was asked" && line["span"]["provider"] == provider;
        let under = lines.iter().filter(is_it).flat_map(|line| line["spans"].as_array().unwrap());
        under.filter(|under| under["name"] == span).collect()
    };
    // The visitor came back from HubSpot's consent, and the code was exchanged.
    let visits = asked("request", "hubspot");
    assert!(visits.iter().any(|visit| visit["request.id"].as_str().unwrap().len() == 36), "{visits:?}");
    let id = path.rsplit('/').next().unwrap();
    for provider in ["storeganise", "hubspot"] {
        let turns = asked("turn", provider);
        assert!(!turns.is_empty(), "{text}");
        for turn in turns {
            assert_eq!(turn["installation.id"], id);
            assert!(turn["turn.epoch"].as_i64().unwrap() > 0);
        }
    }
    let asks: Vec<&Value> =
        lines.iter().map(|line| &line["span"]).filter(|span| span["provider"] == "hubspot").collect();
    assert!(asks.len() > 3, "{text}");
    assert!(asks.iter().all(|ask| ask["correlation_id"].is_string() && ask["status"].is_string()), "{text}");
}

/// Whoever collects traces: what was sent there.
async fn collector() -> (String, Arc<Mutex<Vec<Value>>>) {
    let taken: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = Arc::clone(&taken);
    let take = move |Json(body): Json<Value>| {
        kept.lock().unwrap().push(body);
        async { Json(json!({})) }
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/traces", post(take));
    tests::spawn(async move { axum::serve(listener, router).await });
    (address, taken)
}

/// Every span that was sent.
fn spans(taken: &[Value]) -> Vec<Value> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let resources = taken.iter().flat_map(|body| list(body, "resourceSpans"));
    let scopes = resources.flat_map(|resource| list(&resource, "scopeSpans"));
    scopes.flat_map(|scope| list(&scope, "spans")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_turn_asked_of_the_providers_is_one_trace_and_names_nobody() {
    let (address, taken) = collector().await;
    let database = Database::new(Kind::Sqlite).unwrap();
    let mut business = Business::new(&database, None).await;
    // Whatever is logged, traces are sent.
    business.at = business.at.clone().with("ANNEX_OTLP_ENDPOINT", address);
    let service = business.at.start(&["serve"]).await;
    business.connect(2).await;
    business.works("one that is traced").await;
    assert_eq!(service.stops().await, Some(0), "what was not sent yet is sent before it ends");

    let taken = taken.lock().unwrap();
    let spans = spans(&taken);
    let named = |name: &str| spans.iter().filter(|span| span["name"] == name).cloned().collect::<Vec<_>>();
    let (turns, asks) = (named("turn"), named("provider"));
    assert!(!turns.is_empty() && !asks.is_empty() && !named("request").is_empty(), "{spans:?}");
    let of_turns: Vec<&Value> =
        asks.iter().filter(|ask| turns.iter().any(|turn| turn["spanId"] == ask["parentSpanId"])).collect();
    assert!(of_turns.len() > 3, "a turn's requests are below it");
    for ask in of_turns {
        let turn = turns.iter().find(|turn| turn["spanId"] == ask["parentSpanId"]).unwrap();
        assert_eq!(turn["traceId"], ask["traceId"]);
        let has = |key: &str| ask["attributes"].as_array().unwrap().iter().any(|pair| pair["key"] == key);
        assert!(has("route") && has("status"), "{ask}");
    }
    let all = serde_json::to_string(&*taken).unwrap();
    assert!(all.contains(r#"{"stringValue":"annex"}"#), "the service's name");
    for planted in ["example.com", "Won", "Ltd", "Bearer", "na1-"] {
        assert!(!all.contains(planted), "{planted} is in a trace");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_keeps_nobody_from_working_or_ending() {
    let database = Database::new(Kind::Sqlite).unwrap();
    let mut business = Business::new(&database, None).await;
    business.at = business.at.clone().with("ANNEX_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let service = business.at.start(&["serve"]).await;
    business.connect(1).await;
    business.works("one that nobody traces").await;
    assert_eq!(service.stops().await, Some(0));
}
