//! The real binary as a process of its own: started with an environment and nothing else, asked, signalled, waited for.

use std::{
    fs::File,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use server::demo::stage::environment;
use tests::house::{House, until};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

/// The same key in every test that has no house.
pub const KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// Longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// The environment of a process, and which binary it is.
#[derive(Clone)]
pub struct Surroundings {
    variables: Vec<(String, String)>,
    binary: PathBuf,
}

impl Surroundings {
    /// Complete, with this database and a port that is free; no provider answers.
    pub fn at(database_url: &str) -> Self {
        let port = free_port();
        let variables = [
            ("ANNEX_BASE_URL", format!("http://127.0.0.1:{port}")),
            ("ANNEX_LISTEN", format!("127.0.0.1:{port}")),
            ("ANNEX_DATABASE_URL", database_url.to_owned()),
            ("ANNEX_MASTER_KEYS", KEY.to_owned()),
            ("ANNEX_DRAIN_SECONDS", "0".to_owned()),
            ("HUBSPOT_CLIENT_ID", "client".to_owned()),
            ("HUBSPOT_CLIENT_SECRET", "secret".to_owned()),
            ("HUBSPOT_APP_ID", "42".to_owned()),
            ("ANNEX_HUBSPOT_API_URL", "http://127.0.0.1:9".to_owned()),
            ("STOREGANISE_API_KEY", "key".to_owned()),
            ("STOREGANISE_SIGNATURE_SECRETS", "signature".to_owned()),
        ];
        Self::given(variables.map(|(name, value)| (name.to_owned(), value)).into())
    }

    /// What the service of a house is given; it can be started once that one is stopped, or at another port beside it.
    pub fn of(house: &House) -> Self {
        let given = environment(&house.options, &house.stage.base_url, house.stage.sandbox.address());
        let address = house.stage.base_url.trim_start_matches("http://").to_owned();
        let given = given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self::given(given).with("ANNEX_LISTEN", address).with("ANNEX_DRAIN_SECONDS", "0")
    }

    fn given(variables: Vec<(String, String)>) -> Self {
        Self { variables, binary: env!("CARGO_BIN_EXE_annex-under-test").into() }
    }

    /// The same for another binary than the one that was just built.
    pub fn of_binary(mut self, binary: PathBuf) -> Self {
        self.binary = binary;
        self
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self = self.without(name);
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Listening at a port of its own, known by the same address as before.
    pub fn elsewhere(self) -> Self {
        self.with("ANNEX_LISTEN", format!("127.0.0.1:{}", free_port()))
    }

    pub fn get(&self, name: &str) -> &str {
        &self.variables.iter().find(|(known, _)| known == name).unwrap().1
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_clear().envs(self.variables.iter().cloned()).kill_on_drop(true);
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).stdin(Stdio::null()).output();
        let output = timeout(PATIENCE, output).await.expect("it ends").unwrap();
        Said {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts a service and waits until it is ready.
    pub async fn start(&self, arguments: &[&str]) -> Service {
        self.started(self.command(arguments).env("ANNEX_LOG", "error")).await
    }

    /// The same, with what it logs in a file, as a service manager keeps it.
    pub async fn start_logging(&self, arguments: &[&str], filter: &str, log: &Path) -> Service {
        let log = File::create(log).unwrap();
        self.started(self.command(arguments).env("ANNEX_LOG", filter).stderr(log)).await
    }

    async fn started(&self, command: &mut Command) -> Service {
        let child = command.stdout(Stdio::null()).spawn().unwrap();
        let service = Service { child, address: self.get("ANNEX_LISTEN").to_owned() };
        until("the service is ready", || async { service.status("/readyz").await == Some(200) }).await;
        service
    }
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// That it refused: exit code 2, and one line with these words in it.
    pub fn refuses(&self, words: &[&str]) {
        assert_eq!(self.code, Some(2), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "one line: {self:?}");
        assert!(self.out.is_empty(), "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word}: {self:?}");
        }
    }
}

/// A running service.
pub struct Service {
    child: Child,
    address: String,
}

impl Service {
    /// The status of an answer; none where nobody answers.
    pub async fn status(&self, path: &str) -> Option<u16> {
        let answer = stranger().get(format!("http://{}{path}", self.address)).send().await.ok()?;
        Some(answer.status().as_u16())
    }

    /// Its metrics, which it shows to the holder of a token.
    pub async fn metrics(&self, token: &str) -> String {
        let asked = stranger().get(format!("http://{}/metrics", self.address)).bearer_auth(token);
        asked.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
    }

    pub fn process(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    pub async fn signal(&self, name: &str) {
        let id = self.process().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().await.unwrap();
        assert!(sent.success(), "{name} to {id}");
    }

    /// How it ended; it must within this time.
    pub async fn ended_within(mut self, time: Duration) -> ExitStatus {
        timeout(time, self.child.wait()).await.expect("it ends in time").unwrap()
    }

    /// Tells it to stop, and waits for that: its exit code.
    pub async fn stops(self) -> Option<i32> {
        self.signal("TERM").await;
        self.ended().await.code()
    }

    pub async fn ended(self) -> ExitStatus {
        self.ended_within(PATIENCE).await
    }

    /// Ends it as power cuts do.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// A client that keeps no connection: what it asks is asked of whoever listens now.
#[expect(clippy::disallowed_methods, reason = "a stranger's client, which only calls this machine")]
pub fn stranger() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
}

pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
