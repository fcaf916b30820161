//! Faults, with their numbers and who must act.

use super::ns;
use crate::error::{ErrorKind, Retry};
use crate::xml::{Element, Writer};

/// A SOAP fault of a WinRM host.
///
/// `text` is the host's, in the host's language, and may name what a caller
/// must not see: show it to operators, never build a sentence from it.
///
/// Source: [MS-WSMV] §2.2.4.43, DSP0226 §14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `WSManFault/@Code`. The detail may be missing.
    pub code: Option<u32>,
    /// Local name of the SOAP subcode (`TimedOut`, `InvalidSelectors`).
    pub subcode: Option<String>,
    /// The host's text.
    pub text: String,
}

/// What to do about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultClass {
    /// A long poll ran out with nothing to say: ask again.
    PollAgain,
    /// The shell or command is not there (any more): open a new one.
    Gone,
    /// The host is busy or full: wait, then try again.
    BackOff,
    /// The host may not be able to: try another connection.
    Reconnect,
    /// Credentials, rights or settings of the endpoint: nothing to repeat.
    GiveUp,
    /// The request was wrong: a fault of this library.
    ClientBug,
}

struct Known {
    code: u32,
    name: &'static str,
    class: FaultClass,
}

const fn known(code: u32, name: &'static str, class: FaultClass) -> Known {
    Known { code, name, class }
}

