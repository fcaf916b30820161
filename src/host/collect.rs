//! What a call brings, sorted.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::LazyLock;

use regex::Regex;
use wsman::clixml::Value;
use wsman::psrp::{HostCall, HostMethod, ProgressKind};
use wsman::session::{End, Irregularity, PipelineEvent};

use super::call::{Ended, Gaps, HostProgress};
use super::decode::{self, is_a};
use super::formatted::Display;
use super::record::HostErrorRecord;
use super::report::Taint;

/// Begins the ids of what native programs write to their standard error
/// (`NativeCommandError`, from the second line on `NativeCommandErrorMessage`).
const NATIVE: &str = "NativeCommandError";

/// Takes the events of one call.
pub(super) struct Collector<'a> {
    /// Takes each object of the output as it comes: a whole answer of them
    /// takes several times the bytes that are kept of it.
    output: &'a mut (dyn FnMut(Value) + Send),
    on_progress: &'a (dyn Fn(HostProgress) + Send + Sync),
    collected: Collected,
    /// No object came yet: only the very first can be the begin record.
    bare: bool,
    /// The last object, if it looks like the end record: only the very last
    /// one is, a script could output its like.
    end_record: Option<Value>,
    exit: Option<i32>,
    screen: Screen,
    /// Texts of Write-Host that the host has not yet written.
    echoes: VecDeque<String>,
    /// The text of an information record from elsewhere, the newest: its echo
    /// comes next where that stream is on, and never where it is off.
    newest: Option<String>,
    display: Display,
}

/// Everything but the pipeline's own end.
#[derive(Debug, Default)]
pub(super) struct Collected {
    pub(super) began: bool,
    pub(super) exit_code: Option<i32>,
    pub(super) tainted: Vec<Taint>,
    pub(super) objects: usize,
    pub(super) text: Vec<String>,
    pub(super) warnings: Vec<String>,
    pub(super) errors: Vec<HostErrorRecord>,
    pub(super) target_changed: Option<String>,
    pub(super) gaps: Gaps,
    /// What the function itself said about its end.
    pub(super) ended_by: Option<Ended>,
}

impl<'a> Collector<'a> {
    pub(super) fn new(
        output: &'a mut (dyn FnMut(Value) + Send),
        on_progress: &'a (dyn Fn(HostProgress) + Send + Sync),
    ) -> Self {
        Self {
            output,
            on_progress,
            collected: Collected::default(),
            bare: true,
            end_record: None,
            exit: None,
            screen: Screen::default(),
            echoes: VecDeque::new(),
            newest: None,
            display: Display::default(),
        }
    }

    /// Takes one event; the end ends.
    pub(super) fn take(&mut self, event: PipelineEvent) -> Option<End> {
        match event {
            PipelineEvent::Output(value) if std::mem::take(&mut self.bare) && is_a(&value, "SentinelJump.Begin") => {
                self.collected.began = true;
                self.collected.tainted = decode::taints(&value).unwrap_or_default();
            }
            PipelineEvent::Output(value) if self.display.take(&value) => {
                let lines = self.display.lines();
                lines.iter().for_each(|line| self.screen.write(line, true));
            }
            PipelineEvent::Output(value) => {
                if let Some(forged) = self.end_record.take() {
                    self.put_out(forged);
                }
                if is_a(&value, "SentinelJump.End") {
                    self.end_record = Some(value);
                } else {
                    self.put_out(value);
                }
            }
            PipelineEvent::Error(error) => self.collected.errors.push(HostErrorRecord {
                message: plain(&error.message).into_owned(),
                id: error.id,
                category: Some(error.category),
            }),
            PipelineEvent::Warning(text) => self.collected.warnings.push(plain(&text).into_owned()),
            PipelineEvent::Information(record) => {
                let text = record.text();
                let text = plain(&text);
                self.screen.write(&text, !record.no_newline);
                if record.from_write_host {
                    self.echoes.push_back(text.into_owned());
                } else {
                    self.newest = Some(text.into_owned());
                }
            }
            PipelineEvent::Progress(record) if record.kind == ProgressKind::Processing => {
                (self.on_progress)(HostProgress {
                    activity: record.activity,
                    status: record.status,
                    percent: record.percent,
                });
            }
            PipelineEvent::HostCall(call) => self.host_call(&call),
            PipelineEvent::Unreadable { kind, bytes } => self.collected.errors.push(HostErrorRecord {
                message: format!("{} of {bytes} bytes could not be read and is missing", kind.name()),
                id: "SentinelJump.Unreadable".into(),
                category: None,
            }),
            PipelineEvent::Dropped { messages, .. } => self.collected.gaps.dropped += messages,
            PipelineEvent::Irregular(Irregularity::Missing { messages }) => self.collected.gaps.missing += messages,
            PipelineEvent::Irregular(_) => self.collected.gaps.foreign += 1,
            PipelineEvent::Ended(end) => return Some(end),
            _ => {}
        }
        None
    }

