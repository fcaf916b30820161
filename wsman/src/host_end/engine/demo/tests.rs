//! The Demo engine by hand.

use super::*;
use crate::host_end::demo::Step;
use crate::psrp::fragment::fragments;
use crate::psrp::{
    Command, CreatePipeline, ErrorRecord, HostCall, HostMethod, HostResponse, InitRunspacePool, PipelineFlags,
    PipelineStateMessage, Refusal,
};

const POOL: Uuid = Uuid::from_u128(0x500);
const P: Uuid = Uuid::from_u128(1);

struct Sample;

impl Commands for Sample {
    fn script(&mut self, text: &str) -> Option<Vec<Step>> {
        (text == "known").then(|| vec![Step::Output(Value::from("a")), Step::Output(Value::Nil)])
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        Some(match command.text.as_str() {
            "Exit-Here" => vec![Step::Exit(3), Step::Output(Value::from("never"))],
            "Fail-Here" => vec![Step::Output(Value::from("before")), Step::Fail(ErrorRecord::new("no", "X,Fail", 5))],
            "Write-Line" => vec![Step::Host("line".into())],
            "Out-Deep" => {
                let deep = (0..100).fold(Value::Nil, |inner, _| Value::list(vec![inner]));
                vec![Step::Output(deep)]
            }
            _ => return None,
        })
    }

    fn names(&self) -> Vec<String> {
        vec!["Exit-Here".into()]
    }
}

struct Bench {
    demo: Demo,
    now: Instant,
    objects: u64,
    assembler: Assembler,
}

impl Bench {
    fn new() -> Self {
        let options = DemoOptions { unix_start: Duration::from_secs(1_800_000_000) };
        let demo = Demo::new(Box::new(Sample), options, Entropy::seeded(1));
        Self { demo, now: Instant::START, objects: 0, assembler: Assembler::new(1 << 24) }
    }

    /// With an open pool of `runspaces`, whose client has that host.
    fn opened(runspaces: i32, host: HostInfo) -> Self {
        let mut bench = Self::new();
        assert_eq!(bench.open(ProtocolVersion::V2_3, runspaces, host).len(), 3);
        bench
    }

    fn open(&mut self, protocol: ProtocolVersion, max_runspaces: i32, host: HostInfo) -> Vec<Message> {
        self.pool(MessageType::SessionCapability, SessionCapability { protocol }.encode().unwrap());
        let init = InitRunspacePool { min_runspaces: 1, max_runspaces, host, application_arguments: Value::Nil };
        self.pool(MessageType::InitRunspacePool, init.encode().unwrap());
        self.said()
    }

    fn bytes(&mut self, kind: MessageType, pipeline: Option<Uuid>, payload: Vec<u8>) -> Vec<u8> {
        self.objects += 1;
        let message = Message::to_server(kind, POOL, pipeline, payload).encode();
        fragments(self.objects, &message, std::num::NonZeroUsize::new(1 << 20).unwrap()).flatten().collect()
    }

    fn pool(&mut self, kind: MessageType, payload: Vec<u8>) {
        let data = self.bytes(kind, None, payload);
        self.demo.handle(self.now, Input::PoolData(data));
    }

    fn data(&mut self, pipeline: Uuid, kind: MessageType, payload: Vec<u8>) {
        let data = self.bytes(kind, Some(pipeline), payload);
        self.demo.handle(self.now, Input::PipelineData { pipeline, data });
    }

    fn start(&mut self, pipeline: Uuid, host: HostInfo, commands: Vec<Command>) {
        self.demo.handle(self.now, Input::CommandOpen { pipeline });
        let create = CreatePipeline { commands, no_input: true, host, flags: PipelineFlags::default() };
        self.data(pipeline, MessageType::CreatePipeline, create.encode().unwrap());
    }

    fn run(&mut self, commands: Vec<Command>) -> Vec<Message> {
        self.start(P, HostInfo::None, commands);
        let said = self.said();
        self.demo.handle(self.now, Input::CloseCommand { pipeline: P });
        said
    }

    fn said(&mut self) -> Vec<Message> {
        let mut said = Vec::new();
        loop {
            match self.demo.poll(self.now) {
                Output::Data { data, .. } => {
                    assert!(data.len() <= 32_768);
                    let messages = self.assembler.push(&data).unwrap();
                    said.extend(messages.iter().map(|message| Message::decode(message).unwrap()));
                }
                Output::Wait { .. } => return said,
                Output::Ack { .. } | Output::Ran { .. } => {}
                Output::Ended => panic!("the Demo engine does not end"),
            }
        }
    }
}