/// The codes that hosts send, and those that Microsoft's client makes up for
/// itself and logs know, by `wsman` error name.
///
/// Source: [MS-WSMV] Appendix, `wsmerror.h` names; seen ones are 2150858793,
/// 2150858843, 2150858767, 87 and 2147942402.
const KNOWN: &[Known] = &[
    known(2_150_858_793, "ERROR_WSMAN_OPERATION_TIMEDOUT", FaultClass::PollAgain),
    known(2_150_858_843, "ERROR_WSMAN_INVALID_SELECTORS", FaultClass::Gone),
    known(2_150_859_173, "ERROR_WSMAN_QUOTA_MAX_SHELLS", FaultClass::BackOff),
    known(2_150_859_174, "ERROR_WSMAN_QUOTA_MAX_OPERATIONS", FaultClass::BackOff),
    known(2_150_859_241, "ERROR_WSMAN_QUOTA_MAX_COMMANDS_PER_SHELL", FaultClass::Gone),
    known(2_147_943_418, "ERROR_KEY_DELETED", FaultClass::Gone),
    known(995, "ERROR_OPERATION_ABORTED", FaultClass::Gone),
    known(1223, "ERROR_CANCELLED", FaultClass::Gone),
    known(1359, "ERROR_INTERNAL_ERROR", FaultClass::BackOff),
    known(1115, "ERROR_SHUTDOWN_IN_PROGRESS", FaultClass::BackOff),
    known(14, "ERROR_OUTOFMEMORY", FaultClass::BackOff),
    known(5, "ERROR_ACCESS_DENIED", FaultClass::GiveUp),
    known(1326, "ERROR_LOGON_FAILURE", FaultClass::GiveUp),
    known(1311, "ERROR_NO_LOGON_SERVERS", FaultClass::BackOff),
    known(1312, "ERROR_NO_SUCH_LOGON_SESSION", FaultClass::Reconnect),
    known(87, "ERROR_INVALID_PARAMETER", FaultClass::ClientBug),
    known(2_147_942_402, "ERROR_FILE_NOT_FOUND", FaultClass::GiveUp),
    known(2_150_858_767, "ERROR_WSMAN_INVALID_HEADER", FaultClass::ClientBug),
    known(2_150_858_770, "ERROR_WSMAN_CANNOT_CONNECT", FaultClass::Reconnect),
    known(2_150_858_778, "ERROR_WSMAN_INVALID_ACTIONURI", FaultClass::ClientBug),
    known(2_150_858_811, "ERROR_WSMAN_INVALID_RESOURCE_URI", FaultClass::GiveUp),
    known(2_150_858_754, "ERROR_WSMAN_RESOURCE_NOT_FOUND", FaultClass::GiveUp),
    known(2_150_858_757, "ERROR_WSMAN_CONFIG_CORRUPTED", FaultClass::GiveUp),
    known(2_150_858_817, "ERROR_WSMAN_SCHEMA_VALIDATION_ERROR", FaultClass::ClientBug),
    known(2_150_859_023, "ERROR_WSMAN_SESSION_ID_MISMATCH", FaultClass::ClientBug),
    known(2_150_858_753, "ERROR_WSMAN_INVALID_ACTION", FaultClass::Reconnect),
    known(2_150_858_825, "ERROR_WSMAN_ENCODING_LIMIT", FaultClass::ClientBug),
    known(2_150_859_025, "ERROR_WSMAN_ENVELOPE_TOO_LARGE", FaultClass::ClientBug),
    known(2_150_859_161, "ERROR_WSMAN_REDIRECT_REQUESTED", FaultClass::GiveUp),
    known(2_150_859_180, "ERROR_WSMAN_REMOTESESSION_DISALLOWED", FaultClass::GiveUp),
    known(2_150_859_204, "ERROR_WSMAN_SHELL_DISCONNECTED", FaultClass::Gone),
    known(2_150_859_213, "ERROR_WSMAN_SHELL_IN_USE", FaultClass::GiveUp),
    known(2_150_859_230, "ERROR_WSMAN_SERVICE_STREAM_DISCONNECTED", FaultClass::Gone),
    known(2_150_859_231, "ERROR_WSMAN_RUNAS_FAILED", FaultClass::GiveUp),
    known(2_150_859_235, "ERROR_WSMAN_REMOTE_CONNECTION_DISALLOWED", FaultClass::GiveUp),
    known(2_152_992_672, "ERROR_WSMAN_PLUGIN_MANAGED_EXCEPTION", FaultClass::Gone),
    known(2_152_991_684, "ERROR_WSMAN_PLUGIN_INVALID_ARG_SET", FaultClass::ClientBug),
    known(1722, "ERROR_WSMAN_IMPROPER_RESPONSE", FaultClass::Reconnect),
    known(2_150_859_026, "ERROR_WSMAN_HTTP_SERVICE_UNAVAILABLE", FaultClass::Reconnect),
    known(2_150_859_027, "ERROR_WSMAN_URL_NOTAVAILABLE", FaultClass::Reconnect),
    known(2_150_859_046, "ERROR_WSMAN_SENDDATA_CANNOT_COMPLETE", FaultClass::Reconnect),
    known(2_150_859_120, "ERROR_WSMAN_HTTP_SERVICE_ERROR", FaultClass::Reconnect),
    known(2_150_859_206, "ERROR_WSMAN_CANNOT_CONNECT_MISMATCH", FaultClass::Reconnect),
    known(2_150_859_216, "ERROR_WSMAN_CANNOT_CONNECT_INVALID", FaultClass::Reconnect),
    known(2_150_858_978, "ERROR_WSMAN_KERBEROS_DISABLED", FaultClass::GiveUp),
    known(2_150_858_980, "ERROR_WSMAN_SERVER_NOT_TRUSTED", FaultClass::GiveUp),
    known(2_150_858_981, "ERROR_WSMAN_EXPLICIT_CREDENTIALS_REQUIRED", FaultClass::GiveUp),
    known(2_150_859_020, "ERROR_WSMAN_KERBEROS_IN_WORKGROUP", FaultClass::GiveUp),
    known(2_150_859_022, "ERROR_WSMAN_INVALID_AUTHENTICATION_SCHEME", FaultClass::GiveUp),
    known(2_150_859_193, "ERROR_WSMAN_NAME_NOT_RESOLVED", FaultClass::GiveUp),
    known(2_150_859_195, "ERROR_WSMAN_IP_ADDRESS_NEEDS_TRUST", FaultClass::GiveUp),
    known(2_148_074_243, "SEC_E_TARGET_UNKNOWN", FaultClass::GiveUp),
    known(2_152_991_677, "ERROR_WSMAN_PLUGIN_INVALID_COMMAND_CONTEXT", FaultClass::Gone),
];

/// Codes that the service gives before it hands a request on: no such shell,
/// quotas, rights, and everything that is wrong with the request itself.
const REFUSALS: &[u32] = &[
    Fault::INVALID_SELECTORS,
    2_150_859_173,
    2_150_859_174,
    2_150_859_241,
    2_150_859_025,
    2_150_858_825,
    2_150_859_204,
    2_150_858_753,
    2_150_858_767,
    2_150_858_778,
    2_150_858_817,
    2_150_859_023,
    2_150_858_811,
    2_150_858_754,
    2_152_991_684,
    5,
    87,
];

