//! A house to test in: both remote systems and the service, and in it one business, connected.

use std::sync::atomic::{AtomicBool, Ordering};

use sandbox::options::Options as SandboxOptions;
use serde_json::{Value, json};
use server::demo::{
    control::Control,
    stage::{LOGIN, Options, Stage},
    story::Story,
    visitor::Visitor,
};
use sync_core::{
    access::{Role, audit::Actor},
    queue::change::Subject,
    views::activity::{OutcomeFilter, OutcomeRow},
};

use tokio::time::{Duration, Instant, sleep};

use crate::database::Database;

/// The one business of a house.
pub const BUSINESS: &str = "acme";
/// Its HubSpot account.
pub const PORTAL: i64 = 1_234_567;
/// What HubSpot grants one app in one account within ten seconds (reference 6).
const REQUESTS_PER_WINDOW: u64 = 110;
/// And in searches within one second: five are granted, four are what we allow ourselves.
const SEARCHES_PER_SECOND: u64 = 4;

/// A running house. What it does wrong, the test learns by a panic.
pub struct House {
    /// The service and the simulated systems.
    pub stage: Stage,
    /// How it was set up.
    pub options: Options,
    /// Whether the service kept within what both providers grant; looked at when the house goes.
    pub manners: Manners,
    database: Database,
}

/// Fails a test whose service was told to ask less, or would have been: more than HubSpot grants within a window, two
/// requests at once to one business. Where a fault asked for a 429, nobody is blamed.
pub struct Manners {
    counters: sandbox::Counters,
    excused: AtomicBool,
}

impl Manners {
    /// This test does what has to exceed the limits: it moves the service's clock, not the providers', or puts a worker
    /// in a dead one's place while the dead one's request is still at the provider and the lease is not over.
    pub fn excuse(&self) {
        self.excused.store(true, Ordering::Relaxed);
    }
}

impl Drop for Manners {
    fn drop(&mut self) {
        if self.excused.load(Ordering::Relaxed) || std::thread::panicking() {
            return;
        }
        let ever = &self.counters.read()["ever"];
        let at_most = |what: &str, limit: u64| {
            let counted = ever[what].as_u64().expect("a count");
            assert!(counted <= limit, "{what}: {counted}, at most {limit} are granted");
        };
        at_most("too_many_requests", 0);
        at_most("overlapping", 0);
        at_most("most_requests", REQUESTS_PER_WINDOW);
        at_most("most_searches", SEARCHES_PER_SECOND);
    }
}

impl House {
    /// A house with one business and one HubSpot account, both empty; nothing is installed yet.
    ///
    /// # Panics
    /// It cannot be set up.
    pub async fn new(database: Database) -> Self {
        Self::with(database, |_| {}).await
    }

    /// The same, with other options.
    ///
    /// # Panics
    /// It cannot be set up.
    pub async fn with(database: Database, change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::at(database.url().to_owned());
        options.requests_per_second = 200.0;
        options.sandbox =
            SandboxOptions { seeded: false, webhook_retry_scale_ms: 50, ..SandboxOptions::default() };
        change(&mut options);
        let stage = Stage::set(options.clone()).await.expect("the stage is set");
        stage.control.post("storeganise", &json!({ "code": BUSINESS })).await.expect("a business");
        let portal = json!({ "id": PORTAL, "name": "Acme Storage" });
        stage.control.post("hubspot/portals", &portal).await.expect("a portal");
        let manners = Manners { counters: stage.sandbox.counters(), excused: AtomicBool::new(false) };
        Self { stage, options, manners, database }
    }

