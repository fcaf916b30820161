//! How much a document may hold.

/// Bounds on one document, for both directions.
///
/// [`Limits::DECODE`] (the default) is for what hosts send, [`Limits::ENCODE`]
/// for what they take. Work is linear in the bytes, memory in bytes and nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Values inside each other, counted as PowerShell counts: the value at
    /// the top is 1, an item, entry or property of it is 2. Never more than
    /// [`Limits::MAX_DEPTH`], whatever is asked for.
    pub depth: usize,
    /// XML elements.
    pub nodes: usize,
    /// Bytes of the document.
    pub bytes: usize,
}

impl Limits {
    /// The deepest that any limit goes: values are walked by recursion, and
    /// this fits a thread of 2 MiB several times over.
    pub const MAX_DEPTH: usize = 200;

    /// For documents that come in.
    ///
    /// * `depth` 100. Seen: the engine writes 49 objects inside each other and
    ///   a notice in place of the next, so 50 (recording `depth-60`); twice
    ///   that leaves room.
    /// * `nodes` one million. Chosen: a list of 5000 objects with 20
    ///   properties has 0.13 million; the costliest node (`<Obj/>`, about 250
    ///   bytes of memory) then costs 250 MB at the very worst.
    /// * `bytes` 64 MiB. Chosen: a string of 20 million characters passes, and
    ///   base64 of 40 MB.
    pub const DECODE: Self = Self { depth: 100, nodes: 1_000_000, bytes: 64 << 20 };

    /// For documents that go out.
    ///
    /// * `depth` 49. Seen: PowerShell's reader gives up at 50, one level before
    ///   its own writer, and then answers nothing at all. The count is over
    ///   the whole message: an argument of a pipeline stands seven deep
    ///   already.
    /// * `nodes`, `bytes` as for reading. A host's own quota is its own affair
    ///   (MaximumReceivedObjectSize, 10 MB to 200 MB, is answered by a fault).
    pub const ENCODE: Self = Self { depth: 49, ..Self::DECODE };

    /// The depth that holds.
    pub(super) fn depth(&self) -> usize {
        self.depth.min(Self::MAX_DEPTH)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DECODE
    }
}
