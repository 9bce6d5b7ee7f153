//! The secrets of a connection: where they may stand, what they are, and where they must not appear.
//!
//! | file | what it does |
//! | --- | --- |
//! | `form` | which fields credentials and settings have, and which are secret |
//! | `places` | walks through the values of a file |
//! | `check` | refuses unknown fields and secrets that stand in the file |
//! | `resolve` | follows references |
//! | `redaction` | replaces secrets in texts |

mod check;
mod form;
mod places;
mod redaction;
mod resolve;

pub(crate) use check::{check_literals, check_names, check_settings, has_suspicious_settings};
pub(crate) use form::{is_secret_credential, is_secret_name};
pub(crate) use redaction::Redactor;
pub(crate) use resolve::{Resolved, named_secrets, resolve};
