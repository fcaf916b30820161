//! One pipeline, from its creation to its last message.

use uuid::Uuid;

use super::action::Action;
use super::errors;
use super::outgoing::{self, Outgoing};
use super::plan::{self, Plan, Sink};
use super::secrets::Secrets;
use crate::clixml::{EncodeError, Value};
use crate::host_end::demo::{Commands, Step};
use crate::psrp::fragment::Assembler;
use crate::psrp::{
    self, CreatePipeline, ErrorRecord, HostCall, HostInfo, HostMethod, HostResponse, MessageType, PipelineState,
    TextRecord,
};
use crate::time::{Duration, Instant};

pub(super) struct Pipeline {
    pub(super) assembler: Assembler,
    pub(super) state: State,
}

pub(super) enum State {
    AwaitCreate,
    /// Waits for a runspace.
    Queued(CreatePipeline),
    Running(Running),
    Over,
}

pub(super) struct Running {
    plan: Plan,
    waits: Waits,
    has_host: bool,
    calls: i64,
}

/// What stands between a pipeline and its next action.
#[derive(Debug)]
enum Waits {
    Nothing,
    Until(Instant),
    /// The answer to a host call.
    Answer {
        call_id: i64,
        field: String,
    },
    /// The answer, before its turn.
    Answered(Result<Value, Box<ErrorRecord>>),
}

/// What a pipeline needs of its surroundings.
pub(super) struct World<'a> {
    pub(super) commands: &'a mut dyn Commands,
    pub(super) out: &'a mut Outgoing,
    pub(super) secrets: &'a mut Secrets,
    pub(super) unix_now: Duration,
    pub(super) pool_host: HostInfo,
}

/// How far a pipeline got.
pub(super) enum Progress {
    /// It holds its runspace and goes on then, or when an answer comes.
    Waits(Instant),
    /// It ended so.
    Over(PipelineState, Option<Box<ErrorRecord>>),
}

/// How an action left the pipeline.
enum After {
    Next,
    Pause,
    End(PipelineState, Option<Box<ErrorRecord>>),
}

impl Pipeline {
    pub(super) fn new(limit: usize) -> Self {
        Self { assembler: Assembler::new(limit), state: State::AwaitCreate }
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }

    /// Takes a PIPELINE_HOST_RESPONSE; one that nobody waits for is dropped.
    pub(super) fn answered(&mut self, payload: &[u8], secrets: &mut Secrets) {
        let State::Running(running) = &mut self.state else { return };
        let Waits::Answer { call_id, field } = &running.waits else { return };
        let answer = match HostResponse::decode(payload) {
            Ok((id, _)) if id != *call_id => return,
            Ok((_, HostResponse::Value(value))) => {
                // The bare question has no field: the answer is all there is.
                let answer = if field.is_empty() { Some(value) } else { value.get(field).cloned() };
                let secret = |_| Box::new(errors::unreadable("a SecureString cannot be read"));
                secrets.open(answer.unwrap_or(Value::Nil)).map_err(secret)
            }
            Ok((_, HostResponse::Refused(refusal))) => Err(Box::new(errors::refused(refusal.message, &refusal.id))),
            Ok((_, HostResponse::Stop)) | Err(_) => {
                Err(Box::new(errors::unreadable("the answer to a host call cannot be read")))
            }
        };
        running.waits = Waits::Answered(answer);
    }

    /// Goes on until it must wait or is over.
    pub(super) fn advance(&mut self, now: Instant, id: Uuid, world: &mut World<'_>) -> Progress {
        if let State::Queued(create) = &self.state {
            let plan = match plan::make(create, world.commands, world.unix_now) {
                Ok(plan) => plan,
                Err(error) => return Progress::Over(PipelineState::Failed, Some(error)),
            };
            world.out.ran(plan.name.clone());
            let host = if create.host == HostInfo::OfRunspacePool { &world.pool_host } else { &create.host };
            let has_host = !host.is_null();
            self.state = State::Running(Running { plan, waits: Waits::Nothing, has_host, calls: 0 });
        }
        match &mut self.state {
            State::Running(running) => match running.advance(now, id, world) {
                Ok(progress) => progress,
                Err(_) => {
                    let error = errors::not_offered("output that PowerShell could not send");
                    Progress::Over(PipelineState::Failed, Some(Box::new(error)))
                }
            },
            State::AwaitCreate | State::Queued(_) | State::Over => Progress::Waits(Instant::NEVER),
        }
    }
}

impl Running {
    fn advance(&mut self, now: Instant, id: Uuid, world: &mut World<'_>) -> Result<Progress, EncodeError> {
        loop {
            match std::mem::replace(&mut self.waits, Waits::Nothing) {
                Waits::Nothing => {}
                Waits::Until(until) if until <= now => {}
                Waits::Until(until) => {
                    self.waits = Waits::Until(until);
                    return Ok(Progress::Waits(until));
                }
                waits @ Waits::Answer { .. } => {
                    self.waits = waits;
                    return Ok(Progress::Waits(Instant::NEVER));
                }
                Waits::Answered(Ok(value)) => self.emit(id, value, world)?,
                Waits::Answered(Err(error)) => return Ok(Progress::Over(PipelineState::Failed, Some(error))),
            }
            let Some(action) = self.plan.actions.pop_front() else {
                if let Sink::Text(text) = &self.plan.sink {
                    let text = Value::from(text.as_str());
                    world.out.pipeline(MessageType::PipelineOutput, id, psrp::encode(&text))?;
                }
                return Ok(Progress::Over(PipelineState::Completed, None));
            };
            match self.act(now, id, action, world)? {
                After::Next | After::Pause => {}
                After::End(state, error) => return Ok(Progress::Over(state, error)),
            }
        }
    }

