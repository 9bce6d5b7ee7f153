//! The redirect URI that a callback came to, without what the provider added (contract §15).
//!
//! The rules are the reference's, which takes the address apart and joins it again as a relative reference (RFC 3986
//! §5.2): dots are resolved, `;parameters` of the last segment go, a path that begins with `//` loses the host, and
//! schemes that are not made for relative references lose their path's context.

/// Schemes whose addresses are joined as relative references.
const HIERARCHICAL: [&str; 5] = ["http", "https", "ftp", "ws", "wss"];

/// Schemes whose last path segment may have `;parameters`.
const WITH_PARAMETERS: [&str; 4] = ["", "http", "https", "ftp"];

/// An address that a provider sent a browser to.
pub(super) struct Callback<'a> {
    scheme: String,
    authority: &'a str,
    path: &'a str,
    pub(super) query: &'a str,
}

impl<'a> Callback<'a> {
    pub(super) fn parse(uri: &'a str) -> Self {
        let (scheme, rest) = match uri.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
            _ => (String::new(), uri),
        };
        let (authority, rest) = match rest.strip_prefix("//") {
            Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
            None => ("", rest),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let path = if WITH_PARAMETERS.contains(&scheme.as_str()) { without_parameters(path) } else { path };
        Self { scheme, authority, path, query }
    }

    /// Scheme, host and path.
    pub(super) fn redirect_uri(&self) -> String {
        let Self { scheme, authority, path, .. } = self;
        let base = format!("{scheme}://{authority}");
        if path.is_empty() {
            return base;
        }
        if scheme.is_empty() {
            return if path.starts_with('/') { (*path).to_owned() } else { format!(":/{}", resolve(path)) };
        }
        if !HIERARCHICAL.contains(&scheme.as_str()) {
            return (*path).to_owned();
        }
        if let Some(rest) = path.strip_prefix("//").filter(|rest| !rest.starts_with('/')) {
            return format!("{scheme}://{rest}");
        }
        format!("{base}/{}", resolve(path))
    }
}

fn is_scheme(text: &str) -> bool {
    let mut letters = text.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'+' | b'-' | b'.'))
}

fn without_parameters(path: &str) -> &str {
    let last_segment = path.rfind('/').unwrap_or_default();
    path[last_segment..].find(';').map_or(path, |at| &path[..last_segment + at])
}

/// The path without its first slash, `.` and `..` resolved.
fn resolve(path: &str) -> String {
    let path = path.strip_prefix('/').unwrap_or(path);
    let mut resolved: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => {
                resolved.pop();
            }
            other => resolved.push(other),
        }
    }
    if path.ends_with("/.") || path.ends_with("/..") || matches!(path, "." | "..") {
        resolved.push("");
    }
    resolved.join("/")
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
        ];
        for (uri, rebuilt) in cases {
            assert_eq!(Callback::parse(uri).redirect_uri(), rebuilt, "{uri}");
        }
    }
}