    /// The business, installed, enabled and authorised, with nothing left to do.
    ///
    /// # Panics
    /// A step went wrong.
    pub async fn connected(&self) -> Story<'_> {
        let mut story = Story::of(&self.stage, BUSINESS, PORTAL);
        story.install().await.expect("installed");
        story.enable().await.expect("enabled");
        story.authorise().await.expect("authorised");
        story.settle().await.expect("settled");
        story
    }

    /// Moves the simulated systems.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.stage.control
    }

    /// The database the service keeps its data in.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Adds users to the business, and then changes them all: adding alone sends no event.
    ///
    /// # Panics
    /// The sandbox does not answer.
    pub async fn add_users(&self, count: usize) {
        let users = format!("storeganise/{BUSINESS}/users");
        let seed = json!({ "count": count });
        self.control().post(&format!("{users}/seed"), &seed).await.expect("users");
        let bulk = json!({ "set": { "companyName": "Unit {n}" } });
        self.control().post(&format!("{users}/bulk"), &bulk).await.expect("events");
    }

    /// The contact of a user.
    ///
    /// # Panics
    /// It has none.
    pub async fn contact_of(&self, user_id: &str) -> Value {
        let found = self.control().contact_of(PORTAL, user_id).await.expect("contacts");
        found.unwrap_or_else(|| panic!("user {user_id} has no contact"))
    }

    /// The user with this e-mail, if there is one.
    ///
    /// # Panics
    /// The sandbox does not answer.
    pub async fn user_with(&self, email: &str) -> Option<Value> {
        let users = self.control().users(BUSINESS).await.expect("users");
        users.into_iter().find(|user| user["email"] == email)
    }

    /// Makes a staff token of the JSON API.
    ///
    /// # Panics
    /// The database does not answer.
    pub async fn token(&self) -> String {
        use secrecy::ExposeSecret as _;
        let core = self.stage.core();
        let token =
            core.create_api_token("test", Role::Staff, None, &Actor::command_line()).await.expect("a token");
        token.expose_secret().to_owned()
    }

    /// What was done about one record, the newest first.
    ///
    /// # Panics
    /// The database does not answer.
    pub async fn outcomes_of(&self, story: &Story<'_>, record: &str) -> Vec<OutcomeRow> {
        let scope = story.installation().await.expect("an installation").scope();
        let filter = OutcomeFilter { record: Some(record.to_owned()), ..OutcomeFilter::default() };
        self.stage.core().outcomes(scope, &filter, None, 100).await.expect("outcomes").items
    }

    /// What was done last about one record, but for its id's way back: the action, and the reason if there was one.
    ///
    /// # Panics
    /// Nothing was done about it, or the database does not answer.
    pub async fn told(&self, story: &Story<'_>, record: &str) -> (String, String) {
        let outcomes = self.outcomes_of(story, record).await;
        let mut others = outcomes.iter().filter(|row| row.subject != Subject::Mirror);
        let row = others.next().unwrap_or_else(|| panic!("nothing is told about {record}"));
        (row.action.word().to_owned(), row.reason.clone().unwrap_or_default())
    }

    /// A member of staff, signed in at the pages.
    ///
    /// # Panics
    /// It does not work.
    pub async fn staff(&self) -> Visitor {
        use secrecy::ExposeSecret as _;
        let staff = Visitor::default();
        let sign_in = format!("{}/sign-in", self.stage.base_url);
        let form = [("login", LOGIN), ("password", self.stage.password.expose_secret())];
        staff.send(&sign_in, "/sign-in", &form).await.expect("signed in");
        staff
    }

    /// The installation's page, as staff see it.
    ///
    /// # Panics
    /// It does not open.
    pub async fn page(&self, story: &Story<'_>) -> String {
        let id = story.installation().await.expect("an installation").id;
        let page = self.staff().await.open(&format!("{}/installations/{id}", self.stage.base_url)).await;
        page.expect("the page opens").body
    }

    /// Does something while the installation is paused, so that all of it is worked in one batch afterwards.
    ///
    /// # Panics
    /// It cannot be paused or enabled.
    pub async fn at_once(&self, story: &Story<'_>, work: impl AsyncFnOnce()) {
        let (core, by) = (self.stage.core(), Actor::command_line());
        let id = story.installation().await.expect("an installation").id;
        core.pause(id, &by).await.expect("paused");
        work().await;
        self.control().until_delivered().await.expect("all webhooks are delivered");
        core.enable(id, &by).await.expect("enabled");
        story.settle().await.expect("settled");
    }
}

/// Calls the JSON API at an address: the status and the answer, null where there is none.
///
/// # Panics
/// The service does not answer, or not in JSON.
#[expect(clippy::disallowed_methods, reason = "a program that is not ours, on this machine")]
pub async fn call(method: &str, address: &str, token: &str, body: Option<&Value>) -> (u16, Value) {
    let method = method.parse::<reqwest::Method>().expect("a method");
    let mut request = reqwest::Client::new().request(method, address).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.expect("the service answers");
    let (status, text) = (response.status().as_u16(), response.text().await.expect("a whole answer"));
    if text.is_empty() {
        return (status, Value::Null);
    }
    (status, serde_json::from_str(&text).expect("JSON"))
}

/// Waits for what will come, however fast this machine is.
///
/// # Panics
/// It did not come in two minutes: something is stuck.
pub async fn until<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    until_within(Duration::from_secs(120), what, holds).await;
}

/// The same, for what takes longer by its nature.
///
/// # Panics
/// It did not come in that time: something is stuck.
pub async fn until_within<F: Future<Output = bool>>(patience: Duration, what: &str, holds: impl Fn() -> F) {
    let give_up = Instant::now() + patience;
    while !holds().await {
        assert!(Instant::now() < give_up, "{what} did not come to pass in {} s", patience.as_secs());
        sleep(Duration::from_millis(5)).await;
    }
}
