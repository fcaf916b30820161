//! Host calls: PowerShell asks the client's host, the client answers.

use std::sync::Arc;

use super::{ErrorRecord, PayloadError, enumeration, required, to_text};
use crate::clixml::{Content, EncodeError, Object, Value};

/// The host that a client announces.
///
/// Source: [MS-PSRP] §2.2.3.14.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HostInfo {
    /// No host: everything that asks fails at once, and the question is lost.
    None,
    /// A console of 120 by 50 that answers calls. `Clear-Host` and window
    /// sizes work, and questions reach the client as host calls.
    #[default]
    Console,
    /// A console of other sizes.
    ConsoleOf(Box<ConsoleData>),
    /// A user interface without a console behind it: questions work, colours
    /// and sizes do not.
    WithoutRawUi,
    /// A host that can be asked who it is, and nothing else.
    WithoutUi,
    /// The pool's host; for pipelines only.
    OfRunspacePool,
}

impl HostInfo {
    /// Whether questions fail at once.
    #[must_use]
    pub fn is_null(&self) -> bool {
        *self == Self::None
    }

    pub(super) fn to_value(&self) -> Value {
        let flags = |host: bool, ui: bool, raw_ui: bool, of_pool: bool| {
            [
                ("_isHostNull", Value::Bool(host)),
                ("_isHostUINull", Value::Bool(ui)),
                ("_isHostRawUINull", Value::Bool(raw_ui)),
                ("_useRunspaceHost", Value::Bool(of_pool)),
            ]
        };
        let console = |data: &ConsoleData| {
            let [a, b, c, d] = flags(false, false, false, false);
            Value::custom([("_hostDefaultData", data.to_value()), a, b, c, d])
        };
        match self {
            Self::None => Value::custom(flags(true, true, true, false)),
            Self::OfRunspacePool => Value::custom(flags(true, true, true, true)),
            Self::WithoutRawUi => Value::custom(flags(false, false, true, false)),
            Self::WithoutUi => Value::custom(flags(false, true, true, false)),
            Self::Console => console(&ConsoleData::default()),
            Self::ConsoleOf(data) => console(data),
        }
    }

    pub(super) fn from_value(value: &Value) -> Self {
        let flag = |name| value.get(name).and_then(Value::as_bool) == Some(true);
        match (flag("_useRunspaceHost"), flag("_isHostNull")) {
            (true, _) => Self::OfRunspacePool,
            (false, true) => Self::None,
            (false, false) if flag("_isHostUINull") => Self::WithoutUi,
            (false, false) if flag("_isHostRawUINull") => Self::WithoutRawUi,
            (false, false) => match value.get("_hostDefaultData").map(ConsoleData::from_value) {
                Some(data) if data != ConsoleData::default() => Self::ConsoleOf(Box::new(data)),
                _ => Self::Console,
            },
        }
    }
}

/// What a console looks like when the session opens.
///
/// Source: [MS-PSRP] §2.2.3.14; colours of §2.2.3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleData {
    /// A ConsoleColor.
    pub foreground: i32,
    /// A ConsoleColor.
    pub background: i32,
    /// Column and row.
    pub cursor: (i32, i32),
    /// Column and row of the window in the buffer.
    pub window: (i32, i32),
    /// Per cent of a cell.
    pub cursor_size: i32,
    /// Width and height.
    pub buffer_size: (i32, i32),
    /// Width and height.
    pub window_size: (i32, i32),
    /// Width and height that the buffer allows.
    pub max_window_size: (i32, i32),
    /// Width and height that the screen allows.
    pub max_physical_window_size: (i32, i32),
    /// In the window's title bar.
    pub title: String,
}

impl Default for ConsoleData {
    fn default() -> Self {
        const SIZE: (i32, i32) = (120, 50);
        Self {
            foreground: 7,
            background: 0,
            cursor: (0, 0),
            window: (0, 0),
            cursor_size: 25,
            buffer_size: SIZE,
            window_size: SIZE,
            max_window_size: SIZE,
            max_physical_window_size: SIZE,
            title: "wsman".to_owned(),
        }
    }
}

