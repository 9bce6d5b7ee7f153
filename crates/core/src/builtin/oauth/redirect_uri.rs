//! The redirect URI that a callback came to, without what the provider added (contract §15).
//!
//! The rules are the reference's, which takes the address apart and joins scheme and host with the path as a relative
//! reference (RFC 3986 §5.2): dots are resolved, `;parameters` of the last segment go, a path that begins with `//`
//! names another host, and schemes that are not made for relative references keep nothing but their path.

use std::net::Ipv6Addr;

use crate::declaration::error::{ConnectorError, Result};

/// Schemes whose addresses are joined as relative references. The empty one stands for an address without a scheme.
const HIERARCHICAL: [&str; 17] = [
    "", "ftp", "http", "gopher", "nntp", "imap", "wais", "file", "https", "shttp", "mms", "rtsp", "rtspu",
    "sftp", "svn", "ws", "wss",
];

/// Schemes whose last path segment may have `;parameters`.
const WITH_PARAMETERS: [&str; 13] =
    ["", "ftp", "hdl", "http", "imap", "https", "shttp", "rtsp", "rtspu", "sip", "mms", "sftp", "tel"];

/// An address that a provider sent a browser to.
pub(super) struct Callback {
    scheme: String,
    authority: String,
    path: String,
    pub(super) query: String,
}

impl Callback {
    /// Takes an address apart. Blanks around it and line breaks in it do not belong to it.
    pub(super) fn parse(uri: &str) -> Result<Self> {
        let uri = without_blanks(uri).replace(['\t', '\r', '\n'], "");
        let (scheme, rest) = match uri.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => (String::new(), uri.as_str()),
        };
        let (authority, rest) = split_authority(rest);
        check_brackets(authority)?;
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = if WITH_PARAMETERS.contains(&scheme.as_str()) { without_parameters(path) } else { path };
        Ok(Self { authority: authority.to_owned(), path: path.to_owned(), query: query.to_owned(), scheme })
    }

    /// Scheme, host and path.
    pub(super) fn redirect_uri(&self) -> Result<String> {
        let Self { scheme, authority, path, .. } = self;
        let base = format!("{scheme}://{authority}");
        if path.is_empty() {
            return Ok(base);
        }
        let reference = without_blanks(path);
        let (host, path) = split_authority(reference);
        check_brackets(host)?;
        let has_own_scheme = reference.split_once(':').is_some_and(|(scheme, _)| is_scheme(scheme));
        if has_own_scheme || !HIERARCHICAL.contains(&scheme.as_str()) {
            return Ok(self.path.clone());
        }
        if !host.is_empty() {
            return Ok(written(scheme, host, path));
        }
        if path.is_empty() {
            return Ok(base);
        }
        // Without a scheme, the host is not seen as one.
        let authority = if scheme.is_empty() { "" } else { authority };
        Ok(written(scheme, authority, &resolve(scheme, path)))
    }
}

/// A text from its first character that is neither a blank nor a control character.
fn without_blanks(text: &str) -> &str {
    text.trim_start_matches(|letter| letter <= ' ')
}

/// `//host` and what follows it; no host when there are no two slashes.
fn split_authority(rest: &str) -> (&str, &str) {
    match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", rest),
    }
}

fn is_scheme(text: &str) -> bool {
    let mut letters = text.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'-' | b'.'))
}

/// Brackets are for IPv6 addresses (RFC 3986 §3.2.2).
fn check_brackets(authority: &str) -> Result<()> {
    if !authority.contains(['[', ']']) {
        return Ok(());
    }
    let host = authority.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    let is_address = host.is_some_and(|(host, _)| {
        host.starts_with(['v', 'V'])
            || host.split('%').next().is_some_and(|host| host.parse::<Ipv6Addr>().is_ok())
    });
    // A native failure of the reference.
    if is_address {
        Ok(())
    } else {
        Err(ConnectorError::internal("The redirect URI has brackets around no IPv6 address"))
    }
}

fn without_parameters(path: &str) -> &str {
    let last_segment = path.rfind('/').unwrap_or_default();
    path[last_segment..].find(';').map_or(path, |at| &path[..last_segment + at])
}

/// The path from the root, `.` and `..` resolved. One that does not begin with a slash is relative to the address
/// before it, and loses its empty segments.
fn resolve(scheme: &str, path: &str) -> String {
    let segments: Vec<&str> = if path.starts_with('/') {
        path.split('/').collect()
    } else {
        let root = if scheme.is_empty() { ":" } else { "" };
        let (inner, last) = path.rsplit_once('/').unwrap_or(("", path));
        let inner = inner.split('/').filter(|segment| !segment.is_empty());
        std::iter::once(root).chain(inner).chain([last]).collect()
    };
    let mut resolved: Vec<&str> = Vec::new();
    for segment in &segments {
        match *segment {
            "." => {}
            ".." => {
                resolved.pop();
            }
            other => resolved.push(other),
        }
    }
    if matches!(segments.last(), Some(&("." | ".."))) {
        resolved.push("");
    }
    match resolved.join("/") {
        joined if joined.is_empty() => "/".to_owned(),
        joined => joined,
    }
}

/// An address of its parts; one without a scheme has no host either.
fn written(scheme: &str, authority: &str, path: &str) -> String {
    let slash = if path.is_empty() || path.starts_with('/') { "" } else { "/" };
    match (scheme, authority) {
        ("", "") => path.to_owned(),
        ("", _) => format!("//{authority}{slash}{path}"),
        (_, "") if path.starts_with("//") => format!("{scheme}:{path}"),
        _ => format!("{scheme}://{authority}{slash}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::Callback;

    #[test]
    fn the_address_is_rebuilt_as_the_reference_does_it() {
        let cases = [
            ("https://app.test/a/../b?code=x", "https://app.test/b"),
            ("https://app.test/a/./b/../../c?code=1", "https://app.test/c"),
            ("https://app.test/a/..", "https://app.test/"),
            ("https://app.test/..", "https://app.test/"),
            ("https://app.test?code=x", "https://app.test"),
            ("HTTPS://App.Test/X?code=1", "https://App.Test/X"),
            ("https://u:p@app.test:443/b?code=x#f", "https://u:p@app.test:443/b"),
            ("https://app.test/b;p=1?code=x", "https://app.test/b"),
            ("https://app.test/b;p/c;q", "https://app.test/b;p/c"),
            ("https://app.test//b//c?code=x", "https://b//c"),
            ("https://app.test/a//b/", "https://app.test/a//b/"),
            ("http:///b", "http:///b"),
            ("http://[::1]:80/cb?code=x", "http://[::1]:80/cb"),
            ("myapp://done?code=x", "myapp://done"),
            ("myapp://done/x?code=x", "/x"),
            ("urn:x:y", "x:y"),
            ("abc", ":/abc"),
            ("x/y", ":/x/y"),
            ("/x/y", "/x/y"),
            ("", "://"),
            ("?code=1", "://"),
            ("/a/../b", "/b"),
            ("x//y", ":/x/y"),
            ("../a", "a"),
            ("https://app.test///b", "https://app.test/b"),
            (" https://app.test/b\n", "https://app.test/b"),
        ];
        for (uri, rebuilt) in cases {
            assert_eq!(Callback::parse(uri).unwrap().redirect_uri().unwrap(), rebuilt, "{uri}");
        }
    }

    #[test]
    fn brackets_hold_an_address_or_the_callback_is_refused() {
        for uri in ["https://[::1/cb?code=x", "https://[app]/cb", "https://app]/cb"] {
            assert!(Callback::parse(uri).is_err(), "{uri}");
        }
    }
}
