//! Names that logs are searched by.

/// Target of the audit lines: one per call and workspace.
pub const AUDIT: &str = "audit";
/// Name of the field that ties the lines of one call together. An answer has
/// it as `correlationId`.
pub const CORRELATION: &str = "correlation";
