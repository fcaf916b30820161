//! Host calls by their meaning: every method with its parameters, and the
//! answers that fit. One table of 56 methods, which is why it is long.
//!
//! Source: [MS-PSRP] §2.2.3.17, the types of the parameters §2.2.3.1 to
//! §2.2.3.30.

use super::{HostCall, HostMethod, HostResponse, PayloadError, ProgressRecord, text, to_text};
use crate::clixml::{SecureString, Text, Value, Version};

/// A host call, understood. Texts are the host's and untrusted.
///
/// What gives no answer says so by [`HostCall::wants_answer`]; a void call that
/// gets one confuses the host.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Question {
    /// Name of the host: [`HostResponse::text`].
    Name,
    /// Version of the host: [`HostResponse::version`].
    Version,
    /// Instance id of the host: [`HostResponse::Value`] with a GUID.
    InstanceId,
    /// Culture for numbers and dates: [`HostResponse::text`], `de-DE`.
    CurrentCulture,
    /// Culture for texts.
    CurrentUiCulture,
    /// `exit n`; void.
    ShouldExit(i32),
    /// A nested prompt begins; void.
    EnterNestedPrompt,
    /// It ends; void.
    ExitNestedPrompt,
    /// A native program begins; void.
    BeginApplication,
    /// It ended; void.
    EndApplication,
    /// A line of input: [`HostResponse::text`].
    ReadLine,
    /// A secret line: [`HostResponse::secret`].
    ReadSecret,
    /// Text for the screen; void.
    Write {
        /// The text, without the end of line that `newline` stands for.
        text: String,
        /// Foreground and background, ConsoleColor's numbers.
        colours: Option<(i32, i32)>,
        /// Ends the line.
        newline: bool,
    },
    /// Text of a stream, as it would be shown; void. The record of the same
    /// text comes besides.
    WriteStream(StreamKind, String),
    /// Progress, as it would be shown; void.
    WriteProgress {
        /// Where it comes from.
        source: i64,
        /// What is going on.
        record: ProgressRecord,
    },
    /// Several fields to fill in: [`HostResponse::fields`].
    Prompt {
        /// Title.
        caption: String,
        /// What it is about.
        message: String,
        /// The fields, in order.
        fields: Vec<Field>,
    },
    /// User name and password: [`HostResponse::credential`].
    Credential {
        /// Title.
        caption: String,
        /// What it is about.
        message: String,
        /// Proposed user name.
        username: String,
        /// What they are for.
        target: String,
        /// PSCredentialTypes (1 generic, 2 domain) and PSCredentialUIOptions,
        /// when the host says them.
        allowed: Option<(i32, i32)>,
    },
    /// One of several: [`HostResponse::choice`].
    Choice {
        /// Title.
        caption: String,
        /// What it is about.
        message: String,
        /// What can be chosen.
        choices: Vec<Alternative>,
        /// What an empty answer means; `None`: nothing does.
        default: Option<usize>,
    },
    /// Any of several: [`HostResponse::choices`].
    Choices {
        /// Title.
        caption: String,
        /// What it is about.
        message: String,
        /// What can be chosen.
        choices: Vec<Alternative>,
        /// What an empty answer means.
        defaults: Vec<usize>,
    },
    /// A property of the screen: [`HostResponse::Value`] of its type.
    GetScreen(ScreenProperty),
    /// Sets one; void.
    SetScreen(ScreenProperty, ScreenValue),
    /// Whether a key waits: [`HostResponse::Value`] with a boolean.
    KeyAvailable,
    /// A key: [`HostResponse::key`]. ReadKeyOptions as number.
    ReadKey(i32),
    /// Forget what was typed ahead; void.
    FlushInput,
    /// Fills a rectangle; void.
    Fill {
        /// Where; all -1: everywhere.
        rectangle: Rectangle,
        /// With what.
        cell: Cell,
    },
    /// Puts cells somewhere; void.
    Paint {
        /// Top left corner.
        at: Coordinates,
        /// Rows and columns as the host sent them (`mae`, `mal`).
        cells: Value,
    },
    /// What is in a rectangle: [`HostResponse::Value`]. PowerShell's servers
    /// refuse it themselves.
    BufferContents(Rectangle),
    /// Moves a rectangle; void.
    Scroll {
        /// What.
        source: Rectangle,
        /// Where to.
        destination: Coordinates,
        /// The part that may change.
        clip: Rectangle,
        /// What fills the hole.
        fill: Cell,
    },
    /// `Enter-PSSession`, void; PowerShell's servers refuse it themselves.
    PushRunspace,
    /// `Exit-PSSession`; void.
    PopRunspace,
    /// Whether a runspace is pushed: [`HostResponse::Value`] with a boolean.
    IsRunspacePushed,
    /// The pushed runspace.
    Runspace,
}

