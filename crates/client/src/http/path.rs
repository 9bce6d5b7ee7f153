//! Paths: fixed texts, or segments that are escaped.

use lumos_connector_core::error::{ConnectorError, Result};
use lumos_connector_types::dns_label;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

/// What is escaped in a segment: all but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a request can name as its path, below the base address of the client.
///
/// * A `&'static str` is taken as it is: `"users?active=true"`. Text that comes from elsewhere does not fit here.
/// * A list of segments is escaped, each on its own: `["groups", id, "members"]`. An id may hold `/`, `?`, `#` or `%`
///   and stays one segment. An empty segment, `.` and `..` are refused: no escape keeps them from naming something
///   else.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a path",
    label = "expected a fixed text or a list of segments",
    note = "write `\"users\"`, or `[\"users\", id]`, whose segments are escaped; convert numbers with `&id.to_string()`"
)]
pub trait IntoPath {
    /// The address of the path below a base address.
    ///
    /// # Errors
    /// `invalid_value` for segments that cannot be escaped.
    fn below(self, base: &Url) -> Result<Url>;
}

impl IntoPath for &'static str {
    fn below(self, base: &Url) -> Result<Url> {
        let (path, query) = self.split_once('?').map_or((self, None), |(path, query)| (path, Some(query)));
        let mut url = base.clone();
        if !path.is_empty() {
            url.set_path(&format!("{}/{}", base.path().trim_end_matches('/'), path.trim_start_matches('/')));
        }
        url.set_query(query);
        Ok(url)
    }
}

impl<S: AsRef<str>, const N: usize> IntoPath for [S; N] {
    fn below(self, base: &Url) -> Result<Url> {
        self.as_slice().below(base)
    }
}

impl<S: AsRef<str>> IntoPath for Vec<S> {
    fn below(self, base: &Url) -> Result<Url> {
        self.as_slice().below(base)
    }
}

impl<S: AsRef<str>> IntoPath for &[S] {
    fn below(self, base: &Url) -> Result<Url> {
        let mut path = base.path().trim_end_matches('/').to_owned();
        for segment in self {
            let segment = segment.as_ref();
            if matches!(segment, "" | "." | "..") {
                let error = ConnectorError::invalid_value(format!(
                    "{segment:?} cannot be a part of the app's address; expected an id"
                ));
                return Err(if segment.is_empty() { error.with_source(EmptySegment) } else { error });
            }
            path.push('/');
            path.extend(utf8_percent_encode(segment, ESCAPED));
        }
        let mut url = base.clone();
        url.set_path(&path);
        Ok(url)
    }
}

/// A segment of a path is empty: nothing in the app has an empty id.
#[derive(Debug, thiserror::Error)]
#[error("the id is empty")]
pub(super) struct EmptySegment;

/// The base address of an app, as an author or a connection's settings give it.
pub(super) fn base(address: &str) -> Result<Url> {
    let refused = |problem: &str| {
        Err(ConnectorError::invalid_configuration(format!("The address of the app is not usable: {problem}")))
    };
    let address = address.trim();
    // Parsers of URLs drop them, and the address would be another one than it looks.
    if address.contains(char::is_control) {
        return refused("it must not contain a line break or another control character");
    }
    let Ok(url) = Url::parse(address) else {
        return refused("expected something like https://api.example.com");
    };
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return refused("expected a URL that begins with https:// or http:// and names a host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refused("it must not contain a user or password");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refused("it must end with its path, without ? or #");
    }
    Ok(url)
}

/// Whether the app's host is a domain or below it.
pub(super) fn check_host(base: &Url, domain: &str) -> Result<()> {
    if dns_label::is_within(base.host_str().unwrap_or_default(), domain) {
        return Ok(());
    }
    Err(ConnectorError::invalid_configuration(format!(
        "The address of the app is not usable: expected a host below {domain}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(base_url: &str, path: impl IntoPath) -> String {
        path.below(&base(base_url).unwrap()).unwrap().to_string()
    }

    #[test]
    fn paths_stand_below_the_base_whatever_slashes_there_are() {
        for base in ["https://a.test/api", "https://a.test/api/", " https://a.test/api "] {
            assert_eq!(below(base, "users"), "https://a.test/api/users");
            assert_eq!(below(base, "/users?active=true"), "https://a.test/api/users?active=true");
            assert_eq!(below(base, ["users", "7"]), "https://a.test/api/users/7");
        }
        assert_eq!(below("https://a.test/api", ""), "https://a.test/api");
        assert_eq!(below("https://a.test", "users"), "https://a.test/users");
    }

    #[test]
    fn an_id_stays_one_segment() {
        let id = "a/../b?c#d%2e%2e\\é &;=+:@".to_owned();
        let url = ["groups", &id, "members"].below(&base("https://a.test/v1").unwrap()).unwrap();
        let segments: Vec<_> = url.path_segments().unwrap().collect();
        assert_eq!(segments.len(), 4);
        assert_eq!(percent_encoding::percent_decode_str(segments[2]).decode_utf8().unwrap(), id);
        assert_eq!((url.query(), url.fragment()), (None, None));
    }

    #[test]
    fn segments_that_name_something_else_are_refused() {
        for id in ["", ".", ".."] {
            assert!(["users", id].below(&base("https://a.test").unwrap()).is_err(), "{id:?}");
        }
        assert!(below("https://a.test", ["users", "..."]).ends_with("/users/..."));
    }

    #[test]
    fn a_host_is_the_declared_domain_or_below_it() {
        let host = |address: &str| check_host(&base(address).unwrap(), "acme.test");
        for address in ["https://acme.test", "https://x.acme.test/a", "https://X.Y.ACME.test:8443"] {
            assert!(host(address).is_ok(), "{address}");
        }
        for tenant in
            ["evil.test/", "evil.test#", "evil.test?", "evil.test\\", "evil.test:80/", "xacme.test/"]
        {
            let address = format!("https://{tenant}.acme.test");
            let refused = base(&address).and_then(|base| check_host(&base, "acme.test")).unwrap_err();
            assert!(!refused.message().contains("evil"), "{}", refused.message());
        }
    }

    #[test]
    fn a_base_address_names_a_host_and_nothing_secret() {
        for address in [
            "",
            "https://a.test\n/x",
            "https://a.te\tst",
            "acme",
            "ftp://a.test",
            "https://",
            "https://u:p@a.test",
            "https://a.test?x=1",
            "https://a.test/#f",
        ] {
            let error = base(address).unwrap_err();
            assert!(!error.message().contains("u:p"), "{}", error.message());
        }
    }
}
