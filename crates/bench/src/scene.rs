//! What benchmarks of many businesses share: a database, the simulated systems, replicas behind one address, connected
//! businesses, and how all of it is looked at.

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
use tokio::task::JoinSet;

use crate::{
    balancer::Balancer,
    business::Business,
    peer::SandboxProcess,
    service::{Api, ServiceProcess, Setting},
};

/// Longer than anything here takes to come to rest.
const PATIENCE: Duration = Duration::from_secs(900);
/// Businesses that are connected side by side.
const CONNECTED_AT_ONCE: usize = 8;
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A database that is thrown away.
pub(crate) enum Database {
    Sqlite(TempDir),
    Postgres(String, #[expect(dead_code, reason = "held: it ends with this")] Server),
}

/// Everything but the replicas, which come and go.
pub(crate) struct Scene {
    pub(crate) balancer: Balancer,
    pub(crate) sandbox: SandboxProcess,
    pub(crate) setting: Setting,
    pub(crate) businesses: Vec<Business>,
    pub(crate) db: Db,
    _database: Database,
}

/// What became of everybody.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// Customers at Storeganise.
    pub(crate) users: u64,
    /// Of these, those whose contact is missing or holds something else.
    pub(crate) disagreeing: u64,
    /// Contacts that are there twice, by HubSpot's own ledger.
    pub(crate) doubled_contacts: u64,
    /// Users with the e-mail address of another.
    pub(crate) doubled_users: u64,
    /// Connections that want to be authorised again.
    pub(crate) access_lost: u64,
    /// Changes that a person would have to look at.
    pub(crate) parked: u64,
}

impl Database {
    pub(crate) fn sqlite() -> anyhow::Result<Self> {
        Ok(Self::Sqlite(TempDir::new()?))
    }

    pub(crate) fn postgres() -> anyhow::Result<Self> {
        let server = Server::own().context("this machine has no PostgreSQL server programs")?;
        Ok(Self::Postgres(server.new_database().expose_secret().to_owned(), server))
    }

    pub(crate) fn name(&self) -> &'static str {
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
    pub(crate) async fn set(
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
    pub(crate) async fn replica(&self) -> anyhow::Result<ServiceProcess> {
        let replica = self.setting.start().await?;
        self.balancer.add(&replica.api.authority);
        Ok(replica)
    }

    /// The JSON API, whoever answers.
    pub(crate) fn api(&self, of: &ServiceProcess) -> Api {
        of.api.at(self.balancer.address.to_string())
    }

    /// Kills a replica.
    pub(crate) async fn kill(&self, replica: ServiceProcess) -> anyhow::Result<()> {
        self.balancer.remove(&replica.api.authority);
        replica.process.kill().await
    }

    /// Connects so many more businesses, which change as much as they like, and writes contact ids back.
    pub(crate) async fn connect(&mut self, api: &Api, businesses: usize) -> anyhow::Result<()> {
        let (first, mut connecting) = (self.businesses.len(), JoinSet::new());
        for n in first..first + businesses {
            if connecting.len() == CONNECTED_AT_ONCE {
                self.businesses.extend(connecting.join_next().await.transpose()?.transpose()?);
            }
            let (sandbox, api) = (self.sandbox.authority.clone(), api.clone());
            connecting.spawn(async move { connect(&sandbox, &api, n).await });
        }
        while let Some(connected) = connecting.join_next().await {
            self.businesses.push(connected??);
        }
        Ok(())
    }

    /// Asks the database.
    pub(crate) async fn rows<T: FromQueryResult>(&self, sql: &str) -> anyhow::Result<Vec<T>> {
        let backend = if self.db.is_sqlite() { DbBackend::Sqlite } else { DbBackend::Postgres };
        Ok(T::find_by_statement(Statement::from_string(backend, sql)).all(self.db.reader()).await?)
    }

    /// Tells the database.
    pub(crate) async fn tell(&self, sql: &str) -> anyhow::Result<()> {
        self.db.writer().execute_unprepared(sql).await?;
        Ok(())
    }

    /// The one number that a query asks for.
    pub(crate) async fn count(&self, sql: &str) -> anyhow::Result<u64> {
        #[derive(FromQueryResult)]
        struct Count {
            n: i64,
        }
        let rows: Vec<Count> = self.rows(&format!("SELECT count(*) AS n FROM {sql}")).await?;
        Ok(u64::try_from(rows.first().context("a count")?.n)?)
    }

    /// Waits until no event is on its way, nothing but sweeps is left to do and nobody is at work.
    pub(crate) async fn rest(&self) -> anyhow::Result<()> {
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
    pub(crate) async fn counted(&self) -> anyhow::Result<Counted> {
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

async fn connect(sandbox: &str, api: &Api, n: usize) -> anyhow::Result<Business> {
    let business = Business::connect(sandbox, api, n).await?;
    business.set(api, "mirrors", true.into()).await?;
    business.set(api, "brake_percent", 100.into()).await?;
    Ok(business)
}
