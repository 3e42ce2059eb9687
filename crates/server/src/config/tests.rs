//! What a person sees who set the service up wrongly, and that no secret shows.

use std::{collections::HashMap, io::Write as _};

use super::*;

const KEY: &str = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn complete() -> HashMap<&'static str, String> {
    [
        ("ANNEX_BASE_URL", "https://annex.example.com/"),
        ("ANNEX_DATABASE_URL", "postgres://annex:planted-database@db.example.com/annex"),
        ("ANNEX_MASTER_KEYS", KEY),
        ("HUBSPOT_CLIENT_ID", "client"),
        ("HUBSPOT_CLIENT_SECRET", "planted-new, planted-old"),
        ("HUBSPOT_APP_ID", "42"),
        ("STOREGANISE_API_KEY", "planted-key"),
        ("STOREGANISE_SIGNATURE_SECRETS", "planted-signature"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

fn read(env: &HashMap<&'static str, String>) -> Result<Config, ConfigError> {
    Config::from_env(&|name| env.get(name).cloned())
}

fn with(name: &'static str, value: &str) -> Result<Config, ConfigError> {
    let mut env = complete();
    env.insert(name, value.to_owned());
    read(&env)
}

#[test]
fn a_complete_environment_is_taken_with_its_defaults() {
    let config = read(&complete()).unwrap();
    assert_eq!(config.base_url, "https://annex.example.com");
    assert_eq!(config.redirect_url(), "https://annex.example.com/oauth/hubspot/callback");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.workers, 4);
    assert_eq!(config.hubspot.client_secrets.len(), 2);
    assert_eq!(config.hubspot.api_url.as_str(), "https://api.hubapi.com/");
    assert_eq!(config.storeganise.api_template, "https://{business}.storeganise.com/api");
}

#[test]
fn an_empty_environment_names_everything_that_is_missing_at_once() {
    let error = Config::from_env(&|_| None).unwrap_err();
    let names: Vec<&str> = error.wrong.iter().map(|seen| seen.name).collect();
    let required = [
        "ANNEX_BASE_URL",
        "ANNEX_MASTER_KEYS",
        "HUBSPOT_CLIENT_ID",
        "HUBSPOT_CLIENT_SECRET",
        "HUBSPOT_APP_ID",
        "STOREGANISE_API_KEY",
        "STOREGANISE_SIGNATURE_SECRETS",
    ];
    assert_eq!(names, required);
    let text = error.to_string();
    assert!(required.iter().all(|name| text.contains(name)), "{text}");
    assert!(text.contains("annex keys generate"), "{text}");
}

#[test]
fn every_wrong_value_is_blamed_on_its_own_variable() {
    for (name, value) in [
        ("ANNEX_BASE_URL", "annex.example.com"),
        ("ANNEX_BASE_URL", "http://annex.example.com"),
        ("ANNEX_BASE_URL", "https://annex.example.com/annex"),
        ("ANNEX_LISTEN", "8080"),
        ("ANNEX_DATABASE_URL", "mysql://db"),
        ("ANNEX_MASTER_KEYS", "k1:short"),
        (
            "ANNEX_MASTER_KEYS",
            "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,k1:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
        ("ANNEX_WORKERS", "0"),
        ("ANNEX_DATABASE_CONNECTIONS", "1"),
        ("ANNEX_DATABASE_CONNECTIONS", "501"),
        ("ANNEX_METRICS_PER_BUSINESS", "yes"),
        ("ANNEX_OTLP_ENDPOINT", "collector:4318"),
        ("ANNEX_DRAIN_SECONDS", "6"),
        ("ANNEX_HUBSPOT_API_URL", "http://api.example.com"),
        ("ANNEX_STOREGANISE_HOSTS", " , "),
        ("ANNEX_STOREGANISE_API_TEMPLATE", "https://acme.storeganise.com/api"),
        ("ANNEX_STOREGANISE_API_TEMPLATE", "https://{business}.example.org/api"),
        ("ANNEX_STOREGANISE_REQUESTS_PER_SECOND", "many"),
    ] {
        let error = with(name, value).unwrap_err();
        assert_eq!(error.wrong.iter().map(|seen| seen.name).collect::<Vec<_>>(), [name], "{value}");
        let text = error.to_string();
        assert!(text.starts_with(name) && !text.contains('\n'), "one problem is one line: {text}");
    }
}

#[test]
fn plain_http_is_taken_for_this_machine_only() {
    assert_eq!(with("ANNEX_BASE_URL", "http://127.0.0.1:8080").unwrap().base_url, "http://127.0.0.1:8080");
    assert!(with("ANNEX_BASE_URL", "http://localhost:8080").is_ok());
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    assert_eq!(with("ANNEX_WORKERS", " ").unwrap().workers, 4);
    assert!(with("HUBSPOT_APP_ID", "").unwrap_err().to_string().contains("HUBSPOT_APP_ID is not set"));
}

#[test]
fn a_secret_may_stand_in_a_file_but_not_in_both_places() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "{KEY}").unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let mut env = complete();
    env.insert("ANNEX_MASTER_KEYS_FILE", path);
    assert!(read(&env).unwrap_err().to_string().contains("Keep one of"));
    env.remove("ANNEX_MASTER_KEYS");
    assert!(read(&env).is_ok());
    env.insert("ANNEX_MASTER_KEYS_FILE", "/nowhere/at/all".to_owned());
    assert!(read(&env).unwrap_err().to_string().contains("ANNEX_MASTER_KEYS_FILE"));
}

#[test]
fn a_secret_may_come_from_a_command_and_what_that_says_is_not_repeated() {
    let by = |command: &str| {
        let mut env = complete();
        env.remove("ANNEX_MASTER_KEYS");
        env.insert("ANNEX_MASTER_KEYS_COMMAND", command.to_owned());
        read(&env)
    };
    assert!(by(&format!("echo '{KEY}'")).is_ok());
    for (command, told) in [
        ("echo planted >&2; exit 3", "exit status: 3"),
        ("true", "is empty"),
        ("echo planted; false", "exit status: 1"),
        ("echo planted-nonsense", "ANNEX_MASTER_KEYS"),
        ("printf '\\377'", "is no text"),
    ] {
        let error = by(command).unwrap_err().to_string();
        assert!(error.contains(told) && !error.contains("planted"), "{command}: {error}");
    }
    let mut env = complete();
    env.insert("ANNEX_MASTER_KEYS_COMMAND", format!("echo '{KEY}'"));
    assert!(read(&env).unwrap_err().to_string().contains("Keep one of"));
}

#[test]
fn neither_the_configuration_nor_its_errors_show_a_secret() {
    let config = read(&complete()).unwrap();
    let shown = format!("{config:?} {config:#?}");
    assert!(!shown.contains("planted"), "{shown}");
    assert!(!shown.contains("AAAAAAAA"), "{shown}");
    let mut env = complete();
    env.insert("ANNEX_MASTER_KEYS", "k1:planted-short".to_owned());
    env.insert("ANNEX_DATABASE_URL", "planted-nonsense".to_owned());
    let error = read(&env).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("planted"), "{error}");
}

#[test]
fn a_command_that_needs_one_variable_asks_for_that_one_only() {
    let get = |name: &str| (name == "ANNEX_DATABASE_URL").then(|| "mysql://db".to_owned());
    assert!(database_url(&get).unwrap_err().to_string().starts_with("ANNEX_DATABASE_URL"));
    assert_eq!(listen(&get).unwrap().to_string(), "127.0.0.1:8080");
}
