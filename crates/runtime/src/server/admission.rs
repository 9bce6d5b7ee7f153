//! Who may ask at all: what is wrong with a request's head, before its route matters.
//!
//! A server without a token on a loopback address trusts everything that reaches it, and a web page in the browser of the
//! machine's user can send requests there. So such a server answers no request that a page of another site can make:
//! under a name that is not the machine's own (DNS rebinding), with a foreign `Origin`, or of a type that a form sends.
//! Programs send none of these headers and notice nothing.

use std::net::{Ipv4Addr, Ipv6Addr};

use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, ORIGIN};
use hyper::http::request::Parts;
use hyper::{Method, Response, Version};

use super::options::{Address, Options};
use super::outgoing::Outgoing;
use super::refusal;

/// How requests from browsers are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// Everybody brings a token, or a network decides who reaches the server.
    Network,
    /// Programs on this machine.
    Machine,
}

impl Trust {
    pub(super) fn of(options: &Options) -> Self {
        match &options.address {
            Address::Tcp { host, .. }
                if host.to_canonical().is_loopback() && options.bearer_token_file.is_none() =>
            {
                Self::Machine
            }
            _ => Self::Network,
        }
    }
}

/// The answer to a request that is not looked at any further.
pub(super) fn refused(trust: Trust, head: &Parts) -> Option<Response<Outgoing>> {
    let headers = &head.headers;
    let hosts = headers.get_all(HOST).iter().count();
    if hosts > 1 || (hosts == 0 && head.version == Version::HTTP_11) {
        return Some(refusal::wrong_host_header());
    }
    if headers.get_all(AUTHORIZATION).iter().count() > 1 {
        return Some(refusal::unauthorized());
    }
    if trust == Trust::Network {
        return None;
    }
    let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let host = headers.get(HOST).map(text);
    if host.is_some_and(|host| !is_loopback(&host)) {
        return Some(refusal::foreign("Host"));
    }
    if let Some(origin) = headers.get(ORIGIN).map(text) {
        let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
        if !is_loopback(authority) {
            return Some(refusal::foreign("Origin"));
        }
    }
    if headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"cross-site") {
        return Some(refusal::foreign("Sec-Fetch-Site"));
    }
    (head.method == Method::POST && is_browser(headers) && is_form(headers)).then(refusal::unsupported_type)
}

fn is_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site")
}

/// Whether the type is one that a form of any page can send without being asked.
fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("text/plain");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "text/plain" | "application/x-www-form-urlencoded" | "multipart/form-data")
}

/// Whether `host[:port]` is this machine by a name that no DNS server can give to another.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, port)) if port.is_empty() || port.starts_with(':') => {
                return host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback());
            }
            _ => return false,
        },
        None => authority.split(':').next().unwrap_or_default(),
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use hyper::{Request, StatusCode};

    use super::*;

    fn status(trust: Trust, headers: &[(&str, &str)]) -> Option<StatusCode> {
        let mut request = Request::post("/info");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        refused(trust, &request.body(()).unwrap().into_parts().0).map(|response| response.status())
    }

    #[test]
    fn every_request_has_one_host_and_one_authorization() {
        for trust in [Trust::Network, Trust::Machine] {
            assert_eq!(status(trust, &[]), Some(StatusCode::BAD_REQUEST));
            assert_eq!(
                status(trust, &[("host", "127.0.0.1"), ("host", "127.0.0.1")]),
                Some(StatusCode::BAD_REQUEST)
            );
            let twice = [("host", "127.0.0.1"), ("authorization", "Bearer a"), ("authorization", "Bearer b")];
            assert_eq!(status(trust, &twice), Some(StatusCode::UNAUTHORIZED));
            assert_eq!(status(trust, &[("host", "127.0.0.1:8000")]), None);
        }
        let old = Request::post("/info").version(Version::HTTP_10).body(()).unwrap().into_parts().0;
        assert!(refused(Trust::Machine, &old).is_none());
    }

    #[test]
    fn programs_on_the_machine_notice_nothing() {
        for kind in ["application/json", "text/plain", "application/x-www-form-urlencoded", "nonsense"] {
            for host in ["localhost:8000", "LOCALHOST.", "127.8.9.1", "[::1]:8000", "connector.localhost"] {
                assert_eq!(
                    status(Trust::Machine, &[("host", host), ("content-type", kind)]),
                    None,
                    "{kind} {host}"
                );
            }
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused_on_the_machine() {
        let local = ("host", "localhost:8000");
        let json = ("content-type", "application/json");
        for headers in [
            &[("host", "evil.test:8000"), json][..],
            &[("host", "localhost.evil.test"), json],
            &[("host", "127.0.0.1.evil.test"), json],
            &[("host", "[::1].evil.test"), json],
            &[("host", ""), json],
            &[local, json, ("origin", "http://evil.test")],
            &[local, json, ("origin", "null")],
            &[local, json, ("origin", "http://localhost.evil.test")],
            &[local, json, ("origin", "http://localhost@evil.test")],
            &[local, json, ("sec-fetch-site", "cross-site")],
        ] {
            assert_eq!(status(Trust::Machine, headers), Some(StatusCode::FORBIDDEN), "{headers:?}");
            assert_eq!(status(Trust::Network, headers), None, "{headers:?}");
        }
        let page = ("origin", "http://localhost:3000");
        assert_eq!(status(Trust::Machine, &[local, json, page]), None);
        for kind in [
            "text/plain; charset=utf-8",
            "multipart/form-data; boundary=x",
            "APPLICATION/X-WWW-FORM-URLENCODED",
        ] {
            let form = [local, page, ("content-type", kind)];
            assert_eq!(status(Trust::Machine, &form), Some(StatusCode::UNSUPPORTED_MEDIA_TYPE), "{kind}");
        }
        assert_eq!(status(Trust::Machine, &[local, page]), Some(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        let own_page =
            Request::get("/docs").header("host", "localhost").header("sec-fetch-site", "same-origin");
        assert!(refused(Trust::Machine, &own_page.body(()).unwrap().into_parts().0).is_none());
    }
}
