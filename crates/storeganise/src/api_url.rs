//! The API base of a business: only https, only to hosts that were allowed.

use std::net::IpAddr;

use url::{Host, Url};

/// The hosts outgoing calls may go to. Loopback is only allowed where it is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Takes entries such as `storeganise.com` (itself and every name below it) or `127.0.0.1:9000`.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = String>) -> Self {
        Self(entries.into_iter().map(|e| e.trim().to_ascii_lowercase()).filter(|e| !e.is_empty()).collect())
    }

    fn allow(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        self.0.iter().any(|entry| match url.port() {
            Some(port) => *entry == format!("{host}:{port}"),
            None => {
                entry == host || host.strip_suffix(entry.as_str()).is_some_and(|head| head.ends_with('.'))
            }
        })
    }
}

/// A checked API base without a trailing slash, such as `https://acme.storeganise.com/api`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiUrl(String);

/// Why an address is not taken as an API base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiUrlError {
    /// It is no absolute address.
    #[error("the API address is not a complete address such as https://acme.storeganise.com/api")]
    NotAnAddress,
    /// It carries a user name, password, query or fragment.
    #[error("the API address must not carry a user name, a password, a query or a fragment")]
    HasExtras,
    /// It is not https (plain http is only for a named loopback host).
    #[error("the API address must begin with https://")]
    NotHttps,
    /// The host is not among the allowed ones.
    #[error("the API address leads to a host that is not allowed (ANNEX_STOREGANISE_HOSTS)")]
    HostNotAllowed,
}

impl ApiUrl {
    /// Checks an address against the allowed hosts.
    ///
    /// # Errors
    /// Says which rule the address breaks.
    pub fn parse(text: &str, allowed: &AllowedHosts) -> Result<Self, ApiUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| ApiUrlError::NotAnAddress)?;
        let bare = url.username().is_empty() && url.password().is_none();
        if !bare || url.query().is_some() || url.fragment().is_some() {
            return Err(ApiUrlError::HasExtras);
        }
        let plain_on_loopback = url.scheme() == "http" && is_loopback(&url);
        if url.scheme() != "https" && !plain_on_loopback {
            return Err(ApiUrlError::NotHttps);
        }
        if !allowed.allow(&url) {
            return Err(ApiUrlError::HostNotAllowed);
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address as text, without a trailing slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<String, ApiUrlError> {
        let allowed = AllowedHosts::new(["storeganise.com".to_owned(), "127.0.0.1:9000".to_owned()]);
        ApiUrl::parse(text, &allowed).map(|url| url.as_str().to_owned())
    }

    #[test]
    fn a_business_of_storeganise_is_taken_without_its_trailing_slash() {
        assert_eq!(
            parse("https://acme.storeganise.com/api/"),
            Ok("https://acme.storeganise.com/api".to_owned())
        );
    }

    #[test]
    fn loopback_is_taken_only_where_it_is_named_with_its_port() {
        assert!(parse("http://127.0.0.1:9000/acme/api").is_ok());
        assert_eq!(parse("http://127.0.0.1:9001/acme/api"), Err(ApiUrlError::HostNotAllowed));
        assert_eq!(parse("http://localhost:9000/api"), Err(ApiUrlError::HostNotAllowed));
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let refused = [
            ("acme", ApiUrlError::NotAnAddress),
            ("http://acme.storeganise.com/api", ApiUrlError::NotHttps),
            ("file:///etc/passwd", ApiUrlError::NotHttps),
            ("https://a@acme.storeganise.com/api", ApiUrlError::HasExtras),
            ("https://acme.storeganise.com/api?x=1", ApiUrlError::HasExtras),
            ("https://acme.storeganise.com:8443/api", ApiUrlError::HostNotAllowed),
            ("https://evilstoreganise.com/api", ApiUrlError::HostNotAllowed),
            ("https://storeganise.com.example.org/api", ApiUrlError::HostNotAllowed),
            ("https://169.254.169.254/api", ApiUrlError::HostNotAllowed),
        ];
        for (address, reason) in refused {
            assert_eq!(parse(address), Err(reason), "{address}");
        }
    }

    /// Ways to write an address that looks like Storeganise's to a person or to a careless parser, and leads elsewhere.
    /// `{}` is a port.
    const HOSTILE_HOSTS: [&str; 36] = [
        "127.0.0.1:{}",
        "127.1:{}",
        "2130706433:{}",
        "0x7f000001:{}",
        "0x7f.0.0.1:{}",
        "0177.0.0.1:{}",
        "0:{}",
        "0.0.0.0:{}",
        "[::1]:{}",
        "[::]:{}",
        "[::ffff:127.0.0.1]:{}",
        "[0:0:0:0:0:ffff:7f00:1]:{}",
        "[::1%25lo]:{}",
        "localhost:{}",
        "LOCALHOST:{}",
        "localhost.:{}",
        "\u{24db}ocalhost:{}",
        "\u{ff11}\u{ff12}\u{ff17}.0.0.1:{}",
        "127\u{3002}0\u{3002}0\u{3002}1:{}",
        "acme.storeganise.com@127.0.0.1:{}",
        "acme.storeganise.com:443@127.0.0.1:{}",
        "acme.storeganise.com%40127.0.0.1:{}",
        "127.0.0.1:{}#.storeganise.com",
        "127.0.0.1:{}?.storeganise.com",
        "127.0.0.1:{}/.storeganise.com",
        "127.0.0.1:{}\\\\.storeganise.com",
        "127.0.0.1:{}%2f.storeganise.com",
        "127.0.0.1%00.storeganise.com:{}",
        "storeganise.com.127.0.0.1.nip.io:{}",
        "acme.storeganise.com.localhost:{}",
        "evilstoreganise.com:{}",
        "storeganise.com.:{}",
        "acme.storeganise.com:{}",
        "acme.storeganise.com\t@127.0.0.1:{}",
        " 127.0.0.1:{}",
        "169.254.169.254:{}",
    ];
    const SCHEMES: [&str; 8] =
        ["https://", "http://", "HTTPS://", "https:/", "https:", "//", "ftp://", "gopher://"];
    const PATHS: [&str; 2] = ["/api", "/..%2f..%2fapi"];

    #[test]
    fn of_five_hundred_hostile_addresses_none_is_taken() {
        let allowed = AllowedHosts::new(["storeganise.com".to_owned()]);
        let mut tried = 0;
        for host in HOSTILE_HOSTS {
            for (scheme, path) in SCHEMES.iter().flat_map(|scheme| PATHS.map(|path| (scheme, path))) {
                let address = format!("{scheme}{}{path}", host.replace("{}", "9000"));
                let taken = ApiUrl::parse(&address, &allowed);
                assert!(taken.is_err(), "{address} was taken as {taken:?}");
                tried += 1;
            }
        }
        assert!(tried >= 500, "{tried}");
    }
}
