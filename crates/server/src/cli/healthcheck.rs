//! `annex healthcheck`: asks the service of this machine whether it is alive; for containers without another client.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
};

use anyhow::{Context as _, bail};

use super::{ask::ask, env};
use crate::config::listen;

pub(super) async fn run() -> anyhow::Result<ExitCode> {
    let address = reachable(listen(&env)?);
    let url = format!("http://{address}/healthz").parse().context("ANNEX_LISTEN makes no address")?;
    match ask(&url).await {
        Ok(answer) if answer.status == 200 => {
            println!("alive");
            Ok(ExitCode::SUCCESS)
        }
        Ok(answer) => bail!("The service at {address} answers {}", answer.status),
        Err(error) => Err(error).with_context(|| format!("The service at {address} does not answer")),
    }
}

/// Who listens at every address is asked at this machine's own.
fn reachable(mut listen: SocketAddr) -> SocketAddr {
    if listen.ip().is_unspecified() {
        listen.set_ip(match listen.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    listen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_listens_everywhere_is_asked_here() {
        let asked = |listen: &str| reachable(listen.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8080"), "127.0.0.1:8080");
        assert_eq!(asked("[::]:8080"), "[::1]:8080");
        assert_eq!(asked("192.0.2.1:80"), "192.0.2.1:80");
    }
}
