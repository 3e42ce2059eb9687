//! Every query of the daily work finds its rows by an index, in a database of 10,000 installations and 1,000,000 links.
//! PostgreSQL itself explains what it was really asked (`auto_explain`), so that no query is forgotten.

use std::collections::BTreeSet;

use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use server::run;
use sync_core::{
    access::audit::Actor,
    queue::change::Subject,
    settings::Settings,
    storage::Db,
    views::{activity::OutcomeFilter, runs::RunKind},
};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL, until},
    postgres,
};
use tokio::net::TcpListener;

/// Tables that grow with the number of businesses or of their customers. The data keys are left out: a start and a probe
/// look through all of them for a master key that is missing, ten thousand small rows.
const LARGE: [&str; 7] = ["link", "change", "outcome", "lease", "installation", "connection", "business"];
/// What a query may read and throw away: a page of one installation's rows, never a table.
const THROWN_AWAY_MAX: f64 = 1_500.0;

/// 9,999 more installations like the first one, idle, with a hundred links, ten outcomes and ten parked changes
/// each.
const NEIGHBOURS: &str = "
SET LOCAL statement_timeout = 0;
CREATE TEMP TABLE neighbour AS SELECT gen_random_uuid() AS id, gen_random_uuid() AS business, n
    FROM generate_series(1, 9999) AS n;
INSERT INTO business SELECT business, 'neighbour-' || n, 0 FROM neighbour;
INSERT INTO installation SELECT r.* FROM neighbour AS m, (SELECT * FROM installation LIMIT 1) AS i,
    jsonb_populate_record(NULL::installation, to_jsonb(i) || jsonb_build_object('id', m.id,
        'business_id', m.business, 'addon_id', m.id, 'webhook_key', m.id, 'link_digest', m.id)) AS r;
INSERT INTO connection SELECT r.* FROM neighbour AS m, (SELECT * FROM connection LIMIT 1) AS c,
    jsonb_populate_record(NULL::connection, to_jsonb(c) || jsonb_build_object('installation_id', m.id,
        'portal_id', 10000000 + m.n)) AS r;
INSERT INTO data_key SELECT m.id, k.master_key_id, k.sealed, 0
    FROM neighbour AS m, (SELECT * FROM data_key LIMIT 1) AS k;
INSERT INTO lease (installation_id, until, epoch, ready_at, hold_until, hold_count)
    SELECT id, 0, 1, 250000000000000000 + n, 0, 0 FROM neighbour;
INSERT INTO link (installation_id, user_id, contact_id, baseline, baseline_version, created_at, synced_at)
    SELECT m.id, 'u' || g, 'c' || g, k.baseline, k.baseline_version, 0, 0
    FROM neighbour AS m, generate_series(1, 100) AS g, (SELECT * FROM link LIMIT 1) AS k;
INSERT INTO outcome (id, installation_id, subject, subject_id, action, fields, user_id, at)
    SELECT gen_random_uuid(), m.id, 'user', 'u' || g, 'updated', o.fields, 'u' || g, o.at
    FROM neighbour AS m, generate_series(1, 10) AS g, (SELECT * FROM outcome LIMIT 1) AS o;
INSERT INTO change (installation_id, subject, subject_id, generation, due_at, attempts, origin, marked_at, parked_at)
    SELECT m.id, 'user', 'u' || g, 1, 0, 8, 'webhook', 0, 1 FROM neighbour AS m, generate_series(1, 10) AS g;
ANALYZE";

async fn sql(on: &impl ConnectionTrait, text: &str) {
    on.execute_unprepared(text).await.unwrap();
}

/// A plan of the log, and the query it is of.
struct Explained {
    query: String,
    plan: Value,
}

/// What was explained for one database so far.
fn explained(database: &str) -> Vec<Explained> {
    let log = postgres::log();
    let ours = format!("{database}:");
    let mut entries: Vec<String> = Vec::new();
    for line in log.lines() {
        match line.strip_prefix(&ours) {
            Some(head) => entries.push(head.to_owned()),
            None if line.starts_with(['\t', '}', '{']) => {
                if let Some(entry) = entries.last_mut() {
                    entry.push_str(line);
                }
            }
            None => {}
        }
    }
    let plans = entries.iter().filter_map(|entry| entry.split_once("plan:")).map(|(_, json)| {
        let plan: Value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
        Explained {
            query: plan["Query Text"].as_str().unwrap_or_default().to_owned(),
            plan: plan["Plan"].clone(),
        }
    });
    plans.collect()
}

/// Every node of a plan.
fn nodes(plan: &Value) -> Vec<&Value> {
    let below = plan["Plans"].as_array().into_iter().flatten();
    std::iter::once(plan).chain(below.flat_map(nodes)).collect()
}

