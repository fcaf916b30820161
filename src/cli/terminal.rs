//! The terminal that an answer is written to.

/// What is known of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Terminal {
    /// Columns.
    pub(super) width: usize,
    /// Whether lines may be coloured.
    pub(super) colours: Colours,
}

/// Whether lines may be coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colours {
    On,
    Off,
}

impl Terminal {
    /// What a table is made for that goes to a file, or to a terminal that
    /// does not say how wide it is.
    ///
    /// Chosen: a file has no width; so wide, it can still be read anywhere.
    pub(super) const UNKNOWN: Self = Self { width: 120, colours: Colours::Off };
}
