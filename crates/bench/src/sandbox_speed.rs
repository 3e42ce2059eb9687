//! How fast the sandbox answers and what it weighs: it must not be what the other benchmarks measure.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::{
    load::{self, Connection, Measured},
    peer::{self, SandboxProcess},
    report::Report,
};

const PORTAL: u64 = 1_234_567;
/// Connections that are kept: more than a service under test would hold.
const CONNECTIONS: usize = 32;

/// Takes the figures.
///
/// # Errors
/// The sandbox does not start, or answers what was not asked.
pub(crate) async fn run(short: bool) -> anyhow::Result<()> {
    let (time, contacts) =
        if short { (Duration::from_millis(300), 2_000) } else { (Duration::from_secs(10), 1_000_000) };
    let mut report = Report::new("sandbox");
    let sandbox = SandboxProcess::start().await?;
    report.note("ready after", sandbox.ready_after.as_secs_f64() * 1000.0, "ms");
    let at = sandbox.authority.clone();
    let token = format!("Bearer {}", peer::authorise(&at, PORTAL).await?);
    let mut control = Connection::open(&at).await?;

    let base = sandbox.resident_bytes()?;
    let seeded = std::time::Instant::now();
    let mut left = contacts;
    while left > 0 {
        let count = left.min(50_000);
        control
            .post(&format!("/_sandbox/hubspot/{PORTAL}/contacts/seed"), None, &json!({"count": count}))
            .await?;
        left -= count;
    }
    report.note(format!("seeding {contacts} contacts"), seeded.elapsed().as_secs_f64(), "s");
    let grown = sandbox.resident_bytes()?;
    report.note(format!("memory with {contacts} contacts"), grown as f64 / 1e6, "MB");
    report.note("memory for each contact", (grown - base) as f64 / f64::from(contacts), "bytes");

    let contact = one_id(&mut control, &token).await?;
    let paths = [
        ("read one contact", format!("/crm/objects/2026-09/contacts/{contact}?properties=email,phone")),
        ("list ten contacts", "/crm/objects/2026-09/contacts?limit=10&properties=email".to_owned()),
        ("read an account's details", "/account-info/2026-09/details".to_owned()),
    ];
    for (what, path) in paths {
        let measured = load::get_for(&at, &path, &token, CONNECTIONS, time).await?;
        note(&mut report, what, &measured);
    }
    report.write()
}

fn note(report: &mut Report, what: &str, measured: &Measured) {
    report.note(format!("{what}: answers"), measured.per_second(), "per second");
    report.note(format!("{what}: p50"), measured.within(0.5).as_secs_f64() * 1e6, "µs");
    report.note(format!("{what}: p99"), measured.within(0.99).as_secs_f64() * 1e6, "µs");
}

async fn one_id(control: &mut Connection, token: &str) -> anyhow::Result<String> {
    let page = control.get("/crm/objects/2026-09/contacts?limit=1", Some(token)).await?;
    let page: Value = serde_json::from_slice(&page.body)?;
    Ok(page["results"][0]["id"].as_str().context("no contact")?.to_owned())
}
