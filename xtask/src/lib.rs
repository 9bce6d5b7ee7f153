//! What development commands and the end-to-end suites share: this workspace's binaries, and the twins among them.

pub mod binaries;
pub mod twin;
