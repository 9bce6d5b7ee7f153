//! Hosts and ports as people write them.

use std::net::Ipv6Addr;
use std::str::FromStr;

/// The host and perhaps the port of a server that speaks another protocol than HTTP, as people write them into a setting.
///
/// Blanks around it and the brackets of an IPv6 address are taken off. What a URL may have besides, a login or a path, is
/// refused: it would be lost. No error repeats the text, which may hold a password.
///
/// ```
/// use lumos_connector_types::host_port::HostPort;
///
/// let server: HostPort = " [fe80::1%eth0]:5432\n".parse().unwrap();
/// assert_eq!((server.host.as_str(), server.port), ("fe80::1%eth0", Some(5432)));
/// let error = "ldap.acme.test:port".parse::<HostPort>().unwrap_err();
/// assert_eq!(error.to_string(), "ends with something that is not a port");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "it is a host and a port")]
pub struct HostPort {
    /// A host name, or an IP address; one of IPv6 without brackets, and perhaps with a zone after `%`.
    pub host: String,
    /// The port; `None` when the text names none.
    pub port: Option<u16>,
}

/// A text is not a host with or without a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotAHostPort {
    /// There are several hosts, with commas between them.
    #[error("names several hosts; expected one")]
    Several,
    /// There is a login, a path or a query.
    #[error("holds more than the name or address of a host and a port")]
    More,
    /// What follows the colon is not a number between 0 and 65535.
    #[error("ends with something that is not a port")]
    Port,
    /// What comes before the port is empty, or neither a name nor an address.
    #[error("is not a host name or an IP address")]
    Host,
}

impl FromStr for HostPort {
    type Err = NotAHostPort;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.contains(['/', '@', '?']) {
            return Err(NotAHostPort::More);
        }
        if text.contains(',') {
            return Err(NotAHostPort::Several);
        }
        let (host, port) =
            if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                (host, rest)
            } else if text.matches(':').count() == 1 {
                text.split_at(text.find(':').unwrap_or_default())
            } else {
                (text, "")
            };
        let port = match port.strip_prefix(':') {
            None if port.is_empty() => None,
            Some(digits) => Some(digits.parse().map_err(|_| NotAHostPort::Port)?),
            None => return Err(NotAHostPort::Host),
        };
        let is_ipv6 = || host.split('%').next().is_some_and(|one| one.parse::<Ipv6Addr>().is_ok());
        let is_name = |letter: char| letter.is_alphanumeric() || "-._".contains(letter);
        if host.is_empty() || !(host.chars().all(is_name) || is_ipv6()) {
            return Err(NotAHostPort::Host);
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_understood_as_people_write_them() {
        for (text, host, port) in [
            ("db.acme.test", "db.acme.test", None),
            (" my_db:6432\n", "my_db", Some(6432)),
            ("127.0.0.1:0", "127.0.0.1", Some(0)),
            ("::1", "::1", None),
            ("[::1]:6432", "::1", Some(6432)),
            ("fe80::1%eth0", "fe80::1%eth0", None),
            ("bücher.test", "bücher.test", None),
        ] {
            assert_eq!(text.parse(), Ok(HostPort { host: host.to_owned(), port }), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_is_wrong() {
        for (text, error) in [
            ("", NotAHostPort::Host),
            ("two words", NotAHostPort::Host),
            ("[::1]x", NotAHostPort::Host),
            ("[::1", NotAHostPort::Host),
            ("a:b:c", NotAHostPort::Host),
            ("%eth0", NotAHostPort::Host),
            (":5432", NotAHostPort::Host),
            ("db:", NotAHostPort::Port),
            ("db:70000", NotAHostPort::Port),
            ("db:-1", NotAHostPort::Port),
            ("a,b", NotAHostPort::Several),
            ("ldap://db", NotAHostPort::More),
            ("ada@db", NotAHostPort::More),
        ] {
            assert_eq!(text.parse::<HostPort>(), Err(error), "{text}");
        }
    }
}
