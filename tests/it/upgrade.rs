//! An upgrade without a pause: replicas of the version before and of this one work beside each other on one database,
//! step by step as docs/operations.md says. The older binary is the last one that had another schema; `.ci/build-previous`
//! builds it.

use std::{env, io::Write as _, path::PathBuf};

use tests::{
    database::{Database, Kind},
    postgres::MUST_NOT_SKIP,
};

use crate::business::Business;

/// Where the older binary is.
const PREVIOUS: &str = "ANNEX_PREVIOUS_BINARY";
const USERS: usize = 12;

fn previous() -> Option<PathBuf> {
    let found = env::var_os(PREVIOUS).map(PathBuf::from).filter(|path| path.exists());
    assert!(found.is_some() || env::var_os(MUST_NOT_SKIP).is_none(), "{PREVIOUS} names no binary");
    if found.is_none() {
        // Written past the test harness, which swallows what a passing test prints.
        let word = "SKIPPED beside an older version: `.ci/build-previous FILE` builds it, ANNEX_PREVIOUS_BINARY names it";
        writeln!(std::io::stderr(), "{word}").expect("somebody to tell");
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_of_the_version_before_and_of_this_one_work_beside_each_other() {
    let Some((binary, database)) = previous().zip(Database::new(Kind::Postgres)) else { return };
    let mut business = Business::new(&database, Some(binary.clone())).await;
    let (old, new) = (business.at.clone().of_binary(binary), business.at.clone());
    let old_web = old.start(&["serve", "--no-workers"]).await;
    let old_work = old.clone().elsewhere().start(&["work"]).await;
    business.connect(USERS).await;
    business.works("the version before").await;

    let migrated = new.run(&["migrate"]).await;
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    business.works("the version before, on the new schema").await;

    assert_eq!(old_web.stops().await, Some(0));
    let new_web = new.start(&["serve", "--no-workers"]).await;
    business.works("the new version's pages and the old one's workers").await;

    let new_work = new.clone().elsewhere().start(&["work"]).await;
    business.works("workers of both versions").await;

    assert_eq!(old_work.stops().await, Some(0));
    business.works("the new version").await;
    business.nobody_is_doubled().await;

    if !migrated.out.contains("up to date") {
        old.elsewhere().run(&["serve"]).await.refuses(&["The database is newer than this program"]);
    }
    assert_eq!((new_web.stops().await, new_work.stops().await), (Some(0), Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_the_version_before_is_taken_over_by_this_one() {
    let Some((binary, database)) = previous().zip(Database::new(Kind::Sqlite)) else { return };
    let mut business = Business::new(&database, Some(binary.clone())).await;
    let old = business.at.clone().of_binary(binary).start(&["serve"]).await;
    business.connect(USERS).await;
    business.works("the version before").await;
    assert_eq!(old.stops().await, Some(0));
    let new = business.at.start(&["serve"]).await;
    business.works("the new version").await;
    business.nobody_is_doubled().await;
    assert_eq!(new.stops().await, Some(0));
}
