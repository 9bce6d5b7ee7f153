//! The RabbitMQ connector: users are accounts, virtual hosts are resources, tags and permissions are entitlements.
//!
//! Start reading at [`integration`], which lists what the connector can do and in which file it does it; `broker.rs`
//! holds what it talks to, `entitlement.rs` what identifies an entitlement.

mod account_changes;
mod accounts;
mod broker;
mod credentials;
mod entitlement;
mod entitlement_changes;
mod entitlements;
mod integration;
mod resources;
mod settings;

pub use integration::integration;
