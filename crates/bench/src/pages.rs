//! How fast every page answers among ten thousand businesses and a million links, and how large it is: one service, one
//! PostgreSQL, one visitor after the other, as a person goes through them.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use server::demo::visitor::Visitor;
use tests::population::copies_of_the_first;

use crate::{
    report::{Report, within},
    scene::{Database, Scene},
    service::{LOGIN, PASSWORD},
};

const INSTALLATIONS: usize = 10_000;
const SHORT_INSTALLATIONS: usize = 600;
/// Visits of each page.
const VISITS: usize = 200;
const SHORT_VISITS: usize = 5;
/// Users of the business whose own pages are opened.
const USERS: u64 = 100;
/// As people do not click, so that what is kept for seconds is renewed in between.
const BETWEEN: Duration = Duration::from_millis(20);

/// What the copies hold: a hundred links each, a day of activity, events heard of, outcomes, and here and there something
/// that waits for a person.
const FILLED: [&str; 10] = [
    "INSERT INTO link (installation_id, user_id, contact_id, baseline, baseline_version, mirrored_contact_id, user_updated, \
     created_at, synced_at) SELECT i.id, 'u' || n, 'c' || n, l.baseline, l.baseline_version, 'c' || n, l.user_updated, \
     l.created_at, l.synced_at FROM installation i CROSS JOIN generate_series(1, 100) n \
     CROSS JOIN (SELECT * FROM link LIMIT 1) l WHERE i.id <> l.installation_id",
    "INSERT INTO activity_hour (installation_id, hour, worked, failed) SELECT id, h, 1 + h % 50, h % 7 FROM installation \
     CROSS JOIN generate_series(extract(epoch FROM now())::bigint / 3600 - 23, extract(epoch FROM now())::bigint / 3600) h \
     ON CONFLICT DO NOTHING",
    "INSERT INTO heard (installation_id, event, at) SELECT id, e, extract(epoch FROM now())::bigint * 1000000 \
     FROM installation CROSS JOIN unnest(ARRAY['user.created', 'user.updated', 'addon.dailyEvent.started', \
     'deal.propertyChange', 'contact.propertyChange']) e ON CONFLICT DO NOTHING",
    "INSERT INTO outcome (id, installation_id, subject, subject_id, action, fields, user_id, at) \
     SELECT gen_random_uuid(), id, 'user', 'u' || n, 'updated', 'phone', 'u' || n, \
     extract(epoch FROM now())::bigint * 1000000 - n FROM installation CROSS JOIN generate_series(1, 20) n",
    "INSERT INTO change (installation_id, subject, subject_id, generation, due_at, attempts, origin, marked_at, parked_at, \
     cause, lane) SELECT id, 'user', 'p' || n, 1, 0, 5, 'webhook', extract(epoch FROM now())::bigint * 1000000, \
     extract(epoch FROM now())::bigint * 1000000, 'hubspot.rejected_' || (400 + n), 1 FROM (SELECT id, row_number() OVER () \
     AS r FROM installation) i CROSS JOIN generate_series(1, 3) n WHERE r % 20 = 0",
    "INSERT INTO conflict (installation_id, user_id, field, kind, contact_id, noticed_at) SELECT id, 'u1', 'phone', 'flips', \
     'c1', extract(epoch FROM now())::bigint * 1000000 FROM (SELECT id, row_number() OVER () AS r FROM installation) i \
     WHERE r % 50 = 1",
    "INSERT INTO audit_entry (id, at, actor, installation_id, action, detail) SELECT gen_random_uuid(), \
     extract(epoch FROM now())::bigint * 1000000 - 3600000000, 'staff benchmark', id, 'settings.changed', 'outcome_days' \
     FROM installation CROSS JOIN generate_series(1, 10)",
    // The business whose own pages are opened has more to show of everything than a page holds.
    "INSERT INTO change (installation_id, subject, subject_id, generation, due_at, attempts, origin, marked_at, parked_at, \
     cause, lane) SELECT i.id, 'user', 'p' || n, 1, 0, 5, 'webhook', extract(epoch FROM now())::bigint * 1000000, \
     extract(epoch FROM now())::bigint * 1000000, 'hubspot.rejected_400', 1 FROM installation i JOIN business b ON \
     b.id = i.business_id CROSS JOIN generate_series(1, 300) n WHERE b.code LIKE 'benchmark%'",
    "INSERT INTO conflict (installation_id, user_id, field, kind, contact_id, noticed_at) SELECT i.id, 'p' || n, 'phone', \
     'flips', 'c' || n, extract(epoch FROM now())::bigint * 1000000 FROM installation i JOIN business b ON \
     b.id = i.business_id CROSS JOIN generate_series(1, 300) n WHERE b.code LIKE 'benchmark%'",
    "ANALYZE",
];

