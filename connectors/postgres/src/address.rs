//! Where the server listens: the settings `host` and `port` as people write them.

use lumos_connector::prelude::*;

use crate::settings::{DEFAULT_PORT, PostgresSettings};

/// Folders of sockets that `host` may name, separated by colons: set by the operator, since the server may
/// let every local user in by its socket without a password.
pub(crate) const SOCKET_FOLDERS: &str = "POSTGRES_CONNECTOR_SOCKET_FOLDERS";

/// What a URL of a server may begin with.
const SCHEMES: [&str; 4] = ["postgresql://", "postgres://", "jdbc:postgresql://", "tcp://"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// A host name or an IP address, and a port.
    Tcp(String, u16),
    /// The path of a socket.
    Socket(String),
}

impl Address {
    /// The address of the settings. Blanks around it, a scheme, brackets of an IPv6 address and a port are understood.
    pub(crate) fn of(settings: &PostgresSettings, socket_folders: Option<&str>) -> Result<Self> {
        let given = u16::try_from(settings.port.get())?;
        let host = settings.host.trim();
        if host.starts_with(['/', '@']) {
            let allowed = socket_folders.unwrap_or_default().split(':');
            return match allowed.map(|folder| folder.trim_end_matches('/')).find(|one| *one == host) {
                Some(folder) if !folder.is_empty() => Ok(Self::Socket(format!("{folder}/.s.PGSQL.{given}"))),
                _ => Err(invalid(
                    "is the path of a socket, which the operator of the connector has not allowed",
                )),
            };
        }
        let scheme = SCHEMES.iter().find_map(|scheme| host.strip_prefix(scheme));
        let host = scheme.map_or(host, |rest| rest.trim_end_matches('/'));
        let HostPort { host, port } = host.parse().map_err(invalid)?;
        match port {
            // A port that was left at its default cannot contradict another.
            Some(port) if given != port && settings.port.get() != DEFAULT_PORT => {
                Err(invalid("names a port other than that of the setting `port`"))
            }
            port => Ok(Self::Tcp(host, port.unwrap_or(given))),
        }
    }

    /// The name that the server's certificate has to have: an IPv6 address without its zone. Sockets need none.
    pub(crate) fn server_name(&self) -> Option<&str> {
        match self {
            Self::Tcp(host, _) => host.split('%').next(),
            Self::Socket(_) => None,
        }
    }
}

fn invalid(problem: impl std::fmt::Display) -> ConnectorError {
    ConnectorError::invalid_configuration(format!("The setting `host` {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(host: &str, port: i64, folders: Option<&str>) -> Result<Address> {
        let settings = serde_json::from_value(json!({"host": host, "port": port})).unwrap();
        Address::of(&settings, folders)
    }

    #[test]
    fn p27_hosts_are_understood_as_people_write_them() {
        for (host, expected, port) in [
            ("db.example.com", "db.example.com", 5432),
            (" db.example.com\n", "db.example.com", 5432),
            ("::1", "::1", 5432),
            ("[::1]", "::1", 5432),
            ("[::1]:6432", "::1", 6432),
            ("127.0.0.1:6432", "127.0.0.1", 6432),
            ("fe80::1%eth0", "fe80::1%eth0", 5432),
            ("[fe80::1%eth0]", "fe80::1%eth0", 5432),
            ("postgresql://db:6432/", "db", 6432),
            ("my_db", "my_db", 5432),
        ] {
            assert_eq!(address(host, 5432, None).unwrap(), Address::Tcp(expected.to_owned(), port), "{host}");
        }
        assert_eq!(address("db:6432", 6432, None).unwrap(), Address::Tcp("db".to_owned(), 6432));
        assert_eq!(address("fe80::1%eth0", 5432, None).unwrap().server_name(), Some("fe80::1"));
    }

    #[test]
    fn anything_else_is_refused_with_what_is_wrong() {
        for (host, port, says) in [
            ("", 5432, "is not a host name"),
            ("a,b", 5432, "several hosts"),
            ("db:6432", 7000, "a port other than"),
            ("db:port", 5432, "not a port"),
            ("db:70000", 5432, "not a port"),
            ("[::1]x", 5432, "is not a host name"),
            ("postgresql://ada:geheim@db/app", 5432, "holds more than"),
            ("postgresql://ada@db", 5432, "holds more than"),
            ("https://db", 5432, "holds more than"),
            ("db/app", 5432, "holds more than"),
            ("two words", 5432, "is not a host name"),
        ] {
            let error = address(host, port, None).unwrap_err();
            assert!(error.message().contains(says), "{host}: {}", error.message());
            assert!(!error.message().contains("geheim"), "{}", error.message());
            assert_eq!(error.class(), Some(ErrorClass::InvalidConfiguration));
        }
    }

    #[test]
    fn f7_sockets_are_refused_unless_the_operator_allows_their_folder() {
        for folders in [None, Some(""), Some("/run"), Some("/run/postgresql/other:/"), Some(":")] {
            for host in ["/run/postgresql", "/", "@abstract", " /run/postgresql "] {
                if (host.trim(), folders) == ("/", Some("/run/postgresql/other:/")) {
                    continue;
                }
                assert!(address(host, 5432, folders).is_err(), "{host} {folders:?}");
            }
        }
        let socket = Address::Socket("/run/postgresql/.s.PGSQL.5433".to_owned());
        assert_eq!(address("/run/postgresql", 5433, Some("/tmp:/run/postgresql/")).unwrap(), socket);
    }
}