/// One field of a [`Question::Prompt`].
///
/// Source: [MS-PSRP] §2.2.3.7 (FieldDescription).
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name: the key of its answer.
    pub name: String,
    /// With a hot key, `&Name`.
    pub label: String,
    /// .NET type of the answer, `System.String`.
    pub type_name: String,
    /// What to say about it.
    pub help: String,
    /// It must be filled in.
    pub mandatory: bool,
    /// What an empty answer means.
    pub default: Option<Value>,
}

impl Field {
    /// The answer is to be a SecureString.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.type_name == "System.Security.SecureString"
    }
}

/// One of the answers to a choice.
///
/// Source: [MS-PSRP] §2.2.3.2 (ChoiceDescription).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// With a hot key, `&Yes`.
    pub label: String,
    /// What to say about it.
    pub help: String,
}

/// A stream that a host shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the streams' own names")]
pub enum StreamKind {
    Error,
    Debug,
    Verbose,
    Warning,
}

/// A property of PSHostRawUserInterface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "PowerShell's own names")]
pub enum ScreenProperty {
    ForegroundColour,
    BackgroundColour,
    CursorPosition,
    WindowPosition,
    CursorSize,
    BufferSize,
    WindowSize,
    WindowTitle,
    MaxWindowSize,
    MaxPhysicalWindowSize,
}

/// What a property of the screen is set to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScreenValue {
    /// A colour or the cursor's size.
    Number(i32),
    /// A position.
    At(Coordinates),
    /// A size: width, height.
    Size(i32, i32),
    /// The title.
    Text(String),
}

/// Source: [MS-PSRP] §2.2.3.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coordinates {
    /// Column.
    pub x: i32,
    /// Row.
    pub y: i32,
}

/// Source: [MS-PSRP] §2.2.3.12 (Rectangle).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "four edges")]
pub struct Rectangle {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

/// One character on the screen.
///
/// Source: [MS-PSRP] §2.2.3.28 (BufferCell).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// UTF-16 unit.
    pub character: u16,
    /// ConsoleColor.
    pub foreground: i32,
    /// ConsoleColor.
    pub background: i32,
}

/// A key, pressed or released.
///
/// Source: [MS-PSRP] §2.2.3.26 (KeyInfo).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Windows' virtual key code.
    pub code: i32,
    /// UTF-16 unit; 0 when it has none.
    pub character: u16,
    /// ControlKeyStates.
    pub state: i32,
    /// Pressed; else released.
    pub down: bool,
}

impl std::fmt::Debug for Question {
    /// The kind alone: what is written and asked is output.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question")
    }
}

impl HostCall {
    /// What the call means.
    ///
    /// # Errors
    ///
    /// [`PayloadError::Missing`]: a parameter is missing or of another type,
    /// or the method is unknown.
    pub fn question_of(&self) -> Result<Question, PayloadError> {
        let p = Parameters(&self.parameters);
        Ok(match self.method {
            HostMethod::GetName => Question::Name,
            HostMethod::GetVersion => Question::Version,
            HostMethod::GetInstanceId => Question::InstanceId,
            HostMethod::GetCurrentCulture => Question::CurrentCulture,
            HostMethod::GetCurrentUICulture => Question::CurrentUiCulture,
            HostMethod::SetShouldExit => Question::ShouldExit(p.number(0)?),
            HostMethod::EnterNestedPrompt => Question::EnterNestedPrompt,
            HostMethod::ExitNestedPrompt => Question::ExitNestedPrompt,
            HostMethod::NotifyBeginApplication => Question::BeginApplication,
            HostMethod::NotifyEndApplication => Question::EndApplication,
            HostMethod::PushRunspace => Question::PushRunspace,
            HostMethod::PopRunspace => Question::PopRunspace,
            HostMethod::GetIsRunspacePushed => Question::IsRunspacePushed,
            HostMethod::GetRunspace => Question::Runspace,
            HostMethod::Unknown(_) => return Err(PayloadError::Missing("mi")),
            method => match p.conversation(method)? {
                Some(question) => question,
                None => p.screen(method)?.ok_or(PayloadError::Missing("mi"))?,
            },
        })
    }
}

