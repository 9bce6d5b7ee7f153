//! Headers of the app's requests and answers.

/// Parts of names that make a header secret.
const SECRET_PARTS: [&str; 14] = [
    "auth",
    "token",
    "api-key",
    "apikey",
    "secret",
    "bearer",
    "jwt",
    "session",
    "cookie",
    "basic",
    "password",
    "private-key",
    "exo_cert_thumbprint",
    "externalid",
];

/// The same, for names that are written with either of two separators.
const SECRET_PAIRS: [(&str, &str); 2] = [("access", "key"), ("external", "id")];

/// Whether the value of a header never reaches a log. The name may be of any case.
///
/// ```
/// use lumos_connector_core::redaction::headers::is_secret;
/// assert!(is_secret("X-Access_Key") && is_secret("Proxy-Authorization"));
/// assert!(!is_secret("Content-Type") && !is_secret("Retry-After"));
/// ```
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_PARTS.iter().any(|part| name.contains(part))
        || SECRET_PAIRS.iter().any(|(first, second)| {
            name.match_indices(first).any(|(at, _)| {
                let rest = &name[at + first.len()..];
                rest.strip_prefix(['-', '_']).is_some_and(|rest| rest.starts_with(second))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The list of the contract, which the shorter one above stands for.
    const CONTRACT: &str = "authorization auth token api-key apikey x-api-key client-secret client_secret bearer jwt \
        session cookie set-cookie x-auth x-auth-token basic password secret private-key access-key access_key \
        exo_cert_thumbprint external-id external_id externalid";

    #[test]
    fn every_name_of_the_contract_is_secret_and_so_is_every_name_around_it() {
        for name in CONTRACT.split_whitespace() {
            assert!(is_secret(name), "{name}");
            assert!(is_secret(&format!("X-{}-2", name.to_uppercase())), "{name}");
        }
    }

    #[test]
    fn headers_that_say_what_went_wrong_are_readable() {
        for name in
            ["Content-Type", "Retry-After", "X-RateLimit-Remaining", "X-Request-Id", "Access-Control-Max-Age"]
        {
            assert!(!is_secret(name), "{name}");
        }
    }
}
