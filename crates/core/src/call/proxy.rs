//! Proxy mode: requests to the app go through Lumos's proxy (contract §11).
//!
//! The process that runs a connector knows whether they should, and the client how: neither knows the other.

use std::fmt;

use crate::integration::Integration;

/// How a connector is put in proxy mode: by whoever can send its requests, for whoever is told to.
pub struct ProxySwitch(Box<dyn Fn(&Integration) + Send + Sync>);

impl ProxySwitch {
    /// A switch that does this to the connector.
    pub fn new(turn_on: impl Fn(&Integration) + Send + Sync + 'static) -> Self {
        Self(Box::new(turn_on))
    }
}

impl fmt::Debug for ProxySwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProxySwitch(..)")
    }
}

/// The connector was built without proxy mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoProxyMode;

impl fmt::Display for NoProxyMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this connector was built without proxy mode: the feature `proxy` of the SDK")
    }
}

impl std::error::Error for NoProxyMode {}

impl Integration {
    /// Sends all requests of the connector through the proxy from here on.
    ///
    /// # Errors
    /// When nobody has [provided](Self::provide) a [`ProxySwitch`].
    pub fn use_proxy(&self) -> Result<(), NoProxyMode> {
        let switch = self.provided::<ProxySwitch>().ok_or(NoProxyMode)?;
        (switch.0)(self);
        Ok(())
    }
}
