//! What the binary is shipped in names only settings that there are, and commands that there are.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use server::config::Config;

/// Read where logging begins, before the configuration.
const LOG: &str = "ANNEX_LOG";
const FILES: [&str; 4] = ["Dockerfile", "compose.yaml", "deploy/annex.service", ".env.example"];

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)).unwrap()
}

fn known() -> BTreeSet<String> {
    let (_, seen) = Config::examine(&|_| None);
    seen.iter().map(|seen| seen.name.to_owned()).chain([LOG.to_owned()]).collect()
}

fn settings(text: &str) -> BTreeSet<String> {
    text.split(|letter: char| !(letter.is_ascii_uppercase() || letter == '_'))
        .filter(|word| ["ANNEX_", "HUBSPOT_", "STOREGANISE_"].iter().any(|prefix| word.starts_with(prefix)))
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_is_shipped_names_settings_that_there_are() {
    for file in FILES {
        let unknown: Vec<String> = settings(&text(file)).difference(&known()).cloned().collect();
        assert!(unknown.is_empty(), "{file} names {unknown:?}");
    }
}

#[test]
fn every_setting_has_its_example() {
    let missing: Vec<String> = known().difference(&settings(&text(".env.example"))).cloned().collect();
    assert!(missing.is_empty(), ".env.example lacks {missing:?}");
}

#[test]
fn the_image_checks_itself_by_a_command_that_there_is() {
    assert!(text("Dockerfile").contains(r#""/usr/local/bin/annex", "healthcheck""#));
    for command in ["serve", "work", "migrate", "healthcheck", "sandbox"] {
        let shown = Command::new(env!("CARGO_BIN_EXE_annex-under-test")).args([command, "--help"]).output();
        assert!(shown.unwrap().status.success(), "{command}");
    }
}
