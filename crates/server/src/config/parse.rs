//! Text of a variable to a checked value. Each failure is the end of a sentence that begins with the name.

use std::time::Duration;

use std::net::{IpAddr, SocketAddr};

use secrecy::SecretString;
use storeganise::api_url::AllowedHosts;
use sync_core::vault::{MasterKeys, VaultError};
use url::{Host, Url};

const DRAIN_SECONDS_MAX: u64 = 5;
const LEASE_SECONDS_MAX: u64 = 300;
const WORKERS_MAX: usize = 64;
/// One of them would do for a turn; a second one keeps a page from waiting for it.
const CONNECTIONS_MIN: u32 = 2;
const CONNECTIONS_MAX: u32 = 500;

pub(super) fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

pub(super) fn secret(text: &str) -> Result<SecretString, String> {
    Ok(SecretString::from(text.to_owned()))
}

/// Several secrets with commas between them: how a secret is changed without a gap.
pub(super) fn secrets(text: &str) -> Result<Vec<SecretString>, String> {
    let found: Vec<SecretString> = entries(text).map(|entry| SecretString::from(entry.to_owned())).collect();
    if found.is_empty() { Err("holds only commas.".to_owned()) } else { Ok(found) }
}

pub(super) fn master_keys(text: &str) -> Result<SecretString, String> {
    let keys = SecretString::from(text.to_owned());
    match MasterKeys::parse(&keys) {
        Ok(_) => Ok(keys),
        Err(VaultError::SameId(id)) => Err(format!(
            "has two keys with the id {id}. Drop one of the two; a key that is new gets an id that is new."
        )),
        Err(VaultError::BadEntry(place)) => Err(format!(
            "has an entry, number {place}, that is not id:key with a key of 32 bytes in base64. Copy it whole, or make \
             one with `annex keys generate`."
        )),
        Err(_) => Err("holds no key. Make one with `annex keys generate`.".to_owned()),
    }
}

pub(super) fn hosts(text: &str) -> Result<AllowedHosts, String> {
    if entries(text).next().is_none() {
        return Err("names no host.".to_owned());
    }
    Ok(AllowedHosts::new(entries(text).map(str::to_owned)))
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an address and a port, such as 127.0.0.1:8080.".to_owned())
}

/// An origin and nothing more: our pages and cookies stand at the root. Plain http is for this machine only.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let url = absolute(text)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("must end after the host, such as https://annex.example.com.".to_owned());
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(
            "must begin with https:// (plain http is taken for 127.0.0.1 and localhost only).".to_owned()
        );
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// An address of HubSpot; plain http is for a sandbox on this machine only.
pub(super) fn provider_url(text: &str) -> Result<Url, String> {
    let url = absolute(text)?;
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(
            "must begin with https:// (plain http is taken for a sandbox on this machine only).".to_owned()
        );
    }
    Ok(url)
}

/// Who collects traces; nobody where nothing is said. Traces hold nothing that must be hidden on the way.
pub(super) fn collector(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() { Ok(None) } else { absolute(text).map(Some) }
}

pub(super) fn database_url(text: &str) -> Result<SecretString, String> {
    if ["sqlite:", "postgres://", "postgresql://"].iter().any(|start| text.starts_with(start)) {
        return secret(text);
    }
    Err("must begin with sqlite:// or postgres://.".to_owned())
}

pub(super) fn requests_per_second(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|rate| (0.1..=200.0).contains(rate))
        .ok_or_else(|| "must be a number from 0.1 to 200.".to_owned())
}

pub(super) fn workers(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|count| (1..=WORKERS_MAX).contains(count))
        .ok_or_else(|| format!("must be a whole number from 1 to {WORKERS_MAX}."))
}

pub(super) fn connections(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|count| (CONNECTIONS_MIN..=CONNECTIONS_MAX).contains(count))
        .ok_or_else(|| format!("must be a whole number from {CONNECTIONS_MIN} to {CONNECTIONS_MAX}."))
}

pub(super) fn switch(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be true or false.".to_owned())
}

pub(super) fn drain(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| *seconds <= DRAIN_SECONDS_MAX)
        .map(Duration::from_secs)
        .ok_or_else(|| format!("must be a whole number of seconds from 0 to {DRAIN_SECONDS_MAX}."))
}

pub(super) fn lease(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| (1..=LEASE_SECONDS_MAX).contains(seconds))
        .map(Duration::from_secs)
        .ok_or_else(|| format!("must be a whole number of seconds from 1 to {LEASE_SECONDS_MAX}."))
}

fn absolute(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|_| "must be a complete address that begins with https://.".to_owned())?;
    let bare = url.username().is_empty() && url.password().is_none() && url.has_host();
    if !bare || !matches!(url.scheme(), "http" | "https") {
        return Err("must be a complete address that begins with https://, without a user name.".to_owned());
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}
