//! Names that make the value beside them secret: one table for every place where a name can stand (contract §10).

use lumos_connector_types::settings_field::SECRET;
use serde_json::Value;

/// Where a name stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the places that the contract knows")]
pub enum Place {
    /// A member of a request that the connector is called with.
    Argument,
    /// A setting, at any depth.
    Setting,
    /// A header of a request to the app, or of its answer.
    Header,
    /// A member of a body that the app was sent or answered with.
    Body,
    /// A parameter of a URL or a form.
    Parameter,
    /// `name: value` or `name=value` inside of any text.
    Text,
}

/// How much of a name must match.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Match {
    /// The name is never secret here.
    No,
    /// All of the name.
    Whole,
    /// The end of the name.
    End,
    /// Any part of the name.
    Part,
}

use Match::{End as E, No as N, Part as P, Whole as W};

/// The table. Names are in lower case, without `_`, `-` and `.`: so are the names that are looked up.
///
/// The contract's lists are the rows' least; what goes beyond them was found in logs of real services.
#[rustfmt::skip]
const TABLE: &[(&str, [Match; 6])] = &[
    // name                Argument Setting Header Body Parameter Text
    ("password",           [E, P, P, E, E, P]),
    ("passwordhash",       [E, P, P, E, E, P]),
    ("passphrase",         [E, P, P, E, E, P]),
    ("passwd",             [E, E, P, E, E, E]),
    ("pwd",                [E, E, E, E, E, E]),
    ("secret",             [E, P, P, E, E, P]),
    ("secretkey",          [E, P, P, E, E, P]),
    ("token",              [E, P, P, E, E, P]),
    ("apikey",             [E, P, P, E, E, P]),
    ("accesskey",          [E, E, P, E, E, E]),
    ("privatekey",         [E, P, P, E, E, P]),
    ("signingkey",         [E, E, P, E, E, E]),
    ("encryptionkey",      [E, E, P, E, E, E]),
    ("key",                [N, N, N, N, W, N]),
    ("credential",         [N, P, E, E, E, P]),
    ("credentials",        [N, P, E, E, E, P]),
    ("authorization",      [E, N, P, E, E, P]),
    ("auth",               [N, N, P, N, W, P]),
    ("bearer",             [W, N, P, W, W, N]),
    ("basic",              [N, N, P, N, N, N]),
    ("jwt",                [E, E, P, E, E, E]),
    ("session",            [N, N, P, W, W, N]),
    ("sessionid",          [E, E, P, E, E, E]),
    ("cookie",             [E, E, P, E, E, E]),
    ("signature",          [N, N, E, E, E, E]),
    ("sig",                [N, N, E, W, W, W]),
    ("hmac",               [E, E, E, E, E, E]),
    ("assertion",          [E, E, E, E, E, E]),
    ("samlresponse",       [E, N, N, E, E, E]),
    ("codeverifier",       [E, E, E, E, E, E]),
    ("code",               [N, N, N, N, W, N]),
    ("otp",                [W, W, N, W, W, W]),
    ("totp",               [E, E, N, E, E, E]),
    ("pin",                [N, N, N, W, W, N]),
    ("redirecturiwithcode", [W, N, N, W, N, N]),
    ("formdata",           [W, N, N, N, N, N]),
    ("state",              [W, N, N, W, W, N]),
    ("exocertthumbprint",  [N, N, P, N, N, N]),
    ("externalid",         [N, N, P, W, W, N]),
    // What is personal stays out of bodies and URLs.
    ("ssn",                [N, N, N, W, W, N]),
    ("socialsecurity",     [N, N, N, W, W, N]),
    ("taxid",              [N, N, N, W, W, N]),
    ("ein",                [N, N, N, W, W, N]),
    ("nationalid",         [N, N, N, W, W, N]),
    ("passportnumber",     [N, N, N, W, W, N]),
    ("driverlicense",      [N, N, N, W, W, N]),
    ("dateofbirth",        [N, N, N, W, W, N]),
    ("birthdate",          [N, N, N, W, W, N]),
    ("dob",                [N, N, N, W, W, N]),
    ("phone",              [N, N, N, W, W, N]),
    ("mobile",             [N, N, N, W, W, N]),
    ("cell",               [N, N, N, W, W, N]),
    ("telephone",          [N, N, N, W, W, N]),
    ("email",              [N, N, N, W, W, N]),
    ("mail",               [N, N, N, W, W, N]),
    ("street",             [N, N, N, W, W, N]),
    ("city",               [N, N, N, W, W, N]),
    ("zip",                [N, N, N, W, W, N]),
    ("postal",             [N, N, N, W, W, N]),
    ("country",            [N, N, N, W, W, N]),
    ("cardnumber",         [N, N, N, W, W, N]),
    ("cvv",                [N, N, N, W, W, N]),
    ("cvc",                [N, N, N, W, W, N]),
    ("accountnumber",      [N, N, N, W, W, N]),
];

/// Ends of the names of settings that only speak of a secret.
const HARMLESS_SETTINGS: [&str; 5] = ["_url", "_name", "_prefix", "_endpoint", "_source"];

/// Ends of names in bodies and URLs that say where a listing goes on: without them a log explains nothing.
const PAGE_TOKENS: [&str; 5] = ["pagetoken", "nexttoken", "continuationtoken", "synctoken", "deltatoken"];

/// Longer names are looked at by their end only.
const LONGEST_NAME: usize = 256;

