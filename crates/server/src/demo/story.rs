//! The story: install, enable, authorise, users to contacts, a won deal to a user. Every step goes the way a
//! person goes, through the pages, and is checked on the other side.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sync_core::{
    access::audit::Actor,
    brake::NEVER_PERCENT,
    installation::Installation,
    queue::change::Subject,
    settings::Settings,
    views::{PAGE_MAX, runs::RunKind},
};
use tokio::time::{Instant, sleep};

use super::{
    control::{customers, property},
    stage::{LOGIN, Stage},
    visitor::{Visit, Visitor},
};

/// How long a step may take to show its effect.
const PATIENCE: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// One business on its way through the story.
pub struct Story<'a> {
    stage: &'a Stage,
    staff: Visitor,
    /// The business's code.
    pub business: String,
    /// The HubSpot account it is connected to.
    pub portal: i64,
    /// The add-on's id at Storeganise.
    pub addon: String,
    /// The installation's page.
    page: String,
    /// The authorisation link.
    pub link: String,
}

impl<'a> Story<'a> {
    /// A business and the HubSpot account it will be connected to; nothing has happened yet.
    #[must_use]
    pub fn of(stage: &'a Stage, business: &str, portal: i64) -> Self {
        Self {
            stage,
            staff: Visitor::default(),
            business: business.to_owned(),
            portal,
            addon: String::new(),
            page: String::new(),
            link: String::new(),
        }
    }

    /// Install: Storeganise staff install the add-on there, then here.
    ///
    /// # Errors
    /// A page did not show what it should.
    pub async fn install(&mut self) -> anyhow::Result<String> {
        self.addon = self.stage.control.install_addon(&self.business).await?;
        self.sign_in().await?;
        let form = format!("{}/installations/new", self.stage.base_url);
        let fields = [("business_code", self.business.as_str()), ("addon_id", self.addon.as_str())];
        let page = self.staff.send(&form, "/installations/new", &fields).await?;
        shows(&page, &self.business)?;
        ensure!(page.url.path().starts_with("/installations/"), "the installation's page did not open");
        self.page = page.url.to_string();
        Ok(format!("add-on {} of {}, state installed", self.addon, self.business))
    }

    /// Enable: an admin of the business enables the add-on there, staff enable it here; the link appears.
    ///
    /// # Errors
    /// A page did not show what it should.
    pub async fn enable(&mut self) -> anyhow::Result<String> {
        let control = &self.stage.control;
        control.set_addon_state(&self.business, &self.addon, "enabled").await?;
        let target = format!("{}/enable", self.page);
        let page = self.staff.send(&self.page, &target, &[]).await?;
        let link = control.addon_field(&self.business, &self.addon, "hubspot_authorisationLink").await?;
        ensure!(link.starts_with(&self.stage.base_url), "the add-on's page at Storeganise has no link");
        shows(&page, &link)?;
        self.link = link;
        Ok("the authorisation link stands on our page and on the add-on's page".to_owned())
    }

    /// Authorise: an admin of the business follows the link, chooses the account at HubSpot and comes back.
    ///
    /// # Errors
    /// A page did not show what it should.
    pub async fn authorise(&self) -> anyhow::Result<String> {
        self.authorise_by(&Visitor::default(), &[]).await?;
        let field = "hubspot_refreshToken";
        let shown = self.stage.control.addon_field(&self.business, &self.addon, field).await?;
        ensure!(shown.starts_with(&format!("connected to {}", self.portal)), "the status field is {shown:?}");
        Ok(shown)
    }

    /// The business's admin opens the link in this browser, ticks what is to be ticked there, and says yes at HubSpot; the
    /// page it comes back to.
    ///
    /// # Errors
    /// A page on the way is not there, or HubSpot is not connected in the end.
    pub async fn authorise_by(&self, admin: &Visitor, ticked: &[(&str, &str)]) -> anyhow::Result<Visit> {
        let page = admin.open(&self.link).await?;
        shows(&page, &self.business)?;
        let consent = admin.send(&self.link, &format!("{}/start", page.url.path()), ticked).await?;
        ensure!(consent.url.path().contains("/oauth/"), "HubSpot's consent page did not open");
        let connected = consent_to(admin, &consent, self.portal, "connect").await?;
        ensure!(connected.url.path() == "/connected", "no way back: {} {}", connected.status, connected.url);
        shows(&connected, &self.portal.to_string())?;
        Ok(connected)
    }

