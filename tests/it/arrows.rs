//! The arrows between our crates, and no others (ARCHITECTURE.md draws them).

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::MetadataCommand;

/// Who may depend on whom. A crate that is not listed here has no room in the house.
const ALLOWED: &[(&str, &[&str])] = &[
    ("outgoing", &[]),
    ("storeganise", &["outgoing"]),
    ("hubspot", &["outgoing"]),
    ("migrations", &[]),
    ("sandbox", &[]),
    ("text", &[]),
    ("sync-core", &["storeganise", "hubspot", "migrations", "text"]),
    ("server", &["sync-core", "storeganise", "hubspot", "sandbox", "text"]),
    ("tests", &["server", "sync-core", "sandbox"]),
    ("bench", &["server", "sync-core", "sandbox", "tests"]),
];

#[test]
fn every_crate_depends_only_on_the_rooms_it_may() {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs in the workspace");
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|p| p.name.as_str()).collect();
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    for package in &metadata.packages {
        let may = allowed
            .get(package.name.as_str())
            .unwrap_or_else(|| panic!("{} has no place in the drawing of the house", package.name));
        for dependency in package.dependencies.iter().filter(|d| ours.contains(d.name.as_str())) {
            assert!(
                may.contains(&dependency.name.as_str()),
                "{} must not depend on {}",
                package.name,
                dependency.name
            );
        }
    }
}