impl ConsoleData {
    /// Keys as the specification numbers them.
    fn to_value(&self) -> Value {
        let typed = |name: &str, value: Value| Value::custom([("T", Value::from(name)), ("V", value)]);
        let pair = |a: &str, x: i32, b: &str, y: i32| Value::custom([(a, Value::I32(x)), (b, Value::I32(y))]);
        let colour = |n| typed("System.ConsoleColor", Value::I32(n));
        let at = |(x, y)| typed("System.Management.Automation.Host.Coordinates", pair("x", x, "y", y));
        let size =
            |(width, height)| typed("System.Management.Automation.Host.Size", pair("height", height, "width", width));
        let data = [
            colour(self.foreground),
            colour(self.background),
            at(self.cursor),
            at(self.window),
            typed("System.Int32", Value::I32(self.cursor_size)),
            size(self.buffer_size),
            size(self.window_size),
            size(self.max_window_size),
            size(self.max_physical_window_size),
            typed("System.String", Value::from(self.title.as_str())),
        ];
        let entries = (0..).zip(data).map(|(key, value)| (Value::I32(key), value)).collect();
        Value::custom([(
            "data",
            super::object(Object {
                type_names: Some(Arc::from(["System.Collections.Hashtable".into(), "System.Object".into()])),
                content: Content::Dictionary(entries),
                ..Object::default()
            }),
        )])
    }

    /// What is missing is as in the default.
    fn from_value(value: &Value) -> Self {
        let entries = match value.get("data").and_then(Value::as_object).map(|data| &data.content) {
            Some(Content::Dictionary(entries)) => &entries[..],
            _ => &[],
        };
        let entry = |key: i64| {
            let found = entries.iter().find(|(k, _)| k.as_i64() == Some(key));
            found.and_then(|(_, value)| value.get("V"))
        };
        let int = Value::as_i32;
        let number = |key, otherwise| entry(key).and_then(int).unwrap_or(otherwise);
        let pair = |key, a: &str, b: &str, otherwise| {
            let read = |value: &Value| Some((value.get(a).and_then(int)?, value.get(b).and_then(int)?));
            entry(key).and_then(read).unwrap_or(otherwise)
        };
        let size = |key, otherwise| pair(key, "width", "height", otherwise);
        let usual = Self::default();
        Self {
            foreground: number(0, usual.foreground),
            background: number(1, usual.background),
            cursor: pair(2, "x", "y", usual.cursor),
            window: pair(3, "x", "y", usual.window),
            cursor_size: number(4, usual.cursor_size),
            buffer_size: size(5, usual.buffer_size),
            window_size: size(6, usual.window_size),
            max_window_size: size(7, usual.max_window_size),
            max_physical_window_size: size(8, usual.max_physical_window_size),
            title: entry(9).map_or(usual.title, to_text),
        }
    }
}

macro_rules! methods {
    ($($name:ident = $id:literal),* $(,)?) => {
        /// Methods of a host.
        ///
        /// Source: [MS-PSRP] §2.2.3.17.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[expect(missing_docs, reason = "PowerShell's method names, see PSHost, PSHostUserInterface, PSHostRawUserInterface")]
        pub enum HostMethod {
            $($name,)*
            /// A number that the specification does not have.
            Unknown(i32),
        }

        impl HostMethod {
            /// The number on the wire.
            #[must_use]
            pub const fn id(self) -> i32 {
                match self {
                    $(Self::$name => $id,)*
                    Self::Unknown(id) => id,
                }
            }

            /// The method with that number.
            #[must_use]
            pub const fn from_id(id: i32) -> Self {
                match id {
                    $($id => Self::$name,)*
                    id => Self::Unknown(id),
                }
            }

            /// PowerShell's name of it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                    Self::Unknown(_) => "Unknown",
                }
            }
        }
    };
}

methods! {
    GetName = 1, GetVersion = 2, GetInstanceId = 3, GetCurrentCulture = 4, GetCurrentUICulture = 5,
    SetShouldExit = 6, EnterNestedPrompt = 7, ExitNestedPrompt = 8, NotifyBeginApplication = 9,
    NotifyEndApplication = 10, ReadLine = 11, ReadLineAsSecureString = 12, Write1 = 13, Write2 = 14,
    WriteLine1 = 15, WriteLine2 = 16, WriteLine3 = 17, WriteErrorLine = 18, WriteDebugLine = 19,
    WriteProgress = 20, WriteVerboseLine = 21, WriteWarningLine = 22, Prompt = 23, PromptForCredential1 = 24,
    PromptForCredential2 = 25, PromptForChoice = 26, GetForegroundColor = 27, SetForegroundColor = 28,
    GetBackgroundColor = 29, SetBackgroundColor = 30, GetCursorPosition = 31, SetCursorPosition = 32,
    GetWindowPosition = 33, SetWindowPosition = 34, GetCursorSize = 35, SetCursorSize = 36, GetBufferSize = 37,
    SetBufferSize = 38, GetWindowSize = 39, SetWindowSize = 40, GetWindowTitle = 41, SetWindowTitle = 42,
    GetMaxWindowSize = 43, GetMaxPhysicalWindowSize = 44, GetKeyAvailable = 45, ReadKey = 46,
    FlushInputBuffer = 47, SetBufferContents1 = 48, SetBufferContents2 = 49, GetBufferContents = 50,
    ScrollBufferContents = 51, PushRunspace = 52, PopRunspace = 53, GetIsRunspacePushed = 54, GetRunspace = 55,
    PromptForChoiceMultipleSelection = 56,
}

