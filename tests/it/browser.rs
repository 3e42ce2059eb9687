//! The pages in a browser: everybody can use them, with the eyes, the hands and the screen they have.
//!
//! `ANNEX_PICTURES=docs/images` also keeps a picture of each.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};

use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use server::demo::stage::LOGIN;
use sync_core::{
    access::audit::Actor, installation::Installation, merge::Policy, settings::Settings, views::runs::RunKind,
};
use tests::{
    database::{Database, Kind},
    house::{BUSINESS, House, PORTAL, until},
    node,
};
use tokio::{io::AsyncWriteExt as _, process::Command};

use crate::brake::held_back;

/// Where Debian puts it, and what others call it.
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

fn browser() -> Option<PathBuf> {
    let found = BROWSERS.map(PathBuf::from).into_iter().find(|path| path.exists());
    if found.is_none() {
        node::skip("the pages in a browser: there is no Chromium on this machine");
    }
    found
}

/// A business with everything on its pages: people, a failure, a decision that waits, runs.
pub(crate) async fn lived_in(house: &House) -> (Installation, String) {
    let story = house.connected().await;
    let (control, core, by) = (house.control(), house.stage.core(), Actor::command_line());
    let installation = story.installation().await.unwrap();
    let settings = Settings {
        contact_edits: true,
        conflict_policy: Policy::NewestWins,
        brake_percent: 100,
        ..installation.settings.clone()
    };
    core.change_settings(installation.id, &settings, &by).await.unwrap();
    house.add_users(12).await;
    let user = json!({ "email": "ada@example.com", "firstName": "Ada", "lastName": "Locke", "phone": "+44 20 7946 0018" });
    let ada = control.create_user(BUSINESS, &user).await.unwrap();
    let other = json!({ "email": "kit@example.com", "firstname": "Kit", "lastname": "Ames" });
    control.create_contact(PORTAL, &other).await.unwrap();
    story.settle().await.unwrap();
    control.edit_user(BUSINESS, &ada, &json!({ "email": "kit@example.com" })).await.unwrap();
    control.post(&format!("hubspot/{PORTAL}/rules"), &json!({ "required": ["company"] })).await.unwrap();
    let bare = json!({ "email": "bare@example.com", "firstName": "Bare", "lastName": "One" });
    control.create_user(BUSINESS, &bare).await.unwrap();
    story.settle().await.unwrap();
    core.begin_run(&installation, RunKind::Preview, &by).await.unwrap();
    let scope = installation.scope();
    until("the preview is made", || async {
        core.runs(scope, None, 10).await.unwrap().items.iter().all(|run| run.finished_at.is_some())
    })
    .await;
    (installation, ada)
}

