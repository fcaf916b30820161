//! The only module that prints.

use std::io::Write as _;

use serde_json::Value as Json;

use super::Exit;

/// One line on standard output. A reader that is gone wants no more of it.
pub(super) fn line(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// JSON on standard output.
pub(super) fn json(value: &Json) {
    line(&format!("{value:#}"));
}

/// One line on standard error.
pub(super) fn complain(text: &str) {
    let line = format!("sentinel-jump: {text}\n");
    let _ = match crate::watch::stderr() {
        Ok(mut lines) => lines.write_all(line.as_bytes()),
        Err(_) => std::io::stderr().lock().write_all(line.as_bytes()),
    };
}

/// Help where it was asked for, a complaint where it was not.
pub(super) fn usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() { Exit::Refused } else { Exit::Done }
}
