//! What the binary is shipped in names only settings that there are, and commands that there are.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use sandbox::options::Options;
use secrecy::ExposeSecret as _;
use serde_json::Value;
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
fn every_setting_has_its_example_and_its_line_in_the_readme() {
    for file in [".env.example", "README.md"] {
        let missing: Vec<String> = known().difference(&settings(&text(file))).cloned().collect();
        assert!(missing.is_empty(), "{file} lacks {missing:?}");
    }
}

fn compose() -> Value {
    serde_saphyr::from_str(&text("compose.yaml")).unwrap()
}

#[test]
fn a_trial_is_set_up_completely_and_for_the_sandbox_as_it_is() {
    let trial = &compose()["services"]["trial"]["environment"];
    let get = |name: &str| trial[name].as_str().map(str::to_owned);
    let config = Config::from_env(&get).unwrap();
    let sandbox = Options::default();
    assert_eq!(config.hubspot.client_id, sandbox.hubspot.client_id);
    assert_eq!(config.hubspot.client_secrets[0].expose_secret(), sandbox.hubspot.client_secret);
    assert_eq!(config.hubspot.app_id, sandbox.hubspot.app_id.to_string());
    assert_eq!(config.storeganise.api_key.expose_secret(), sandbox.storeganise.api_key);
    assert_eq!(config.storeganise.signature_secrets[0].expose_secret(), sandbox.storeganise.signature_secret);
}

#[test]
fn the_replicas_are_two_on_one_postgresql_and_can_write_nowhere() {
    let services = &compose()["services"];
    for name in ["annex-1", "annex-2"] {
        let replica = &services[name];
        assert_eq!(replica["read_only"], true, "{replica}");
        let database = replica["environment"]["ANNEX_DATABASE_URL"].as_str().unwrap();
        assert!(database.starts_with("postgres://"), "{replica}");
    }
}

#[test]
fn systemd_takes_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("annex.service");
    let binary = env!("CARGO_BIN_EXE_annex-under-test");
    // It looks whether what is to be started is there.
    fs::write(&unit, text("deploy/annex.service").replace("/usr/local/bin/annex", binary)).unwrap();
    match Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&unit).output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() && !said.contains("annex.service"), "{said}");
        }
        Err(_) => eprintln!("SKIPPED systemd's own check: this machine has no systemd-analyze"),
    }
}

#[test]
fn the_image_checks_itself_by_a_command_that_there_is() {
    assert!(text("Dockerfile").contains(r#""/usr/local/bin/annex", "healthcheck""#));
    for command in ["serve", "work", "migrate", "healthcheck", "sandbox"] {
        let shown = Command::new(env!("CARGO_BIN_EXE_annex-under-test")).args([command, "--help"]).output();
        assert!(shown.unwrap().status.success(), "{command}");
    }
}
