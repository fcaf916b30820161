//! The only module that prints. Nothing gets past [`visible`].

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value as Json;

use super::Exit;
use super::sheet::{Sheet, Tone};
use super::terminal::{Colours, Terminal};
use super::visible::visible;
use crate::config::env;

/// Lines on standard output. A reader that is gone wants no more of them.
pub(super) fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    for line in text.split('\n') {
        let _ = writeln!(out, "{}", visible(line));
    }
}

/// JSON on standard output.
pub(super) fn json(value: &Json) {
    line(&format!("{value:#}"));
}

/// JSON on one line of standard output.
pub(super) fn json_line(value: &Json) {
    line(&value.to_string());
}

/// A sheet on standard output.
pub(super) fn sheet(sheet: &Sheet, terminal: Terminal) {
    let mut out = std::io::stdout().lock();
    for line in sheet.lines() {
        let text = visible(&line.text);
        let _ = match sgr(line.tone).filter(|_| terminal.colours == Colours::On && !text.is_empty()) {
            Some(sgr) => writeln!(out, "\x1b[{sgr}m{text}\x1b[0m"),
            None => writeln!(out, "{text}"),
        };
    }
}

/// What a tool of ours made, such as a completion script: as it is.
pub(super) fn made(text: &[u8]) {
    let _ = std::io::stdout().lock().write_all(text);
}

/// Lines on standard error.
pub(super) fn complain(text: &str) {
    let mut lines = "sentinel-jump: ".to_owned();
    for line in text.split('\n') {
        lines.push_str(&visible(line));
        lines.push('\n');
    }
    let _ = match crate::watch::stderr() {
        Ok(mut err) => err.write_all(lines.as_bytes()),
        Err(_) => std::io::stderr().lock().write_all(lines.as_bytes()),
    };
}

/// Help where it was asked for, a complaint where it was not.
pub(super) fn usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() { Exit::Refused } else { Exit::Done }
}

/// The terminal that standard output is, if it is one.
pub(super) fn terminal() -> Option<Terminal> {
    let out = std::io::stdout();
    if !out.is_terminal() {
        return None;
    }
    let width = terminal_size::terminal_size_of(&out).map_or(0, |(width, _)| usize::from(width.0));
    let width = if width == 0 { Terminal::UNKNOWN.width } else { width };
    let colours = if env::wants_colours() { Colours::On } else { Colours::Off };
    Some(Terminal { width, colours })
}

/// Whether a person reads standard error.
pub(super) fn errors_are_read() -> bool {
    std::io::stderr().is_terminal()
}

/// Parameters of the terminal's `SELECT GRAPHIC RENDITION`. Source: ECMA-48 §8.3.117.
fn sgr(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Title => Some("1"),
        Tone::Heading => Some("4"),
        Tone::Faint => Some("2"),
        Tone::Warning => Some("33"),
        Tone::Bad => Some("31"),
    }
}
