//! The address of a call, which the caller chooses within bounds.

use std::borrow::Cow;

use indexmap::IndexMap;
use percent_encoding::percent_decode_str;
use reqwest::Url;

use super::Refused;

/// The parameters that a caller gives beside the address.
pub(super) type Parameters = IndexMap<String, Vec<String>>;

/// The address that a call goes to: below the base when it is relative, on the host of the base when it is not.
pub(super) fn resolve(base: &Url, given: &str, query: Option<&Parameters>) -> Result<Url, Refused> {
    let refused = |reason: &str| Err(Refused::new(reason, given));
    if given.chars().any(char::is_control) {
        return refused("The URL is not valid: it contains a control character.");
    }
    let (location, parameters) = cut(given);
    if climbs(path_of(location)) {
        return refused("The path of the URL must not contain '..'.");
    }
    let url = if let Some((scheme, authority)) = origin_of(location) {
        if scheme.is_empty() || authority.is_empty() {
            return refused("An absolute URL names a scheme and a host.");
        }
        if authority.contains(['@', '\\']) {
            return refused("The URL must not contain a login.");
        }
        let Ok(url) = Url::parse(&slashes_only(given)) else { return refused("The URL is not valid.") };
        url
    } else {
        let mut url = base.clone();
        let path = slashes_only(location.trim_start_matches('/'));
        url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
        url.set_query(parameters);
        if let Some(query) = query.filter(|query| !query.is_empty()) {
            merge(&mut url, query);
        }
        url
    };
    // Whatever was written and however it was read: this is where the request would go.
    if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
        return refused("The URL is not on the host of this connection.");
    }
    Ok(url)
}

/// What names the place, and the query. A fragment names nothing on the app's side.
fn cut(given: &str) -> (&str, Option<&str>) {
    let given = given.split('#').next().unwrap_or_default();
    given.split_once('?').map_or((given, None), |(location, query)| (location, Some(query)))
}

/// The scheme and the authority of an absolute address, either of which may be missing (RFC 3986 §3); `None` for a
/// relative one.
fn origin_of(location: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = match location.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, rest),
        _ => ("", location),
    };
    let authority = rest.strip_prefix("//").map(|rest| rest.split('/').next().unwrap_or_default());
    match authority {
        // Three slashes are a path with empty segments.
        Some("") | None if scheme.is_empty() => None,
        authority => Some((scheme, authority.unwrap_or_default())),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && text.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"+-.".contains(&letter))
}

/// The path of a relative or absolute location.
fn path_of(location: &str) -> &str {
    match origin_of(location) {
        Some((scheme, authority)) if !authority.is_empty() => {
            let start = if scheme.is_empty() { 2 } else { scheme.len() + 3 };
            location.get(start + authority.len()..).unwrap_or_default()
        }
        _ => location,
    }
}

/// Whether a segment means the level above to anyone on the way: some servers decode twice, take a backslash for a slash,
/// or cut a segment at its `;`.
fn climbs(path: &str) -> bool {
    let once: Vec<u8> = percent_decode_str(path).collect();
    let twice: Vec<u8> = percent_encoding::percent_decode(&once).collect();
    [path.as_bytes(), &once, &twice]
        .into_iter()
        .any(|path| path.split(|byte| b"/\\;".contains(byte)).any(|segment| segment == b".."))
}

/// Parsers of URLs take a backslash for a slash; here it is a letter like any other.
fn slashes_only(text: &str) -> Cow<'_, str> {
    if text.contains('\\') { Cow::Owned(text.replace('\\', "%5C")) } else { Cow::Borrowed(text) }
}