/// Takes the figures.
///
/// # Errors
/// A process does not start, or a page does not open.
pub(crate) async fn run(short: bool) -> anyhow::Result<()> {
    let (installations, visits) =
        if short { (SHORT_INSTALLATIONS, SHORT_VISITS) } else { (INSTALLATIONS, VISITS) };
    let mut report = Report::new("pages");
    let mut scene = Scene::set(Database::postgres()?, |setting| setting).await?;
    let first = scene.replica().await?;
    let api = scene.api(&first);
    scene.connect(&api, 1).await?;
    let business = scene.businesses.first_mut().context("there is a business")?;
    business.grow_to(USERS).await?;
    let business = business.clone();
    business.run(&api, "backfill").await?;
    business.run(&api, "preview").await?;
    let runs = api.get(&format!("{}/runs", business.path)).await?;
    let preview = text(&runs["items"][0]["id"])?;
    let user = business.control.users(&business.code).await?;
    let user = text(&user.last().context("there is a user")?["id"])?;
    let link = api.post(&format!("{}/authorisation-link", business.path), &Value::Null).await?;
    let link = text(&link["link"])?;
    first.process.stop().await?;
    copies_of_the_first(&scene.db, installations).await?;
    for sql in FILLED {
        scene.tell(sql).await?;
    }
    report.note("installations", scene.count("installation").await? as f64, "");
    report.note("links", scene.count("link").await? as f64, "");

    let service = scene.setting.start().await?;
    let base = format!("http://{}", service.api.authority);
    let (staff, tenant, nobody) = (Visitor::default(), Visitor::default(), Visitor::default());
    let form = [("login", LOGIN), ("password", PASSWORD), ("next", "/installations/new")];
    let entered = staff.send(&format!("{base}/sign-in"), "/sign-in", &form).await?;
    ensure!(entered.url.path() == "/installations/new", "staff did not come in: {}", entered.url);
    let began = Instant::now();
    let list = staff.open(&format!("{base}/")).await?.body;
    let waited = began.elapsed().as_secs_f64() * 1e3;
    report.note("businesses: the first visit after a minute without one", waited, "ms");
    let connect = link.split_once("/connect/").context("a link")?.1;
    let connect = format!("/connect/{connect}");
    tenant.send(&format!("{base}{connect}"), &format!("{connect}/enter"), &[]).await?;

    let far = second_page(&list)?;
    let business = &business.path;
    let own = |rest: &str| format!("{business}{rest}");
    let pages = [
        ("businesses", &staff, "/".to_owned()),
        ("businesses, the next page", &staff, far),
        ("businesses, most failed first", &staff, "/?order=failed".to_owned()),
        ("businesses that need somebody", &staff, "/?state=needs-you".to_owned()),
        ("businesses, searched for", &staff, "/?search=neighbour-77".to_owned()),
        ("install", &staff, "/installations/new".to_owned()),
        ("failures of all businesses", &staff, "/failures".to_owned()),
        ("audit", &staff, "/audit".to_owned()),
        ("access", &staff, "/access".to_owned()),
        ("an installation", &staff, own("")),
        ("activity", &staff, own("/activity")),
        ("settings", &staff, own("/settings")),
        ("custom fields, with both lists read at the providers", &staff, own("/fields")),
        ("conflicts", &staff, own("/conflicts")),
        ("brake", &staff, own("/brake")),
        ("runs", &staff, own("/runs")),
        ("log", &staff, own("/log")),
        ("pause", &staff, own("/pause")),
        ("a person, read at both providers", &staff, own(&format!("/person?user={user}"))),
        ("a preview, with examples read at both providers", &staff, own(&format!("/runs/{preview}"))),
        ("the business's own installation", &tenant, own("")),
        ("connected", &tenant, "/connected".to_owned()),
        ("connect", &nobody, connect),
        ("sign-in", &nobody, "/sign-in".to_owned()),
    ];
    for (name, visitor, path) in pages {
        let (mut took, mut bytes) = (Vec::with_capacity(visits), 0);
        for _ in 0..visits {
            let began = Instant::now();
            let page = visitor.open(&format!("{base}{path}")).await?;
            took.push(began.elapsed());
            ensure!(
                page.status == 200 && page.url.path() == path.split('?').next().unwrap_or_default(),
                "{path}"
            );
            bytes = bytes.max(page.body.len());
            tokio::time::sleep(BETWEEN).await;
        }
        took.sort_unstable();
        report.note(format!("{name}: p50"), within(&took, 0.5).as_secs_f64() * 1e3, "ms");
        report.note(format!("{name}: p99"), within(&took, 0.99).as_secs_f64() * 1e3, "ms");
        report.note(format!("{name}: size"), bytes as f64 / 1e3, "kB");
    }
    report.note("memory of the service", service.process.resident_bytes()? as f64 / 1e6, "MB");
    service.process.stop().await?;
    report.write()
}

fn text(value: &Value) -> anyhow::Result<String> {
    Ok(value.as_str().context("a text")?.to_owned())
}

/// Where the list goes on.
fn second_page(list: &str) -> anyhow::Result<String> {
    let next =
        list.split("href=\"").find(|part| part.contains("cursor=")).context("the list has a second page")?;
    let next = next.split('"').next().unwrap_or_default();
    Ok(next.replace("&amp;", "&").replace("&#38;", "&"))
}
