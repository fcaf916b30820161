//! Payloads about the runspace pool.

use super::{HostInfo, PayloadError, enumeration, required};
use crate::clixml::{EncodeError, Value, Version};

/// Protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion(pub u16, pub u16);

impl ProtocolVersion {
    /// PowerShell 2.
    pub const V2_1: Self = Self(2, 1);
    /// PowerShell 3 and 4: larger envelopes, disconnect.
    pub const V2_2: Self = Self(2, 2);
    /// PowerShell 5 and later; what this client announces.
    pub const V2_3: Self = Self(2, 3);
    /// PowerShell 7.6: SecureString travels unencrypted.
    pub const V2_4: Self = Self(2, 4);

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        Some(Self(parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

impl std::fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// SESSION_CAPABILITY: the versions an end speaks.
///
/// Source: [MS-PSRP] §2.2.2.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionCapability {
    /// `protocolversion`.
    pub protocol: ProtocolVersion,
}

impl SessionCapability {
    /// Writes it. PSVersion and SerializationVersion have been 2.0 and 1.1.0.1
    /// since PowerShell 2.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(self) -> Result<Vec<u8>, EncodeError> {
        super::encode(&Value::custom([
            ("protocolversion", version(&self.protocol.to_string())),
            ("PSVersion", version("2.0")),
            ("SerializationVersion", version("1.1.0.1")),
        ]))
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        let Value::Version(text) = required(&value, "protocolversion")? else {
            return Err(PayloadError::Missing("protocolversion"));
        };
        let protocol = ProtocolVersion::parse(text.as_str()).ok_or(PayloadError::Missing("protocolversion"))?;
        Ok(Self { protocol })
    }
}

fn version(text: &str) -> Value {
    Version::parse(text).map_or(Value::Nil, Value::Version)
}

/// INIT_RUNSPACEPOOL.
///
/// Source: [MS-PSRP] §2.2.2.2.
#[derive(Clone, Debug, PartialEq)]
pub struct InitRunspacePool {
    /// Least number of runspaces.
    pub min_runspaces: i32,
    /// Greatest number of runspaces.
    pub max_runspaces: i32,
    /// The client's host.
    pub host: HostInfo,
    /// Reaches the script as `$PSSenderInfo.ApplicationArguments`.
    pub application_arguments: Value,
}

impl InitRunspacePool {
    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        super::encode(&Value::custom([
            ("MinRunspaces", Value::I32(self.min_runspaces)),
            ("MaxRunspaces", Value::I32(self.max_runspaces)),
            ("PSThreadOptions", enumeration("System.Management.Automation.Runspaces.PSThreadOptions", "Default", 0)),
            ("ApartmentState", apartment_state()),
            ("HostInfo", self.host.to_value()),
            ("ApplicationArguments", self.application_arguments.clone()),
        ]))
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        let number = |name: &'static str| {
            let number = required(&value, name)?.as_i32();
            number.ok_or(PayloadError::Missing(name))
        };
        Ok(Self {
            min_runspaces: number("MinRunspaces")?,
            max_runspaces: number("MaxRunspaces")?,
            host: value.get("HostInfo").map_or(HostInfo::None, HostInfo::from_value),
            application_arguments: value.get("ApplicationArguments").cloned().unwrap_or(Value::Nil),
        })
    }
}

pub(super) fn apartment_state() -> Value {
    enumeration("System.Management.Automation.Runspaces.ApartmentState", "UNKNOWN", 2)
}

/// State of a runspace pool.
///
/// Source: [MS-PSRP] §2.2.3.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the specification says no more than the names")]
pub enum RunspacePoolState {
    BeforeOpen = 0,
    Opening = 1,
    Opened = 2,
    Closed = 3,
    Closing = 4,
    Broken = 5,
    NegotiationSent = 6,
    NegotiationSucceeded = 7,
    Connecting = 8,
    Disconnected = 9,
}

impl RunspacePoolState {
    fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            0 => Self::BeforeOpen,
            1 => Self::Opening,
            2 => Self::Opened,
            3 => Self::Closed,
            4 => Self::Closing,
            5 => Self::Broken,
            6 => Self::NegotiationSent,
            7 => Self::NegotiationSucceeded,
            8 => Self::Connecting,
            9 => Self::Disconnected,
            _ => return None,
        })
    }
}

/// RUNSPACEPOOL_STATE.
///
/// Source: [MS-PSRP] §2.2.2.9.
#[derive(Clone, Debug, PartialEq)]
pub struct RunspacePoolStateMessage {
    /// The state.
    pub state: RunspacePoolState,
    /// Why it is broken, when the host says so.
    pub error: Option<super::ErrorRecord>,
}

impl RunspacePoolStateMessage {
    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        super::encode(&Value::custom([("RunspaceState", Value::I32(self.state as i32))]))
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        let state = required(&value, "RunspaceState")?
            .as_i64()
            .and_then(RunspacePoolState::from_number)
            .ok_or(PayloadError::Missing("RunspaceState"))?;
        let error = value.get("ExceptionAsErrorRecord").map(super::ErrorRecord::from_value);
        Ok(Self { state, error })
    }
}

/// APPLICATION_PRIVATE_DATA: what the host says of itself.
///
/// Source: [MS-PSRP] §2.2.2.13.
#[derive(Clone, Debug, PartialEq)]
pub struct ApplicationPrivateData(pub Value);

impl ApplicationPrivateData {
    /// PowerShell's version, `5.1.20348.2849`, `7.6.9`.
    #[must_use]
    pub fn ps_version(&self) -> Option<String> {
        self.table("PSVersion").map(super::to_text)
    }

    /// `Desktop` or `Core`.
    #[must_use]
    pub fn ps_edition(&self) -> Option<&str> {
        self.table("PSEdition")?.as_str()
    }

    fn table(&self, name: &str) -> Option<&Value> {
        self.0.get("ApplicationPrivateData")?.get("PSVersionTable")?.get(name)
    }

    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        Ok(Self(super::decode(payload)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capability_reads_back() {
        let capability = SessionCapability { protocol: ProtocolVersion::V2_3 };
        let payload = capability.encode().unwrap();
        assert_eq!(
            String::from_utf8(payload.clone()).unwrap(),
            "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.3</Version><Version N=\"PSVersion\">2.0</Version>\
             <Version N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>"
        );
        assert_eq!(SessionCapability::decode(&payload), Ok(capability));
    }

    #[test]
    fn a_state_that_does_not_exist_is_an_error() {
        let payload = super::super::encode(&Value::custom([("RunspaceState", Value::I32(77))])).unwrap();
        assert_eq!(RunspacePoolStateMessage::decode(&payload), Err(PayloadError::Missing("RunspaceState")));
    }
}