/// Puts parameters into an address. A name that is there already gets the new values in its place.
fn merge(url: &mut Url, query: &Parameters) {
    let mut merged = Parameters::new();
    for (name, value) in url.query_pairs() {
        merged.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    merged.extend(query.iter().map(|(name, values)| (name.clone(), values.clone())));
    let pairs = merged.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    url.query_pairs_mut().clear().extend_pairs(pairs);
    if url.query() == Some("") {
        url.set_query(None);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BASE: &str = "https://api.acme.test/v1/";

    fn resolved(given: &str) -> Result<String, String> {
        let base = Url::parse(BASE).unwrap();
        resolve(&base, given, None).map(Into::into).map_err(|refused| {
            assert_eq!(refused.resolved_url, given, "a refused address is shown as it was given");
            refused.reason
        })
    }

    #[test]
    fn addresses_on_the_host_are_taken_as_the_reference_takes_them() {
        for (given, expected) in [
            ("users", "v1/users"),
            ("/users", "v1/users"),
            ("///evil.test/x", "v1/evil.test/x"),
            ("", "v1/"),
            ("?a=1", "v1/?a=1"),
            ("users?a=1#f", "v1/users?a=1"),
            ("a/./b", "v1/a/b"),
            ("a?x=../..", "v1/a?x=../.."),
            ("a#../..", "v1/a"),
            ("a//b", "v1/a//b"),
            ("/a:b", "v1/a:b"),
            ("@evil.test", "v1/@evil.test"),
            (" users", "v1/%20users"),
            ("é", "v1/%C3%A9"),
            ("a%zz", "v1/a%zz"),
            (".../x", "v1/.../x"),
            ("https://api.acme.test/v2/x?q=1", "v2/x?q=1"),
            ("https://api.acme.test:443/v2", "v2"),
            ("HTTPS://API.acme.test/v2", "v2"),
            ("https://api.acme.test//x", "/x"),
            ("..a/x", "v1/..a/x"),
            ("a..;b", "v1/a..;b"),
            ("a%2fb", "v1/a%2fb"),
            // A backslash stays a letter; parsers of URLs would take it for a slash.
            ("a\\b", "v1/a%5Cb"),
            ("\\\\evil.test\\x", "v1/%5C%5Cevil.test%5Cx"),
            ("/\\evil.test", "v1/%5Cevil.test"),
        ] {
            assert_eq!(resolved(given), Ok(format!("https://api.acme.test/{expected}")), "{given:?}");
        }
    }

    #[test]
    fn all_other_addresses_are_refused_with_the_reason() {
        for (reason, addresses) in [
            (
                "must not contain '..'",
                [
                    "../x",
                    "a/../b",
                    "a/..",
                    "%2e%2e/x",
                    "a/%2E%2e/b",
                    ".%2e/x",
                    "https://api.acme.test/../x",
                    "..%2f..%2fadmin",
                    "a/..%2Fb",
                    "a%2f..%2fb",
                    "..;/admin",
                    "a/..;x=1/b",
                    "a/..%5c..%5cadmin",
                    "a\\..\\b",
                    "..%5cb",
                    "%252e%252e/x",
                    "%252e%252e%252fx",
                    "..%3b/x",
                    "https://api.acme.test/v1/..%2fadmin",
                ]
                .as_slice(),
            ),
            (
                "is not on the host",
                &[
                    "http://api.acme.test/v1",
                    "https://api.acme.test:8443/x",
                    "https://evil.test/x",
                    "ftp://api.acme.test/x",
                    "https://api.acme.test./x",
                    "https://[::1]/",
                    "https://api.acme.test%2eevil.test/x",
                ],
            ),
            (
                "must not contain a login",
                &[
                    "https://api.acme.test@evil.test/",
                    "https://u:p@api.acme.test/x",
                    "https://@api.acme.test/x",
                    "https://api.acme.test\\@evil.test/",
                    "https://evil.test\\.api.acme.test/",
                ],
            ),
            (
                "names a scheme and a host",
                &[
                    "//api.acme.test/x",
                    "https:users",
                    "https:/users",
                    "https:///users",
                    "mailto:x",
                    "users:7",
                    "https:\\\\api.acme.test/x",
                ],
            ),
            (
                "is not valid",
                &["us\ners", "us\ters", "x\0y", "\thttps://evil.test", "https://api.acme.test:99999/x"],
            ),
        ] {
            for given in addresses {
                let refusal = resolved(given).expect_err(given);
                assert!(refusal.contains(reason), "{given:?}: {refusal}");
            }
        }
    }

    #[test]
    fn parameters_are_merged_into_a_relative_address_only() {
        let base = Url::parse(BASE).unwrap();
        for (given, query, expected) in [
            ("users", r#"{"a":["1","2"],"b":["x y&="]}"#, "v1/users?a=1&a=2&b=x+y%26%3D"),
            ("users?a=0&c=1&a=9", r#"{"a":["1"]}"#, "v1/users?a=1&c=1"),
            ("users?a=%2B", r#"{"b":["1"]}"#, "v1/users?a=%2B&b=1"),
            ("users", r#"{"a":[]}"#, "v1/users"),
            ("users?raw=%zz", "{}", "v1/users?raw=%zz"),
            ("https://api.acme.test/x?z=1", r#"{"a":["1"]}"#, "x?z=1"),
        ] {
            let query: Parameters = serde_json::from_str(query).unwrap();
            let url = resolve(&base, given, Some(&query)).unwrap();
            assert_eq!(url.as_str(), format!("https://api.acme.test/{expected}"));
        }
    }

    /// Texts of pieces that mean something to parsers of URLs.
    fn hostile() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "https",
            "http",
            "file",
            "javascript",
            ":",
            "//",
            "/",
            "\\",
            "..",
            ".",
            "%2e",
            "%2E",
            "%2f",
            "%5c",
            "%252e",
            "@",
            "u:p@",
            "evil.test",
            "api.acme.test",
            "?",
            "#",
            ":443",
            ":8443",
            "[::1]",
            "127.0.0.1",
            "é",
            "。",
            "／",
            " ",
            "\t",
            "\n",
            "\0",
            "%00",
            "%",
            "a",
            "users",
            ";",
            "&",
            "=",
            "v1",
            "https://api.acme.test/",
            "\u{202e}",
        ]);
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat())
    }

    fn stays_on_the_host(base: &str, given: &str) -> Result<(), TestCaseError> {
        let base = Url::parse(base).unwrap();
        let Ok(url) = resolve(&base, given, None) else { return Ok(()) };
        prop_assert_eq!(url.scheme(), base.scheme());
        prop_assert_eq!(url.host_str(), base.host_str());
        prop_assert_eq!(url.port_or_known_default(), base.port_or_known_default());
        prop_assert!(url.username().is_empty() && url.password().is_none());
        prop_assert!(!climbs(url.path()), "{}", &url);
        if !given.contains("://") {
            let below = base.path().trim_end_matches('/');
            prop_assert!(url.path().starts_with(&format!("{below}/")), "{} is not below {}", &url, &base);
        }
        // What is shown is what is called.
        prop_assert_eq!(&Url::parse(url.as_str()).unwrap(), &url);
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn no_address_leaves_the_host_or_climbs(given in hostile()) {
            stays_on_the_host(BASE, &given)?;
            stays_on_the_host("http://127.0.0.1:8080", &given)?;
        }

        #[test]
        fn no_text_leaves_the_host_or_climbs(given in any::<String>()) {
            stays_on_the_host(BASE, &given)?;
        }

        #[test]
        fn no_absolute_address_of_another_host_is_taken(
            scheme in "https?",
            login in "([a-z]{1,3}(:[a-z]{0,3})?@)?",
            host in "[a-z]{1,8}(\\.[a-z]{1,8}){0,2}",
            port in "(:[0-9]{1,5})?",
            rest in "(/[a-z.%2e]{0,6}){0,3}",
        ) {
            prop_assume!(host != "api.acme.test");
            let given = format!("{scheme}://{login}{host}{port}{rest}");
            prop_assert!(resolved(&given).is_err(), "{}", given);
        }

        #[test]
        fn ordinary_paths_are_taken_as_they_are(
            segments in prop::collection::vec("[a-z0-9_~-]{1,8}(%20[a-z]{1,3})?", 1..5),
            query in "([a-z]{1,4}=[a-z0-9]{0,4})?",
        ) {
            let path = segments.join("/");
            let given = if query.is_empty() { path } else { format!("{path}?{query}") };
            prop_assert_eq!(resolved(&given), Ok(format!("{BASE}{given}")));
        }
    }
}
