//! What all pages have in common: head, navigation, tables, errors.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `layout` | the page around its content |
//! | `error` | what goes wrong, as a page |
//! | `home` | the first page: connections and stores |
//! | `text` | numbers, moments and durations as people read them |

pub(crate) mod error;
pub(crate) mod home;
pub(crate) mod layout;
pub(crate) mod text;

pub(crate) use error::{PageError, dress, refusal};
pub(crate) use layout::{Frame, to};