    /// Staff ask for all users to be synced, by the button on the installation's page.
    ///
    /// # Errors
    /// The page refused.
    pub async fn ask_for_all(&self) -> anyhow::Result<()> {
        let page =
            self.staff.send(&self.page, &format!("{}/runs", self.page), &[("kind", "backfill")]).await?;
        shows(&page, "backfill")?;
        let scope = self.installation().await?.scope();
        let runs = self.stage.core().runs(scope, None, 10).await?;
        ensure!(runs.items.iter().any(|run| run.kind == RunKind::Backfill), "the run was not begun");
        Ok(())
    }

    /// Users → contacts: every customer has one contact, and each side holds the other's id.
    ///
    /// # Errors
    /// A customer has no contact, or a contact is doubled.
    pub async fn sync_all(&self) -> anyhow::Result<String> {
        self.ask_for_all().await?;
        self.settle().await?;
        let paired = self.pairs_agree().await?;
        Ok(format!("{paired} users have their contact, each side holds the other's id, nothing is doubled"))
    }

    /// A user edited at Storeganise changes its contact.
    ///
    /// # Errors
    /// It did not.
    pub async fn edit_a_user(&self) -> anyhow::Result<String> {
        let control = &self.stage.control;
        let users = control.users(&self.business).await?;
        let user = customers(&users).first().and_then(|user| user["id"].as_str()).context("no customer")?;
        let name = "Zoë “Ñandú” 山田 🗝️";
        control.edit_user(&self.business, user, &json!({"lastName": name})).await?;
        self.settle().await?;
        let contact = control.contact_of(self.portal, user).await?.context("the contact is gone")?;
        ensure!(property(&contact, "lastname") == Some(name), "the contact's last name is not the user's");
        Ok(format!("user {user} renamed, contact {} follows", contact["id"].as_str().unwrap_or_default()))
    }

    /// A bulk update at Storeganise reaches every contact, in few requests.
    ///
    /// # Errors
    /// A contact was left behind, or HubSpot answered 429.
    pub async fn bulk_update(&self) -> anyhow::Result<String> {
        self.without_brake().await?;
        let control = &self.stage.control;
        control.reset_stats().await?;
        let path = format!("storeganise/{}/users/bulk", self.business);
        let updated = control.post(&path, &json!({"set": {"companyName": "Unit {n} Ltd"}})).await?;
        self.settle().await?;
        let paired = self.pairs_agree().await?;
        let stats = control.stats().await?;
        let (requests, refused) = (&stats["hubspot"]["total"], &stats["hubspot"]["too_many_requests"]);
        ensure!(refused == 0, "HubSpot answered 429 {refused} times");
        ensure!(
            updated["updated"] == paired,
            "{} users were updated, {paired} are paired",
            updated["updated"]
        );
        Ok(format!("{paired} contacts follow in {requests} HubSpot requests, no 429"))
    }

    /// Switches the brake off: a change of everybody that is meant need not be asked about.
    ///
    /// # Errors
    /// The settings were refused.
    pub async fn without_brake(&self) -> anyhow::Result<()> {
        let installation = self.installation().await?;
        let settings = Settings { brake_percent: NEVER_PERCENT, ..installation.settings };
        let by = Actor::command_line();
        self.stage.core().change_settings(installation.id, &settings, &by).await?;
        Ok(())
    }

    /// A deal won (by its stage's probability, in a pipeline of the portal's own) brings its contact over.
    ///
    /// # Errors
    /// It did not, or another contact came along.
    pub async fn win_a_deal(&self) -> anyhow::Result<String> {
        let control = &self.stage.control;
        let people =
            |first: &str, email: &str| json!({"firstname": first, "lastname": "Prüfer", "email": email});
        let won = control.create_contact(self.portal, &people("Vera", "vera.pruefer@example.net")).await?;
        let open = control.create_contact(self.portal, &people("Otto", "otto.pruefer@example.net")).await?;
        let (pipeline, start, end) = self.own_pipeline().await?;
        let deal =
            |name: &str| json!({"dealname": name, "amount": "420", "pipeline": pipeline, "dealstage": start});
        let id = control.create_deal(self.portal, &deal("Locker 12"), &[&won]).await?;
        control.create_deal(self.portal, &deal("Locker 13"), &[&open]).await?;
        self.settle().await?;
        let before = control.users(&self.business).await?.len();
        control.edit_deal(self.portal, &id, &json!({"dealstage": end, "closedate": "2026-03-04"})).await?;
        self.settle().await?;
        let users = control.users(&self.business).await?;
        ensure!(users.len() == before + 1, "{} users before, {} after", before, users.len());
        let user = users.iter().find(|user| user["email"] == "vera.pruefer@example.net");
        let fields = &user.context("the won deal's contact did not come over")?["customFields"];
        let shown: Vec<&str> = [
            "hubspot_contactId",
            "hubspot_dealId",
            "hubspot_dealName",
            "hubspot_dealAmount",
            "hubspot_dealCloseDate",
        ]
        .iter()
        .filter_map(|name| fields[*name].as_str())
        .collect();
        ensure!(
            shown == [won.as_str(), id.as_str(), "Locker 12", "420", "2026-03-04"],
            "the deal's data: {shown:?}"
        );
        Ok(format!(
            "deal {id} won, its contact {won} became a user with the deal's data; the other stayed out"
        ))
    }

