//! A row: its text as the connector sent it, the key that identifies it, and the buffer that holds a page of them.

pub mod buffer;
pub mod identity;

pub use buffer::{RowBuffer, StoredRow};
pub use identity::IdentityFault;