fn kinds(messages: &[Message]) -> Vec<MessageType> {
    messages.iter().map(|message| message.kind).collect()
}

fn outputs(messages: &[Message]) -> Vec<String> {
    let outputs = messages.iter().filter(|message| message.kind == MessageType::PipelineOutput);
    outputs.map(|message| psrp::to_text(&psrp::decode(&message.payload).unwrap_or(Value::Nil))).collect()
}

fn ended(messages: &[Message]) -> (PipelineState, Option<String>) {
    let last = messages.last().expect("a last message");
    assert_eq!(last.kind, MessageType::PipelineState);
    let state = PipelineStateMessage::decode(&last.payload).unwrap();
    (state.state.unwrap(), state.error.map(|error| error.id))
}

fn failed(id: &str) -> (PipelineState, Option<String>) {
    (PipelineState::Failed, Some(id.to_owned()))
}

const COMPLETED: (PipelineState, Option<String>) = (PipelineState::Completed, None);

#[test]
fn versions_are_echoed_up_to_2_4_and_others_get_silence() {
    for (asked, answered, messages) in [((2, 1), "2.1", 3), ((2, 3), "2.3", 3), ((2, 9), "2.4", 3), ((3, 0), "2.4", 1)]
    {
        let mut bench = Bench::new();
        let said = bench.open(ProtocolVersion(asked.0, asked.1), 1, HostInfo::None);
        assert_eq!(said.len(), messages, "{asked:?}");
        assert_eq!(said[0].pool, Uuid::nil());
        assert_eq!(SessionCapability::decode(&said[0].payload).unwrap().protocol.to_string(), answered);
    }
}

#[test]
fn the_private_data_says_what_it_is() {
    let mut bench = Bench::new();
    let said = bench.open(ProtocolVersion::V2_3, 1, HostInfo::None);
    let data = psrp::ApplicationPrivateData::decode(&said[1].payload).unwrap();
    assert_eq!((data.ps_version().as_deref(), data.ps_edition()), (Some("5.1.0.0"), Some("Desktop")));
}

#[test]
fn arrays_are_unrolled_one_level() {
    let mut bench = Bench::opened(1, HostInfo::None);
    let inner = Value::list(vec![Value::I32(2), Value::I32(3)]);
    let value = Value::list(vec![Value::I32(1), inner]);
    let said = bench.run(vec![Command::new("write-output").argument("inputobject", value.clone())]);
    assert_eq!((outputs(&said).len(), ended(&said)), (2, COMPLETED));
    let whole = Command::new("Write-Output").argument("InputObject", value).argument("NoEnumerate", true);
    assert_eq!(outputs(&bench.run(vec![whole])).len(), 1);
}

#[test]
fn what_follows_a_command_is_done_to_its_output() {
    let mut bench = Bench::opened(1, HostInfo::None);
    let mut run = |then: Command| {
        let said = bench.run(vec![Command::script("known"), then]);
        (outputs(&said), ended(&said))
    };
    assert_eq!(run(Command::new("Out-String")), (vec!["a\r\n\r\n".into()], COMPLETED));
    assert_eq!(run(Command::new("Out-String").argument("Stream", true)).0, ["a", ""]);
    assert_eq!(run(Command::new("Out-Default")).0, ["a", ""]);
    assert_eq!(run(Command::new("Out-Null")), (vec![], COMPLETED));
    assert_eq!(run(Command::new("Sort-Object")).1, failed("DemoEngine.NotOffered"));
}

#[test]
fn null_is_output_without_a_payload() {
    let said = Bench::opened(1, HostInfo::None).run(vec![Command::script("known")]);
    assert_eq!(kinds(&said), [MessageType::PipelineOutput, MessageType::PipelineOutput, MessageType::PipelineState]);
    assert!(said[1].payload.is_empty());
}

#[test]
fn a_command_may_be_named_with_its_module() {
    let said = Bench::opened(1, HostInfo::None).run(vec![Command::new("Any\\Fail-Here")]);
    assert_eq!(ended(&said), failed("X,Fail"));
}

