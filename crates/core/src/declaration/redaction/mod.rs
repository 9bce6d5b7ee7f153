//! What never reaches a log (contract §10): the names of secrets, and texts without them.
//!
//! | of | what |
//! | --- | --- |
//! | [`arguments`] | requests that a connector is called with |
//! | [`headers`] | headers of the app's requests and answers |
//! | [`body`] | bodies and addresses of the app's requests and answers |
//! | [`settings`] | the settings of a call |
//! | [`text`] | texts of any kind, by the shapes of secrets |

pub mod arguments;
pub mod body;
pub mod headers;
pub mod settings;
pub mod text;