struct Parameters<'c>(&'c [Value]);

const WRONG: PayloadError = PayloadError::Missing("mp");

impl Parameters<'_> {
    fn value(&self, n: usize) -> Result<&Value, PayloadError> {
        self.0.get(n).ok_or(WRONG)
    }

    fn number(&self, n: usize) -> Result<i32, PayloadError> {
        whole(self.value(n)?)
    }

    /// Null is no text.
    fn text(&self, n: usize) -> Result<String, PayloadError> {
        self.value(n).map(to_text)
    }

    fn write(&self, at: usize, coloured: bool, newline: bool) -> Result<Question, PayloadError> {
        let colours = if coloured { Some((self.number(0)?, self.number(1)?)) } else { None };
        Ok(Question::Write { text: self.text(at)?, colours, newline })
    }

    fn stream(&self, kind: StreamKind) -> Result<Question, PayloadError> {
        Ok(Question::WriteStream(kind, self.text(0)?))
    }

    fn conversation(&self, method: HostMethod) -> Result<Option<Question>, PayloadError> {
        let head = || Ok::<_, PayloadError>((self.text(0)?, self.text(1)?));
        Ok(Some(match method {
            HostMethod::ReadLine => Question::ReadLine,
            HostMethod::ReadLineAsSecureString => Question::ReadSecret,
            HostMethod::Write1 => self.write(0, false, false)?,
            HostMethod::Write2 => self.write(2, true, false)?,
            HostMethod::WriteLine1 => Question::Write { text: String::new(), colours: None, newline: true },
            HostMethod::WriteLine2 => self.write(0, false, true)?,
            HostMethod::WriteLine3 => self.write(2, true, true)?,
            HostMethod::WriteErrorLine => self.stream(StreamKind::Error)?,
            HostMethod::WriteDebugLine => self.stream(StreamKind::Debug)?,
            HostMethod::WriteVerboseLine => self.stream(StreamKind::Verbose)?,
            HostMethod::WriteWarningLine => self.stream(StreamKind::Warning)?,
            HostMethod::WriteProgress => Question::WriteProgress {
                source: self.value(0)?.as_i64().ok_or(WRONG)?,
                record: ProgressRecord::from_value(self.value(1)?),
            },
            HostMethod::Prompt => {
                let (caption, message) = head()?;
                let fields = self.value(2)?.items().ok_or(WRONG)?.iter().map(field).collect();
                Question::Prompt { caption, message, fields }
            }
            HostMethod::PromptForCredential1 | HostMethod::PromptForCredential2 => {
                let (caption, message) = head()?;
                let (username, target) = (self.text(2)?, self.text(3)?);
                let both = method == HostMethod::PromptForCredential2;
                let allowed = if both { Some((self.number(4)?, self.number(5)?)) } else { None };
                Question::Credential { caption, message, username, target, allowed }
            }
            HostMethod::PromptForChoice => {
                let (caption, message) = head()?;
                let default = usize::try_from(self.number(3)?).ok();
                Question::Choice { caption, message, choices: self.choices()?, default }
            }
            HostMethod::PromptForChoiceMultipleSelection => {
                let (caption, message) = head()?;
                let defaults = self.value(3)?.items().unwrap_or_default();
                let defaults = defaults.iter().filter_map(|n| usize::try_from(whole(n).ok()?).ok()).collect();
                Question::Choices { caption, message, choices: self.choices()?, defaults }
            }
            _ => return Ok(None),
        }))
    }

    fn choices(&self) -> Result<Vec<Alternative>, PayloadError> {
        let choices = self.value(2)?.items().ok_or(WRONG)?.iter();
        Ok(choices.map(|c| Alternative { label: text(c, "label"), help: text(c, "helpMessage") }).collect())
    }

    fn screen(&self, method: HostMethod) -> Result<Option<Question>, PayloadError> {
        use ScreenProperty as P;
        let number =
            |property| Ok::<_, PayloadError>(Question::SetScreen(property, ScreenValue::Number(self.number(0)?)));
        let at = |property| {
            Ok::<_, PayloadError>(Question::SetScreen(property, ScreenValue::At(coordinates(self.value(0)?)?)))
        };
        let size = |property| {
            let size = self.value(0)?;
            let size = ScreenValue::Size(member(size, "width")?, member(size, "height")?);
            Ok::<_, PayloadError>(Question::SetScreen(property, size))
        };
        Ok(Some(match method {
            HostMethod::GetForegroundColor => Question::GetScreen(P::ForegroundColour),
            HostMethod::GetBackgroundColor => Question::GetScreen(P::BackgroundColour),
            HostMethod::GetCursorPosition => Question::GetScreen(P::CursorPosition),
            HostMethod::GetWindowPosition => Question::GetScreen(P::WindowPosition),
            HostMethod::GetCursorSize => Question::GetScreen(P::CursorSize),
            HostMethod::GetBufferSize => Question::GetScreen(P::BufferSize),
            HostMethod::GetWindowSize => Question::GetScreen(P::WindowSize),
            HostMethod::GetWindowTitle => Question::GetScreen(P::WindowTitle),
            HostMethod::GetMaxWindowSize => Question::GetScreen(P::MaxWindowSize),
            HostMethod::GetMaxPhysicalWindowSize => Question::GetScreen(P::MaxPhysicalWindowSize),
            HostMethod::SetForegroundColor => number(P::ForegroundColour)?,
            HostMethod::SetBackgroundColor => number(P::BackgroundColour)?,
            HostMethod::SetCursorPosition => at(P::CursorPosition)?,
            HostMethod::SetWindowPosition => at(P::WindowPosition)?,
            HostMethod::SetCursorSize => number(P::CursorSize)?,
            HostMethod::SetBufferSize => size(P::BufferSize)?,
            HostMethod::SetWindowSize => size(P::WindowSize)?,
            HostMethod::SetWindowTitle => Question::SetScreen(P::WindowTitle, ScreenValue::Text(self.text(0)?)),
            HostMethod::GetKeyAvailable => Question::KeyAvailable,
            HostMethod::ReadKey => Question::ReadKey(self.number(0)?),
            HostMethod::FlushInputBuffer => Question::FlushInput,
            HostMethod::SetBufferContents1 => {
                Question::Fill { rectangle: rectangle(self.value(0)?)?, cell: cell(self.value(1)?)? }
            }
            HostMethod::SetBufferContents2 => {
                Question::Paint { at: coordinates(self.value(0)?)?, cells: self.value(1)?.clone() }
            }
            HostMethod::GetBufferContents => Question::BufferContents(rectangle(self.value(0)?)?),
            HostMethod::ScrollBufferContents => Question::Scroll {
                source: rectangle(self.value(0)?)?,
                destination: coordinates(self.value(1)?)?,
                clip: rectangle(self.value(2)?)?,
                fill: cell(self.value(3)?)?,
            },
            _ => return Ok(None),
        }))
    }
}

