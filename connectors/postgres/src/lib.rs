//! The PostgreSQL connector: login roles are accounts, databases and schemas are resources, memberships, attributes and
//! privileges are entitlements.
//!
//! Start reading at [`integration`], which lists what the connector can do and in which file it does it; `server.rs`
//! and `connection.rs` hold what it talks to, `entitlement.rs` what identifies an entitlement.

mod account_changes;
mod accounts;
mod address;
mod connection;
mod deletion;
mod entitlement;
mod entitlement_changes;
mod failures;
mod integration;
mod listings;
mod server;
mod settings;

pub use integration::integration;