    fn put_out(&mut self, value: Value) {
        self.collected.objects += 1;
        (self.output)(value);
    }

    fn host_call(&mut self, call: &HostCall) {
        match call.method {
            HostMethod::SetShouldExit => {
                let code = call.parameters.first().and_then(Value::as_i64).unwrap_or(0);
                self.exit = Some(code.try_into().unwrap_or(i32::MAX));
            }
            HostMethod::Write1 => self.write(call.parameters.first(), false),
            HostMethod::WriteLine1 | HostMethod::WriteLine2 => self.write(call.parameters.first(), true),
            // With colours: Write-Host or $Host.UI. The ones of warnings and
            // errors come as records and would count twice.
            HostMethod::Write2 | HostMethod::WriteLine3 => {
                self.write(call.parameters.get(2), call.method == HostMethod::WriteLine3);
            }
            _ => {}
        }
    }

    /// A line that the host wrote: Out-Host, `$Host.UI`, or the echo of a
    /// record of Write-Host.
    ///
    /// Seen: Write-Host gives its record first and then a host call with the
    /// same text, at top level WriteLine3 with colours, inside a function
    /// WriteLine2 without (pwsh 7.6).
    fn write(&mut self, text: Option<&Value>, newline: bool) {
        let text = plain(text.and_then(Value::as_str).unwrap_or_default());
        if self.newest.take().is_some_and(|newest| newest == text) {
            return;
        }
        if let Some(n) = self.echoes.iter().position(|echo| *echo == text) {
            self.echoes.drain(..=n);
            return;
        }
        self.screen.write(&text, newline);
    }

    /// A native program that ended with 0 told on its standard error what it
    /// was doing; `az` warns there.
    fn warn_of_native_lines(&mut self) {
        let errors = std::mem::take(&mut self.collected.errors);
        for error in errors {
            if error.id.starts_with(NATIVE) {
                self.collected.warnings.push(error.message);
            } else {
                self.collected.errors.push(error);
            }
        }
    }

    pub(super) fn finish(mut self) -> Collected {
        self.collected.ended_by = match (&self.end_record, self.exit) {
            (Some(_), _) => Some(Ended::Completed),
            (None, Some(code)) => Some(Ended::Exited(code)),
            (None, None) => None,
        };
        let target = self.end_record.as_ref().and_then(|record| record.get("target")?.as_str());
        self.collected.target_changed = target.filter(|target| !target.is_empty()).map(str::to_owned);
        let code = self.end_record.as_ref().and_then(|record| record.get("exitCode")?.as_i64());
        self.collected.exit_code = code.and_then(|code| code.try_into().ok());
        if self.collected.exit_code == Some(0) {
            self.warn_of_native_lines();
        }
        let drawn = std::mem::take(&mut self.display).finish();
        drawn.iter().for_each(|line| self.screen.write(line, true));
        self.collected.text = self.screen.finish();
        self.collected
    }
}

/// Lines of the screen, put together from pieces.
#[derive(Debug, Default)]
struct Screen {
    lines: Vec<String>,
    open: String,
}

/// A text without terminal control sequences: colours, titles, links.
///
/// PowerShell 7 colours what goes to Out-Host, and scripts colour what they
/// write themselves.
fn plain(text: &str) -> Cow<'_, str> {
    static SEQUENCES: LazyLock<Option<Regex>> = LazyLock::new(|| {
        // CSI; OSC and its like up to their end; two characters.
        Regex::new("(?:\u{1b}\\[|\u{9b})[0-?]*[ -/]*[@-~]|\u{1b}[\\]PX^_][^\u{7}\u{1b}]*(?:\u{7}|\u{1b}\\\\)?|\u{1b}[ -/]*[0-~]").ok()
    });
    match &*SEQUENCES {
        Some(sequences) => sequences.replace_all(text, ""),
        None => Cow::Borrowed(text),
    }
}