/// Whether the value beside a name is secret. Case, `_`, `-` and `.` do not matter.
///
/// ```
/// use lumos_connector_core::redaction::names::{Place, is_secret};
/// assert!(is_secret(Place::Body, "newPassword") && is_secret(Place::Parameter, "X-Amz-Signature"));
/// assert!(is_secret(Place::Setting, "client_secret") && !is_secret(Place::Setting, "secret_name"));
/// assert!(!is_secret(Place::Body, "next_page_token") && !is_secret(Place::Header, "Retry-After"));
/// ```
#[must_use]
pub fn is_secret(place: Place, name: &str) -> bool {
    let name = end_of(name);
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-' | '.'));
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    let column = place as usize;
    let found = TABLE.iter().any(|(secret, places)| match places[column] {
        N => false,
        W => plain == *secret,
        E => plain.ends_with(secret),
        P => plain.contains(secret),
    });
    match place {
        Place::Setting => {
            let name = name.to_lowercase();
            (found || name.ends_with("_pem")) && !HARMLESS_SETTINGS.iter().any(|end| name.ends_with(end))
        }
        Place::Body | Place::Parameter => {
            (found || is_address_line(&plain)) && !PAGE_TOKENS.iter().any(|end| plain.ends_with(end))
        }
        _ => found,
    }
}

/// Collects, in lower case, the names of the properties that a schema marks with `x-secret`, at any depth.
pub(crate) fn marked_secret(schema: &Value, names: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            for (name, property) in members.get("properties").and_then(Value::as_object).into_iter().flatten()
            {
                if property.get(SECRET) == Some(&Value::Bool(true)) {
                    names.push(name.to_lowercase());
                }
            }
            members.values().for_each(|member| marked_secret(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| marked_secret(item, names)),
        _ => {}
    }
}

/// `address_line1` and those after it.
fn is_address_line(plain: &str) -> bool {
    plain
        .strip_prefix("addressline")
        .is_some_and(|line| !line.is_empty() && line.bytes().all(|digit| digit.is_ascii_digit()))
}

fn end_of(name: &str) -> &str {
    let from = name.len().saturating_sub(LONGEST_NAME);
    (from..=name.len()).find_map(|from| name.get(from..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lists of the contract.
    const ARGUMENTS: &str = "password secret token api_key api_token api_secret access_token refresh_token \
        client_secret consumer_secret token_secret";
    const SETTINGS: &str = "token secret password passphrase api_key api-key apikey private_key private-key privatekey \
        credential";
    const HEADERS: &str = "authorization auth token api-key apikey x-api-key client-secret client_secret bearer jwt \
        session cookie set-cookie x-auth x-auth-token basic password secret private-key access-key access_key \
        exo_cert_thumbprint external-id external_id externalid";
    const BODIES: &str = "access_token refresh_token temporary_password token api_key client_secret password secret \
        auth_token jwt bearer external_id ssn social_security tax_id ein national_id passport_number driver_license \
        date_of_birth birth_date dob phone mobile cell telephone email mail address_line1 street city state zip \
        postal country card_number cvv cvc pin account_number";

    #[test]
    fn every_name_of_the_contract_is_secret_in_its_place() {
        for (place, names) in [
            (Place::Argument, ARGUMENTS),
            (Place::Setting, SETTINGS),
            (Place::Body, BODIES),
            (Place::Parameter, BODIES),
        ] {
            for name in names.split_whitespace() {
                for name in
                    [name.to_owned(), name.to_uppercase(), name.replace('_', "-"), name.replace('_', "")]
                {
                    assert!(is_secret(place, &name), "{place:?} {name}");
                }
            }
        }
        for name in HEADERS.split_whitespace() {
            assert!(is_secret(Place::Header, name), "{name}");
            assert!(is_secret(Place::Header, &format!("X-{}-2", name.to_uppercase())), "{name}");
        }
    }

    #[test]
    fn names_that_real_services_use_are_secret_too() {
        for name in [
            "sig",
            "key",
            "access_key",
            "X-Amz-Signature",
            "id_token",
            "api_secret",
            "pwd",
            "session",
            "assertion",
            "hmac",
        ] {
            assert!(is_secret(Place::Parameter, name), "{name}");
        }
        for name in
            ["newPassword", "private_key", "client_assertion", "code_verifier", "otp", "idToken", "secretKey"]
        {
            assert!(is_secret(Place::Body, name), "{name}");
        }
    }

    #[test]
    fn names_that_say_what_went_wrong_are_readable() {
        let headers = [
            "Content-Type",
            "Retry-After",
            "X-RateLimit-Remaining",
            "X-Request-Id",
            "Access-Control-Max-Age",
        ];
        let bodies =
            ["id", "username", "tokens", "address_line", "statement", "token_type", "nextPageToken", "key"];
        for (place, names) in [(Place::Header, &headers[..]), (Place::Body, &bodies[..])] {
            for name in names {
                assert!(!is_secret(place, name), "{place:?} {name}");
            }
        }
        for name in ["token_url", "secret_name", "password_prefix", "api_key_source", "pem", "house", "host"]
        {
            assert!(!is_secret(Place::Setting, name), "{name}");
        }
        assert!(is_secret(Place::Setting, "tls_pem"));
    }

    #[test]
    fn a_name_of_any_length_costs_no_more_than_its_end() {
        let long = format!("{}_password", "é".repeat(100_000));
        assert!(is_secret(Place::Body, &long) && !is_secret(Place::Body, &"é".repeat(100_000)));
    }
}
