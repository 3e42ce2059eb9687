//! One business with its HubSpot account, connected the way people do it, and the runs over its records.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};
use server::demo::{control::Control, story::consent_to, visitor::Visitor};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::service::Api;

/// The account of the first one.
const FIRST_PORTAL: i64 = 9_000_000;
/// Users made in one call.
const SEEDED_AT_ONCE: u64 = 50_000;
/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// A connected business.
#[derive(Clone)]
pub(crate) struct Business {
    /// Moves both systems.
    pub(crate) control: Control,
    /// Its code at Storeganise.
    pub(crate) code: String,
    /// Its account at HubSpot.
    pub(crate) portal: i64,
    /// The path of its installation in the JSON API.
    pub(crate) path: String,
    users: u64,
}

/// A run that is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    /// Records it went through.
    pub(crate) seen: u64,
    /// Records it found to be worked.
    pub(crate) marked: u64,
    /// Of these, those that were made, and those on which both sides agreed.
    pub(crate) created: u64,
    pub(crate) unchanged: u64,
    /// From its beginning to its end.
    pub(crate) took: Duration,
}

impl Business {
    /// Makes the `n`th business and an account without anybody in them, installs the add-on and connects the two. Contact
    /// ids are not written back, because each would be a request.
    ///
    /// # Errors
    /// A step went wrong.
    pub(crate) async fn connect(sandbox: &str, api: &Api, n: usize) -> anyhow::Result<Self> {
        let control = Control::of(&format!("http://{sandbox}"));
        let (code, portal) = (format!("benchmark-{n}"), FIRST_PORTAL + i64::try_from(n)?);
        control.post("storeganise", &json!({"code": code})).await?;
        control.post("hubspot/portals", &json!({"id": portal, "name": "Benchmark Storage"})).await?;
        let addon = control.install_addon(&code).await?;
        let new = json!({"business_code": code, "addon_id": addon});
        let made = api.post("/installations", &new).await?;
        let path = format!("/installations/{}", made["id"].as_str().context("an installation has an id")?);
        control.set_addon_state(&code, &addon, "enabled").await?;
        api.post(&format!("{path}/enable"), &Value::Null).await?;
        let issued = api.post(&format!("{path}/authorisation-link"), &Value::Null).await?;
        authorise(issued["link"].as_str().context("an authorisation link")?, portal).await?;
        let business = Self { control, code, portal, path, users: 0 };
        business.set(api, "mirrors", false.into()).await?;
        Ok(business)
    }

    /// Changes one of its settings.
    ///
    /// # Errors
    /// It was refused.
    pub(crate) async fn set(&self, api: &Api, name: &str, value: Value) -> anyhow::Result<()> {
        let path = format!("{}/settings", self.path);
        let mut settings = api.get(&path).await?;
        settings[name] = value;
        api.put(&path, &settings).await.map(drop)
    }

    /// Makes users until there are this many.
    ///
    /// # Errors
    /// The sandbox refused.
    pub(crate) async fn grow_to(&mut self, users: u64) -> anyhow::Result<()> {
        while self.users < users {
            let count = SEEDED_AT_ONCE.min(users - self.users);
            let path = format!("storeganise/{}/users/seed", self.code);
            self.control.post(&path, &json!({"count": count})).await?;
            self.users += count;
        }
        Ok(())
    }

    /// Changes every user in a field that is not synced, and tells nobody.
    ///
    /// # Errors
    /// The sandbox did not change all of them.
    pub(crate) async fn touch_everybody(&self) -> anyhow::Result<()> {
        let path = format!("storeganise/{}/users/bulk", self.code);
        let set = json!({"set": {"area": format!("touched among {}", self.users)}});
        let touched = self.control.post(&path, &set).await?;
        ensure!(touched["updated"] == self.users, "not everybody was touched: {touched}");
        Ok(())
    }

    /// Begins a run and waits for its end.
    ///
    /// # Errors
    /// It failed, or takes too long.
    pub(crate) async fn run(&self, api: &Api, kind: &str) -> anyhow::Result<Ended> {
        let asked = Instant::now();
        let path = format!("{}/runs", self.path);
        let begun = api.post(&path, &json!({"kind": kind})).await?;
        let path = format!("{path}/{}", begun["id"].as_str().context("nothing may be synced")?);
        // Looking counts what is still to be worked: seldom where that is much.
        let look_every = Duration::from_millis((self.users / 50).clamp(50, 10_000));
        loop {
            let run = api.get(&path).await?;
            match run["state"].as_str() {
                Some("finished") => return ended(&run),
                Some("failed" | "cancelled") => bail!("a {kind} failed: {run}"),
                _ if asked.elapsed() > PATIENCE => {
                    bail!("a {kind} takes too long: {run}, {}", api.get(&self.path).await?)
                }
                _ => tokio::time::sleep(look_every).await,
            }
        }
    }
}

fn ended(run: &Value) -> anyhow::Result<Ended> {
    let moment = |name: &str| {
        let text = run[name].as_str().context("a run that is over has its times")?;
        anyhow::Ok(OffsetDateTime::parse(text, &Rfc3339)?)
    };
    let took = (moment("finished_at")? - moment("started_at")?).unsigned_abs();
    let outcomes = &run["outcomes"];
    let count = |value: &Value| value.as_u64().context("a run counts its records");
    Ok(Ended {
        seen: count(&run["seen"])?,
        marked: count(&run["marked"])?,
        created: count(&outcomes["created"])?,
        unchanged: count(&outcomes["unchanged"])?,
        took,
    })
}

/// What the business's admin does with the link: follow it, choose the account at HubSpot, come back.
async fn authorise(link: &str, portal: i64) -> anyhow::Result<()> {
    let admin = Visitor::default();
    let page = admin.open(link).await?;
    let consent = admin.send(link, &format!("{}/start", page.url.path()), &[]).await?;
    let connected = consent_to(&admin, &consent, portal, "connect").await?;
    ensure!(connected.url.path() == "/connected", "no way back: {} {}", connected.status, connected.url);
    Ok(())
}
