//! The last wall before a connection is made: a name that was allowed must not lead into our own network.
//!
//! Which hosts may be called is decided by whoever has the address; here it is only looked at where their names lead, at the
//! moment of connecting, because a name that led to the world yesterday can lead to a metadata service today.

use std::{
    collections::BTreeSet,
    error::Error,
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

/// Where reqwest reads which proxy an operator wants to be used.
const PROXY_VARIABLES: [&str; 6] =
    ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];

/// A name leads to addresses that are not in the public internet alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeadsInside;

impl fmt::Display for LeadsInside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to an address that is not public")
    }
}

impl Error for LeadsInside {}

/// Looks names up for an HTTP client, and refuses those that lead inside.
#[derive(Debug, Default)]
pub struct Guard {
    /// An operator's own proxy may well stand inside.
    proxies: BTreeSet<String>,
}

impl Guard {
    /// For a client that uses the proxies the process's environment names, as reqwest does.
    #[must_use]
    pub fn from_environment() -> Arc<Self> {
        Arc::new(Self::with_proxies(PROXY_VARIABLES.iter().filter_map(|name| std::env::var(name).ok())))
    }

    fn with_proxies(addresses: impl Iterator<Item = String>) -> Self {
        let host = |address: String| Url::parse(&address).ok()?.host_str().map(str::to_owned);
        Self { proxies: addresses.filter_map(host).collect() }
    }

    /// The addresses of a name as far as they may be connected to: all of them or none, so that a name with a foot inside is
    /// not tried at all.
    fn admit(&self, name: &str, found: &[SocketAddr]) -> Result<Vec<SocketAddr>, LeadsInside> {
        let may = |address: &SocketAddr| match name {
            "localhost" => address.ip().is_loopback(),
            name => self.proxies.contains(name) || is_public(address.ip()),
        };
        if found.iter().all(may) { Ok(found.to_vec()) } else { Err(LeadsInside) }
    }
}

/// A guard for a client, behind a pointer that all its copies share.
#[derive(Debug, Clone)]
pub struct Guarded(pub Arc<Guard>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let admitted: Addrs = Box::new(guard.admit(name.as_str(), &found)?.into_iter());
            Ok(admitted)
        })
    }
}

/// Whether an address is one of the public internet: what the registries of special addresses (RFC 6890 and its kin) set
/// apart is not.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_set_apart = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224.., ..)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !is_set_apart
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b, c, d, e, f) {
        // An address of version 4 in other clothes: mapped, translated (NAT64), 6to4.
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => v4(g, h),
        (0x2002, ..) => v4(b, c),
        // Teredo, documentation, benchmarks, and others that are set apart within 2001::/23.
        (0x2001, 0..=0x1ff | 0xdb8, ..) => false,
        // The public ones are all within 2000::/3.
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 443)
    }

    #[test]
    fn addresses_inside_are_told_from_public_ones_whatever_they_wear() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
            "2001:db8::1",
            "2001::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::7f00:1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for public in [
            "1.1.1.1",
            "100.63.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn a_name_with_one_foot_inside_is_refused_and_localhost_leads_home_alone() {
        let guard = Guard::default();
        let (public, inside, home) = (at("1.1.1.1"), at("10.0.0.1"), at("127.0.0.1"));
        assert_eq!(guard.admit("acme.storeganise.com", &[public]), Ok(vec![public]));
        for found in [vec![inside], vec![home], vec![public, inside]] {
            assert_eq!(guard.admit("acme.storeganise.com", &found), Err(LeadsInside), "{found:?}");
        }
        assert_eq!(guard.admit("localhost", &[home]), Ok(vec![home]));
        assert_eq!(guard.admit("localhost", &[public]), Err(LeadsInside));
    }

    #[test]
    fn an_operators_proxy_may_stand_inside() {
        let proxies = ["http://proxy.inside:3128".to_owned(), "nonsense".to_owned()];
        let guard = Guard::with_proxies(proxies.into_iter());
        assert!(guard.admit("proxy.inside", &[at("10.0.0.1")]).is_ok());
        assert!(guard.admit("other.inside", &[at("10.0.0.1")]).is_err());
    }

    /// A name is lower case by the time an address was parsed; in capitals it is another name that leads to the same place.
    #[tokio::test]
    async fn a_name_is_looked_up_and_refused_where_it_leads_inside() {
        let guarded = Guarded(Arc::new(Guard::default()));
        let home: Vec<SocketAddr> = guarded.resolve("localhost".parse().unwrap()).await.unwrap().collect();
        assert!(!home.is_empty() && home.iter().all(|address| address.ip().is_loopback()), "{home:?}");
        let refused = guarded.resolve("LOCALHOST".parse().unwrap()).await.map(Vec::from_iter).unwrap_err();
        assert_eq!(refused.downcast_ref(), Some(&LeadsInside));
    }
}
