//! Requests.

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Request<P> {
    pub(crate) auth: Option<Auth>,
    pub(crate) request: P,
    pub(crate) page: Option<Page>,
    pub(crate) settings: Option<Settings>,
}

#[derive(Deserialize)]
pub(crate) struct Auth {
    pub(crate) basic: Option<Basic>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read because a connector would need it")]
pub(crate) struct Basic {
    username: String,
    password: String,
}

#[derive(Deserialize)]
pub(crate) struct Page {
    size: Option<i64>,
}

#[derive(Deserialize)]
pub(crate) struct Settings {
    pub(crate) host: String,
    account_count: Option<i64>,
}

#[derive(Deserialize)]
pub(crate) struct Empty {}

#[derive(Deserialize)]
pub(crate) struct Echo {
    pub(crate) payload: serde_json::Value,
}

/// How many rows are asked for.
pub(crate) fn count(page: Option<&Page>, settings: &Settings) -> i64 {
    page.and_then(|page| page.size).or(settings.account_count).unwrap_or(1000)
}
