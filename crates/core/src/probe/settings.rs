//! Which checks a probe makes, and how.

/// One check of a probe.
#[derive(Debug, Clone)]
pub struct ProbeCheckSpec;

/// How `probe_integration` probes.
#[derive(Debug, Clone, Default)]
pub struct ProbeSettings;
