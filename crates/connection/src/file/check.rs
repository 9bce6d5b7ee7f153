//! What a connection file has to say, beyond the types of its fields.

use reqwest::Url;

use super::{ConnectionFile, Limits, Mode};
use crate::error::ConnectionError;
use crate::secrets;

/// A day, in seconds.
const LONGEST: u64 = 86_400;

impl ConnectionFile {
    /// Checks what types cannot say.
    pub(crate) fn check(&self) -> Result<(), ConnectionError> {
        self.check_connector()?;
        self.check_limits()?;
        if !self.auth.is_empty() && !self.credentials.is_empty() {
            return Err(self.origin.invalid("credentials", "not both `auth` and `credentials`"));
        }
        secrets::check_names(self)
    }

    fn check_connector(&self) -> Result<(), ConnectionError> {
        let connector = &self.connector;
        let invalid = |field: &str, problem: &str| Err(self.origin.invalid(field, problem));
        if connector.command.first().is_some_and(String::is_empty) {
            return invalid("connector.command", "expected the name of a program first");
        }
        match &connector.url {
            None if connector.command.is_empty() => {
                return invalid("connector", "expected `command` or `url`");
            }
            None => {}
            Some(url) => {
                address(url).map_err(|problem| self.origin.invalid("connector.url", problem))?;
                if connector.mode == Mode::Server {
                    return invalid(
                        "connector.mode",
                        "a server at an address is not started here; leave it out",
                    );
                }
            }
        }
        if connector.url.is_none() {
            if connector.token.is_some() {
                return invalid("connector.token", "only for a server at a `url`");
            }
            if connector.ca_file.is_some() {
                return invalid("connector.ca_file", "only for a server at a `url`");
            }
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), ConnectionError> {
        let Limits {
            call_timeout,
            start_timeout,
            concurrency,
            page_size,
            page_sizes,
            row_bytes,
            answer_bytes,
        } = &self.limits;
        let between = |field: &str, value: u64, least: u64, most: u64| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            let problem = format!("expected a number between {least} and {most}");
            Err(self.origin.invalid(format!("limits.{field}"), problem))
        };
        between("call_timeout", *call_timeout, 1, LONGEST)?;
        between("start_timeout", *start_timeout, 1, LONGEST)?;
        between("concurrency", u64::try_from(*concurrency).unwrap_or(u64::MAX), 1, 1000)?;
        between("row_bytes", *row_bytes, 1024, 1 << 32)?;
        between("answer_bytes", *answer_bytes, 1024, 1 << 32)?;
        if let Some(size) = page_size {
            between("page_size", u64::from(*size), 1, 1_000_000)?;
        }
        page_sizes.iter().try_for_each(|(name, size)| {
            between(&format!("page_sizes.{name}"), u64::from(*size), 1, 1_000_000)
        })
    }
}

/// An address that a connection may use: `https`, or `http` on this machine, as credentials travel there.
pub(crate) fn address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "is not a URL")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("no user name or password in it; use `token`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("no query and no fragment in it");
    }
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        "http" => Err("expected https: credentials travel to this address"),
        _ => Err("expected a URL that begins with https"),
    }
}
