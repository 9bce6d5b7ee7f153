//! What a connector is.
//!
//! The crate is built in floors of its own: a folder uses only the folders above it in this table.
//!
//! | folder | what lives there |
//! | --- | --- |
//! | `declaration` | what is known before any call: [errors](error), [credentials](auth), settings, [what never reaches a log](redaction) |
//! | `call` | one [`Call`]: the request, its [page], what it is [answered](Reply) with, and what the process gives to it |
//! | `dispatch` | from the text of a request to an [`Answer`]; what handlers [take from a call](FromCall) |
//! | `builtin` | the capabilities that the SDK brings: `info`, `app_info`, [probe], [OAuth](oauth), checks of credentials |
//! | [`integration`] | an [`Integration`], put together by its builder |
//!
//! Nothing here opens a connection: clients and servers stand above.

mod builtin;
mod call;
mod declaration;
mod dispatch;
pub mod integration;

pub use builtin::credentials as auth;
pub use builtin::{oauth, probe};
pub use call::answer::Answer;
pub use call::left_out::LeftOut;
pub use call::new_password::NewPassword;
pub use call::reply::{Reply, Rows};
pub use call::{
    Call, answer, clock, fingerprint, host, listing, observation, page, rate_limit, recording, reply, token,
};
pub use declaration::settings::SettingsFields;
pub use declaration::{error, redaction};
pub use dispatch::from_call::{Auth, FromCall, HandlerArgument, Settings};
pub use dispatch::handler::PassedAs;
pub use integration::Integration;
