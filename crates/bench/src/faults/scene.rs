//! What the parts share: a database, the simulated systems, replicas behind one address, connected businesses, and how all
//! of it is looked at.

use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use sea_orm::{ConnectionTrait as _, DbBackend, FromQueryResult, Statement};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use server::demo::{
    control::{customers, property},
    story::pair_agrees,
};
use sync_core::storage::Db;
use tempfile::TempDir;
use tests::postgres::Server;

use crate::{
    balancer::Balancer,
    business::Business,
    peer::SandboxProcess,
    service::{Api, ServiceProcess, Setting},
};

/// Longer than anything here takes to come to rest.
const PATIENCE: Duration = Duration::from_secs(900);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A database that is thrown away.
pub(super) enum Database {
    Sqlite(TempDir),
    Postgres(String, #[expect(dead_code, reason = "held: it ends with this")] Server),
}

/// Everything but the replicas, which come and go.
pub(super) struct Scene {
    pub(super) balancer: Balancer,
    pub(super) sandbox: SandboxProcess,
    pub(super) setting: Setting,
    pub(super) businesses: Vec<Business>,
    pub(super) db: Db,
    _database: Database,
}

/// What became of everybody.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// Customers at Storeganise.
    pub(super) users: u64,
    /// Of these, those whose contact is missing or holds something else.
    pub(super) disagreeing: u64,
    /// Contacts that are there twice, by HubSpot's own ledger.
    pub(super) doubled_contacts: u64,
    /// Users with the e-mail address of another.
    pub(super) doubled_users: u64,
    /// Connections that want to be authorised again.
    pub(super) access_lost: u64,
    /// Changes that a person would have to look at.
    pub(super) parked: u64,
}

impl Database {
    pub(super) fn sqlite() -> anyhow::Result<Self> {
        Ok(Self::Sqlite(TempDir::new()?))
    }

    pub(super) fn postgres() -> anyhow::Result<Self> {
        let server = Server::own().context("this machine has no PostgreSQL server programs")?;
        Ok(Self::Postgres(server.new_database().expose_secret().to_owned(), server))
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(..) => "PostgreSQL",
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite://{}", folder.path().join("annex.db").display()),
            Self::Postgres(url, _) => url.clone(),
        }
    }
}

impl Scene {
    /// Sets everything up; `change` says how replicas are started.
    pub(super) async fn set(
        database: Database,
        change: impl FnOnce(Setting) -> Setting,
    ) -> anyhow::Result<Self> {
        let balancer = Balancer::start().await?;
        let sandbox = SandboxProcess::telling(balancer.base_url()).await?;
        let setting = Setting::new(database.url(), &sandbox.authority)?.behind(balancer.base_url());
        let db = Db::connect(&database.url()).await?;
        Ok(Self {
            balancer,
            sandbox,
            setting: change(setting),
            businesses: Vec::new(),
            db,
            _database: database,
        })
    }

    /// One more replica, which the balancer knows.
    pub(super) async fn replica(&self) -> anyhow::Result<ServiceProcess> {
        let replica = self.setting.start().await?;
        self.balancer.add(&replica.api.authority);
        Ok(replica)
    }

    /// The JSON API, whoever answers.
    pub(super) fn api(&self, of: &ServiceProcess) -> Api {
        of.api.at(self.balancer.address.to_string())
    }

    /// Kills a replica.
    pub(super) async fn kill(&self, replica: ServiceProcess) -> anyhow::Result<()> {
        self.balancer.remove(&replica.api.authority);
        replica.process.kill().await
    }

    /// Connects so many businesses, which change as much as they like, and writes contact ids back.
    pub(super) async fn connect(&mut self, api: &Api, businesses: usize) -> anyhow::Result<()> {
        for n in 0..businesses {
            let business = Business::connect(&self.sandbox.authority, api, n).await?;
            business.set(api, "mirrors", true.into()).await?;
            business.set(api, "brake_percent", 100.into()).await?;
            self.businesses.push(business);
        }
        Ok(())
    }

    /// Asks the database.
    pub(super) async fn rows<T: FromQueryResult>(&self, sql: &str) -> anyhow::Result<Vec<T>> {
        let backend = if self.db.is_sqlite() { DbBackend::Sqlite } else { DbBackend::Postgres };
        Ok(T::find_by_statement(Statement::from_string(backend, sql)).all(self.db.reader()).await?)
    }

    /// Tells the database.
    pub(super) async fn tell(&self, sql: &str) -> anyhow::Result<()> {
        self.db.writer().execute_unprepared(sql).await?;
        Ok(())
    }

    /// The one number that a query asks for.
    pub(super) async fn count(&self, sql: &str) -> anyhow::Result<u64> {
        #[derive(FromQueryResult)]
        struct Count {
            n: i64,
        }
        let rows: Vec<Count> = self.rows(&format!("SELECT count(*) AS n FROM {sql}")).await?;
        Ok(u64::try_from(rows.first().context("a count")?.n)?)
    }

    /// Waits until no event is on its way, nothing but sweeps is left to do and nobody is at work.
    pub(super) async fn rest(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let control = &self.businesses.first().context("there is a business")?.control;
        loop {
            let at_work = self.count("lease WHERE until > 0").await?;
            let to_do = self.count("change WHERE parked_at IS NULL AND subject <> 'sweep'").await?;
            let runs = self.count("run WHERE finished_at IS NULL").await?;
            if control.is_quiet().await? && at_work + to_do + runs == 0 {
                return Ok(());
            }
            ensure!(
                began.elapsed() < PATIENCE,
                "it does not come to rest: {to_do} to do, {at_work} at work, {runs} runs"
            );
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Counts what became of everybody.
    pub(super) async fn counted(&self) -> anyhow::Result<Counted> {
        let mut counted = Counted {
            access_lost: self.count("connection WHERE state <> 'active'").await?,
            parked: self.count("change WHERE parked_at IS NOT NULL").await?,
            ..Counted::default()
        };
        for business in &self.businesses {
            let users = business.control.users(&business.code).await?;
            let contacts = business.control.contacts(business.portal).await?;
            let customers = customers(&users);
            let mut emails: Vec<&str> = customers.iter().filter_map(|user| user["email"].as_str()).collect();
            emails.sort_unstable();
            counted.users += customers.len() as u64;
            counted.doubled_users += emails.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64;
            let by_user: Map<String, Value> = contacts
                .into_iter()
                .filter_map(|contact| Some((property(&contact, "storeganise_user_id")?.to_owned(), contact)))
                .collect();
            let agrees = |user: &&&Map<String, Value>| {
                let its = user["id"].as_str().and_then(|id| by_user.get(id));
                its.is_some_and(|contact| pair_agrees(user, contact).is_ok())
            };
            counted.disagreeing += customers.iter().filter(|user| !agrees(user)).count() as u64;
            let ledger = business.control.get(&format!("hubspot/{}/ledger", business.portal)).await?;
            let doubles = ledger["doubles"].as_array().context("a ledger")?.len();
            let again = ledger["created_more_than_once"].as_object().context("a ledger")?.len();
            counted.doubled_contacts += (doubles + again) as u64;
        }
        Ok(counted)
    }
}
