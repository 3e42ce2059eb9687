//! `annex sandbox`: both remote systems, simulated, with the credentials of this environment where they are
//! set. The service is told of it by the lines that are printed.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::ExitCode,
};

use ::sandbox::options::Options;
use anyhow::Context as _;
use clap::Args as ClapArgs;

use super::{env, signals::told_to_stop};

/// What can be chosen.
#[derive(Debug, Clone, Copy, ClapArgs)]
pub(super) struct Args {
    /// The address of this machine to listen at; nothing asks who calls, so let only this machine reach it.
    #[arg(long, default_value_t = Ipv4Addr::LOCALHOST)]
    host: Ipv4Addr,
    /// The port on this machine; 0 takes any free one.
    #[arg(long, default_value_t = 9000)]
    port: u16,
    /// The seed of all made-up people and faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Users in each of the three businesses, staff among them.
    #[arg(long, default_value_t = 120)]
    users: usize,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let options = options(args, &env)?;
    let credentials = Credentials::of(&options);
    let sandbox = ::sandbox::start(options).await.context("The sandbox cannot listen at this port")?;
    let base_url = sandbox.base_url();
    println!("Open {base_url}/ to look around. Start the service beside it with:\n");
    println!("ANNEX_HUBSPOT_API_URL={base_url}");
    println!("ANNEX_HUBSPOT_AUTHORIZE_URL={base_url}/oauth/authorize");
    println!("ANNEX_STOREGANISE_HOSTS={}", sandbox.address());
    println!("ANNEX_STOREGANISE_API_TEMPLATE={base_url}/{{business}}/api");
    println!("{}", credentials.lines());
    println!("\nCtrl-C stops it; everything in it is then gone.");
    told_to_stop().await?;
    sandbox.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// The sandbox as this environment describes both providers.
fn options(args: Args, get: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Options> {
    let mut options = Options {
        listen: SocketAddr::from((args.host, args.port)),
        seed: args.seed,
        users_per_business: args.users,
        ..Options::default()
    };
    let set = |name: &str| get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    // Where several secrets are set, the first one is the current one.
    let current =
        |name: &str| set(name).and_then(|text| text.split(',').next().map(|one| one.trim().to_owned()));
    let keep = |place: &mut String, value: Option<String>| {
        if let Some(value) = value {
            *place = value;
        }
    };
    keep(&mut options.hubspot.client_id, set("HUBSPOT_CLIENT_ID"));
    keep(&mut options.hubspot.client_secret, current("HUBSPOT_CLIENT_SECRET"));
    keep(&mut options.storeganise.api_key, set("STOREGANISE_API_KEY"));
    keep(&mut options.storeganise.signature_secret, current("STOREGANISE_SIGNATURE_SECRETS"));
    if let Some(app_id) = set("HUBSPOT_APP_ID") {
        options.hubspot.app_id = app_id.parse().context("HUBSPOT_APP_ID is a number")?;
    }
    if let Some(base_url) = set("ANNEX_BASE_URL") {
        let base_url = base_url.trim_end_matches('/');
        options.hubspot.redirect_urls = vec![format!("{base_url}/oauth/hubspot/callback")];
        options.hubspot.webhook_url = Some(format!("{base_url}/webhooks/hubspot"));
        options.storeganise.webhook_url = Some(format!("{base_url}/webhooks/storeganise"));
    }
    Ok(options)
}

/// What the service needs to speak to this sandbox. They open nothing but the sandbox.
struct Credentials([(&'static str, String); 5]);

impl Credentials {
    fn of(options: &Options) -> Self {
        Self([
            ("HUBSPOT_CLIENT_ID", options.hubspot.client_id.clone()),
            ("HUBSPOT_CLIENT_SECRET", options.hubspot.client_secret.clone()),
            ("HUBSPOT_APP_ID", options.hubspot.app_id.to_string()),
            ("STOREGANISE_API_KEY", options.storeganise.api_key.clone()),
            ("STOREGANISE_SIGNATURE_SECRETS", options.storeganise.signature_secret.clone()),
        ])
    }

    /// Those of this environment are not repeated: they may be real ones.
    fn lines(&self) -> String {
        let unset = self.0.iter().filter(|(name, _)| env(name).is_none_or(|text| text.trim().is_empty()));
        unset.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARGS: Args = Args { host: Ipv4Addr::LOCALHOST, port: 0, seed: 1, users: 3 };

    #[test]
    fn the_sandbox_takes_the_credentials_of_the_environment() {
        let get = |name: &str| match name {
            "HUBSPOT_CLIENT_SECRET" => Some("new, old".to_owned()),
            "HUBSPOT_APP_ID" => Some("42".to_owned()),
            "ANNEX_BASE_URL" => Some("http://127.0.0.1:8080/".to_owned()),
            _ => None,
        };
        let options = options(ARGS, &get).unwrap();
        assert_eq!(options.hubspot.client_secret, "new");
        assert_eq!(options.hubspot.app_id, 42);
        assert_eq!(
            options.storeganise.webhook_url.as_deref(),
            Some("http://127.0.0.1:8080/webhooks/storeganise")
        );
        assert_eq!(options.hubspot.redirect_urls, ["http://127.0.0.1:8080/oauth/hubspot/callback"]);
    }

    #[test]
    fn an_app_id_that_is_no_number_is_refused() {
        assert!(options(ARGS, &|name| (name == "HUBSPOT_APP_ID").then(|| "x".to_owned())).is_err());
    }
}
