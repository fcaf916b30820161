//! CLIXML against recordings of real hosts.

mod recordings;
mod same;

use std::collections::BTreeMap;

use wsman::clixml::{Limits, Value, decode, decode_all, encode, json};

use crate::outside::trials;
use crate::places::shared_part;

trials! { TRIALS:
    blocking {
        replay_every_message_of_windows_hosts;
        replay_every_message_of_powershell_7_6;
        replay_what_powershell_exe_writes_to_its_standard_error;
        replay_hostile_clixml_of_powershells_own_tests;
    }
}

/// Payloads that are broken on purpose, by scenario: what PowerShell answers
/// with silence must be an error here.
const BROKEN: &[(&str, usize)] = &[("bad-create-pipeline", 1), ("secure-string-2-4", 1)];

/// The engine writes one level more than it reads: not to be sent back.
const TOO_DEEP: &str = "depth-60";

/// Decodes, encodes, decodes: the values are equal and the documents say the
/// same. Returns what is wrong.
fn there_and_back(document: &[u8], limits: &Limits) -> Result<Value, String> {
    let value = decode(document, &Limits::DECODE).map_err(|error| format!("decode: {error:?}"))?;
    if document.is_empty() {
        return Ok(value);
    }
    let again = encode(&value, limits).map_err(|error| format!("encode: {error:?}"))?;
    let back = decode(&again, &Limits::DECODE).map_err(|error| format!("decode again: {error:?}"))?;
    same::values(&value, &back).map_err(|at| format!("another value at {at}"))?;
    let document = std::str::from_utf8(document).unwrap();
    crate::infoset::compare(document, &again).map_err(|at| format!("another document at {at}"))?;
    Ok(value)
}

fn report(wrong: &[String], count: usize) {
    assert!(wrong.is_empty(), "{} of {count} messages:\n{}", wrong.len(), wrong.join("\n"));
}

fn replay_every_message_of_windows_hosts() {
    let folder = shared_part("pypsrp-derived/clixml");
    let files = recordings::files(&folder, ".xml");
    assert!(files.len() >= 231, "only {} files", files.len());
    let mut wrong = Vec::new();
    for file in &files {
        if let Err(what) = there_and_back(&std::fs::read(file).unwrap(), &Limits::ENCODE) {
            wrong.push(format!("{}: {what}", file.display()));
        }
    }
    report(&wrong, files.len());
}

fn replay_every_message_of_powershell_7_6() {
    let folder = shared_part("pwsh-7.6");
    let (mut count, mut wrong) = (0, Vec::new());
    let mut broken: BTreeMap<String, usize> = BTreeMap::new();
    for scenario in recordings::folders(&folder) {
        let name = scenario.file_name().unwrap().to_string_lossy().into_owned();
        for message in recordings::messages(&scenario) {
            count += 1;
            let expected = BROKEN.iter().any(|(scenario, _)| *scenario == name);
            let depth = Limits::ENCODE.depth + usize::from(name == TOO_DEEP);
            match there_and_back(&message.payload, &Limits { depth, ..Limits::ENCODE }) {
                Ok(value) => {
                    // Every value has a JSON form and that a CLIXML form.
                    encode(&json::from_json(&json::to_json(&value)), &Limits { depth: 200, ..Limits::ENCODE }).unwrap();
                }
                Err(what) if expected && message.from_client && what.starts_with("decode:") => {
                    *broken.entry(name.clone()).or_default() += 1;
                }
                Err(what) => wrong.push(format!("{name}, object {}: {what}", message.object)),
            }
        }
    }
    report(&wrong, count);
    assert!(count > 7000, "only {count} messages");
    for (scenario, number) in BROKEN {
        assert_eq!(broken.get(*scenario).copied().unwrap_or_default(), *number, "{scenario}");
    }
}

fn replay_what_powershell_exe_writes_to_its_standard_error() {
    let folder = shared_part("pypsrp/data");
    let files = recordings::files(&folder, ".xml");
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let document = text.trim_start_matches("#< CLIXML").trim_start();
        let items = decode_all(document, &Limits::DECODE).unwrap();
        assert!(items.iter().all(|item| item.stream.is_some()), "{}", file.display());
        let Some(Value::Progress(progress)) = items[0].value.get("Record") else { panic!("{:?}", items[0]) };
        assert_eq!(progress.activity, "Preparing modules for first use.");
        assert_eq!((progress.percent, &*progress.kind), (-1, "Completed"));
    }
}

fn replay_hostile_clixml_of_powershells_own_tests() {
    let folder = shared_part("PowerShell");
    for file in recordings::files(&folder, ".clixml") {
        let value = decode(std::fs::read(file).unwrap(), &Limits::DECODE).unwrap();
        // An object around an object.
        assert!(value.base().as_object().is_some_and(|inner| inner.property("Test1").is_some()));
    }
}
