//! Connects any app with a SCIM 2.0 service (RFC 7643, RFC 7644).
//!
//! Start reading at [`integration`], which lists what the connector can do and in which file it does it.
//!
//! | | |
//! | --- | --- |
//! | `settings`, `credentials` | what a connection consists of |
//! | `service`, `refusal`, `provider` | talking to the service: its operations, its errors, what it says it can |
//! | `listed`, `resource` | reading what services write, [leniently](lumos_connector::lenient) |
//! | `walk`, `paging`, `index` | going through all resources of an endpoint while the tenant changes |
//! | `attribute_path`, `filter`, `change`, `writing` | the parts of SCIM's language, and changes that are seen |
//! | the others | one file for each kind of capability |

mod account_changes;
mod accounts;
mod assignments;
mod associations;
mod attribute_path;
mod change;
mod credentials;
mod custom_attributes;
mod entitlement;
mod entitlements;
mod filter;
mod index;
mod integration;
mod listed;
mod paging;
mod profile;
mod provider;
mod refusal;
mod resource;
mod resources;
mod service;
mod settings;
mod walk;
mod writing;

pub use integration::integration;