/// Why a node reads more than it must, if it does.
fn wasteful(node: &Value) -> Option<String> {
    let table = node["Relation Name"].as_str().filter(|table| LARGE.contains(table))?;
    let thrown_away = node["Rows Removed by Filter"].as_f64().unwrap_or_default();
    if node["Node Type"] == "Seq Scan" {
        return Some(format!("reads all of {table}"));
    }
    (thrown_away > THROWN_AWAY_MAX).then(|| format!("throws {thrown_away} rows of {table} away"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daily_work_of_one_installation_among_10_000_reads_no_table_from_end_to_end() {
    let Some(database) = Database::new(Kind::Postgres) else { return };
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    let house = House::new(database).await;
    let story = house.connected().await;
    let control = house.control();
    control.post(&format!("storeganise/{BUSINESS}/users/seed"), &json!({ "count": 100 })).await.unwrap();
    story.ask_for_all().await.unwrap();
    story.settle().await.unwrap();
    let installation = story.installation().await.unwrap();
    let (old, by) = (house.stage.core(), Actor::command_line());
    let settings = Settings { contact_edits: true, brake_percent: 100, ..installation.settings.clone() };
    old.change_settings(installation.id, &settings, &by).await.unwrap();
    story.settle().await.unwrap();
    house.stage.service.stop().await;
    let db = Db::connect(house.database().url()).await.unwrap();
    let filling = db.begin().await.unwrap();
    for statement in NEIGHBOURS.split(';') {
        sql(&filling, statement).await;
    }
    filling.commit().await.unwrap();
    for setting in [
        "session_preload_libraries = auto_explain",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_analyze = on",
        "auto_explain.log_timing = off",
        "auto_explain.log_format = json",
    ] {
        sql(db.writer(), &format!("ALTER DATABASE {name} SET {setting}")).await;
    }

    // Another service in the old one's place: its connections are new, and explained.
    let listener = TcpListener::bind(house.stage.service.address).await.unwrap();
    let service = run::start(house.stage.config.clone(), listener).await.unwrap();
    let (core, scope) = (&service.core, installation.scope());
    let all = json!({ "set": { "companyName": "Unit {n} Ltd" } });
    control.post(&format!("storeganise/{BUSINESS}/users/bulk"), &all).await.unwrap();
    let users = control.users(BUSINESS).await.unwrap();
    let user = users[0]["id"].as_str().unwrap();
    let contact = house.contact_of(user).await["id"].as_str().unwrap().to_owned();
    let path = format!("hubspot/{PORTAL}/contacts/{contact}");
    control.put(&path, &json!({ "properties": { "phone": "+44 20 7946 0001" } })).await.unwrap();
    let won = json!({ "dealname": "Box", "pipeline": "default", "dealstage": "closedwon" });
    control.create_deal(PORTAL, &won, &[&contact]).await.unwrap();
    story.settle().await.unwrap();
    for kind in [RunKind::Preview, RunKind::Backfill, RunKind::Reconcile] {
        core.begin_run(&installation, kind, &by).await.unwrap();
        until("the run is over", || async {
            core.runs(scope, None, 10).await.unwrap().items.iter().all(|run| run.finished_at.is_some())
        })
        .await;
    }
    core.replay(scope, Subject::User, user, &by).await.unwrap();
    story.settle().await.unwrap();
    core.changes(scope, None, None, 50).await.unwrap();
    core.outcomes(scope, &OutcomeFilter::default(), None, 50).await.unwrap();
    core.runs(scope, None, 10).await.unwrap();
    core.conflicts(scope, None, 10).await.unwrap();
    core.backlog(scope).await.unwrap();
    service.stop().await;

    let explained = explained(&name);
    let queries: BTreeSet<&str> = explained.iter().map(|one| one.query.as_str()).collect();
    assert!(queries.len() > 40, "only {} queries were explained", queries.len());
    let all_nodes = || explained.iter().flat_map(|one| nodes(&one.plan));
    let used: BTreeSet<&str> = all_nodes().filter_map(|node| node["Index Name"].as_str()).collect();
    for index in ["lease_ready", "change_lane", "link_contact", "link_pkey", "outcome_latest"] {
        assert!(used.contains(index), "{index} is used by nothing: {used:?}");
    }
    let wasteful: BTreeSet<String> = explained
        .iter()
        .flat_map(|one| {
            nodes(&one.plan).into_iter().filter_map(wasteful).map(|why| format!("{why}: {}", one.query))
        })
        .collect();
    assert!(
        wasteful.is_empty(),
        "{} of {} queries:\n{}",
        wasteful.len(),
        queries.len(),
        wasteful.into_iter().collect::<Vec<_>>().join("\n")
    );
    eprintln!("{} queries, {} plans: all by an index", queries.len(), explained.len());
}
