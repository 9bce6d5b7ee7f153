//! What the environment of the process says about how requests leave it: proxies, and authorities for TLS.
//!
//! | variable | |
//! | --- | --- |
//! | `HTTPS_PROXY`, `HTTP_PROXY` | proxy of requests with that scheme; a URL of `http` or `https`, or `host:port` |
//! | `ALL_PROXY` | proxy of requests that have none by the two above |
//! | `NO_PROXY` | hosts that are asked without a proxy: `*`; a domain, with those below it; an address; a network as `10.0.0.0/8`; each with `:port` or without |
//! | `SSL_CERT_FILE`, `SSL_CERT_DIR` | authorities in place of the system's, on Linux |
//!
//! Names in small letters count as well, after those in capitals. `HTTP_PROXY` and the others count for nothing in a CGI
//! script (`REQUEST_METHOD` is set): a request could set them.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use lumos_connector_core::error::{ConnectorError, Result};
use reqwest::Url;

/// The proxies of the environment.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies {
    http: Option<Proxy>,
    https: Option<Proxy>,
    all: Option<Proxy>,
    no_proxy: Vec<Exception>,
}

/// One variable that names a proxy.
#[derive(Clone)]
struct Proxy {
    variable: &'static str,
    /// `None` when it is not a URL that requests can go through. It may hold a password.
    url: Option<Url>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Proxy({})", self.variable)
    }
}

impl Proxies {
    /// What the variables say; a variable is read by its name.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable("REQUEST_METHOD").is_some() {
            return Self::default();
        }
        let value = |name: &str| {
            let filled = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
            filled(name).or_else(|| filled(&name.to_ascii_lowercase()))
        };
        let proxy = |variable| value(variable).map(|value| Proxy { variable, url: proxy_url(value.trim()) });
        let no_proxy = value("NO_PROXY").unwrap_or_default();
        Self {
            http: proxy("HTTP_PROXY"),
            https: proxy("HTTPS_PROXY"),
            all: proxy("ALL_PROXY"),
            no_proxy: no_proxy
                .split([',', ' '])
                .map(str::trim)
                .filter(|entry| !entry.is_empty())
                .map(Exception::parse)
                .collect(),
        }
    }

    /// Whether any variable names a proxy.
    pub(crate) fn is_empty(&self) -> bool {
        self.http.is_none() && self.https.is_none() && self.all.is_none()
    }

    /// The proxy of requests to an address.
    ///
    /// # Errors
    /// `invalid_value` when the variable that names it holds no URL of a proxy. The value is not repeated: it may hold a
    /// password.
    pub(crate) fn of(&self, url: &Url) -> Result<Option<&Url>> {
        let own = match url.scheme() {
            "http" => &self.http,
            "https" => &self.https,
            _ => &None,
        };
        let Some(proxy) = own.as_ref().or(self.all.as_ref()) else { return Ok(None) };
        if self.no_proxy.iter().any(|exception| exception.covers(url)) {
            return Ok(None);
        }
        match &proxy.url {
            Some(url) => Ok(Some(url)),
            None => Err(ConnectorError::invalid_configuration(format!(
                "{}: expected the URL of a proxy that begins with http:// or https://",
                proxy.variable
            ))),
        }
    }
}

fn proxy_url(value: &str) -> Option<Url> {
    let url = if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
    url.ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Hosts that are asked without a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    All,
    /// In lower case, without dots at its ends.
    Domain(String),
    Network(IpAddr, u8),
}

