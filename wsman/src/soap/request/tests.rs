use super::*;
use crate::soap::SoapError;

fn request(operation: Operation) -> Request {
    Request {
        header: Header {
            to: "http://jump01.example:5985/wsman".into(),
            message_id: Uuid::from_u128(1),
            session_id: Some(Uuid::from_u128(2)),
            resource_uri: "http://schemas.microsoft.com/powershell/Microsoft.PowerShell".into(),
            max_envelope_bytes: 153_600,
            operation_timeout: Duration::from_secs(20),
            shell_id: Some("A&B".into()),
            robust: Some(Robust { operation_id: Uuid::from_u128(3), again: true }),
        },
        operation,
    }
}

#[test]
fn every_operation_reads_back_as_it_was_written() {
    let id = Uuid::from_u128(0xABCD);
    for operation in [
        Operation::Create {
            shell_id: id,
            protocol_version: "2.3".into(),
            creation: vec![1, 2, 3],
            name: None,
            idle_timeout: None,
        },
        Operation::Create {
            shell_id: id,
            protocol_version: "2.3".into(),
            creation: vec![],
            name: Some("<n>".into()),
            idle_timeout: Some(Duration::from_secs(240)),
        },
        Operation::Disconnect { idle_timeout: None },
        Operation::Disconnect { idle_timeout: Some(Duration::from_secs(90)) },
        Operation::Reconnect { command_id: None },
        Operation::Reconnect { command_id: Some(id) },
        Operation::Connect { command_id: None, protocol_version: "2.3".into(), connect: vec![1] },
        Operation::Connect { command_id: Some(id), protocol_version: String::new(), connect: vec![] },
        Operation::Enumerate { shell_id: None },
        Operation::Enumerate { shell_id: Some("X".into()) },
        Operation::Pull { context: "7".into() },
        Operation::Command { command_id: id, arguments: vec![0; 70] },
        Operation::Receive { command_id: Some(id) },
        Operation::Receive { command_id: None },
        Operation::Send { command_id: Some(id), stream: "pr", data: vec![9] },
        Operation::Send { command_id: None, stream: "stdin", data: vec![] },
        Operation::Signal { command_id: Some(id), code: SignalCode::CtrlC },
        Operation::Signal { command_id: Some(id), code: SignalCode::Terminate },
        Operation::Delete,
    ] {
        let request = request(operation);
        assert_eq!(Request::decode(&request.encode()).unwrap(), request);
    }
}

#[test]
fn the_stop_code_is_the_misspelt_one() {
    let sent = request(Operation::Signal { command_id: None, code: SignalCode::CtrlC }).encode();
    assert!(String::from_utf8(sent).unwrap().contains("<rsp:Code>powershell/signal/crtl_c</rsp:Code>"));
}

#[test]
fn two_arguments_elements_are_refused_as_windows_does() {
    let sent = request(Operation::Command { command_id: Uuid::nil(), arguments: vec![1] }).encode();
    let sent = String::from_utf8(sent).unwrap().replace("</rsp:CommandLine>", "<rsp:Arguments/></rsp:CommandLine>");
    assert_eq!(Request::decode(sent.as_bytes()), Err(SoapError::Invalid("Arguments")));
}
