//! Who is behind a request.

use std::sync::Arc;

use crate::access::Caller;
use crate::desk::Door;

/// Who asks, and by which door. The front puts one on every request: the
/// server itself knows nobody.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Who asks.
    pub caller: Arc<Caller>,
    /// Where they came in.
    pub door: Door,
}
