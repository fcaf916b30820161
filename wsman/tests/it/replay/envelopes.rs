//! Recorded envelopes: every one is read, by the end that it was for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use wsman::soap::{Answer, AnswerEnvelope, Request, SoapError};

/// The folder of recordings beside the checkout, if it is there.
fn recordings(part: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("shared/recordings").join(part))
        .find(|folder| folder.is_dir());
    if found.is_none() {
        println!("left out: no ../shared/recordings/{part}");
    }
    found
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for scenario in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        files.extend(fs::read_dir(scenario).unwrap().map(|entry| entry.unwrap().path()));
    }
    files.retain(|path| path.to_string_lossy().ends_with(ending));
    files.sort();
    files
}

#[test]
fn replay_every_request_of_pypsrp_is_read_by_the_host_end() {
    let Some(folder) = recordings("pwsh-7.6") else { return };
    let mut counts = BTreeMap::new();
    for file in files(&folder, ".request.xml") {
        let name = match Request::decode(&fs::read(&file).unwrap()) {
            Ok(request) => {
                // What we write for the same request, we read as the same.
                assert_eq!(Request::decode(&request.encode()).as_ref(), Ok(&request), "{}", file.display());
                request.operation.name()
            }
            Err(SoapError::UnknownAction) => "not spoken (Get)",
            Err(error) => panic!("{}: {error}", file.display()),
        };
        *counts.entry(name).or_insert(0) += 1;
    }
    println!("requests: {counts:?}");
    assert_eq!(counts.get("Create"), Some(&102));
    assert_eq!(counts.get("Command"), Some(&269));
    assert_eq!(counts.get("not spoken (Get)"), Some(&1));
}

#[test]
fn replay_every_answer_is_read_by_the_client() {
    let Some(folder) = recordings("pwsh-7.6") else { return };
    let mut counts = BTreeMap::new();
    for file in files(&folder, ".response.xml") {
        let body = fs::read(&file).unwrap();
        let name = match AnswerEnvelope::decode(&body) {
            Ok(AnswerEnvelope { answer: Answer::Fault(fault), .. }) => {
                assert!(fault.code.is_some() && fault.name().is_some(), "{}: {fault:?}", file.display());
                "faults, all with a known number".to_owned()
            }
            Ok(envelope) => {
                assert!(envelope.relates_to.is_some(), "{}", file.display());
                let text = format!("{:?}", envelope.answer);
                text.split(['(', ' ']).next().unwrap_or_default().to_owned()
            }
            Err(SoapError::UnknownAction) => "not spoken".to_owned(),
            Err(error) => panic!("{}: {error}", file.display()),
        };
        *counts.entry(name).or_insert(0) += 1;
    }
    println!("answers: {counts:?}");
    assert_eq!(counts.get("Created"), Some(&102));
}

#[test]
fn replay_real_windows_answers_and_faults_are_read() {
    let (Some(winrb), Some(ironposh)) = (recordings("WinRb-WinRM/responses"), recordings("ironposh")) else { return };
    let read =
        |file: PathBuf| AnswerEnvelope::decode(&fs::read(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display())));
    for shell in ["open_shell_v1.xml", "open_shell_v2.xml", "open_shell_omi.xml"] {
        let answer = read(winrb.join(shell)).unwrap().answer;
        assert!(matches!(&answer, Answer::Created(created) if !created.shell_id.is_empty()), "{shell}: {answer:?}");
    }
    for (fault, code) in [
        ("soap_fault_v1.xml", Some(2_150_858_778)),
        ("soap_fault_v2.xml", Some(2_150_858_778)),
        ("soap_fault_omi.xml", None),
    ] {
        let answer = read(winrb.join(fault)).unwrap().answer;
        let Answer::Fault(read) = answer else { panic!("{fault}: {answer:?}") };
        assert_eq!(read.code, code, "{fault}");
        assert!(!read.text.is_empty(), "{fault}: the host's text is kept");
    }
    let mut all = Vec::new();
    let mut open = vec![ironposh];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "xml") {
                all.push(path);
            }
        }
    }
    let mut counts = BTreeMap::new();
    for file in all {
        let malformed = file.components().any(|part| part.as_os_str() == "malformed");
        let kind = match read(file) {
            Ok(_) => "read",
            Err(_) if malformed => "malformed, refused",
            Err(_) => "no answer of a shell",
        };
        *counts.entry(kind).or_insert(0) += 1;
    }
    println!("ironposh: {counts:?}");
    assert!(counts.get("read").is_some_and(|n| *n >= 3), "{counts:?}");
}

/// Leaving, coming back, listing and connecting, by a real Windows host.
#[test]
fn replay_the_disconnect_recording_of_windows_is_read_by_both_ends() {
    let Some(folder) = recordings("pypsrp/responses") else { return };
    let text = fs::read_to_string(folder.join("test_psrp_disconnect_runspaces.yml")).unwrap();
    let mut counts = BTreeMap::new();
    for part in text.split("<s:Envelope").skip(1) {
        let Some(end) = part.find("</s:Envelope>") else { continue };
        let envelope = format!("<s:Envelope{}</s:Envelope>", &part[..end]);
        let name = match AnswerEnvelope::decode(envelope.as_bytes()) {
            Ok(answer) => {
                if let Answer::Listed(listed) = &answer.answer {
                    assert!(listed.context.is_none());
                    assert!(listed.shells.iter().all(|shell| shell.state.as_deref() == Some("Disconnected")));
                }
                let text = format!("{:?}", answer.answer);
                text.split(['(', ' ']).next().unwrap_or_default().to_owned()
            }
            Err(_) => Request::decode(envelope.as_bytes()).unwrap().operation.name().to_owned(),
        };
        *counts.entry(name).or_insert(0) += 1;
    }
    println!("disconnect: {counts:?}");
    for (name, count) in [("Disconnect", 3), ("Disconnected", 3), ("Reconnected", 1), ("Listed", 3), ("Connected", 2)] {
        assert_eq!(counts.get(name), Some(&count), "{name} in {counts:?}");
    }
}