fn whole(value: &Value) -> Result<i32, PayloadError> {
    value.as_i32().ok_or(WRONG)
}

fn member(value: &Value, name: &str) -> Result<i32, PayloadError> {
    whole(value.get(name).ok_or(WRONG)?)
}

fn coordinates(value: &Value) -> Result<Coordinates, PayloadError> {
    Ok(Coordinates { x: member(value, "x")?, y: member(value, "y")? })
}

fn rectangle(value: &Value) -> Result<Rectangle, PayloadError> {
    Ok(Rectangle {
        left: member(value, "left")?,
        top: member(value, "top")?,
        right: member(value, "right")?,
        bottom: member(value, "bottom")?,
    })
}

fn cell(value: &Value) -> Result<Cell, PayloadError> {
    let Some(Value::Char(character)) = value.get("character") else { return Err(WRONG) };
    let (foreground, background) = (member(value, "foregroundColor")?, member(value, "backgroundColor")?);
    Ok(Cell { character: *character, foreground, background })
}

fn field(value: &Value) -> Field {
    Field {
        name: text(value, "name"),
        label: text(value, "label"),
        type_name: text(value, "parameterTypeFullName"),
        help: text(value, "helpMessage"),
        mandatory: value.get("isMandatory").and_then(Value::as_bool) == Some(true),
        default: value.get("defaultValue").filter(|value| **value != Value::Nil).cloned(),
    }
}

