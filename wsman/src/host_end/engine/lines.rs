//! PowerShell's out-of-process line protocol, without I/O.
//!
//! One XML element per line. The engine handles each line on a thread of its
//! own, so per pipeline (and for the pool) a line is sent only when the one
//! before it was confirmed. Three things may overtake: an answer to a host
//! call, a stop and a close must not wait behind input that is stuck.
//!
//! Source: PowerShell `OutOfProcTransportManager.cs`, `OutOfProcUtils.cs`.

use std::collections::{BTreeMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::{Input, Output, Taken};

/// One end of the protocol: the one that PowerShell serves.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The pool under the nil id, pipelines under theirs.
    lanes: BTreeMap<Uuid, Lane>,
    to_write: VecDeque<String>,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Default)]
struct Lane {
    /// `Command` and `Data`, one at a time.
    queue: VecDeque<Line>,
    /// Answers to host calls, one at a time.
    answers: VecDeque<Vec<u8>>,
    /// Data lines that have no Ack yet, in the order in which they went. The
    /// Acks do not say which stream they are for.
    unconfirmed: VecDeque<Stream>,
    opening: bool,
    /// The engine has the pipeline: the first Data was confirmed.
    created: bool,
    stop: Step,
    close: Step,
}

#[derive(Debug)]
enum Line {
    Command,
    Data(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stream {
    Default,
    PromptResponse,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    No,
    Asked,
    Sent,
}

/// A line that the engine does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the engine left its protocol")]
pub(super) struct LineError;

impl Lines {
    /// Takes an input. [`Input::ClosePool`] is for the owner of the process.
    pub(super) fn handle(&mut self, input: Input) {
        let id = match &input {
            Input::CommandOpen { pipeline }
            | Input::PipelineData { pipeline, .. }
            | Input::Stop { pipeline }
            | Input::CloseCommand { pipeline } => *pipeline,
            Input::HostResponse { pipeline, .. } => pipeline.unwrap_or_default(),
            Input::PoolData(_) | Input::ClosePool => Uuid::nil(),
        };
        let lane = self.lanes.entry(id).or_default();
        match input {
            Input::PoolData(data) | Input::PipelineData { data, .. } => lane.queue.push_back(Line::Data(data)),
            Input::CommandOpen { .. } => lane.queue.push_back(Line::Command),
            Input::HostResponse { data, .. } => lane.answers.push_back(data),
            Input::Stop { .. } if lane.stop == Step::No => lane.stop = Step::Asked,
            Input::CloseCommand { .. } if lane.close == Step::No => lane.close = Step::Asked,
            Input::Stop { .. } | Input::CloseCommand { .. } | Input::ClosePool => {}
        }
        self.advance(id);
    }

    /// The next line to write, with its end.
    pub(super) fn next_line(&mut self) -> Option<String> {
        self.to_write.pop_front()
    }

    /// What the engine said.
    pub(super) fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Takes a line of the engine.
    pub(super) fn read(&mut self, line: &str) -> Result<(), LineError> {
        let (name, id, text) = parse(line.trim()).ok_or(LineError)?;
        let pipeline = (!id.is_nil()).then_some(id);
        if name == "Data" {
            let data = STANDARD.decode(text).map_err(|_| LineError)?;
            self.outputs.push_back(Output::Data { pipeline, data });
            return Ok(());
        }
        let lane = self.lanes.get_mut(&id).ok_or(LineError)?;
        let of = match name {
            "CommandAck" => {
                lane.opening = false;
                Taken::Open
            }
            "DataAck" => {
                let stream = lane.unconfirmed.pop_front().ok_or(LineError)?;
                lane.created |= stream == Stream::Default;
                Taken::Data
            }
            "SignalAck" => {
                lane.stop = Step::No;
                Taken::Stop
            }
            "CloseAck" => Taken::Close,
            _ => return Err(LineError),
        };
        if of == Taken::Close {
            self.lanes.remove(&id);
        }
        self.outputs.push_back(Output::Ack { pipeline, of });
        self.advance(id);
        Ok(())
    }

    /// Writes what may go now.
    fn advance(&mut self, id: Uuid) {
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        if lane.close == Step::Sent {
            return;
        }
        if lane.close == Step::Asked {
            // Nobody waits for what these would bring.
            lane.queue.retain(|line| matches!(line, Line::Command) && !lane.created);
            lane.answers.clear();
        }
        let waits = |lane: &Lane, stream| lane.unconfirmed.contains(&stream);
        if !lane.opening && !waits(lane, Stream::Default) && lane.stop != Step::Sent {
            match lane.queue.pop_front() {
                Some(Line::Command) => {
                    lane.opening = true;
                    self.to_write.push_back(format!("<Command PSGuid='{id}' />\n"));
                }
                Some(Line::Data(data)) => {
                    lane.unconfirmed.push_back(Stream::Default);
                    self.to_write.push_back(data_line(id, "Default", &data));
                }
                None => {}
            }
        }
        if !waits(lane, Stream::PromptResponse)
            && let Some(data) = lane.answers.pop_front()
        {
            lane.unconfirmed.push_back(Stream::PromptResponse);
            self.to_write.push_back(data_line(id, "PromptResponse", &data));
        }
        // Before the engine has the pipeline, a stop would find nothing and
        // the pipeline would run after it.
        let may_end = !lane.opening && (lane.created || (lane.queue.is_empty() && lane.unconfirmed.is_empty()));
        if lane.stop == Step::Asked && may_end {
            lane.stop = Step::Sent;
            self.to_write.push_back(format!("<Signal PSGuid='{id}' />\n"));
        }
        if lane.close == Step::Asked && may_end && lane.stop == Step::No {
            lane.close = Step::Sent;
            self.to_write.push_back(format!("<Close PSGuid='{id}' />\n"));
        }
    }
}

fn data_line(id: Uuid, stream: &str, data: &[u8]) -> String {
    format!("<Data Stream='{stream}' PSGuid='{id}'>{}</Data>\n", STANDARD.encode(data))
}

/// Name, id and text of one element.
fn parse(line: &str) -> Option<(&str, Uuid, &str)> {
    let (tag, rest) = line.strip_prefix('<')?.split_once('>')?;
    let (name, attributes) = tag.split_once(' ')?;
    let (_, quoted) = attributes.split_once("PSGuid=")?;
    let quote = quoted.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let id = quoted.get(1..)?.split(quote).next()?;
    let text = rest.strip_suffix("</Data>").unwrap_or(rest);
    Some((name, Uuid::try_parse(id).ok()?, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: Uuid = Uuid::from_u128(7);

    fn written(lines: &mut Lines) -> Vec<String> {
        std::iter::from_fn(|| lines.next_line())
            .map(|line| line.trim().trim_start_matches('<').split(['>', ' ']).take(2).collect::<Vec<_>>().join(" "))
            .map(|line| line.replace(&format!("PSGuid='{P}'"), "").trim().to_owned())
            .collect()
    }

    fn ack(lines: &mut Lines, name: &str) -> Vec<String> {
        lines.read(&format!("<{name} PSGuid='{P}' />")).unwrap();
        written(lines)
    }

    #[test]
    fn a_line_waits_for_the_ack_of_the_one_before() {
        let mut lines = Lines::default();
        lines.handle(Input::CommandOpen { pipeline: P });
        lines.handle(Input::PipelineData { pipeline: P, data: vec![1] });
        lines.handle(Input::PipelineData { pipeline: P, data: vec![2] });
        assert_eq!(written(&mut lines), ["Command"]);
        assert_eq!(ack(&mut lines, "CommandAck"), ["Data Stream='Default'"]);
        assert_eq!(ack(&mut lines, "DataAck"), ["Data Stream='Default'"]);
        assert!(ack(&mut lines, "DataAck").is_empty());
    }

    #[test]
    fn stops_and_answers_overtake_input_that_is_stuck() {
        let mut lines = Lines::default();
        lines.handle(Input::CommandOpen { pipeline: P });
        lines.handle(Input::PipelineData { pipeline: P, data: vec![1] });
        lines.handle(Input::Stop { pipeline: P });
        assert_eq!(written(&mut lines), ["Command"], "nothing to stop yet");
        assert_eq!(ack(&mut lines, "CommandAck"), ["Data Stream='Default'"]);
        assert_eq!(ack(&mut lines, "DataAck"), ["Signal"]);
        ack(&mut lines, "SignalAck");
        lines.handle(Input::PipelineData { pipeline: P, data: vec![2] });
        lines.handle(Input::PipelineData { pipeline: P, data: vec![3] });
        lines.handle(Input::HostResponse { pipeline: Some(P), data: vec![4] });
        lines.handle(Input::Stop { pipeline: P });
        lines.handle(Input::CloseCommand { pipeline: P });
        assert_eq!(written(&mut lines), ["Data Stream='Default'", "Data Stream='PromptResponse'", "Signal"]);
        assert_eq!(ack(&mut lines, "SignalAck"), ["Close"]);
        ack(&mut lines, "CloseAck");
        assert!(lines.lanes.is_empty());
    }

    #[test]
    fn what_the_engine_says_is_read() {
        let mut lines = Lines::default();
        lines.read("<Data Stream='Default' PSGuid='00000000-0000-0000-0000-000000000000'>AQI=</Data>").unwrap();
        assert_eq!(lines.next_output(), Some(Output::Data { pipeline: None, data: vec![1, 2] }));
        for bad in [
            "",
            "<",
            "hello",
            "<Data>",
            "<DataAck PSGuid='x' />",
            "<SignalAck PSGuid='00000000-0000-0000-0000-000000000009' />",
        ] {
            assert_eq!(lines.read(bad), Err(LineError), "{bad}");
        }
    }
}