impl Fault {
    /// The long poll ran out: "nothing yet".
    pub const OPERATION_TIMED_OUT: u32 = 2_150_858_793;
    /// No such shell or command.
    pub const INVALID_SELECTORS: u32 = 2_150_858_843;

    /// The name of the code in Windows' headers, if it is a known one.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        self.known().map(|known| known.name)
    }

    /// What to do about it. An unknown fault is not worth repeating.
    #[must_use]
    pub fn class(&self) -> FaultClass {
        // The detail may be missing; the subcode then says as much.
        self.known().map(|known| known.class).unwrap_or(match self.subcode.as_deref() {
            Some("TimedOut") => FaultClass::PollAgain,
            Some("InvalidSelectors") => FaultClass::Gone,
            Some("QuotaLimit" | "InternalError") => FaultClass::BackOff,
            _ => FaultClass::GiveUp,
        })
    }

    /// Whether the shell or command is not there any more.
    pub(crate) fn is_gone(&self) -> bool {
        self.class() == FaultClass::Gone
    }

    /// Whether the fault proves that the host did not act on the request.
    ///
    /// An allow list: anything else (an aborted operation, a broken plug-in, a
    /// code nobody knows) may come after a command has begun.
    #[must_use]
    pub fn proves_not_run(&self) -> bool {
        match (self.code, self.subcode.as_deref()) {
            (Some(code), _) => REFUSALS.contains(&code),
            (None, Some("InvalidSelectors" | "QuotaLimit" | "EncodingLimit")) => true,
            (None, _) => false,
        }
    }

    /// Whether the request was larger than the host takes, so that it did not
    /// act on it.
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        matches!(self.code, Some(2_150_859_025 | 2_150_858_825)) || self.subcode.as_deref() == Some("EncodingLimit")
    }

    /// Whether the host says that there is no such shell or command.
    pub(crate) fn is_not_found(&self) -> bool {
        match self.code {
            Some(code) => code == Self::INVALID_SELECTORS,
            None => self.subcode.as_deref() == Some("InvalidSelectors"),
        }
    }

    /// What would help, if the request was sent again.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self.class() {
            FaultClass::PollAgain | FaultClass::Reconnect => Retry::Now,
            FaultClass::Gone => Retry::AfterReopen,
            FaultClass::BackOff => Retry::AfterPause,
            FaultClass::GiveUp | FaultClass::ClientBug => Retry::Never,
        }
    }

    /// Every code that has a name here: the code, its name, what to do.
    pub fn catalogue() -> impl Iterator<Item = (u32, &'static str, FaultClass)> {
        KNOWN.iter().map(|known| (known.code, known.name, known.class))
    }

    /// Who must act.
    #[must_use]
    pub fn error_kind(&self) -> ErrorKind {
        match (self.code, self.class()) {
            (Some(5 | 1326 | 1311 | 1312 | 2_150_858_978..=2_150_858_981 | 2_150_859_020 | 2_150_859_022), _) => {
                ErrorKind::Auth
            }
            (Some(2_148_074_243), _) => ErrorKind::Auth,
            (_, FaultClass::PollAgain) => ErrorKind::TimedOut,
            // A host that knows how to say it is a host: also of what is our fault.
            _ => ErrorKind::Refused,
        }
    }

    /// Who must act, where the sign-in was taken long ago: a right is missing
    /// then, and not a password.
    pub(crate) fn error_kind_of(&self, opens: bool) -> ErrorKind {
        match self.error_kind() {
            ErrorKind::Auth if !opens => ErrorKind::Refused,
            kind => kind,
        }
    }

    /// The fault in an answer, whatever came with it; `None`: it is none.
    #[must_use]
    pub fn in_envelope(body: &[u8]) -> Option<Self> {
        match super::AnswerEnvelope::decode(body).ok()?.answer {
            super::Answer::Fault(fault) => Some(fault),
            _ => None,
        }
    }

    fn known(&self) -> Option<&'static Known> {
        let code = self.code?;
        KNOWN.iter().find(|known| known.code == code)
    }

    pub(super) fn decode(fault: &Element<'_>) -> Self {
        let local = |value: &Element<'_>| value.trimmed().rsplit(':').next().unwrap_or_default().to_owned();
        let subcode = fault
            .child(ns::SOAP, "Code")
            .and_then(|code| code.child(ns::SOAP, "Subcode"))
            .and_then(|subcode| subcode.child(ns::SOAP, "Value"))
            .map(local);
        let detail = fault.child(ns::SOAP, "Detail").and_then(|detail| detail.child(ns::FAULT, "WSManFault"));
        let code = detail
            .and_then(|detail| detail.attribute("Code"))
            .and_then(|code| code.parse::<i64>().ok())
            // Some stacks print the HRESULT as a signed number.
            .and_then(|code| u32::try_from(code).ok().or_else(|| i32::try_from(code).ok().map(i32::cast_unsigned)));
        let reason = fault.child(ns::SOAP, "Reason").and_then(|reason| reason.child(ns::SOAP, "Text"));
        let text = detail
            .and_then(|detail| detail.child(ns::FAULT, "Message"))
            .map(deep_text)
            .filter(|text| !text.is_empty())
            .or_else(|| reason.map(|reason| reason.trimmed().to_owned()))
            .unwrap_or_default();
        Self { code, subcode, text }
    }

    pub(super) fn encode(&self, w: &mut Writer) {
        let sender = matches!(self.class(), FaultClass::ClientBug | FaultClass::Gone);
        w.open("s:Fault", &[]).open("s:Code", &[]).leaf("s:Value", &[], if sender { "s:Sender" } else { "s:Receiver" });
        if let Some(subcode) = &self.subcode {
            w.open("s:Subcode", &[]).leaf("s:Value", &[], &format!("w:{subcode}")).close("s:Subcode");
        }
        w.close("s:Code").open("s:Reason", &[]).leaf("s:Text", &[("xml:lang", "en-US")], &self.text).close("s:Reason");
        if let Some(code) = self.code {
            w.open("s:Detail", &[])
                .open("f:WSManFault", &[("xmlns:f", ns::FAULT), ("Code", &code.to_string()), ("Machine", "localhost")])
                .leaf("f:Message", &[], &self.text)
                .close("f:WSManFault")
                .close("s:Detail");
        }
        w.close("s:Fault");
    }
}

