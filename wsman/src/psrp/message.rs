//! Messages: the 40-byte header and every type.

use uuid::Uuid;

/// One PSRP message.
///
/// Source: [MS-PSRP] §2.2.1.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Which end it is for.
    pub destination: Destination,
    /// Type.
    pub kind: MessageType,
    /// Runspace pool. All zero in some server messages about the session.
    pub pool: Uuid,
    /// Pipeline; nil for messages of the pool.
    pub pipeline: Uuid,
    /// CLIXML, possibly behind a byte order mark; empty for a few types.
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for Message {
    /// Without the payload: it may hold scripts, output and secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("kind", &self.kind)
            .field("pipeline", &self.pipeline)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// Which end a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    /// 1.
    Client,
    /// 2.
    Server,
}

/// Why bytes are not a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MessageError {
    /// Less than a header.
    #[error("message of {got} bytes is shorter than its header of 40")]
    Short {
        /// Bytes.
        got: usize,
    },
    /// Neither client nor server.
    #[error("unknown destination {0}")]
    Destination(u32),
}

macro_rules! message_types {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $wire:literal;)*) => {
        /// Type of a message.
        ///
        /// Source: [MS-PSRP] §2.2.1, §2.2.2; numbers as PowerShell's source has
        /// them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum MessageType {
            $($(#[$doc])* $name,)*
            /// A number that the specification does not have.
            Unknown(u32),
        }

        impl MessageType {
            /// Every type that has a name.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The number on the wire.
            #[must_use]
            pub const fn code(self) -> u32 {
                match self {
                    $(Self::$name => $code,)*
                    Self::Unknown(code) => code,
                }
            }

            /// The type with that number.
            #[must_use]
            pub const fn from_code(code: u32) -> Self {
                match code {
                    $($code => Self::$name,)*
                    code => Self::Unknown(code),
                }
            }

            /// The specification's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                    Self::Unknown(_) => "UNKNOWN",
                }
            }
        }
    };
}

message_types! {
    /// Both ends: the versions they speak.
    SessionCapability = 0x0001_0002, "SESSION_CAPABILITY";
    /// Client: closes the pool (out-of-process; over WSMan, Delete does).
    CloseSession = 0x0001_0003, "CLOSE_SESSION";
    /// Client: opens a pool.
    InitRunspacePool = 0x0001_0004, "INIT_RUNSPACEPOOL";
    /// Client: its RSA key, for the session key.
    PublicKey = 0x0001_0005, "PUBLIC_KEY";
    /// Server: the session key.
    EncryptedSessionKey = 0x0001_0006, "ENCRYPTED_SESSION_KEY";
    /// Server: asks for the key (protocol 2.1).
    PublicKeyRequest = 0x0001_0007, "PUBLIC_KEY_REQUEST";
    /// Client: connects to a pool of another client.
    ConnectRunspacePool = 0x0001_0008, "CONNECT_RUNSPACEPOOL";
    /// Client: changes the maximum.
    SetMaxRunspaces = 0x0002_1002, "SET_MAX_RUNSPACES";
    /// Client: changes the minimum.
    SetMinRunspaces = 0x0002_1003, "SET_MIN_RUNSPACES";
    /// Server: answer to the three that change or ask the bounds.
    RunspaceAvailability = 0x0002_1004, "RUNSPACE_AVAILABILITY";
    /// Server: how the pool stands.
    RunspacePoolState = 0x0002_1005, "RUNSPACEPOOL_STATE";
    /// Client: runs a pipeline.
    CreatePipeline = 0x0002_1006, "CREATE_PIPELINE";
    /// Client: asks how many runspaces are free.
    GetAvailableRunspaces = 0x0002_1007, "GET_AVAILABLE_RUNSPACES";
    /// Server: a forwarded event.
    UserEvent = 0x0002_1008, "USER_EVENT";
    /// Server: its version table and what the endpoint adds.
    ApplicationPrivateData = 0x0002_1009, "APPLICATION_PRIVATE_DATA";
    /// Client: asks for commands and their parameters.
    GetCommandMetadata = 0x0002_100A, "GET_COMMAND_METADATA";
    /// Server: answer to CONNECT_RUNSPACEPOOL.
    RunspacePoolInitData = 0x0002_100B, "RUNSPACEPOOL_INIT_DATA";
    /// Client: resets the runspaces.
    ResetRunspaceState = 0x0002_100C, "RESET_RUNSPACE_STATE";
    /// Server: calls a method of the client's host, outside of pipelines.
    RunspacePoolHostCall = 0x0002_1100, "RUNSPACEPOOL_HOST_CALL";
    /// Client: its answer.
    RunspacePoolHostResponse = 0x0002_1101, "RUNSPACEPOOL_HOST_RESPONSE";
    /// Client: one object of input.
    PipelineInput = 0x0004_1002, "PIPELINE_INPUT";
    /// Client: no more input.
    EndOfPipelineInput = 0x0004_1003, "END_OF_PIPELINE_INPUT";
    /// Server: one object of output.
    PipelineOutput = 0x0004_1004, "PIPELINE_OUTPUT";
    /// Server: a non-terminating error.
    ErrorRecord = 0x0004_1005, "ERROR_RECORD";
    /// Server: how the pipeline ended.
    PipelineState = 0x0004_1006, "PIPELINE_STATE";
    /// Server: Write-Debug.
    DebugRecord = 0x0004_1007, "DEBUG_RECORD";
    /// Server: Write-Verbose.
    VerboseRecord = 0x0004_1008, "VERBOSE_RECORD";
    /// Server: Write-Warning.
    WarningRecord = 0x0004_1009, "WARNING_RECORD";
    /// Server: Write-Progress. The gap in the numbers is the protocol's.
    ProgressRecord = 0x0004_1010, "PROGRESS_RECORD";
    /// Server: Write-Information, Write-Host.
    InformationRecord = 0x0004_1011, "INFORMATION_RECORD";
    /// Client: stops the pipeline (out-of-process; over WSMan a Signal does).
    StopPipeline = 0x0004_1012, "STOP_PIPELINE";
    /// Server: calls a method of the client's host.
    PipelineHostCall = 0x0004_1100, "PIPELINE_HOST_CALL";
    /// Client: its answer.
    PipelineHostResponse = 0x0004_1101, "PIPELINE_HOST_RESPONSE";
}

