//! Is this connector right? The rules that a connector must keep, asked of any connector, in whatever language it is
//! written.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`rule`] | rules with their ids, severities and sentences: [`Rule`], [`Group`], [`Severity`] |
//! | [`options`] | what is checked, and how far: [`CheckOptions`] |
//! | [`runner`] | the check itself: [`check`] |
//! | [`observer`] | what is told while a check runs: [`Event`](observer::Event) |
//! | [`finding`] | where a rule is broken, with request and answer: [`Finding`] |
//! | [`report`] | what came of it, for people and machines: [`Report`] |
//! | [`baseline`] | findings that are known, each with its reason: [`Baseline`] |
//! | [`guide`] | the rules as a page of the guide |
//! | [`writing`] | how a test account is made, and the journal of what is left |
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use lumos_check::observer::Unobserved;
//! use lumos_check::report::{html, terminal};
//! use lumos_check::{CheckOptions, check};
//! use lumos_connection::{Connection, ConnectionFile, OpenOptions};
//!
//! let file = ConnectionFile::read("acme.toml".as_ref())?;
//! let connection = Connection::open(file, OpenOptions::default()).await?;
//! let report = check(&connection, &CheckOptions::new("acme.toml"), &Unobserved).await?;
//! println!("{}", terminal::text(&report));
//! std::fs::write("acme.html", html::text(&report))?;
//! # Ok(())
//! # }
//! ```

pub mod baseline;
pub mod finding;
pub mod guide;
pub mod observer;
pub mod options;
pub mod report;
pub mod rule;
pub mod runner;
pub mod writing;

mod codes;
mod groups;
mod judge;
mod known;
mod listing;
mod run;
mod schema;
mod secrets;
mod subject;

pub use baseline::Baseline;
pub use finding::Finding;
pub use options::CheckOptions;
pub use report::Report;
pub use rule::{Group, Rule, Severity};
pub use runner::{CheckError, check};