impl HostMethod {
    /// Whether the host waits for an answer. Void methods must not get one.
    #[must_use]
    pub const fn wants_answer(self) -> bool {
        // Getters, and what asks a person; the rest returns nothing.
        !matches!(
            self.id(),
            6..=10 | 13..=22 | 28 | 30 | 32 | 34 | 36 | 38 | 40 | 42 | 47..=49 | 51..=53
        )
    }
}

/// RUNSPACEPOOL_HOST_CALL, PIPELINE_HOST_CALL.
///
/// Source: [MS-PSRP] §2.2.2.15, §2.2.2.27.
#[derive(Clone, PartialEq)]
pub struct HostCall {
    /// Ties the answer to the call; void methods carry -100.
    pub call_id: i64,
    /// The method.
    pub method: HostMethod,
    /// Its parameters.
    pub parameters: Vec<Value>,
}

impl std::fmt::Debug for HostCall {
    /// Without parameters: they are output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostCall").field("call_id", &self.call_id).field("method", &self.method).finish_non_exhaustive()
    }
}

/// Call id of void methods.
const VOID: i64 = -100;

/// One choice of PromptForChoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// As PowerShell sends it, `&Yes`.
    pub label: String,
}

impl Choice {
    /// The label without its hot key mark.
    #[must_use]
    pub fn plain(&self) -> String {
        self.label.replacen('&', "", 1)
    }
}

impl HostCall {
    /// Reads a payload.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<Self, PayloadError> {
        let value = super::decode(payload)?;
        let number = |name: &'static str| required(&value, name)?.as_i64().ok_or(PayloadError::Missing(name));
        let method = number("mi")?.try_into().map_err(|_| PayloadError::Missing("mi"))?;
        let parameters = value.get("mp").and_then(Value::items).unwrap_or_default().to_vec();
        Ok(Self { call_id: number("ci")?, method: HostMethod::from_id(method), parameters })
    }

    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        super::encode(&Value::custom([
            ("ci", Value::I64(self.call_id)),
            ("mi", method_value(self.method)),
            ("mp", Value::list(self.parameters.clone())),
        ]))
    }

    /// Whether the host waits for an answer: the method gives one, and the
    /// call has an id (void calls carry -100).
    #[must_use]
    pub fn wants_answer(&self) -> bool {
        self.method.wants_answer() && self.call_id != VOID
    }

    /// The question as a person would read it: caption, message, field names.
    #[must_use]
    pub fn question(&self) -> String {
        let text = |n: usize| self.parameters.get(n).map_or_else(String::new, to_text);
        let fields = || {
            let fields = self.parameters.get(2).and_then(Value::items).unwrap_or_default();
            fields.iter().filter_map(|field| field.get("name")).map(to_text).collect::<Vec<_>>().join(", ")
        };
        let parts = match self.method {
            HostMethod::Prompt => [text(0), text(1), fields()],
            HostMethod::PromptForChoice
            | HostMethod::PromptForChoiceMultipleSelection
            | HostMethod::PromptForCredential1
            | HostMethod::PromptForCredential2 => [text(0), text(1), String::new()],
            _ => [self.method.name().to_owned(), String::new(), String::new()],
        };
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The one field of a Prompt for exactly one plain string; its name is
    /// the question.
    #[must_use]
    pub fn single_string_field(&self) -> Option<String> {
        if self.method != HostMethod::Prompt {
            return None;
        }
        let [field] = self.parameters.get(2)?.items()? else { return None };
        let kind = field.get("parameterTypeFullName")?.as_str()?;
        (kind == "System.String").then(|| field.get("name").map(to_text)).flatten()
    }

    /// The choices of a PromptForChoice.
    #[must_use]
    pub fn choices(&self) -> Vec<Choice> {
        if self.method != HostMethod::PromptForChoice {
            return Vec::new();
        }
        let list = self.parameters.get(2).and_then(Value::items).unwrap_or_default();
        list.iter().map(|choice| Choice { label: choice.get("label").map_or_else(String::new, to_text) }).collect()
    }
}

fn method_value(method: HostMethod) -> Value {
    enumeration("System.Management.Automation.Remoting.RemoteHostMethodId", method.name(), method.id())
}

/// Why a host call is refused; becomes an error in the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `FullyQualifiedErrorId`.
    pub id: String,
    /// Text of the error.
    pub message: String,
}

