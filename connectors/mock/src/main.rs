//! The mock connector: a small app that exists only here, so that every answer is known beforehand.
//!
//! Start reading at [`integration`], which lists what the connector can do and in which file it does it.

mod account_changes;
mod accounts;
mod activity;
mod associations;
mod badges;
mod credentials;
mod custom_attributes;
mod echo;
mod entitlement_changes;
mod entitlements;
mod expenses;
mod faults;
mod integration;
mod listing;
mod resources;
mod settings;

use std::process::ExitCode;

fn main() -> ExitCode {
    lumos_connector::run(integration::integration())
}