    /// Once the dust has settled, nothing is asked of either side any more.
    ///
    /// # Errors
    /// There was a request.
    pub async fn rest(&self) -> anyhow::Result<String> {
        let control = &self.stage.control;
        self.settle().await?;
        control.reset_stats().await?;
        let quiet = Duration::from_secs(2);
        sleep(quiet).await;
        let stats = control.stats().await?;
        let (storeganise, hubspot) = (&stats["storeganise"]["total"], &stats["hubspot"]["total"]);
        ensure!(
            storeganise == 0 && hubspot == 0,
            "{storeganise} requests to Storeganise, {hubspot} to HubSpot"
        );
        Ok(format!("no request on either side in {} s: nothing goes round in circles", quiet.as_secs()))
    }

    /// Waits until no webhook is on its way and no change is due.
    ///
    /// # Errors
    /// It takes too long; what is still waiting is named.
    pub async fn settle(&self) -> anyhow::Result<()> {
        self.settle_but_for(&[]).await
    }

    /// The same, but for the contact ids still to be written back at Storeganise's slow pace.
    ///
    /// # Errors
    /// As [`Story::settle`].
    pub async fn settle_but_for_mirrors(&self) -> anyhow::Result<()> {
        self.settle_but_for(&[Subject::Mirror]).await
    }

