//! The faults of this host.

use crate::soap::{Fault, SoapError};

fn fault(code: impl Into<Option<u32>>, subcode: &str, text: &str) -> Fault {
    Fault { code: code.into(), subcode: Some(subcode.into()), text: text.into() }
}

/// A Receive ran out with nothing to say.
pub(super) fn timed_out() -> Fault {
    fault(
        Fault::OPERATION_TIMED_OUT,
        "TimedOut",
        "The WS-Management service cannot complete the operation within the time specified in OperationTimeout.",
    )
}

/// No such shell or command, or not the user's, or not under that URI.
pub(super) fn invalid_selectors() -> Fault {
    fault(
        Fault::INVALID_SELECTORS,
        "InvalidSelectors",
        "The request for the Windows Remote Shell failed because the shell was not found on the server.",
    )
}

/// What was in flight when its shell or command went away.
pub(super) fn aborted() -> Fault {
    fault(
        995,
        "InternalError",
        "The I/O operation has been aborted because of either a thread exit or an application request.",
    )
}

/// The client has left the shell.
pub(super) fn shell_disconnected() -> Fault {
    fault(2_150_859_204, "InternalError", "The shell is disconnected; connect to it first.")
}

/// What was held when the client left.
pub(super) fn stream_disconnected() -> Fault {
    fault(2_150_859_230, "InternalError", "The stream is disconnected: the shell was.")
}

/// Another client has the shell.
pub(super) fn shell_in_use() -> Fault {
    fault(2_150_859_213, "InternalError", "The shell is connected to another client.")
}

/// A header that must be understood is not, or an OperationID comes twice as
/// if for the first time.
pub(super) fn not_understood() -> Fault {
    fault(2_150_858_767, "InvalidMessageInformationHeader", "A header of the request is not valid.")
}

/// The request's SessionId is not the shell's.
pub(super) fn other_session() -> Fault {
    fault(2_150_859_023, "InvalidParameter", "The session id of the request is not the one of the shell.")
}

/// The configuration does not exist.
pub(super) fn invalid_resource_uri() -> Fault {
    fault(
        2_150_858_811,
        "DestinationUnreachable",
        "The WS-Management service cannot process the request. The resource URI is not valid.",
    )
}

pub(super) fn too_many_shells() -> Fault {
    fault(
        2_150_859_173,
        "QuotaLimit",
        "This user is allowed a maximum number of concurrent shells, which has been exceeded.",
    )
}

pub(super) fn too_many_commands() -> Fault {
    fault(2_150_859_241, "QuotaLimit", "The maximum number of concurrent operations for this shell has been exceeded.")
}

/// Larger than the host takes.
pub(super) fn envelope_too_large() -> Fault {
    fault(2_150_859_025, "EncodingLimit", "The request is larger than the configured envelope size.")
}

/// Windows refuses less than 8192 bytes; the code it sends is not known
/// here.
pub(super) fn envelope_too_small() -> Fault {
    fault(None, "EncodingLimit", "The maximum envelope size in the request is too small.")
}

/// The engine did not start.
pub(super) fn no_engine() -> Fault {
    fault(2_152_992_672, "InternalError", "The WSMan provider host process did not return a proper response.")
}

/// A parameter that makes no sense here: an id that is in use, a signal for
/// the shell itself.
pub(super) fn invalid_parameter() -> Fault {
    fault(87, "InvalidParameter", "The parameter is incorrect.")
}

/// What was sent is no request that this host reads.
pub(super) fn unreadable(error: &SoapError) -> Fault {
    match error {
        SoapError::UnknownAction => {
            fault(2_150_858_778, "ActionNotSupported", "The action is not supported by the service.")
        }
        SoapError::Invalid("Arguments") => {
            fault(2_152_991_684, "InternalError", "The plug-in received an invalid set of arguments.")
        }
        SoapError::Invalid("MaxEnvelopeSize" | "OperationTimeout") => {
            fault(2_150_858_767, "InvalidMessageInformationHeader", "A header of the request is not valid.")
        }
        _ => fault(2_150_858_817, "SchemaValidationError", "The request does not follow the schema."),
    }
}