#[test]
fn what_is_not_understood_fails_and_is_not_met_with_silence() {
    let mut bench = Bench::opened(1, HostInfo::None);
    assert_eq!(ended(&bench.run(vec![Command::script("1 + 1")])), failed("DemoEngine.NotOffered"));
    assert_eq!(ended(&bench.run(vec![Command::new("No-Such")])), failed("CommandNotFoundException"));
    assert_eq!(ended(&bench.run(vec![])), failed("DemoEngine.Unreadable"));
    assert_eq!(ended(&bench.run(vec![Command::new("Out-Deep")])), failed("DemoEngine.NotOffered"));
    let strange = Command::new("Get-Date").argument("Format", "o");
    let id = "NamedParameterNotFound,Microsoft.PowerShell.Commands.GetDateCommand";
    assert_eq!(ended(&bench.run(vec![strange])), failed(id));
    for (kind, payload) in [
        (MessageType::CreatePipeline, &b"<Obj"[..]),
        (MessageType::CreatePipeline, b""),
        (MessageType::GetCommandMetadata, b"<Nil/>"),
        (MessageType::Unknown(7), b""),
    ] {
        bench.demo.handle(bench.now, Input::CommandOpen { pipeline: P });
        bench.data(P, kind, payload.to_vec());
        assert_eq!(ended(&bench.said()).0, PipelineState::Failed, "{kind:?}");
    }
    bench.demo.handle(bench.now, Input::CommandOpen { pipeline: P });
    bench.demo.handle(bench.now, Input::PipelineData { pipeline: P, data: vec![0xFF; 60] });
    bench.demo.handle(bench.now, Input::CloseCommand { pipeline: P });
    assert_eq!(ended(&bench.run(vec![Command::new("Get-Date")])), COMPLETED, "the pool lives");
}

#[test]
fn the_clock_is_the_one_that_was_given() {
    let mut bench = Bench::opened(1, HostInfo::None);
    bench.now = bench.now + Duration::from_millis(1500);
    assert_eq!(outputs(&bench.run(vec![Command::new("Get-Date")])), ["2027-01-15T08:00:01.5000000Z"]);
}

#[test]
fn an_exit_is_a_host_call_and_then_completed() {
    let said = Bench::opened(1, HostInfo::None).run(vec![Command::new("Exit-Here")]);
    assert_eq!(kinds(&said), [MessageType::PipelineHostCall, MessageType::PipelineState]);
    let call = HostCall::decode(&said[0].payload).unwrap();
    assert_eq!((call.call_id, call.method, call.parameters), (-100, HostMethod::SetShouldExit, vec![Value::I32(3)]));
    assert_eq!(ended(&said), COMPLETED);
}

#[test]
fn a_terminating_error_comes_after_the_output() {
    let said = Bench::opened(1, HostInfo::None).run(vec![Command::new("Fail-Here")]);
    assert_eq!((outputs(&said), ended(&said)), (vec!["before".into()], failed("X,Fail")));
}

#[test]
fn a_line_reaches_the_host_only_if_there_is_one() {
    let mut bench = Bench::opened(1, HostInfo::Console);
    let line = || vec![Command::new("Write-Line")];
    bench.start(P, HostInfo::OfRunspacePool, line());
    let said = bench.said();
    assert_eq!(kinds(&said)[..2], [MessageType::InformationRecord, MessageType::PipelineHostCall]);
    let record = psrp::InformationRecord::decode(&said[0].payload).unwrap();
    assert_eq!((record.text().as_str(), record.from_write_host), ("line", true));
    let without = Bench::opened(1, HostInfo::None).run(line());
    assert_eq!(kinds(&without), [MessageType::InformationRecord, MessageType::PipelineState]);
}

