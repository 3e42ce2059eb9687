//! `annex demo`: both remote systems and the service in one process, to click through or to walk by itself.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use secrecy::{ExposeSecret as _, SecretString};
use sync_core::random::Random;

use super::signals::told_to_stop;
use crate::demo::{
    stage::{LOGIN, Options, Stage},
    story::Story,
};

/// The business and the HubSpot account the story is told of.
const BUSINESS: &str = "acme";
const PORTAL: i64 = 1_234_567;
const DATABASE: &str = "annex.db";

/// How the demo runs.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Walk the whole story, print what happened step by step, and end; fails where a step is wrong.
    #[arg(long)]
    once: bool,
    /// Listen at this port, the simulated systems at the next one; any free ports without it.
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Keep the database (and its key) in this folder instead of a temporary one. The simulated systems begin
    /// anew each time, so give --port as well: an installation is bound to its address.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let temporary = tempfile::tempdir().context("No temporary folder could be made")?;
    let folder = args.keep.as_deref().unwrap_or(temporary.path());
    if args.once && folder.join(DATABASE).exists() {
        bail!("{} holds an earlier demo; --once begins with an empty folder", folder.display());
    }
    std::fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let mut options = Options::at(format!("sqlite://{}", folder.join(DATABASE).display()));
    if args.keep.is_some() {
        options.master_keys = kept(folder, "master-key", || options.master_keys.clone())?;
        options.password = Some(kept(folder, "password", || password(&Random::from_system()))?);
    }
    if let Some(port) = args.port {
        options.listen = at(port);
        options.sandbox.listen = at(port.checked_add(1).context("The port must be below 65535")?);
    }
    let stage = Stage::set(options).await?;
    let good = if args.once { walk(&stage).await } else { invite(&stage).await.is_ok() };
    stage.strike().await;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Shows where to go, and stays until it is told to end.
async fn invite(stage: &Stage) -> anyhow::Result<()> {
    println!("Annex is ready.\n");
    println!("  Annex         {}/", stage.base_url);
    println!("  sign in as    {LOGIN}   password   {}", stage.password.expose_secret());
    println!(
        "  Storeganise   {}/{BUSINESS}/admin/addons   (simulated; also harbour, northside)",
        stage.control.base_url()
    );
    println!("  HubSpot       {}/hubspot/{PORTAL}   (simulated)", stage.control.base_url());
    println!("  everything    {}/\n", stage.control.base_url());
    println!(
        "Install the add-on at Storeganise, then here; enable it on both; follow the authorisation link."
    );
    println!("Ctrl-C ends the demo.");
    told_to_stop().await
}

/// Walks the story and prints a line for each step; whether all were right.
async fn walk(stage: &Stage) -> bool {
    let mut story = Story::of(stage, BUSINESS, PORTAL);
    println!("{:<32} {:<7} what happened", "step", "");
    let mut good = told("Install", story.install().await);
    good = good && told("Enable", story.enable().await);
    good = good && told("Authorise", story.authorise().await);
    good = good && told("Users become contacts", story.sync_all().await);
    good = good && told("A user is edited", story.edit_a_user().await);
    good = good && told("All users are updated in bulk", story.bulk_update().await);
    good = good && told("A deal is won", story.win_a_deal().await);
    good = good && told("The dust settles", story.rest().await);
    println!("{}", if good { "\nThe whole story went well." } else { "\nThe story ended at a wrong step." });
    good
}

fn told(step: &str, happened: anyhow::Result<String>) -> bool {
    match happened {
        Ok(what) => {
            println!("{step:<32} {:<7} {what}", "ok");
            true
        }
        Err(error) => {
            println!("{step:<32} {:<7} {error:#}", "WRONG");
            false
        }
    }
}

fn at(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A secret that lasts as long as its folder.
fn kept(folder: &Path, name: &str, make: impl FnOnce() -> SecretString) -> anyhow::Result<SecretString> {
    let file = folder.join(name);
    if let Ok(text) = std::fs::read_to_string(&file) {
        return Ok(SecretString::from(text.trim().to_owned()));
    }
    let secret = make();
    std::fs::write(&file, secret.expose_secret())
        .with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(secret)
}

fn password(random: &Random) -> SecretString {
    SecretString::from(random.bytes::<9>().iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}
