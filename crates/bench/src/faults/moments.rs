//! The worst moment: a provider has done what it was asked to, and the process is killed before it knows. The simulated
//! systems hold their answers back until the process is gone; the next one must find what is there instead of doing it
//! again. For each kind of write, on both databases, in many businesses at once.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    business::Business,
    report::Report,
    scene::{Database, Scene},
};

/// Moments of each kind are so many businesses times so many rounds.
const BUSINESSES: usize = 20;
const ROUNDS: usize = 5;
const SHORT_BUSINESSES: usize = 3;
const SHORT_ROUNDS: usize = 1;
const PATIENCE: Duration = Duration::from_secs(120);

/// A kind of write, by how a person brings it about.
#[derive(Debug, Clone, Copy)]
enum Write {
    CreateContact,
    UpdateContact,
    CreateUser,
    Mirror,
    Refresh,
}

const WRITES: [Write; 5] =
    [Write::CreateContact, Write::UpdateContact, Write::CreateUser, Write::Mirror, Write::Refresh];

impl Write {
    fn name(self) -> &'static str {
        match self {
            Self::CreateContact => "create a contact",
            Self::UpdateContact => "update a contact",
            Self::CreateUser => "create a user",
            Self::Mirror => "write a contact's id to its user",
            Self::Refresh => "refresh a token",
        }
    }

    /// The requests whose answers are held back.
    fn held(self, times: usize) -> Value {
        let (provider, method, route) = match self {
            Self::CreateContact => ("hubspot", "POST", "contacts/batch/upsert"),
            Self::UpdateContact => ("hubspot", "POST", "contacts/batch/update"),
            Self::CreateUser => ("storeganise", "POST", "admin/users"),
            Self::Mirror => ("storeganise", "PUT", "admin/users"),
            Self::Refresh => ("hubspot", "POST", "token"),
        };
        json!([{ "provider": provider, "method": method, "route_contains": route, "kind": "hold", "times": times }])
    }
}

pub(super) async fn run(short: bool, report: &mut Report) -> anyhow::Result<()> {
    // Whoever dies while it refreshes a token is waited for 40 seconds: too long for the short form.
    let (businesses, rounds, writes) = if short {
        (SHORT_BUSINESSES, SHORT_ROUNDS, &WRITES[..WRITES.len() - 1])
    } else {
        (BUSINESSES, ROUNDS, &WRITES[..])
    };
    for database in [Database::sqlite()?, Database::postgres()?] {
        let name = database.name();
        let mut scene = Scene::set(database, |setting| {
            setting
                .with("ANNEX_LEASE_SECONDS", 2)
                .with("ANNEX_WORKERS", businesses)
                .with("ANNEX_DATABASE_CONNECTIONS", 40)
        })
        .await?;
        let mut replica = scene.replica().await?;
        let api = scene.api(&replica);
        scene.connect(&api, businesses).await?;
        scene.rest().await?;
        let first = regulars(&scene).await?;
        for write in writes.iter().copied() {
            let began = Instant::now();
            let mut moments = 0;
            for round in 0..rounds {
                control(&scene)?.post("faults", &write.held(businesses)).await?;
                for (business, regular) in scene.businesses.iter().zip(&first) {
                    bring_about(&scene, write, business, regular, round).await?;
                }
                moments += until_held(&scene, businesses).await?;
                scene.kill(replica).await?;
                // What was held is answered, to nobody.
                control(&scene)?.post("faults", &json!([])).await?;
                replica = scene.replica().await?;
                scene.rest().await?;
            }
            let counted = scene.counted().await?;
            let mut note = |what: &str, figure: u64| {
                report.note(format!("{name}, {}: {what}", write.name()), figure as f64, "")
            };
            note("moments", moments);
            note("contacts doubled", counted.doubled_contacts);
            note("users doubled", counted.doubled_users);
            note("users whose contact misses something", counted.disagreeing);
            note("businesses that must authorise again", counted.access_lost);
            note("changes parked", counted.parked);
            report.note(format!("{name}, {}: it took", write.name()), began.elapsed().as_secs_f64(), "s");
        }
        scene.kill(replica).await?;
    }
    report.write()
}

/// One user of each business, who has a contact.
async fn regulars(scene: &Scene) -> anyhow::Result<Vec<String>> {
    let mut regulars = Vec::new();
    for business in &scene.businesses {
        let user = json!({ "email": "regular@example.com", "firstName": "A", "lastName": "Regular" });
        regulars.push(business.control.create_user(&business.code, &user).await?);
    }
    scene.rest().await?;
    Ok(regulars)
}

/// Does what a person does, so that a write of this kind follows.
async fn bring_about(
    scene: &Scene,
    write: Write,
    business: &Business,
    regular: &str,
    round: usize,
) -> anyhow::Result<()> {
    let (control, code) = (&business.control, &business.code);
    let email = format!("{}-{round}@example.com", write.name().replace([' ', '\''], "-"));
    let edit = json!({ "companyName": format!("{write:?} {round} Ltd") });
    match write {
        Write::CreateContact | Write::Mirror => {
            let user = json!({ "email": email, "firstName": "New", "lastName": format!("User {round}") });
            control.create_user(code, &user).await.map(drop)
        }
        Write::UpdateContact => control.edit_user(code, regular, &edit).await,
        Write::CreateUser => {
            let contact = json!({ "email": email, "firstname": "Won", "lastname": format!("Deal {round}") });
            let contact = control.create_contact(business.portal, &contact).await?;
            let deal = json!({ "dealname": format!("Locker {round}"), "pipeline": "default", "dealstage": "closedwon" });
            control.create_deal(business.portal, &deal, &[&contact]).await.map(drop)
        }
        Write::Refresh => {
            control.post(&format!("hubspot/{}/expire", business.portal), &Value::Null).await?;
            let sql =
                format!("UPDATE connection SET access_expires_at = 0 WHERE portal_id = {}", business.portal);
            scene.tell(&sql).await?;
            control.edit_user(code, regular, &edit).await
        }
    }
}

/// Waits until the answers of all businesses are held back: how many that are.
async fn until_held(scene: &Scene, all: usize) -> anyhow::Result<u64> {
    let began = Instant::now();
    loop {
        let held = control(scene)?.get("faults").await?["held"].as_u64().context("a count")?;
        if held >= all as u64 {
            return Ok(held);
        }
        ensure!(began.elapsed() < PATIENCE, "only {held} of {all} answers are held back");
        sleep(Duration::from_millis(5)).await;
    }
}

fn control(scene: &Scene) -> anyhow::Result<&server::demo::control::Control> {
    Ok(&scene.businesses.first().context("there is a business")?.control)
}
