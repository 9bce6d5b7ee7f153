//! The provider of cryptography.

use std::sync::Once;

/// Chooses ring as this process's provider of cryptography, unless somebody has chosen already.
pub(crate) fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error says that a provider is there, which is all that is needed.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