/// All text below an element, innermost included (`ProviderFault`).
fn deep_text(element: &Element<'_>) -> String {
    let mut parts = Vec::new();
    let mut open = vec![element];
    while let Some(element) = open.pop() {
        let text = element.trimmed();
        if !text.is_empty() {
            parts.push(text);
        }
        open.extend(element.children.iter().rev());
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        for (n, known) in KNOWN.iter().enumerate() {
            assert!(KNOWN[n + 1..].iter().all(|other| other.code != known.code), "{}", known.code);
        }
    }

    #[test]
    fn only_a_refusal_proves_that_nothing_ran() {
        let proves = |code| Fault { code, subcode: None, text: String::new() }.proves_not_run();
        for code in [Fault::INVALID_SELECTORS, 2_150_859_174, 5] {
            assert!(proves(Some(code)), "{code}");
        }
        for code in [995, 1115, 1223, 14, 2_152_992_672, Fault::OPERATION_TIMED_OUT, 4711] {
            assert!(!proves(Some(code)), "{code}");
        }
        assert!(!proves(None));
    }

    #[test]
    fn a_missing_detail_is_made_up_for_by_the_subcode() {
        let fault = |code, subcode: &str| Fault { code, subcode: Some(subcode.into()), text: String::new() };
        assert_eq!(fault(None, "TimedOut").class(), FaultClass::PollAgain);
        assert_eq!(fault(Some(Fault::OPERATION_TIMED_OUT), "x").class(), FaultClass::PollAgain);
        assert_eq!(fault(Some(4711), "x").class(), FaultClass::GiveUp);
    }

    #[test]
    fn a_nested_provider_fault_is_read_to_the_end() {
        let xml = format!(
            "<s:Fault xmlns:s='{}'><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>w:InvalidSelectors</s:Value>\
             </s:Subcode></s:Code><s:Reason><s:Text>outer</s:Text></s:Reason><s:Detail>\
             <f:WSManFault xmlns:f='{}' Code='-2144108453'><f:Message><f:ProviderFault>a <f:WSManFault><f:Message>b\
             </f:Message></f:WSManFault></f:ProviderFault></f:Message></f:WSManFault></s:Detail></s:Fault>",
            ns::SOAP,
            ns::FAULT
        );
        let fault = Fault::decode(&Element::parse(&xml).unwrap());
        assert_eq!(fault.code, Some(2_150_858_843));
        assert_eq!(fault.class(), FaultClass::Gone);
        assert_eq!(fault.text, "a b");
    }
}
