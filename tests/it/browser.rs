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

/// What a browser found amiss, page by page.
async fn findings(house: &House, browser: &Path, folder: &Path, pages: &[(&str, String)]) -> Vec<String> {
    let pictures = env::var_os("ANNEX_PICTURES")
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder).display().to_string());
    let asked = json!({
        "browser": browser, "base": house.stage.base_url, "pictures": pictures,
        "sign_in": { "login": LOGIN, "password": house.stage.password.expose_secret() },
        "pages": pages.iter().map(|(name, path)| json!({ "name": name, "path": path })).collect::<Vec<_>>(),
    });
    let mut looking = Command::new("node")
        .arg("look.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    looking.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).await.unwrap();
    let looked = looking.wait_with_output().await.unwrap();
    assert!(looked.status.success(), "the browser did not come to its end: {}", looked.status);
    let lines = String::from_utf8(looked.stdout).unwrap();
    let line = |line: &str| {
        let found: Value = serde_json::from_str(line).unwrap();
        let part = |name: &str| found[name].as_str().unwrap().to_owned();
        format!("{} ({}): {}", part("page"), part("where"), part("what"))
    };
    lines.lines().map(line).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_can_be_used_by_everybody() {
    let (Some(browser), Some(folder)) = (browser(), node::peer("browser")) else { return };
    let house = House::new(Database::new(Kind::Sqlite).unwrap()).await;
    let (installation, ada) = lived_in(&house).await;
    let here = format!("/installations/{}", installation.id);
    let runs = house.stage.core().runs(installation.scope(), None, 10).await.unwrap().items;
    let preview = runs.iter().find(|run| run.kind == RunKind::Preview).unwrap().id;
    let pages = [
        ("businesses", "/".to_owned()),
        ("install", "/installations/new".to_owned()),
        ("failures", "/failures".to_owned()),
        ("audit", "/audit".to_owned()),
        ("access", "/access".to_owned()),
        ("installation", here.clone()),
        ("activity", format!("{here}/activity")),
        ("settings", format!("{here}/settings")),
        ("run", format!("{here}/runs/{preview}")),
        ("person", format!("{here}/person?user={ada}")),
        ("conflicts", format!("{here}/conflicts")),
        ("conflict", format!("{here}/conflicts/{ada}")),
        ("brake", format!("{here}/brake")),
        ("pause", format!("{here}/pause")),
        ("remove", format!("{here}/remove")),
        ("connect", house_link(&house, &installation).await),
    ];
    let found = findings(&house, &browser, &folder, &pages).await;
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}

/// The path of the authorisation link.
async fn house_link(house: &House, installation: &Installation) -> String {
    let link = house.stage.core().authorisation_link(installation).await.unwrap().unwrap();
    link.expose_secret().trim_start_matches(&house.stage.base_url).to_owned()
}
