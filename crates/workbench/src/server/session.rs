//! The token in the printed address, and the cookie that a browser gets for it.
//!
//! The address is good once, so that it is worth nothing in the list of processes, in a browser's history, or over a
//! shoulder. Browsers send cookies to every port of a host; the cookie is bound to a path that nobody else knows, so that
//! another user's server on this machine is not sent it.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use subtle::ConstantTimeEq as _;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "lumos-workbench";

/// Called with a new address.
type Renewed = Box<dyn Fn(&str) + Send + Sync>;

/// Who may use the workbench.
pub(crate) struct Sessions {
    origin: String,
    base: String,
    any_address: bool,
    inner: Mutex<Inner>,
}

struct Inner {
    /// What the next browser shows.
    token: String,
    /// What the browsers show that have been admitted.
    cookies: Vec<String>,
    renewed: Option<Renewed>,
}

/// What came of a token.
pub(crate) enum Admission {
    /// The browser gets this cookie.
    Granted(String),
    /// The token is another one, or was used.
    Refused,
}

impl Sessions {
    pub(crate) fn new(address: SocketAddr) -> Result<Self, getrandom::Error> {
        let host = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { host(address) };
        Ok(Self {
            origin: format!("http://{host}:{}", address.port()),
            base: format!("/w-{}", random(8)?),
            any_address: address.ip().is_unspecified(),
            inner: Mutex::new(Inner { token: random(32)?, cookies: Vec::new(), renewed: None }),
        })
    }

    /// Where all pages are, such as `/w-0123456789abcdef`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// The scheme, host and port that the printed address has.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether the server listens on every address of this machine.
    pub(crate) fn listens_everywhere(&self) -> bool {
        self.any_address
    }

    /// The address for the next browser.
    pub(crate) fn url(&self) -> String {
        format!("{}{}/enter?token={}", self.origin, self.base, self.inner().token)
    }

    pub(crate) fn on_renewal(&self, renewed: Renewed) {
        self.inner().renewed = Some(renewed);
    }

    /// Exchanges a token for a cookie.
    pub(crate) fn enter(&self, token: &str) -> Admission {
        let Ok((cookie, next)) = random(32).and_then(|cookie| Ok((cookie, random(32)?))) else {
            return Admission::Refused;
        };
        let mut inner = self.inner();
        if !bool::from(inner.token.as_bytes().ct_eq(token.as_bytes())) {
            return Admission::Refused;
        }
        inner.token = next;
        inner.cookies.push(cookie.clone());
        let renewed = inner.renewed.take();
        drop(inner);
        if let Some(renewed) = renewed {
            renewed(&self.url());
            self.inner().renewed = Some(renewed);
        }
        Admission::Granted(format!("{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path={}/", self.base))
    }

    /// Whether a browser with these cookies was admitted.
    pub(crate) fn admits(&self, cookies: &str) -> bool {
        let given = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        let given: Vec<&str> = given.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value).collect();
        let known = &self.inner().cookies;
        given.iter().any(|given| known.iter().any(|one| bool::from(one.as_bytes().ct_eq(given.as_bytes()))))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").field("origin", &self.origin).finish_non_exhaustive()
    }
}

fn host(address: SocketAddr) -> String {
    if address.is_ipv6() { format!("[{}]", address.ip()) } else { address.ip().to_string() }
}

/// So many random bytes in hexadecimal.
pub(crate) fn random(bytes: usize) -> Result<String, getrandom::Error> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer)?;
    Ok(hex::encode(buffer))
}
