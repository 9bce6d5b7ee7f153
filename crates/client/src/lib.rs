//! How a connector talks to its app.
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`token_exchange`] | the requests that OAuth sends to token endpoints |

mod failure;
mod tls;
pub mod token_exchange;