impl HostResponse {
    /// A text: ReadLine, names, titles.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Value(Value::String(text.into()))
    }

    /// A version, `1.2.3`; null when it is none.
    #[must_use]
    pub fn version(version: &str) -> Self {
        Self::Value(Version::parse(version).map_or(Value::Nil, Value::Version))
    }

    /// A secret line. The session key is exchanged for it.
    pub fn secret(secret: impl Into<SecureString>) -> Self {
        Self::Value(Value::SecureString(secret.into()))
    }

    /// User name and password. The session key is exchanged for it.
    pub fn credential(username: impl Into<Text>, password: impl Into<SecureString>) -> Self {
        Self::Value(Value::credential(username, password))
    }

    /// The n-th choice, from 0.
    #[must_use]
    pub fn choice(n: i32) -> Self {
        Self::Value(Value::I32(n))
    }

    /// Some of the choices, from 0.
    #[must_use]
    pub fn choices(chosen: &[i32]) -> Self {
        Self::Value(Value::list(chosen.iter().copied().map(Value::I32).collect()))
    }

    /// A key.
    #[must_use]
    pub fn key(key: Key) -> Self {
        Self::Value(Value::custom([
            ("virtualKeyCode", Value::I32(key.code)),
            ("character", Value::Char(key.character)),
            ("controlKeyState", Value::I32(key.state)),
            ("keyDown", Value::Bool(key.down)),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(method: HostMethod, parameters: Vec<Value>) -> HostCall {
        HostCall { call_id: 1, method, parameters }
    }

    #[test]
    fn every_method_that_has_a_number_is_a_question() {
        let number = Value::I32(1);
        let at = Value::custom([("x", Value::I32(3)), ("y", Value::I32(4))]);
        let size = Value::custom([("width", Value::I32(80)), ("height", Value::I32(25))]);
        let area = Value::custom(["left", "top", "right", "bottom"].map(|edge| (edge, Value::I32(-1))));
        let cell = Value::custom([
            ("character", Value::Char(32)),
            ("foregroundColor", Value::I32(7)),
            ("backgroundColor", Value::I32(0)),
            ("bufferCellType", Value::I32(0)),
        ]);
        let texts = vec![Value::from("a"), Value::from("b"), Value::from("c"), Value::from("d")];
        for id in 1..=56 {
            let method = HostMethod::from_id(id);
            let parameters = match id {
                6 | 28 | 30 | 36 | 46 => vec![number.clone()],
                14 | 17 => vec![number.clone(), number.clone(), Value::from("t")],
                13 | 16 | 18 | 19 | 21 | 22 | 42 => texts.clone(),
                20 => vec![Value::I64(0), Value::custom([("Activity", Value::from("x"))])],
                23 => vec![Value::from("a"), Value::from("b"), Value::list(vec![])],
                24 => texts.clone(),
                25 => [texts.clone(), vec![number.clone(), number.clone()]].concat(),
                26 => vec![Value::from("a"), Value::from("b"), Value::list(vec![]), Value::I32(-1)],
                56 => vec![Value::from("a"), Value::from("b"), Value::list(vec![]), Value::list(vec![number.clone()])],
                32 | 34 => vec![at.clone()],
                38 | 40 => vec![size.clone()],
                48 => vec![area.clone(), cell.clone()],
                49 => vec![at.clone(), cell.clone()],
                50 => vec![area.clone()],
                51 => vec![area.clone(), at.clone(), area.clone(), cell.clone()],
                _ => vec![],
            };
            assert!(call(method, parameters.clone()).question_of().is_ok(), "{id} {}", method.name());
            // What has parameters needs them.
            if !parameters.is_empty() {
                assert_eq!(call(method, vec![]).question_of(), Err(WRONG), "{id}");
            }
        }
        assert!(call(HostMethod::Unknown(57), vec![]).question_of().is_err());
    }

    #[test]
    fn a_choice_says_its_default_and_helps() {
        let option = Value::custom([("label", Value::from("&Yes")), ("helpMessage", Value::from("do it"))]);
        let parameters = vec![Value::from("t"), Value::from("m"), Value::list(vec![option]), Value::I32(0)];
        let Ok(Question::Choice { choices, default, .. }) = call(HostMethod::PromptForChoice, parameters).question_of()
        else {
            panic!()
        };
        assert_eq!((choices[0].label.as_str(), choices[0].help.as_str(), default), ("&Yes", "do it", Some(0)));
    }
}