impl Exception {
    fn parse(entry: &str) -> Self {
        let entry = entry.split_once("://").map_or(entry, |(_, rest)| rest);
        if let Some(network) = network(entry) {
            return Self { hosts: network, port: None };
        }
        let (host, port) = match entry.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
                Ok(port) => (host, Some(port)),
                Err(_) => (entry, None),
            },
            _ => (entry, None),
        };
        let hosts = network(host).unwrap_or_else(|| match host {
            "*" => Hosts::All,
            host => Hosts::Domain(plain(host.strip_prefix("*.").unwrap_or(host))),
        });
        Self { hosts, port }
    }

    fn covers(&self, url: &Url) -> bool {
        if self.port.is_some() && self.port != url.port_or_known_default() {
            return false;
        }
        let host = plain(url.host_str().unwrap_or_default());
        match &self.hosts {
            Hosts::All => true,
            Hosts::Domain(domain) => {
                host == *domain || host.strip_suffix(domain).is_some_and(|above| above.ends_with('.'))
            }
            Hosts::Network(network, bits) => {
                let address = host.trim_matches(['[', ']']).parse();
                address.is_ok_and(|address| is_in(address, *network, *bits))
            }
        }
    }
}

fn plain(host: &str) -> String {
    host.trim_matches('.').to_ascii_lowercase()
}

/// An address, or a network in CIDR notation.
fn network(text: &str) -> Option<Hosts> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.trim_matches(['[', ']']).parse().ok()?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(longest), |bits| bits.parse().ok().filter(|bits| *bits <= longest))?;
    Some(Hosts::Network(address, bits))
}

fn is_in(address: IpAddr, network: IpAddr, bits: u8) -> bool {
    match (address.to_canonical(), network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let different = address.to_bits() ^ network.to_bits();
            different.leading_zeros() >= u32::from(bits)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let different = address.to_bits() ^ network.to_bits();
            different.leading_zeros() >= u32::from(bits)
        }
        _ => false,
    }
}

/// Why no authority could be loaded that could be trusted.
pub(crate) fn missing_authorities(variable: impl Fn(&str) -> Option<String>) -> String {
    let named: Vec<_> = ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .filter_map(|name| Some(format!("{name} ({})", variable(name).filter(|value| !value.is_empty())?)))
        .collect();
    if named.is_empty() {
        return "this system has no certificate authorities to trust; install its package of them \
                (ca-certificates), or name a PEM file in SSL_CERT_FILE"
            .to_owned();
    }
    format!(
        "no certificate authority could be loaded from {}; expected certificates in PEM",
        named.join(" or ")
    )
}

