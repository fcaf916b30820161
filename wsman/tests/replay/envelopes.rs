//! Recorded envelopes: every one is read, by the end that it was for.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wsman::clixml::{Limits, decode};
use wsman::psrp::fragment::Assembler;
use wsman::psrp::{EncryptedSessionKey, HostCall, HostResponse, Message, MessageType, PublicKey, Sealing, UserEvent};
use wsman::soap::{Answer, AnswerEnvelope, Request, SoapError};

use crate::outside::{note, trials};
use crate::places::shared_part;

trials! { TRIALS:
    blocking {
        replay_every_request_of_pypsrp_is_read_by_the_host_end;
        replay_every_answer_is_read_by_the_client;
        replay_real_windows_answers_and_faults_are_read;
        replay_the_disconnect_recording_of_windows_is_read_by_both_ends;
        replay_keys_host_calls_and_events_are_understood;
        replay_secrets_of_version_2_4_are_opened;
    }
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

fn replay_every_request_of_pypsrp_is_read_by_the_host_end() {
    let folder = shared_part("pwsh-7.6");
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
    note(format_args!("requests: {counts:?}"));
    assert_eq!(counts.get("Create"), Some(&102));
    assert_eq!(counts.get("Command"), Some(&269));
    assert_eq!(counts.get("not spoken (Get)"), Some(&1));
}

fn replay_every_answer_is_read_by_the_client() {
    let folder = shared_part("pwsh-7.6");
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
    note(format_args!("answers: {counts:?}"));
    assert_eq!(counts.get("Created"), Some(&102));
}

fn replay_real_windows_answers_and_faults_are_read() {
    let (winrb, ironposh) = (shared_part("WinRb-WinRM/responses"), shared_part("ironposh"));
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
    note(format_args!("ironposh: {counts:?}"));
    assert!(counts.get("read").is_some_and(|n| *n >= 3), "{counts:?}");
}

/// Leaving, coming back, listing and connecting, by a real Windows host.
fn replay_the_disconnect_recording_of_windows_is_read_by_both_ends() {
    let folder = shared_part("pypsrp/responses");
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
    note(format_args!("disconnect: {counts:?}"));
    for (name, count) in [("Disconnect", 3), ("Disconnected", 3), ("Reconnected", 1), ("Listed", 3), ("Connected", 2)] {
        assert_eq!(counts.get(name), Some(&count), "{name} in {counts:?}");
    }
}

/// The PSRP messages in the streams of an envelope.
fn messages(envelope: &str, assembler: &mut Assembler) -> Vec<Message> {
    let mut found = Vec::new();
    for (element, _) in envelope.match_indices("Stream ").map(|(at, _)| (&envelope[at..], at)) {
        let Some((_, rest)) = element.split_once('>') else { continue };
        let Some((text, _)) = rest.split_once('<') else { continue };
        let Ok(data) = STANDARD.decode(text) else { continue };
        let whole = assembler.push(&data).unwrap_or_default();
        found.extend(whole.iter().map(|bytes| Message::decode(bytes).unwrap()));
    }
    found
}

/// Keys, host calls, events and answers of the pool, as a real engine and
/// pypsrp wrote them.
fn replay_keys_host_calls_and_events_are_understood() {
    let folder = shared_part("pwsh-7.6");
    let mut counts = BTreeMap::new();
    for scenario in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let mut names: Vec<_> = fs::read_dir(&scenario).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
        names.sort();
        // Objects of several pipelines interleave; ids are one count per side.
        let (mut client, mut server) =
            (Assembler::resuming(Assembler::DEFAULT_LIMIT), Assembler::resuming(Assembler::DEFAULT_LIMIT));
        for file in names {
            let text = fs::read_to_string(&file).unwrap();
            let side = if file.to_string_lossy().ends_with("request.xml") { &mut client } else { &mut server };
            for message in messages(&text, side) {
                let payload = &message.payload;
                match message.kind {
                    MessageType::PublicKey => {
                        let key = PublicKey::decode(payload).unwrap();
                        assert_eq!(PublicKey::decode(&key.encode().unwrap()), Ok(key));
                    }
                    MessageType::EncryptedSessionKey => drop(EncryptedSessionKey::decode(payload).unwrap()),
                    MessageType::PipelineHostCall | MessageType::RunspacePoolHostCall => {
                        let call = HostCall::decode(payload).unwrap();
                        assert!(call.question_of().is_ok(), "{}: {}", file.display(), call.method.name());
                    }
                    MessageType::PipelineHostResponse | MessageType::RunspacePoolHostResponse => {
                        HostResponse::decode(payload).unwrap();
                    }
                    MessageType::UserEvent => drop(UserEvent::decode(payload).unwrap()),
                    _ => continue,
                }
                *counts.entry(message.kind.name()).or_insert(0) += 1;
            }
        }
    }
    note(format_args!("understood: {counts:?}"));
    for (name, least) in [
        ("PUBLIC_KEY", 6),
        ("ENCRYPTED_SESSION_KEY", 6),
        ("PIPELINE_HOST_CALL", 50),
        ("PIPELINE_HOST_RESPONSE", 22),
        ("RUNSPACEPOOL_HOST_CALL", 3),
        ("USER_EVENT", 2),
    ] {
        assert!(counts.get(name).is_some_and(|count| *count >= least), "{name} in {counts:?}");
    }
}

/// Version 2.4 does not encrypt: what went over the wire can be read.
fn replay_secrets_of_version_2_4_are_opened() {
    let folder = shared_part("pwsh-7.6/secure-string-2-4");
    let mut opened = Vec::new();
    let mut assembler = Assembler::resuming(Assembler::DEFAULT_LIMIT);
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.to_string_lossy().ends_with(".response.xml"));
    names.sort();
    for file in names {
        for message in messages(&fs::read_to_string(&file).unwrap(), &mut assembler) {
            if message.kind != MessageType::PipelineOutput || message.payload.is_empty() {
                continue;
            }
            let value = decode(&message.payload, &Limits::DECODE).unwrap();
            let secret = value.as_secure_string().or_else(|| value.as_credential().map(|(_, password)| password));
            opened.extend(secret.map(|secret| Sealing::Plain.open(secret).unwrap().expose().clone()));
        }
    }
    assert!(!opened.is_empty() && opened.iter().any(|text| text == "p@ss✓"), "{}", opened.len());
}