/// Runs one of the scripts in a browser: the lines it wrote.
async fn run(folder: &Path, script: &str, asked: &Value) -> Vec<Value> {
    let mut running = Command::new("node")
        .arg(script)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    running.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).await.unwrap();
    let ran = running.wait_with_output().await.unwrap();
    assert!(ran.status.success(), "{script} did not come to its end: {}", ran.status);
    let lines = String::from_utf8(ran.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn pages(named: &[(&str, &str)]) -> Vec<Value> {
    named.iter().map(|(name, path)| json!({ "name": name, "path": path })).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_can_be_used_by_everybody() {
    let (Some(browser), Some(folder)) = (browser(), node::peer("browser")) else { return };
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let (installation, ada) = lived_in(&house).await;
    let runs = house.stage.core().runs(installation.scope(), None, 10).await.unwrap().items;
    let preview = runs.iter().find(|run| run.kind == RunKind::Preview).unwrap().id;
    let here = format!("/installations/{}", installation.id);
    let at = |rest: &str| format!("{here}/{rest}");
    let link = house_link(&house, &installation).await;
    let of_both = [
        ("installation", here.clone()),
        ("activity", at("activity")),
        ("settings", at("settings")),
        ("fields", at("fields")),
        ("run", at(&format!("runs/{preview}"))),
        ("person", at(&format!("person?user={ada}"))),
        ("conflicts", at("conflicts")),
        ("conflict", at(&format!("conflicts/{ada}"))),
        ("brake", at("brake")),
        ("runs", at("runs")),
        ("log", at("log")),
    ];
    let of_both: Vec<(&str, &str)> = of_both.iter().map(|(name, path)| (*name, path.as_str())).collect();
    let of_staff = [
        ("businesses", "/"),
        ("install", "/installations/new"),
        ("install-many", "/installations/many"),
        ("failures", "/failures"),
        ("audit", "/audit"),
        ("access", "/access"),
        ("account", "/account"),
        ("pause", &at("pause")),
        ("remove", &at("remove")),
    ];
    let own: Vec<(String, &str)> =
        of_both.iter().map(|(name, path)| (format!("own-{name}"), *path)).collect();
    let own: Vec<(&str, &str)> = own.iter().map(|(name, path)| (name.as_str(), *path)).collect();
    let of_tenant = [("connected", "/connected"), ("own-disconnect", &at("disconnect"))];
    let mut of_nobody = pages(&[("sign-in", "/sign-in"), ("connect", &link)]);
    of_nobody.push(json!({ "name": "nothing-here", "path": "/nothing-here", "status": 404 }));
    of_nobody.push(json!({ "name": "unknown-link", "path": "/connect/unknown", "status": 404 }));
    let visits = json!([
        { "who": "staff", "pages": ([pages(&of_staff), pages(&of_both)].concat()) },
        { "who": "tenant", "pages": ([pages(&of_tenant), pages(&own)].concat()) },
        { "who": "nobody", "pages": of_nobody },
    ]);
    nothing_is_amiss(&house, &browser, &folder, &link, &visits).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_back_can_be_decided_by_everybody() {
    let (Some(browser), Some(folder)) = (browser(), node::peer("browser")) else { return };
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let installation = held_back(&house).await.installation().await.unwrap();
    let here = format!("/installations/{}", installation.id);
    let shown =
        pages(&[("held-list", "/"), ("held-installation", &here), ("held", &format!("{here}/brake"))]);
    let link = house_link(&house, &installation).await;
    nothing_is_amiss(&house, &browser, &folder, &link, &json!([{ "who": "staff", "pages": shown }])).await;
}

/// Looks at pages in a browser; nothing about them may keep anybody from using them.
async fn nothing_is_amiss(house: &House, browser: &Path, folder: &Path, link: &str, visits: &Value) {
    let pictures = env::var_os("ANNEX_PICTURES")
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).display().to_string());
    let asked = json!({
        "browser": browser, "base": house.stage.base_url, "pictures": pictures, "link": link,
        "sign_in": { "login": LOGIN, "password": house.stage.password.expose_secret() },
        "visits": visits,
    });
    let found = run(folder, "look.mjs", &asked).await;
    let told: Vec<String> =
        found.iter().map(|line| format!("{} ({}): {}", line["page"], line["where"], line["what"])).collect();
    assert!(told.is_empty(), "{} findings:\n{}", told.len(), told.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_guide_is_gone_through_in_a_browser_with_scripts_and_without() {
    let (Some(browser), Some(folder)) = (browser(), node::peer("browser")) else { return };
    for scripts in [true, false] {
        let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
        let asked = json!({
            "browser": browser, "annex": house.stage.base_url, "sandbox": house.stage.sandbox.base_url(),
            "business": BUSINESS, "portal": PORTAL, "scripts": scripts,
            "sign_in": { "login": LOGIN, "password": house.stage.password.expose_secret() },
        });
        let steps = run(&folder, "walk.mjs", &asked).await;
        assert_eq!(steps.len(), 7, "{steps:#?}");
    }
}

/// The path of the authorisation link.
async fn house_link(house: &House, installation: &Installation) -> String {
    let link = house.stage.core().authorisation_link(installation).await.unwrap().unwrap();
    link.expose_secret().trim_start_matches(&house.stage.base_url).to_owned()
}
