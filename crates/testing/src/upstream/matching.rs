//! Whether a call is the expected one, and if not, why.

use serde_json::Value;

use super::exchange::{BodyRule, Exchange, HeaderRule};
use super::received::Received;
use crate::difference::{self, Unmentioned};

/// In what a call differs from an expected one.
#[derive(Debug, Default)]
pub(super) struct Mismatch {
    /// Each difference as a clause: `query limit: expected "2", got "5"`.
    pub(super) clauses: Vec<String>,
    /// How far away the call is: another path is further than another header.
    pub(super) distance: usize,
}

impl Mismatch {
    fn add(&mut self, distance: usize, clause: String) {
        self.clauses.push(clause);
        self.distance += distance;
    }
}

/// Compares a call with an expected one; no clauses say that it is the one.
pub(super) fn compare(expected: &Exchange, call: &Received) -> Mismatch {
    let mut mismatch = Mismatch::default();
    if let Some(path) = expected.path.as_ref().filter(|path| **path != call.path) {
        let shared = path.bytes().zip(call.path.bytes()).take_while(|(one, other)| one == other).count();
        let apart = path.len().max(call.path.len()) - shared;
        mismatch.add(100 + apart, format!("path: expected {path}, got {}", call.path));
    }
    if let Some(method) = expected.method.as_ref().filter(|method| **method != call.method) {
        mismatch.add(50, format!("method: expected {method}, got {}", call.method));
    }
    pairs("query", &expected.query, &call.query, expected.open_query, &mut mismatch);
    for (name, rule) in &expected.headers {
        if let Some(clause) = header(name, rule, call.header(name)) {
            mismatch.add(5, format!("header {name}: {clause}"));
        }
    }
    body(&expected.body, call, &mut mismatch);
    mismatch
}

/// How a header differs from what it must be.
fn header(name: &str, rule: &HeaderRule, given: Option<&str>) -> Option<String> {
    let scheme = given.and_then(|given| given.split_once(' ')).map(|(scheme, _)| scheme);
    let (fits, expected, like) = match rule {
        HeaderRule::Is(value) => (given == Some(value), format!("{value:?}"), value.as_str()),
        HeaderRule::Scheme(wanted) => {
            let fits = scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(wanted));
            (fits, format!("the scheme {wanted}"), "")
        }
        HeaderRule::Some => (given.is_some(), "some value".to_owned(), ""),
    };
    if fits {
        return None;
    }
    let given = given.map_or_else(|| "none".to_owned(), |given| without_secret(name, like, given));
    Some(format!("expected {expected}, got {given}"))
}

/// Schemes of `Authorization` that are shown: those that IANA registers and some that apps have made up. Of any other
/// value the first word may be a part of the secret.
const SCHEMES: [&str; 24] = [
    "apikey",
    "aws4-hmac-sha256",
    "basic",
    "bearer",
    "concealed",
    "digest",
    "dpop",
    "geniekey",
    "gnap",
    "hmac",
    "hoba",
    "jwt",
    "key",
    "mutual",
    "negotiate",
    "oauth",
    "privatetoken",
    "scram-sha-1",
    "scram-sha-256",
    "splunk",
    "ssws",
    "token",
    "vapid",
    "zoho-oauthtoken",
];

/// What is said of a header that differs. It may be a secret, and the expected value is in the case for everybody to see;
/// the scheme of a login is none.
fn without_secret(name: &str, expected: &str, given: &str) -> String {
    let is_login =
        ["authorization", "proxy-authorization"].iter().any(|login| name.eq_ignore_ascii_case(login));
    if !is_login {
        return "another value".to_owned();
    }
    let Some((scheme, _)) = given.split_once(' ') else { return "a value without a scheme".to_owned() };
    let wanted = expected.split_once(' ').map(|(scheme, _)| scheme);
    if wanted == Some(scheme) {
        return format!("the scheme {scheme} with another value");
    }
    let is_known = SCHEMES.contains(&scheme.to_lowercase().as_str());
    let is_known = is_known || wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(scheme));
    if is_known { format!("the scheme {scheme}") } else { "another scheme".to_owned() }
}

fn body(rule: &BodyRule, call: &Received, mismatch: &mut Mismatch) {
    match rule {
        BodyRule::Any => {}
        BodyRule::None if call.body.is_empty() => {}
        BodyRule::None => mismatch.add(5, format!("body: expected none, got {} bytes", call.body.len())),
        BodyRule::Json(expected) => match serde_json::from_slice::<Value>(&call.body) {
            Ok(body) => {
                for difference in difference::between(expected, &body, Unmentioned::Refused) {
                    mismatch.add(5, format!("body{difference}"));
                }
            }
            Err(_) => mismatch.add(5, "body: expected JSON, got something else".to_owned()),
        },
        BodyRule::Form(fields) => {
            let given: Vec<_> = form_urlencoded::parse(&call.body).into_owned().collect();
            pairs("form field", fields, &given, false, mismatch);
        }
        BodyRule::Text(text) => {
            if text.as_bytes() != call.body {
                let body = String::from_utf8_lossy(&call.body);
                mismatch.add(5, format!("body: expected {text:?}, got {body:?}"));
            }
        }
    }
}

/// Compares name-value pairs in any order; a repeated pair counts as often as it is there. `open` allows others.
fn pairs(
    what: &str,
    expected: &[(String, String)],
    given: &[(String, String)],
    open: bool,
    mismatch: &mut Mismatch,
) {
    let mut rest: Vec<&(String, String)> = given.iter().collect();
    let mut absent = Vec::new();
    for pair in expected {
        match rest.iter().position(|other| *other == pair) {
            Some(place) => drop(rest.remove(place)),
            None => absent.push(pair),
        }
    }
    for (name, value) in absent {
        match rest.iter().position(|(other, _)| other == name) {
            Some(place) => {
                let (_, other) = rest.remove(place);
                mismatch.add(5, format!("{what} {name}: expected {value:?}, got {other:?}"));
            }
            None => mismatch.add(5, format!("{what} {name}: expected {value:?}, got none")),
        }
    }
    for (name, value) in rest.into_iter().filter(|_| !open) {
        mismatch.add(5, format!("{what} {name}: expected none, got {value:?}"));
    }
}
