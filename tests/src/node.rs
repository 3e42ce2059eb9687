//! Programs that are run by Node: our own scripts, and the peers in `peers/`. Where there is no Node, or a peer is not
//! installed, a test is skipped, loudly, unless [`MUST_NOT_SKIP`] is set.

use std::{
    env,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::postgres::MUST_NOT_SKIP;

/// Whether there is a Node to run `what`; says loudly that it is skipped where there is none.
///
/// # Panics
/// There is none, and [`MUST_NOT_SKIP`] is set.
#[must_use]
pub fn is_here(what: &str) -> bool {
    let ran = Command::new("node").arg("--version").stdout(Stdio::null()).status();
    let is_here = ran.is_ok_and(|status| status.success());
    if !is_here {
        skip(&format!("{what}: there is no `node` on this machine"));
    }
    is_here
}

/// The folder of a peer, or none, said loudly, where it cannot be run.
///
/// # Panics
/// It cannot be run, and [`MUST_NOT_SKIP`] is set.
#[must_use]
pub fn peer(name: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name);
    if !is_here(name) {
        return None;
    }
    if folder.join("package-lock.json").exists() && !folder.join("node_modules").exists() {
        skip(&format!("{name}: run `npm ci --prefix tests/peers/{name}` first"));
        return None;
    }
    Some(folder)
}

/// Says loudly that something is skipped.
///
/// # Panics
/// [`MUST_NOT_SKIP`] is set.
pub fn skip(why: &str) {
    assert!(env::var_os(MUST_NOT_SKIP).is_none(), "{why}, and {MUST_NOT_SKIP} is set");
    // Not eprintln!: the test harness would swallow it.
    writeln!(io::stderr(), "SKIPPED: {why}").expect("stderr takes a line");
}