#[test]
fn questions_are_answered_refused_or_fail_for_want_of_a_host() {
    let mut bench = Bench::opened(1, HostInfo::Console);
    let ask = || vec![Command::new("Read-Host").argument("Prompt", "Sure?")];
    for (answer, output, end) in [
        (HostResponse::fields([("Sure?", Value::from("j"))]), vec!["j".to_owned()], COMPLETED),
        (
            HostResponse::Refused(Refusal { id: "Client.Refused".into(), message: "no".into() }),
            vec![],
            failed("Client.Refused"),
        ),
    ] {
        bench.start(P, HostInfo::OfRunspacePool, ask());
        let said = bench.said();
        let call = HostCall::decode(&said[0].payload).unwrap();
        assert_eq!((call.call_id, call.single_string_field().as_deref()), (1, Some("Sure?")));
        let other = HostCall { call_id: 7, ..call.clone() };
        bench.data(P, MessageType::PipelineHostResponse, answer.encode(&other).unwrap());
        assert!(bench.said().is_empty(), "the answer to another call");
        // Without the pipeline's id, as pypsrp sends it.
        let data = bench.bytes(MessageType::PipelineHostResponse, Some(P), answer.encode(&call).unwrap());
        bench.demo.handle(bench.now, Input::HostResponse { pipeline: None, data });
        let said = bench.said();
        assert_eq!((outputs(&said), ended(&said)), (output, end));
        bench.demo.handle(bench.now, Input::CloseCommand { pipeline: P });
    }
    let id = "HostFunctionNotImplemented,Microsoft.PowerShell.Commands.ReadHostCommand";
    assert_eq!(ended(&bench.run(ask())), failed(id));
}

#[test]
fn a_stop_ends_sleeps_questions_and_what_is_queued() {
    let mut bench = Bench::opened(1, HostInfo::Console);
    let sleep = || vec![Command::new("Start-Sleep").argument("Milliseconds", 500_000)];
    let queued = Uuid::from_u128(2);
    bench.start(P, HostInfo::OfRunspacePool, sleep());
    bench.start(queued, HostInfo::OfRunspacePool, sleep());
    assert!(bench.said().is_empty());
    for id in [queued, P, P] {
        bench.demo.handle(bench.now, Input::Stop { pipeline: id });
    }
    let said = bench.said();
    assert_eq!(said.iter().map(|message| message.pipeline).collect::<Vec<_>>(), [queued, P], "each once");
    assert_eq!(ended(&said), (PipelineState::Stopped, Some("PipelineStopped".into())));
}

#[test]
fn as_many_run_at_once_as_there_are_runspaces() {
    let mut bench = Bench::opened(2, HostInfo::None);
    for n in 1..=3 {
        let sleep = Command::new("Start-Sleep").argument("Seconds", 10);
        bench.start(Uuid::from_u128(n), HostInfo::None, vec![sleep]);
    }
    bench.said();
    bench.pool(MessageType::GetAvailableRunspaces, b"<Obj RefId='0'><MS><I64 N='ci'>9</I64></MS></Obj>".to_vec());
    let answer = psrp::decode(&bench.said()[0].payload).unwrap();
    assert_eq!(answer.get("SetMinMaxRunspacesResponse"), Some(&Value::I32(0)));
    assert_eq!(answer.get("ci"), Some(&Value::I64(9)));
    bench.now = bench.now + Duration::from_secs(10);
    assert_eq!(bench.said().len(), 2);
    bench.now = bench.now + Duration::from_secs(10);
    assert_eq!(bench.said().len(), 1);
}

#[test]
fn objects_are_numbered_over_the_whole_shell() {
    let mut bench = Bench::opened(1, HostInfo::None);
    bench.start(P, HostInfo::None, vec![Command::new("Get-Date")]);
    let mut numbers = Vec::new();
    while let output @ (Output::Data { .. } | Output::Ack { .. } | Output::Ran { .. }) = bench.demo.poll(bench.now) {
        if let Output::Data { data, .. } = output {
            numbers.push(data[7]);
        }
    }
    assert_eq!(numbers, [4, 5]);
}

/// A byte of the pipeline's description goes wrong: whatever that makes of
/// it, the pool lives on.
#[test]
fn no_changed_byte_breaks_the_pool() {
    let mut bench = Bench::opened(1, HostInfo::None);
    let commands = vec![Command::new("Write-Output").argument("InputObject", "text")];
    let create = CreatePipeline { commands, no_input: true, host: HostInfo::None, flags: PipelineFlags::default() }
        .encode()
        .unwrap();
    let whole = bench.bytes(MessageType::CreatePipeline, Some(P), create);
    for at in (0..whole.len()).step_by(5) {
        let mut data = whole.clone();
        data[at] ^= 0x15;
        bench.demo.handle(bench.now, Input::CommandOpen { pipeline: P });
        bench.demo.handle(bench.now, Input::PipelineData { pipeline: P, data });
        let said = bench.said();
        assert!(said.iter().all(|message| message.pipeline == P), "byte {at}");
        bench.demo.handle(bench.now, Input::CloseCommand { pipeline: P });
    }
    assert_eq!(ended(&bench.run(vec![Command::new("Get-Date")])), COMPLETED);
}