/// Says once for each host that requests to it go over plain HTTP, where that leaves this machine.
pub(crate) fn warn_of_plain_http(url: &Url) {
    /// Hosts that are remembered; then each is named again.
    const REMEMBERED: usize = 256;
    static NAMED: Mutex<Option<HashSet<String>>> = Mutex::new(None);
    let Some(host) = url.host_str().filter(|_| url.scheme() == "http") else { return };
    if is_loopback(host) {
        return;
    }
    let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
    let named = named.get_or_insert_default();
    if named.len() >= REMEMBERED {
        named.clear();
    }
    if named.insert(host.to_owned()) {
        tracing::warn!(
            "requests to {host} go over plain HTTP: credentials can be read on the way; use https://"
        );
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let host = plain(host);
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::read(|name| {
            variables.iter().find(|(of, _)| *of == name).map(|(_, value)| (*value).to_owned())
        })
    }

    /// The host of the proxy of an address, or `direct`.
    fn way(proxies: &Proxies, address: &str) -> String {
        let proxy = proxies.of(&Url::parse(address).unwrap()).unwrap();
        proxy.map_or("direct", |proxy| proxy.host_str().unwrap()).to_owned()
    }

    #[test]
    fn each_scheme_has_its_proxy_and_capitals_come_first() {
        let both = proxies(&[
            ("HTTP_PROXY", "http://one.test:3128"),
            ("http_proxy", "http://other.test"),
            ("https_proxy", "two.test:3128"),
            ("ALL_PROXY", "http://three.test"),
        ]);
        assert_eq!(way(&both, "http://a.test"), "one.test");
        assert_eq!(way(&both, "https://a.test"), "two.test");
        let all = proxies(&[("all_proxy", "https://three.test"), ("HTTP_PROXY", " ")]);
        assert_eq!(
            (way(&all, "http://a.test"), way(&all, "https://a.test")),
            ("three.test".into(), "three.test".into())
        );
        assert!(proxies(&[("NO_PROXY", "a.test")]).is_empty());
        assert!(proxies(&[("HTTP_PROXY", "http://one.test"), ("REQUEST_METHOD", "GET")]).is_empty());
    }

    #[test]
    fn hosts_of_no_proxy_are_asked_directly() {
        for (entries, address, is_direct) in [
            ("*", "http://a.test", true),
            ("*", "http://10.1.2.3:8080", true),
            ("*", "http://[::1]/", true),
            ("b.test, *", "http://10.1.2.3", true),
            ("a.test", "http://a.test", true),
            ("a.test", "http://x.y.A.test:81", true),
            ("a.test", "http://xa.test", false),
            (".a.test", "http://a.test", true),
            ("*.a.test", "http://x.a.test", true),
            ("A.TEST.", "http://a.test", true),
            ("b.test a.test", "http://a.test", true),
            ("a.test:81", "http://a.test:81", true),
            ("a.test:81", "http://a.test", false),
            ("a.test:80", "http://a.test", true),
            ("http://a.test", "http://a.test", true),
            ("10.1.2.3", "http://10.1.2.3:99", true),
            ("10.1.2.3:99", "http://10.1.2.3:98", false),
            ("10.0.0.0/8", "http://10.200.3.4", true),
            ("10.0.0.0/8", "http://11.0.0.1", false),
            ("0.0.0.0/0", "http://11.0.0.1", true),
            ("10.0.0.0/33", "http://10.0.0.1", false),
            ("::1", "http://[::1]:80", true),
            ("[::1]:81", "http://[::1]:81", true),
            ("[::1]:81", "http://[::1]", false),
            ("fd00::/8", "http://[fd12::1]", true),
            ("10.0.0.0/8", "http://[::ffff:10.0.0.1]", true),
            ("localhost", "http://127.0.0.1", false),
            ("", "http://a.test", false),
            (",,", "http://a.test", false),
        ] {
            let proxies = proxies(&[("HTTP_PROXY", "http://proxy.test"), ("no_proxy", entries)]);
            let expected = if is_direct { "direct" } else { "proxy.test" };
            assert_eq!(way(&proxies, address), expected, "{entries:?} {address}");
        }
    }

    #[test]
    fn a_proxy_that_requests_cannot_go_through_is_refused_by_the_name_of_its_variable() {
        for value in ["ftp://user:hunter2@proxy.test", "socks5://proxy.test", "http://", "http://[", "://"] {
            let proxies = proxies(&[("HTTP_PROXY", value), ("NO_PROXY", "b.test")]);
            let error = proxies.of(&Url::parse("http://a.test").unwrap()).unwrap_err();
            assert!(
                error.message().starts_with("HTTP_PROXY: expected the URL of a proxy"),
                "{}",
                error.message()
            );
            assert!(!error.message().contains("hunter2") && !format!("{proxies:?}").contains("hunter2"));
            // Requests that do not go through it are none of its business.
            assert_eq!(
                (way(&proxies, "https://a.test"), way(&proxies, "http://b.test")),
                ("direct".into(), "direct".into())
            );
        }
    }

    #[test]
    fn missing_authorities_are_told_by_the_variable_that_names_them() {
        let text = missing_authorities(|name| (name == "SSL_CERT_DIR").then(|| "/nowhere".to_owned()));
        assert!(text.contains("SSL_CERT_DIR (/nowhere)") && !text.contains("SSL_CERT_FILE"), "{text}");
        assert!(missing_authorities(|_| None).contains("SSL_CERT_FILE"));
    }

    #[test]
    fn loopback_is_this_machine_in_every_spelling() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "x.localhost",
            "127.0.0.1",
            "127.9.9.9",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["a.test", "10.0.0.1", "localhost.test", "[::2]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