/// RUNSPACEPOOL_HOST_RESPONSE, PIPELINE_HOST_RESPONSE.
///
/// Source: [MS-PSRP] §2.2.2.16, §2.2.2.28.
#[derive(Clone, Debug, PartialEq)]
pub enum HostResponse {
    /// The method's result.
    Value(Value),
    /// The method throws. What called it may catch that and go on.
    Refused(Refusal),
    /// None: the pipeline is stopped where it waits for one, so nothing behind
    /// the question runs. Of a pool, which cannot be stopped so, it is refused.
    Stop,
}

impl HostResponse {
    /// The answer to a Prompt: field name to value.
    #[must_use]
    pub fn fields<K: Into<crate::clixml::Text>>(answers: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Value(Value::hashtable(answers))
    }

    /// Writes the payload.
    ///
    /// # Errors
    ///
    /// [`EncodeError`]: a value in it does not travel.
    pub fn encode(&self, call: &HostCall) -> Result<Vec<u8>, EncodeError> {
        super::encode(&self.to_value(call))
    }

    /// The payload before it is written: secrets in it are not sealed yet.
    pub(crate) fn to_value(&self, call: &HostCall) -> Value {
        let refused = |id: &str, message: &str| {
            let mut error = ErrorRecord::new(message, id, NOT_IMPLEMENTED);
            error.exception_type = "System.NotImplementedException".into();
            ("me", error.to_value())
        };
        let (name, result) = match self {
            Self::Value(value) => ("mr", value.clone()),
            Self::Refused(Refusal { id, message }) => refused(id, message),
            Self::Stop => refused("Wsman.Refused", "nobody is there to ask"),
        };
        Value::custom([("ci", Value::I64(call.call_id)), ("mi", method_value(call.method)), (name, result)])
    }

    /// Reads an answer: call id and result.
    ///
    /// # Errors
    ///
    /// [`PayloadError`]: it is not readable, or a part is missing.
    pub fn decode(payload: &[u8]) -> Result<(i64, Self), PayloadError> {
        let value = super::decode(payload)?;
        let call_id = required(&value, "ci")?.as_i64().ok_or(PayloadError::Missing("ci"))?;
        let response = match value.get("me").filter(|error| **error != Value::Nil) {
            Some(error) => {
                let error = ErrorRecord::from_value(error);
                Self::Refused(Refusal { id: error.id, message: error.message })
            }
            None => Self::Value(value.get("mr").cloned().unwrap_or(Value::Nil)),
        };
        Ok((call_id, response))
    }
}

/// ErrorCategory.NotImplemented.
const NOT_IMPLEMENTED: i32 = 11;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_answers_read_back() {
        let call = HostCall { call_id: 3, method: HostMethod::ReadLine, parameters: vec![] };
        assert_eq!(HostCall::decode(&call.encode().unwrap()), Ok(call.clone()));
        for response in [
            HostResponse::Value(Value::from("j")),
            HostResponse::Refused(Refusal { id: "X.Refused".into(), message: "no".into() }),
        ] {
            assert_eq!(HostResponse::decode(&response.encode(&call).unwrap()), Ok((3, response)));
        }
    }

    #[test]
    fn a_prompt_is_read_as_its_question() {
        let field = |name: &str, kind: &str| {
            Value::custom([("name", Value::from(name)), ("parameterTypeFullName", Value::from(kind))])
        };
        let prompt = |fields| HostCall {
            call_id: 1,
            method: HostMethod::Prompt,
            parameters: vec![Value::from(""), Value::from(""), Value::list(fields)],
        };
        let one = prompt(vec![field("Wirklich löschen? (j/n)", "System.String")]);
        assert_eq!(one.question(), "Wirklich löschen? (j/n)");
        assert_eq!(one.single_string_field().as_deref(), Some("Wirklich löschen? (j/n)"));
        let secret = prompt(vec![field("Kennwort", "System.Security.SecureString")]);
        assert_eq!(secret.single_string_field(), None);
        let two = prompt(vec![field("a", "System.String"), field("b", "System.String")]);
        assert_eq!(two.single_string_field(), None);
        assert_eq!(two.question(), "a, b");
    }

    #[test]
    fn void_methods_want_no_answer() {
        for method in [HostMethod::SetShouldExit, HostMethod::WriteLine2, HostMethod::SetWindowTitle] {
            assert!(!method.wants_answer(), "{method:?}");
        }
        for method in [HostMethod::ReadLine, HostMethod::Prompt, HostMethod::PromptForChoice, HostMethod::ReadKey] {
            assert!(method.wants_answer(), "{method:?}");
        }
    }
}