impl Screen {
    fn write(&mut self, text: &str, newline: bool) {
        let mut pieces = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).peekable();
        while let Some(piece) = pieces.next() {
            self.open.push_str(piece);
            if newline || pieces.peek().is_some() {
                self.lines.push(std::mem::take(&mut self.open));
            }
        }
    }

    fn finish(mut self) -> Vec<String> {
        if !self.open.is_empty() {
            self.lines.push(self.open);
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use wsman::psrp::InformationRecord;

    use super::*;

    fn end(target: &str) -> PipelineEvent {
        let object = wsman::clixml::Object {
            type_names: Some(std::sync::Arc::from(["SentinelJump.End".into()])),
            extended: vec![wsman::clixml::Property { name: "target".into(), value: Value::from(target) }],
            ..Default::default()
        };
        PipelineEvent::Output(Value::Object(std::sync::Arc::new(object)))
    }

    fn collect(events: Vec<PipelineEvent>) -> Collected {
        let mut output = |_| {};
        let mut collector = Collector::new(&mut output, &|_| {});
        for event in events {
            assert!(collector.take(event).is_none());
        }
        collector.finish()
    }

    fn exit(code: i32) -> PipelineEvent {
        let parameters = vec![Value::I32(code)];
        PipelineEvent::HostCall(HostCall { call_id: -100, method: HostMethod::SetShouldExit, parameters })
    }

    #[test]
    fn only_the_last_object_can_be_the_end_record() {
        let forged = collect(vec![end(""), PipelineEvent::Output(Value::from("x"))]);
        assert_eq!(forged.ended_by, None);
        assert_eq!(forged.objects, 2, "a forged record is data");
        let real = collect(vec![PipelineEvent::Output(Value::from("x")), end("")]);
        assert_eq!((real.ended_by, real.objects, real.target_changed), (Some(Ended::Completed), 1, None));
    }

    #[test]
    fn exit_is_told_from_success() {
        assert_eq!(collect(vec![exit(3)]).ended_by, Some(Ended::Exited(3)));
        assert_eq!(collect(vec![exit(3), end("")]).ended_by, Some(Ended::Completed));
        assert_eq!(collect(vec![]).ended_by, None);
    }

    #[test]
    fn a_changed_target_is_told() {
        assert_eq!(collect(vec![end("WorkspaceName is 'b'")]).target_changed.as_deref(), Some("WorkspaceName is 'b'"));
    }

    #[test]
    fn what_write_host_says_counts_once() {
        let said = |text: &str| PipelineEvent::Information(InformationRecord::write_host(text));
        let wrote = |method, parameters| PipelineEvent::HostCall(HostCall { call_id: -100, method, parameters });
        let colours = |text: &str| vec![Value::I32(7), Value::I32(0), Value::from(text)];
        let text = collect(vec![
            said("a"),
            wrote(HostMethod::WriteLine2, vec![Value::from("a")]),
            said("b"),
            wrote(HostMethod::WriteLine3, colours("b")),
            wrote(HostMethod::WriteLine2, vec![Value::from("b")]),
            wrote(HostMethod::WriteLine3, colours("c")),
        ])
        .text;
        assert_eq!(text, ["a", "b", "b", "c"], "the second b is Out-Host's, c is $Host.UI's");
    }

    #[test]
    fn b6_messages_that_do_not_come_are_noted() {
        let gap = PipelineEvent::Irregular(Irregularity::Missing { messages: 2 });
        let over = PipelineEvent::Dropped { messages: 3, bytes: 70 };
        let collected = collect(vec![gap, over]);
        assert_eq!(collected.gaps, Gaps { missing: 2, foreign: 0, dropped: 3 });
        let collected = collect(vec![PipelineEvent::Output(Value::from("x"))]);
        assert!(!collected.gaps.is_any());
    }

    #[test]
    fn c5_a_coloured_line_is_there_once_and_without_its_colours() {
        let said = |text: &str, from_write_host| {
            PipelineEvent::Information(InformationRecord { from_write_host, ..InformationRecord::write_host(text) })
        };
        let wrote = |method, parameters| PipelineEvent::HostCall(HostCall { call_id: -100, method, parameters });
        let colours = |text: &str| vec![Value::I32(7), Value::I32(0), Value::from(text)];
        let red = "\u{1b}[31mrot\u{1b}[0m";
        let collected = collect(vec![
            said(red, true),
            wrote(HostMethod::WriteLine3, colours(red)),
            said("\u{1b}[38;5;9mgelb\u{1b}[0m", true),
            wrote(HostMethod::WriteLine2, vec![Value::from("gelb")]),
            // Write-Information whose stream is on, and one whose stream is off.
            said("Hinweis", false),
            wrote(HostMethod::WriteLine2, vec![Value::from("Hinweis")]),
            said("still", false),
            wrote(HostMethod::WriteLine2, vec![Value::from("anders")]),
            wrote(HostMethod::WriteLine2, vec![Value::from("still")]),
            PipelineEvent::Warning("\u{1b}[33;1mAchtung\u{1b}[0m".to_owned()),
            said("\u{1b}]0;Titel\u{7}a\u{1b}]8;;https://x.example\u{1b}\\b\u{1b}]8;;\u{1b}\\c\u{9b}1md", true),
        ]);
        assert_eq!(collected.text, ["rot", "gelb", "Hinweis", "still", "anders", "still", "abcd"]);
        assert_eq!(collected.warnings, ["Achtung"]);
    }

    #[test]
    fn lines_are_joined_by_no_newline_and_freed_of_colours() {
        let said = |text: &str, no_newline| {
            PipelineEvent::Information(InformationRecord { no_newline, ..InformationRecord::write_host(text) })
        };
        let out_host = PipelineEvent::HostCall(HostCall {
            call_id: -100,
            method: HostMethod::WriteLine2,
            parameters: vec![Value::from("\u{1b}[32;1mname\u{1b}[0m")],
        });
        let text = collect(vec![said("[+] ", true), said("gut", false), said("a\r\nb", false), out_host]).text;
        assert_eq!(text, ["[+] gut", "a", "b", "name"]);
    }
}
