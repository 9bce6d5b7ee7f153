//! The groups of rules, one file each: the rules, and how they are checked.

pub(crate) mod answers;
pub(crate) mod declaration;
pub(crate) mod errors;
pub(crate) mod limits;
pub(crate) mod paging;
pub(crate) mod process;
pub(crate) mod server;
pub(crate) mod writes;
