//! Whether the service's memory grows with the number of links. One business is connected to one account, and has a
//! thousand linked users, then ten times as many, up to a million. At each size a fresh process of the service is
//! measured while it works a reconcile in which every user is to be looked at, a backfill and a preview in which nobody is:
//! the memory it holds before, and the most it holds meanwhile.
//!
//! The links are made by a first sync of the same code, which is measured, too. Nothing else is asked of the service
//! meanwhile, both systems send no events, and the pace towards both is set far above that of life.

use std::{fs, path::Path};

use anyhow::ensure;
use sync_core::storage::Db;
use tempfile::TempDir;

use crate::{
    business::{Business, Ended},
    peer::SandboxProcess,
    report::Report,
    service::{ServiceProcess, Setting},
};

const SIZES: &[u64] = &[1_000, 10_000, 100_000, 1_000_000];
/// More than one page of a run, and of users still to be looked at.
const SHORT_SIZES: &[u64] = &[500, 1_500];

/// What one business weighs at one size.
struct Scene<'a> {
    business: &'a mut Business,
    report: &'a mut Report,
    links: u64,
}

/// Takes the figures.
///
/// # Errors
/// A process does not start, or a run does not find what is there.
pub(crate) async fn run(short: bool) -> anyhow::Result<()> {
    let sizes = if short { SHORT_SIZES } else { SIZES };
    let mut report = Report::new("memory");
    let folder = TempDir::new()?;
    let file = folder.path().join("annex.db");
    let sandbox = SandboxProcess::start().await?;
    let setting = Setting::new(format!("sqlite://{}", file.display()), &sandbox.authority)?;
    let mut service = setting.start().await?;
    let mut business = Business::connect(&sandbox.authority, &service.api, 0).await?;
    // The sweep that is due once all is connected: it would find the first users before a person asks for them.
    business.run(&service.api, "reconcile").await?;
    let mut linked = 0;
    for links in sizes {
        let mut scene = Scene { business: &mut business, report: &mut report, links: *links };
        scene.link(&service, links - linked).await?;
        linked = *links;
        service.process.stop().await?;
        scene.note(
            "SQLite file for each link",
            size_of(&setting, &file).await? as f64 / *links as f64,
            "bytes",
        );
        service = setting.start().await?;
        scene.measure(&service).await?;
        scene.note("the sandbox's own memory", sandbox.resident_bytes()? as f64 / 1e6, "MB");
    }
    service.process.stop().await?;
    report.write()
}

impl Scene<'_> {
    /// Makes users and links them by a first sync; then a reconcile, which is due after that, so that nothing is left.
    async fn link(&mut self, service: &ServiceProcess, new: u64) -> anyhow::Result<()> {
        self.business.grow_to(self.links).await?;
        let ended = self.watch(service, "first sync", "backfill").await?;
        ensure!(ended.created == new, "not everybody was linked: {ended:?}");
        self.note("first sync, for 1,000 links", thousand(&ended, new), "s");
        self.business.run(&service.api, "reconcile").await?;
        Ok(())
    }

    /// Goes through everybody, by all three runs.
    async fn measure(&mut self, service: &ServiceProcess) -> anyhow::Result<()> {
        self.business.touch_everybody().await?;
        let before = service.process.resident_at_rest().await?;
        self.note("before", before as f64 / 1e6, "MB");
        let all = self.watch(service, "reconcile", "reconcile").await?;
        ensure!(all.seen >= self.links && all.unchanged == self.links, "not everybody was seen: {all:?}");
        self.note("reconcile, for 1,000 links", thousand(&all, self.links), "s");
        for kind in ["backfill", "preview"] {
            let none = self.watch(service, kind, kind).await?;
            ensure!(none.seen >= self.links && none.marked == 0, "not everybody was unchanged: {none:?}");
            self.note(&format!("{kind}, for 1,000 links"), thousand(&none, self.links), "s");
        }
        Ok(())
    }

    /// Makes a run and notes the most memory meanwhile.
    async fn watch(&mut self, service: &ServiceProcess, what: &str, kind: &str) -> anyhow::Result<Ended> {
        service.process.forget_peak()?;
        let ended = self.business.run(&service.api, kind).await?;
        let peak = service.process.peak_bytes()?;
        self.note(&format!("most during the {what}"), peak as f64 / 1e6, "MB");
        Ok(ended)
    }

    fn note(&mut self, what: &str, figure: f64, unit: &'static str) {
        self.report.note(format!("{} links: {what}", self.links), figure, unit);
    }
}

/// The size of the database's one file: whoever closes it last moves into it what is still written ahead of it.
async fn size_of(setting: &Setting, file: &Path) -> anyhow::Result<u64> {
    let db = Db::connect(setting.database_url()).await?;
    db.reader().clone().close().await?;
    db.writer().clone().close().await?;
    Ok(fs::metadata(file)?.len())
}

/// Seconds for a thousand of these links.
fn thousand(ended: &Ended, links: u64) -> f64 {
    ended.took.as_secs_f64() * 1_000.0 / links as f64
}