impl Message {
    /// A message of a client, for the server.
    #[must_use]
    pub fn to_server(kind: MessageType, pool: Uuid, pipeline: Option<Uuid>, payload: Vec<u8>) -> Self {
        Self { destination: Destination::Server, kind, pool, pipeline: pipeline.unwrap_or_default(), payload }
    }

    /// A message of a server, for the client; the payload gets the byte order
    /// mark that PowerShell puts there, unless it is empty.
    #[must_use]
    pub fn to_client(kind: MessageType, pool: Uuid, pipeline: Option<Uuid>, payload: &[u8]) -> Self {
        let mut marked = Vec::with_capacity(payload.len() + 3);
        if !payload.is_empty() {
            marked.extend_from_slice("\u{FEFF}".as_bytes());
            marked.extend_from_slice(payload);
        }
        Self { destination: Destination::Client, kind, pool, pipeline: pipeline.unwrap_or_default(), payload: marked }
    }

    /// Header and payload. GUIDs go in .NET's mixed-endian form.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let destination: u32 = match self.destination {
            Destination::Client => 1,
            Destination::Server => 2,
        };
        let mut bytes = Vec::with_capacity(40 + self.payload.len());
        bytes.extend_from_slice(&destination.to_le_bytes());
        bytes.extend_from_slice(&self.kind.code().to_le_bytes());
        bytes.extend_from_slice(&self.pool.to_bytes_le());
        bytes.extend_from_slice(&self.pipeline.to_bytes_le());
        bytes.extend_from_slice(&self.payload);
        bytes
    }

    /// Reads header and payload.
    ///
    /// # Errors
    ///
    /// [`MessageError`]. An unknown type is not one.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let short = MessageError::Short { got: bytes.len() };
        let (destination, rest) = bytes.split_first_chunk::<4>().ok_or(short)?;
        let (kind, rest) = rest.split_first_chunk::<4>().ok_or(short)?;
        let (pool, rest) = rest.split_first_chunk::<16>().ok_or(short)?;
        let (pipeline, payload) = rest.split_first_chunk::<16>().ok_or(short)?;
        Ok(Self {
            destination: match u32::from_le_bytes(*destination) {
                1 => Destination::Client,
                2 => Destination::Server,
                other => return Err(MessageError::Destination(other)),
            },
            kind: MessageType::from_code(u32::from_le_bytes(*kind)),
            pool: Uuid::from_bytes_le(*pool),
            pipeline: Uuid::from_bytes_le(*pipeline),
            payload: payload.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_one_name_and_reads_back() {
        for kind in MessageType::ALL {
            assert_eq!(MessageType::from_code(kind.code()), *kind);
        }
        assert_eq!(MessageType::from_code(0x0002_100E), MessageType::Unknown(0x0002_100E));
    }

    #[test]
    fn ids_travel_mixed_endian() {
        let id = Uuid::from_u128(0x0011_2233_4455_6677_8899_AABB_CCDD_EEFF);
        let message = Message::to_server(MessageType::CreatePipeline, id, Some(id), b"x".to_vec());
        let bytes = message.encode();
        assert_eq!(bytes[..8], [2, 0, 0, 0, 0x06, 0x10, 0x02, 0]);
        assert_eq!(bytes[8..16], [0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66]);
        assert_eq!(Message::decode(&bytes).unwrap(), message);
        assert_eq!(Message::decode(&bytes[..39]), Err(MessageError::Short { got: 39 }));
    }

    #[test]
    fn debug_shows_no_payload() {
        let message = Message::to_server(MessageType::PipelineInput, Uuid::nil(), None, b"planted-secret".to_vec());
        assert!(!format!("{message:?}").contains("planted"));
    }
}
