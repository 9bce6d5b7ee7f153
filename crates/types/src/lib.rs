//! What crosses the wire between Lumos and a connector.
//!
//! | module | contents |
//! | --- | --- |
//! | [`capability`] | the table of standard capabilities, their markers, what a custom capability is |
//! | [`envelope`] | what stands around every payload |
//! | [`payload`] | every payload by its name, from the modules below |
//! | [`account`], [`account_lifecycle`], [`entitlement`], [`resource`], [`custom_attribute`] | who has which access |
//! | [`activity`], [`expense`], [`application`], [`access_graph`], [`non_human`], [`arbitrary_endpoint`] | the other readings |
//! | [`auth`], [`oauth`], [`validation`], [`probe`], [`info`] | connecting: credentials, OAuth, checks, self-description |
//! | [`page`], [`rate_limit`], [`execution`], [`error`] | parts of envelopes |
//! | [`settings_field`], [`dns_label`] | annotations of settings fields, and a type for parts of host names |
//! | [`json`], [`schema`] | reading JSON, and describing it, as the contract asks for |
//! | [`secret`], [`time`], [`bounded`], [`either`], [`mod@wire_enum`] | the building blocks of payloads |
//!
//! Payload structs are exhaustive on purpose: authors build them as literals, with `..Default::default()` where the
//! contract may add fields. Nulls are written, never left out.

pub mod access_graph;
pub mod account;
pub mod account_lifecycle;
pub mod activity;
pub mod application;
pub mod arbitrary_endpoint;
pub mod auth;
pub mod bounded;
pub mod capability;
pub mod custom_attribute;
pub mod dns_label;
pub mod either;
pub mod entitlement;
pub mod envelope;
pub mod error;
pub mod execution;
pub mod expense;
pub mod host_port;
pub mod info;
pub mod json;
pub mod non_human;
pub mod oauth;
pub mod page;
pub mod probe;
pub mod rate_limit;
pub mod resource;
pub mod schema;
pub mod secret;
pub mod settings_field;
pub mod time;
pub mod validation;
pub mod wire_enum;

/// Every payload, by its name in the contract.
pub mod payload {
    #[doc(no_inline)]
    pub use crate::{
        access_graph::*, account::*, account_lifecycle::*, activity::*, application::*,
        arbitrary_endpoint::*, auth::*, custom_attribute::*, entitlement::*, error::*, execution::*,
        expense::*, info::*, non_human::*, oauth::*, page::*, probe::*, rate_limit::*, resource::*,
        validation::*,
    };
}

#[doc(hidden)]
pub use {schemars, serde};
