//! The test kit itself: what it accepts, and above all what it refuses.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod acme;
mod cases;
mod fake_app;
mod faults;
mod oauth;
mod ready_cases;
mod recorded;

/// A client for calling the fake app directly. TLS needs a provider of cryptography even where it is not used.
fn client() -> reqwest::ClientBuilder {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}
