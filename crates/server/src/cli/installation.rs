//! `annex installation`: an installation's life from the command line, as the pages and the JSON API have it.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use secrecy::ExposeSecret as _;
use sync_core::{
    access::audit::Actor,
    core::Core,
    installation::Installation,
    views::{PAGE_MAX, fleet::Summary, overview::FleetFilter, runs::RunKind},
};
use uuid::Uuid;

/// What to do with installations.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List them.
    List {
        /// Only those whose business code or add-on id contains this.
        #[arg(long)]
        search: Option<String>,
    },
    /// Install the add-on for a business.
    Install {
        /// The business's code at Storeganise, such as acme.
        #[arg(long)]
        business: String,
        /// The add-on's id on the business's Add-ons page.
        #[arg(long)]
        addon: String,
    },
    /// Show one.
    Show(Which),
    /// Accept one that an event announced.
    Accept(Which),
    /// Enable one; prints its authorisation link.
    Enable(Which),
    /// Issue a new authorisation link; the former one stops working.
    NewLink(Which),
    /// Stop sending; changes collect.
    Pause(Which),
    /// Stop sending and collecting; links and connection are kept.
    Disable(Which),
    /// Refresh the HubSpot token for real.
    Check(Which),
    /// Sync all users.
    SyncAll(Which),
    /// Leave HubSpot and delete the tokens; links are kept.
    Disconnect(Which),
    /// Leave HubSpot and delete everything held of it; records on both sides stay as they are.
    Remove(Which),
}

/// Which installation is meant.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Its id here, or its add-on id at Storeganise.
    id: String,
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let core = super::core().await?;
    let by = Actor::command_line();
    match command {
        Command::List { search } => return list(&core, search).await,
        Command::Install { business, addon } => {
            show(&core, core.install(&business, &addon, &by).await?.id).await?
        }
        Command::Show(which) => show(&core, found(&core, &which).await?.id).await?,
        Command::Accept(which) => {
            let accepted = core.accept(found(&core, &which).await?.id, &by).await?;
            show(&core, accepted.id).await?;
        }
        Command::Enable(which) => {
            let enabled = core.enable(found(&core, &which).await?.id, &by).await?;
            show(&core, enabled.id).await?;
        }
        Command::NewLink(which) => {
            let link = core.new_authorisation_link(found(&core, &which).await?.id, &by).await?;
            println!("{}", link.expose_secret());
        }
        Command::Pause(which) => {
            let paused = core.pause(found(&core, &which).await?.id, &by).await?;
            show(&core, paused.id).await?;
        }
        Command::Disable(which) => {
            let disabled = core.disable(found(&core, &which).await?.id, &by).await?;
            show(&core, disabled.id).await?;
        }
        Command::Check(which) => {
            core.check_connection(&found(&core, &which).await?, &by).await?;
            println!("The refresh token works: HubSpot has just answered to it.");
        }
        Command::SyncAll(which) => {
            core.begin_run(&found(&core, &which).await?, RunKind::Backfill, &by).await?;
            println!("All users are synced as soon as a worker of the service takes it up.");
        }
        Command::Disconnect(which) => {
            core.disconnect(found(&core, &which).await?.id, &by).await?;
            println!("Disconnected: the tokens are deleted, the links are kept.");
        }
        Command::Remove(which) => {
            core.remove(found(&core, &which).await?.id, &by).await?;
            println!("Removed. The records at Storeganise and HubSpot stay as they are.");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn found(core: &Core, which: &Which) -> anyhow::Result<Installation> {
    if let Ok(id) = which.id.parse::<Uuid>() {
        return core.installation(id).await.with_context(|| format!("No installation has the id {id}"));
    }
    let filter = FleetFilter { search: Some(which.id.clone()), ..FleetFilter::default() };
    let page = core.installations(&filter, None, PAGE_MAX).await?;
    let named = page.items.into_iter().find(|summary| summary.installation.addon_id == which.id);
    let named = named.with_context(|| format!("No installation has the id or the add-on id {}", which.id))?;
    Ok(named.installation)
}

async fn list(core: &Core, search: Option<String>) -> anyhow::Result<ExitCode> {
    let filter = FleetFilter { search, ..FleetFilter::default() };
    println!("{:<38}{:<20}{:<28}{:<11}{:<12}waiting  failed", "id", "business", "add-on", "state", "HubSpot");
    let mut after: Option<String> = None;
    loop {
        let page = core.installations(&filter, after.as_deref(), PAGE_MAX).await?;
        for summary in &page.items {
            println!("{}", line(summary));
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(ExitCode::SUCCESS),
        }
    }
}

fn line(summary: &Summary) -> String {
    let installation = &summary.installation;
    let account =
        summary.connection.as_ref().map_or_else(|| "-".to_owned(), |found| found.portal_id.to_string());
    format!(
        "{:<38}{:<20}{:<28}{:<11}{account:<12}{:<9}{}",
        installation.id,
        installation.business_code,
        installation.addon_id,
        installation.state.word(),
        summary.backlog.waiting,
        summary.backlog.parked,
    )
}

async fn show(core: &Core, id: Uuid) -> anyhow::Result<()> {
    let summary = core.summary(id).await?;
    let installation = &summary.installation;
    println!("id             {}", installation.id);
    println!("business       {}", installation.business_code);
    println!("add-on         {}", installation.addon_id);
    println!("state here     {}", installation.state.word());
    println!("at Storeganise {}", installation.addon_state.as_deref().unwrap_or("not known"));
    match &summary.connection {
        None => println!("HubSpot        not authorised"),
        Some(found) => println!(
            "HubSpot        account {}, {}, token …{}",
            found.portal_id,
            found.state.word(),
            found.refresh_fingerprint.as_deref().unwrap_or("none")
        ),
    }
    if let Some(link) = core.authorisation_link(installation).await? {
        println!("link           {}", link.expose_secret());
    }
    println!("waiting        {}, failed {}", summary.backlog.waiting, summary.backlog.parked);
    Ok(())
}
