//! The options of `serve` and `dev http-server`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use super::options::{Address, Options, TlsFiles};

const HOST: &str = "host";
const PORT: &str = "port";
const UNIX_SOCKET: &str = "unix-socket";
const TLS_CERTIFICATE: &str = "tls-certificate";
const TLS_KEY: &str = "tls-key";
const RELOAD: &str = "reload";
const BEARER_TOKEN_FILE: &str = "bearer-token-file";

/// A limit that is an option: its name, its default, its range and its help.
struct Limit {
    name: &'static str,
    default: &'static str,
    range: std::ops::RangeInclusive<u32>,
    help: &'static str,
}

const MAX_BODY: Limit = Limit {
    name: "max-body-kib",
    default: "16384",
    range: 1..=1_048_576,
    help: "The largest body of a request, in KiB; eight of that size fit in memory at once",
};
const MAX_HEAD: Limit = Limit {
    name: "max-head-kib",
    default: "16",
    range: 1..=1024,
    help: "The largest head of a request (its first line and headers), in KiB",
};
const MAX_CALLS: Limit = Limit {
    name: "max-calls",
    default: "256",
    range: 1..=4096,
    help: "Calls that run at once; more are answered with 503",
};
const MAX_CONNECTIONS: Limit = Limit {
    name: "max-connections",
    default: "4096",
    range: 1..=65_536,
    help: "Connections that are open at once; more wait until one closes",
};
const READ_TIMEOUT: Limit = Limit {
    name: "read-timeout",
    default: "15",
    range: 1..=3600,
    help: "Seconds for a request's head, and again for its body, to arrive whole; also for an idle connection",
};
const WRITE_TIMEOUT: Limit = Limit {
    name: "write-timeout",
    default: "30",
    range: 1..=3600,
    help: "Seconds without the client reading any of its answer",
};
const CALL_TIMEOUT: Limit = Limit {
    name: "call-timeout",
    default: "1800",
    range: 1..=86_400,
    help: "Seconds for a call; one that takes longer is answered with request_timeout",
};
const DRAIN: Limit = Limit {
    name: "drain",
    default: "1",
    range: 0..=3600,
    help: "Seconds between SIGTERM and the end of listening, in which /readyz says no",
};
const SHUTDOWN_TIMEOUT: Limit = Limit {
    name: "shutdown-timeout",
    default: "30",
    range: 0..=3600,
    help: "Seconds after that for requests in flight",
};

impl Limit {
    fn argument(&self) -> Arg {
        let range = i64::from(*self.range.start())..=i64::from(*self.range.end());
        Arg::new(self.name)
            .long(self.name)
            .value_name("N")
            .default_value(self.default)
            .value_parser(value_parser!(u32).range(range))
            .help(self.help)
            .help_heading("Limits")
    }

    /// Given, or else the default; the parser has seen to the range.
    fn number(&self, matches: &ArgMatches) -> u32 {
        let given = matches.try_get_one::<u32>(self.name).ok().flatten();
        given.copied().or_else(|| u32::from_str(self.default).ok()).unwrap_or(*self.range.end())
    }

    fn count(&self, matches: &ArgMatches) -> usize {
        usize::try_from(self.number(matches)).unwrap_or(usize::MAX)
    }

    fn seconds(&self, matches: &ArgMatches) -> Duration {
        Duration::from_secs(self.number(matches).into())
    }
}

fn port() -> Arg {
    Arg::new(PORT)
        .long(PORT)
        .short('p')
        .value_name("PORT")
        .default_value("8000")
        .value_parser(value_parser!(u16))
        .help("The port to listen on; 0 takes any free one")
}

/// `serve`: for real use.
pub(crate) fn serve() -> Command {
    let file = |name: &'static str, value_name: &'static str| {
        Arg::new(name).long(name).value_name(value_name).value_parser(value_parser!(PathBuf))
    };
    Command::new("serve")
        .about("Serve the connector over HTTP")
        .arg(
            Arg::new(HOST)
                .long(HOST)
                .value_name("ADDRESS")
                .default_value("127.0.0.1")
                .value_parser(value_parser!(IpAddr))
                .help("The IP address to listen on; 0.0.0.0 or :: for every one"),
        )
        .arg(port())
        .arg(
            file(UNIX_SOCKET, "PATH")
                .conflicts_with_all([HOST, PORT, TLS_CERTIFICATE])
                .help("Listen on a Unix socket instead"),
        )
        .arg(file(TLS_CERTIFICATE, "FILE").requires(TLS_KEY).help("The certificate chain in PEM: speak TLS"))
        .arg(file(TLS_KEY, "FILE").requires(TLS_CERTIFICATE).help("The key of the certificate in PEM"))
        .arg(
            file(BEARER_TOKEN_FILE, "FILE")
                .help("A file with the token that requests must bring in `Authorization: Bearer`"),
        )
        .args(
            [
                MAX_BODY,
                MAX_HEAD,
                MAX_CALLS,
                MAX_CONNECTIONS,
                READ_TIMEOUT,
                WRITE_TIMEOUT,
                CALL_TIMEOUT,
                DRAIN,
                SHUTDOWN_TIMEOUT,
            ]
            .map(|limit| limit.argument()),
        )
}

/// `dev http-server`: for developing.
pub(crate) fn http_server() -> Command {
    Command::new("http-server")
        .about("Serve the connector over HTTP on this machine while developing it")
        .arg(port())
        .arg(
            Arg::new(RELOAD)
                .long(RELOAD)
                .action(ArgAction::SetTrue)
                .help("Build and start anew when a source changes"),
        )
}

/// The arguments of a server that does not reload, when these say that it should.
pub(crate) fn reloading(matches: &ArgMatches) -> Option<Vec<String>> {
    let port = matches.get_one::<u16>(PORT).copied().unwrap_or_default();
    let arguments = ["dev", "http-server", "--port", &port.to_string()].map(str::to_owned);
    matches.get_flag(RELOAD).then(|| arguments.to_vec())
}

/// Where to listen and what to allow; `dev http-server` knows the port, ends without delay, and takes the defaults for
/// the rest.
pub(crate) fn options(matches: &ArgMatches) -> Options {
    let path = |name: &str| matches.try_get_one::<PathBuf>(name).ok().flatten().cloned();
    let host = matches.try_get_one::<IpAddr>(HOST).ok().flatten().copied();
    let port = matches.get_one::<u16>(PORT).copied().unwrap_or_default();
    let is_dev = matches.try_get_one::<bool>(RELOAD).is_ok();
    Options {
        address: match path(UNIX_SOCKET) {
            Some(path) => Address::Unix(path),
            None => Address::Tcp { host: host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), port },
        },
        tls: path(TLS_CERTIFICATE).zip(path(TLS_KEY)).map(|(certificate, key)| TlsFiles { certificate, key }),
        bearer_token_file: path(BEARER_TOKEN_FILE),
        max_body: MAX_BODY.count(matches).saturating_mul(1024),
        max_head: MAX_HEAD.count(matches).saturating_mul(1024),
        max_calls: MAX_CALLS.count(matches),
        max_connections: MAX_CONNECTIONS.count(matches),
        read_timeout: READ_TIMEOUT.seconds(matches),
        write_timeout: WRITE_TIMEOUT.seconds(matches),
        call_timeout: CALL_TIMEOUT.seconds(matches),
        drain: if is_dev { Duration::ZERO } else { DRAIN.seconds(matches) },
        shutdown_timeout: SHUTDOWN_TIMEOUT.seconds(matches),
    }
}
