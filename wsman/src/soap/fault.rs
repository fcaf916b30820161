//! Faults.

/// A SOAP fault of a WinRM host, with its number and the host's own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `WSManFault/@Code`, when the detail was there.
    pub code: Option<u32>,
    /// SOAP subcode local name (`TimedOut`, `InvalidSelectors`), when there.
    pub subcode: Option<String>,
    /// The host's text.
    pub text: String,
}
