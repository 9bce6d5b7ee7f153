//! The workbench: a local web page over connections, calls, syncs and checks. `connector workbench` serves it.
//!
//! Everything is rendered here, as HTML and SVG; the browser gets three small scripts and a style sheet, all of them
//! part of the program, and may ask nobody else for anything.
//!
//! | module | what lives there |
//! | --- | --- |
//! | [`server`] | the server: who may ask, what every answer says about itself, what is where |
//! | `page` | what all pages have in common: head, navigation, tables, errors |
//! | `connection` | forms of connections, consent, trying them out, saving them |
//! | `calls` | every capability by hand |
//! | `checking` | checks that are started here |
//! | `syncing` | syncs that are started here |
//! | `form` | forms from JSON schemas |
//! | `tenant` | what was read: accounts, entitlements, resources, pictures, differences |
//! | `index` | the file beside a store that makes its rows searchable and sortable |
//! | `picture` | charts as SVG |
//!
//! Whatever an app answers is hostile text: it reaches a page through [`maud`] alone, which escapes it.

pub mod server;

mod calls;
mod checking;
mod connection;
mod form;
mod index;
mod page;
mod picture;
mod syncing;
mod tenant;

pub use server::{Listener, Options, ServeError};