    fn act(&mut self, now: Instant, id: Uuid, action: Action, world: &mut World<'_>) -> Result<After, EncodeError> {
        let step = match action {
            Action::Step(step) => step,
            Action::Ask { prompt, secret } => return self.ask(id, prompt, secret, world.out),
        };
        if let Step::Output(value) = step {
            self.emit(id, value, world)?;
            return Ok(After::Next);
        }
        let out = &mut *world.out;
        match step {
            Step::Output(_) => {}
            Step::Lost => out.lose(),
            Step::Error(error) => {
                out.pipeline(MessageType::ErrorRecord, id, psrp::encode(&error.to_value()))?;
            }
            Step::Warning(text) => out.pipeline(MessageType::WarningRecord, id, TextRecord(text).encode())?,
            Step::Host(line) => {
                // Record and host call, in this order (recording host-write);
                // colours are those of a console.
                let record = psrp::encode(&outgoing::write_host(&line, world.unix_now));
                out.pipeline(MessageType::InformationRecord, id, record)?;
                if self.has_host {
                    let parameters = vec![Value::I32(7), Value::I32(0), Value::from(line.as_str())];
                    out.host_tell(id, HostMethod::WriteLine3, parameters)?;
                }
            }
            Step::Progress(progress) => out.pipeline(MessageType::ProgressRecord, id, progress.encode())?,
            Step::Sleep(span) => {
                self.waits = Waits::Until(now + span);
                return Ok(After::Pause);
            }
            Step::Fail(error) => return Ok(After::End(PipelineState::Failed, Some(Box::new(error)))),
            Step::Exit(code) => {
                // With and without a client host (recording error-exit).
                out.host_tell(id, HostMethod::SetShouldExit, vec![Value::I32(code)])?;
                return Ok(After::End(PipelineState::Completed, None));
            }
        }
        Ok(After::Next)
    }

    fn ask(&mut self, id: Uuid, prompt: String, secret: bool, out: &mut Outgoing) -> Result<After, EncodeError> {
        if !self.has_host {
            return Ok(After::End(PipelineState::Failed, Some(Box::new(errors::no_host()))));
        }
        self.calls += 1;
        // A bare Read-Host is ReadLine; with a prompt it is a Prompt for one
        // field of that name (recording host-read).
        let (method, parameters) = if prompt.is_empty() && secret {
            (HostMethod::ReadLineAsSecureString, Vec::new())
        } else if prompt.is_empty() {
            (HostMethod::ReadLine, Vec::new())
        } else {
            (HostMethod::Prompt, vec![Value::from(""), Value::from(""), Value::list(vec![field(&prompt, secret)])])
        };
        out.host_call(id, &HostCall { call_id: self.calls, method, parameters })?;
        self.waits = Waits::Answer { call_id: self.calls, field: prompt };
        Ok(After::Pause)
    }

    fn emit(&mut self, id: Uuid, value: Value, world: &mut World<'_>) -> Result<(), EncodeError> {
        let value = match &mut self.plan.sink {
            Sink::Nowhere => return Ok(()),
            Sink::Text(text) => {
                text.push_str(&psrp::to_text(&value));
                text.push_str("\r\n");
                return Ok(());
            }
            Sink::Lines => Value::from(psrp::to_text(&value)),
            Sink::Client => world.secrets.seal(value).map_err(|_| EncodeError::NotSealed)?,
        };
        // `$null` is a message without a payload (recording no-output).
        let payload = if value == Value::Nil { Ok(Vec::new()) } else { psrp::encode(&value) };
        world.out.pipeline(MessageType::PipelineOutput, id, payload)
    }
}

/// A FieldDescription, as Read-Host makes it.
fn field(name: &str, secret: bool) -> Value {
    let (short, full) =
        if secret { ("SecureString", "System.Security.SecureString") } else { ("String", "System.String") };
    Value::custom([
        ("name", Value::from(name)),
        ("label", Value::from("")),
        ("parameterTypeName", Value::from(short)),
        ("parameterTypeFullName", Value::from(full)),
        (
            "parameterAssemblyFullName",
            Value::from(format!("{full}, mscorlib, Version=4.0.0.0, Culture=neutral, PublicKeyToken=b77a5c561934e089")),
        ),
        ("helpMessage", Value::from("")),
        ("isMandatory", Value::Bool(true)),
        ("metadata", Value::list(Vec::new())),
        ("modifiedByRemotingProtocol", Value::Bool(false)),
        ("isFromRemoteHost", Value::Bool(false)),
    ])
}
