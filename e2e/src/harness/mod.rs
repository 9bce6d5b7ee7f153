//! What suites share.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`stage`] | what a suite is given: binaries, a cache folder, and the numbered list of what it did |
//! | [`install`] | packages of pip, npm and apt, in pinned versions, installed once |
//! | [`server`] | a process on a free port, stopped whatever happens |
//! | [`connector`] | command lines of a connector and what they answer |
//! | [`connection`] | a connector with credentials and settings: answers, errors, listings to their end |
//! | [`synced`] | the tenant of such a connection, read whole by `connector sync` |
//! | [`check`] | `connector check` on a connection, with the findings that are accepted for it |
//! | [`large_listing`] | how fast a large listing is, and how much memory it takes |
//! | [`certificates`] | a certificate authority of one run |
//! | [`browser`] | a person who signs in |
//! | [`keyring`] | a keyring of the system, unlocked |
//! | [`slow_pages`] | a server that sends too much, too slowly |

pub(crate) mod browser;
pub(crate) mod certificates;
pub(crate) mod check;
pub(crate) mod connection;
pub(crate) mod connector;
pub(crate) mod install;
pub(crate) mod keyring;
pub(crate) mod large_listing;
pub(crate) mod server;
pub(crate) mod slow_pages;
pub(crate) mod stage;
pub(crate) mod synced;
