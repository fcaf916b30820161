//! Requests in flight.

use uuid::Uuid;

use super::Lane;
use crate::soap::Operation;
use crate::time::Instant;

/// Names an exchange of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub(crate) u64);

/// What a Send of the pool carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolPart {
    /// PUBLIC_KEY.
    Key,
    /// A question about the runspaces.
    Call(i64),
    /// An answer to a host call of the pool.
    Response,
}

/// What an exchange is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    PoolReceive,
    PoolSend(PoolPart),
    Command(Uuid),
    /// A Command, first sent and then sent again on purpose.
    ProbeCommand(Uuid),
    ProbeAgain(Uuid),
    Send(Uuid),
    Receive(Uuid),
    Stop(Uuid),
    Terminate,
    Delete,
    Disconnect,
    Reconnect,
    ReconnectCommand(Uuid),
    Connect,
    Attach(Uuid),
}

impl Purpose {
    pub(super) fn lane(self) -> Lane {
        match self {
            Self::PoolReceive | Self::Receive(_) => Lane::Receive,
            Self::ProbeCommand(_) | Self::ProbeAgain(_) => Lane::Once,
            Self::Delete => Lane::Cleanup,
            _ => Lane::Command,
        }
    }

    /// Only a Receive takes nothing from the host that a second one would not
    /// get; a stop, a terminate, a delete may be asked for twice, and so may
    /// leaving and coming back.
    pub(super) fn is_repeatable(self) -> bool {
        matches!(
            self,
            Self::PoolReceive
                | Self::Receive(_)
                | Self::Stop(_)
                | Self::Terminate
                | Self::Delete
                | Self::Disconnect
                | Self::Reconnect
                | Self::ReconnectCommand(_)
        )
    }
}

/// One request, kept until its answer.
#[derive(Clone)]
pub(super) struct InFlight {
    pub(super) purpose: Purpose,
    pub(super) message_id: Uuid,
    /// Kept for what may be repeated, byte for byte; else empty.
    pub(super) body: Vec<u8>,
    pub(super) losses: u32,
    /// How many of the losses were refused sign-ins.
    pub(super) refusals: u32,
    /// No repetition after this, where nothing else bounds it.
    pub(super) until: Option<Instant>,
    /// What may be cut smaller, and how large it was allowed to be and was.
    pub(super) operation: Option<Operation>,
    pub(super) envelope_bytes: u32,
    pub(super) bytes: usize,
    /// The same request for a host that may know it already; empty when it must
    /// not be sent again.
    pub(super) again: Vec<u8>,
    /// A Receive that went before its Command was answered: that the host does
    /// not know the command says nothing yet.
    pub(super) early: bool,
}

impl std::fmt::Debug for InFlight {
    /// Without the body.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("InFlight").field("purpose", &self.purpose).field("losses", &self.losses).finish_non_exhaustive()
    }
}
