//! What never reaches a log (contract §10): the names of secrets, and texts without them.
//!
//! | of | what |
//! | --- | --- |
//! | [`names`] | the one table of names that make a value secret, by the place where the name stands |
//! | [`arguments`] | requests that a connector is called with |
//! | [`body`] | bodies and addresses of the app's requests and answers |
//! | `replacement` | placeholders for the secrets of a recorded call, the same wherever one appears |
//! | [`settings`] | the settings of a call |
//! | [`text`] | texts of any kind, by the shapes of secrets |
//! | [`values`] | texts that may repeat the secrets of the current call |

pub mod arguments;
pub mod body;
pub mod names;
pub(crate) mod replacement;
pub mod settings;
pub mod text;
pub mod values;