    async fn settle_but_for(&self, left_out: &[Subject]) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        while !self.is_settled(left_out).await? {
            if Instant::now() > until {
                let page = self
                    .stage
                    .core()
                    .changes(self.installation().await?.scope(), Some(false), None, 5)
                    .await?;
                bail!("it did not settle in {} s: {:?}", PATIENCE.as_secs(), page.items);
            }
            sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// The installation as the core knows it.
    ///
    /// # Errors
    /// It was not installed.
    pub async fn installation(&self) -> anyhow::Result<Installation> {
        let id = self.page.rsplit('/').next().unwrap_or_default();
        Ok(self.stage.core().installation(id.parse().context("not installed yet")?).await?)
    }

    /// Whether no webhook is on its way and no change is due. Quiet is asked for first and last: an answer in
    /// between could have let one out.
    async fn is_settled(&self, left_out: &[Subject]) -> anyhow::Result<bool> {
        // Mirrors are requests, and their echoes webhooks: with them left out, no event must be on its way.
        let told = self.stage.control.webhooks_pending().await? == 0;
        if !told || left_out.is_empty() && !self.stage.control.is_quiet().await? {
            return Ok(false);
        }
        let now = self.stage.core().clock().now().0;
        let scope = self.installation().await?.scope();
        let waiting = self.stage.core().changes(scope, Some(false), None, PAGE_MAX).await?;
        let done = waiting.items.iter().all(|change| {
            // What the brake holds waits for a person, and is as settled as the next sweep.
            let waits = change.subject == Subject::Sweep || change.cause.as_deref() == Some("brake");
            left_out.contains(&change.subject) || waits && change.due_at > now
        });
        // Subjects are listed in the order of their words: mirrors would hide users behind a full page.
        let whole = waiting.next.is_none() || !left_out.is_empty() && self.users_waiting().await? == 0;
        Ok(done && whole && (!left_out.is_empty() || self.stage.control.is_quiet().await?))
    }

    /// Users still to be looked at, counted past the mirrors.
    async fn users_waiting(&self) -> anyhow::Result<usize> {
        let scope = self.installation().await?.scope();
        let after = format!("{}~\u{10ffff}", Subject::Mirror.word());
        let later = self.stage.core().changes(scope, Some(false), Some(&after), PAGE_MAX).await?;
        Ok(later.items.iter().filter(|change| change.subject == Subject::User).count())
    }

    async fn sign_in(&self) -> anyhow::Result<()> {
        let page = format!("{}/sign-in", self.stage.base_url);
        let form = [("login", LOGIN), ("password", self.stage.password.expose_secret())];
        let inside = self.staff.send(&page, "/sign-in", &form).await?;
        ensure!(inside.status.is_success() && inside.url.path() == "/", "staff could not sign in");
        Ok(())
    }

    /// Every customer has exactly one contact with the same e-mail, and each holds the other's id.
    ///
    /// # Errors
    /// The first pair that does not.
    pub async fn pairs_agree(&self) -> anyhow::Result<usize> {
        let users = self.stage.control.users(&self.business).await?;
        let contacts = self.stage.control.contacts(self.portal).await?;
        let customers = customers(&users);
        for user in &customers {
            let id = user["id"].as_str().unwrap_or_default();
            let of_user: Vec<&Value> = contacts
                .iter()
                .filter(|contact| property(contact, "storeganise_user_id") == Some(id))
                .collect();
            let [contact] = of_user.as_slice() else { bail!("user {id} has {} contacts", of_user.len()) };
            pair_agrees(user, contact)?;
        }
        let ledger = self.stage.control.get(&format!("hubspot/{}/ledger", self.portal)).await?;
        ensure!(ledger["doubles"] == json!([]), "doubled contacts: {}", ledger["doubles"]);
        ensure!(
            ledger["created_more_than_once"] == json!({}),
            "made twice: {}",
            ledger["created_more_than_once"]
        );
        Ok(customers.len())
    }

    /// The pipeline the portal made for itself: its id, a first stage, and the one that means won.
    async fn own_pipeline(&self) -> anyhow::Result<(String, String, String)> {
        let portals = self.stage.control.get("hubspot/portals").await?;
        let portal = portals.as_array().and_then(|all| all.iter().find(|portal| portal["id"] == self.portal));
        let pipelines =
            portal.context("no such portal")?["pipelines"].as_array().cloned().unwrap_or_default();
        let own = pipelines.iter().find(|pipeline| pipeline["id"] != "default").context("no own pipeline")?;
        let stages = own["stages"].as_array().context("no stages")?;
        let won =
            stages.iter().find(|stage| stage["metadata"]["probability"] == "1.0").context("no won stage")?;
        let text = |value: &Value| value["id"].as_str().unwrap_or_default().to_owned();
        Ok((text(own), text(&stages[0]), text(won)))
    }
}

/// Decides on HubSpot's consent page: `connect` or `cancel`.
///
/// # Errors
/// A page did not answer.
pub async fn consent_to(
    admin: &Visitor,
    consent: &Visit,
    portal: i64,
    decision: &str,
) -> anyhow::Result<Visit> {
    let asked: Vec<(String, String)> = consent.url.query_pairs().into_owned().collect();
    let portal = portal.to_string();
    let mut form: Vec<(&str, &str)> =
        asked.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.extend([("portal", portal.as_str()), ("decision", decision)]);
    admin.send(consent.url.as_str(), "/oauth/authorize/decide", &form).await
}

/// Whether both sides of a pair hold the same values and each other's id.
///
/// # Errors
/// What they do not agree on.
pub fn pair_agrees(user: &serde_json::Map<String, Value>, contact: &Value) -> anyhow::Result<()> {
    let id = user["id"].as_str().unwrap_or_default();
    let held = user["customFields"]["hubspot_contactId"].as_str();
    ensure!(held == contact["id"].as_str(), "user {id} does not hold its contact's id");
    let fields = [
        ("firstName", "firstname"),
        ("lastName", "lastname"),
        ("phone", "phone"),
        ("companyName", "company"),
        ("address", "address"),
    ];
    for (user_field, contact_field) in fields {
        let value = user.get(user_field).and_then(Value::as_str).unwrap_or_default();
        let blank = value.is_empty() || value == "-";
        let same = property(contact, contact_field) == Some(value);
        ensure!(same || blank, "user {id}: {user_field} and {contact_field} differ");
    }
    let email = user["email"].as_str().unwrap_or_default().to_lowercase();
    ensure!(property(contact, "email") == Some(email.as_str()), "user {id}: e-mails differ");
    Ok(())
}

fn shows(page: &Visit, text: &str) -> anyhow::Result<()> {
    ensure!(page.status.is_success(), "{} answered {}", page.url, page.status);
    ensure!(page.body.contains(text), "{} does not show {text:?}", page.url);
    Ok(())
}
