//! The sandbox, held against programs that are not ours: HubSpot's published client, unchanged but for its base path,
//! and a small add-on server that was written apart from us. What our own clients make of it proves less.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use sandbox::{Sandbox, options::Options};
use serde_json::{Value, json};
use server::demo::control::Control;
use tests::{house::until, node};

const PORTAL: u64 = 4_711;

/// Everything `peers/hubspot-client/story.mjs` goes through, in its order.
const STORY: [&str; 12] = [
    "oauth",
    "properties",
    "contacts",
    "batches",
    "search",
    "deals",
    "associations",
    "life",
    "webhooks",
    "dated",
    "refusals",
    "goodbye",
];

#[tokio::test]
async fn hubspots_own_client_takes_the_sandbox_for_hubspot() {
    let Some(folder) = node::peer("hubspot-client") else { return };
    let mut options = Options { seeded: false, ..Options::default() };
    // The peer is an app of its own, which makes deals as well.
    options.hubspot.scopes.push("crm.objects.deals.write".to_owned());
    let sandbox = sandbox::start(options.clone()).await.unwrap();
    let control = Control::of(&sandbox.base_url());
    control.post("hubspot/portals", &json!({"id": PORTAL, "name": "Peer"})).await.unwrap();
    let setting = json!({
        "base": sandbox.base_url(), "portal": PORTAL, "redirect": "https://peer.example.com/callback",
        "clientId": options.hubspot.client_id, "clientSecret": options.hubspot.client_secret,
        "scopes": options.hubspot.scopes, "appId": options.hubspot.app_id,
        "developerKey": options.hubspot.developer_api_key,
    });
    let steps = tokio::task::spawn_blocking(move || run(&folder, "story.mjs", &setting)).await.unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["step"].as_str().unwrap()).collect();
    assert_eq!(names, STORY);

    // What the client believes to have done is there.
    let contact = control
        .get(&format!("hubspot/{PORTAL}/contacts/{}", steps[2]["id"].as_str().unwrap()))
        .await
        .unwrap();
    assert_eq!(contact["properties"]["city"], "Łódź");
    assert_eq!(contact["properties"]["phone"], Value::Null);
    let deal =
        control.get(&format!("hubspot/{PORTAL}/deals/{}", steps[5]["deal"].as_str().unwrap())).await.unwrap();
    assert_eq!(deal["properties"]["dealstage"], "closedwon");
    sandbox.stop().await;
}

#[tokio::test]
async fn an_add_on_written_apart_from_us_works_when_it_is_installed_in_the_sandbox() {
    let Some(folder) = node::peer("storeganise-addon") else { return };
    let options = Options::default();
    let sandbox = sandbox::start(options.clone()).await.unwrap();
    let mut peer = Peer::start(&folder, &options.storeganise.api_key, &options.storeganise.signature_secret);
    let control = Control::of(&sandbox.base_url());
    let business = json!({"code": "peerville", "customFields": ["peer_welcome"]});
    control.post("storeganise", &business).await.unwrap();
    let addon = control.install_addon("peerville").await.unwrap();
    let address = json!({"webhookUrl": peer.url(), "state": "enabled"});
    control.put(&format!("storeganise/peerville/addons/{addon}"), &address).await.unwrap();

    let fields = json!({"email": "ada@example.com", "firstName": "Ada", "lastName": "Ålund"});
    let user = control.create_user("peerville", &fields).await.unwrap();
    welcomed(&control, &user, "Welcome, Ada").await;
    control.edit_user("peerville", &user, &json!({"firstName": "Bea"})).await.unwrap();
    welcomed(&control, &user, "Welcome, Bea").await;
    is_quiet(&sandbox).await;
    let mut did = peer.said();
    did.sort();
    assert_eq!(did, ["echo", "echo", "greeted", "greeted"], "its own writes came back and ended there");

    // Nobody else can make it work, and paused it hears nothing.
    let forged = reqwest_post(&peer.url(), json!({"type": "user.updated", "data": {"userId": user}})).await;
    assert_eq!(forged, 401);
    control.set_addon_state("peerville", &addon, "paused").await.unwrap();
    control.edit_user("peerville", &user, &json!({"firstName": "Cleo"})).await.unwrap();
    is_quiet(&sandbox).await;
    assert_eq!(welcome(&control, &user).await, "Welcome, Bea");
    peer.stop();
    sandbox.stop().await;
}

/// Runs a script to its end and gives what it said, line by line.
fn run(folder: &Path, script: &str, setting: &Value) -> Vec<Value> {
    let output = Command::new("node")
        .arg("--no-warnings")
        .arg(script)
        .arg(setting.to_string())
        .current_dir(folder)
        .output()
        .expect("node can be started");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "after {said}:\n{complained}");
    said.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// The add-on server while it runs; it ends with its standard input.
struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<std::process::ChildStdout>,
    port: u16,
}

impl Peer {
    fn start(folder: &Path, api_key: &str, signature_secret: &str) -> Self {
        let mut child = Command::new("node")
            .arg("server.mjs")
            .current_dir(folder)
            .env("SG_API_KEY", api_key)
            .env("SG_SIGNATURE_SECRET", signature_secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node can be started");
        let mut output = BufReader::new(child.stdout.take().expect("it was asked for"));
        let mut line = String::new();
        output.read_line(&mut line).expect("the peer prints its port");
        Self { input: child.stdin.take(), port: line.trim().parse().expect("a port"), child, output }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/events", self.port)
    }

    /// What it did with the four events it has had.
    fn said(&mut self) -> Vec<String> {
        let mut did = |_| {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("the peer says what it did");
            let said: Value = serde_json::from_str(&line).expect("a line of JSON");
            said["did"].as_str().unwrap_or_else(|| panic!("{said}")).to_owned()
        };
        (0..4).map(&mut did).collect()
    }

    fn stop(&mut self) {
        drop(self.input.take());
        assert!(self.child.wait().is_ok_and(|status| status.success()), "the peer ended badly");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // A failed test leaves it running otherwise; it may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

async fn welcome(control: &Control, user: &str) -> String {
    let user = control.get(&format!("storeganise/peerville/users/{user}")).await.unwrap();
    user["customFields"]["peer_welcome"].as_str().unwrap_or_default().to_owned()
}

async fn welcomed(control: &Control, user: &str, words: &str) {
    until(words, || async { welcome(control, user).await == words }).await;
}

async fn is_quiet(sandbox: &Sandbox) {
    let control = Control::of(&sandbox.base_url());
    until("quiet", || async { control.get("quiet").await.unwrap()["webhooks_pending"] == 0 }).await;
}

/// Posts JSON without any signature: the status.
async fn reqwest_post(url: &str, body: Value) -> u16 {
    client().post(url).json(&body).send().await.unwrap().status().as_u16()
}

#[expect(clippy::disallowed_methods, reason = "a stranger's client, which has none of our settings")]
fn client() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::new()
}
