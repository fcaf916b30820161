//! The listener over real sockets: NTLM, sealing, faults on purpose, and a
//! real PowerShell behind it where there is one.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use wsman::auth::{Credentials, Mechanism as _, Seal, Step as SignIn, multipart, ntlm};
use wsman::clixml::Value;
use wsman::entropy::Entropy;
use wsman::host_end::demo::{Commands, Step};
use wsman::host_end::{BindError, EngineKind, Hit, HostOptions, Listener, Mishap, Rule};
use wsman::psrp::fragment::{Assembler, fragments};
use wsman::psrp::{Command, Message, MessageType};
use wsman::secret::Secret;
use wsman::soap::{Answer, AnswerEnvelope, Header, Operation, Request, SignalCode};
use wsman::transport::{Connection, Endpoint, Lost, SignIn as How, Target};
use wsman::{Error, ErrorKind};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use uuid::Uuid;

/// Never reached in a test that passes.
const LONG: Duration = Duration::from_secs(60);
const POOL: Uuid = Uuid::from_u128(0x500);
const P: Uuid = Uuid::from_u128(0x501);
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

struct Sample;

impl Commands for Sample {
    fn script(&mut self, _: &str) -> Option<Vec<Step>> {
        None
    }

    fn command(&mut self, command: &Command) -> Option<Vec<Step>> {
        let added = Step::Output(Value::from("added"));
        match command.text.as_str() {
            "Add-One" => Some(vec![added]),
            "Wait-One" => Some(vec![Step::Sleep(Duration::from_millis(100)), added]),
            _ => None,
        }
    }

    fn names(&self) -> Vec<String> {
        vec!["Add-One".into()]
    }
}

fn account(password: &str) -> Credentials {
    Credentials { username: "analyst".into(), password: Secret::new(password.into()) }
}

fn demo() -> HostOptions {
    HostOptions::new(vec![account("pass word")], EngineKind::Demo(Arc::new(|| Box::new(Sample))))
}

async fn host(options: HostOptions) -> Listener {
    Listener::bind(LOOPBACK, options).await.unwrap()
}

async fn connect(host: &Listener, password: &str) -> Result<Connection, Error> {
    let endpoint = Endpoint::parse(&host.url()).unwrap();
    let target = Target::new(endpoint, How::Ntlm(account(password)));
    Connection::open(&target, &mut Entropy::system(), LONG).await
}

/// One client with a pool and a connection.
struct Client<'h> {
    host: &'h Listener,
    connection: Option<Connection>,
    asked: u128,
    objects: u64,
    assembler: Assembler,
}

impl<'h> Client<'h> {
    async fn open(host: &'h Listener) -> Self {
        let mut client = Self { host, connection: None, asked: 0, objects: 0, assembler: Assembler::new(1 << 24) };
        let capability = "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.3</Version><Version N=\"PSVersion\">\
                          2.0</Version><Version N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>";
        let mut creation = client.fragments(MessageType::SessionCapability, None, capability);
        creation.extend(client.fragments(MessageType::InitRunspacePool, None, INIT));
        let created = client
            .ask(Operation::Create {
                shell_id: POOL,
                protocol_version: "2.3".into(),
                creation,
                name: None,
                idle_timeout: None,
            })
            .await;
        assert!(matches!(created, Answer::Created(_)), "{created:?}");
        while !client.receive(None).await.0.iter().any(|m| m.kind == MessageType::RunspacePoolState) {}
        client
    }

    fn fragments(&mut self, kind: MessageType, pipeline: Option<Uuid>, payload: &str) -> Vec<u8> {
        self.objects += 1;
        let message = Message::to_server(kind, POOL, pipeline, payload.into()).encode();
        fragments(self.objects, &message, NonZeroUsize::new(1 << 20).unwrap()).flatten().collect()
    }

    fn request(&mut self, operation: Operation) -> Vec<u8> {
        self.asked += 1;
        let is_create = matches!(operation, Operation::Create { .. });
        let header = Header {
            to: self.host.url(),
            message_id: Uuid::from_u128(self.asked),
            session_id: None,
            resource_uri: "http://schemas.microsoft.com/powershell/Microsoft.PowerShell".into(),
            max_envelope_bytes: 153_600,
            operation_timeout: Duration::from_secs(20),
            shell_id: (!is_create).then(|| POOL.to_string().to_uppercase()),
            robust: None,
        };
        Request { header, operation }.encode()
    }

    async fn post(&mut self, body: Vec<u8>) -> Result<Answer, Lost> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.host, "pass word").await.unwrap(),
        };
        let (reply, connection) = connection.post(body, LONG).await;
        self.connection = connection;
        reply.map(|reply| AnswerEnvelope::decode(&reply.body).unwrap().answer)
    }

    async fn try_ask(&mut self, operation: Operation) -> Result<Answer, Lost> {
        let body = self.request(operation);
        self.post(body).await
    }

    async fn ask(&mut self, operation: Operation) -> Answer {
        self.try_ask(operation).await.unwrap()
    }

    fn command(&mut self, id: Uuid, command: &str, is_script: bool) -> Operation {
        let merge = |name: &str| MERGE.replace("NAME", name);
        let merges = ["MergeMyResult", "MergeToResult", "MergePreviousResults"].map(merge).concat();
        let create = CREATE.replace("HOST", HOST).replace("MERGES", &merges);
        let create = create.replace("SCRIPT", if is_script { "true" } else { "false" }).replace("TEXT", command);
        let arguments = self.fragments(MessageType::CreatePipeline, Some(id), &create);
        Operation::Command { command_id: id, arguments }
    }

    async fn receive(&mut self, command_id: Option<Uuid>) -> (Vec<Message>, bool) {
        let answer = self.ask(Operation::Receive { command_id }).await;
        self.read(&answer)
    }

    fn read(&mut self, answer: &Answer) -> (Vec<Message>, bool) {
        let Answer::Received(received) = answer else { panic!("nothing received but {answer:?}") };
        let parts = received.streams.iter().flat_map(|stream| self.assembler.push(&stream.data).unwrap());
        let messages = parts.map(|message| Message::decode(&message).unwrap()).collect();
        (messages, received.states.iter().any(|state| state.done))
    }

    /// Output of a whole pipeline, as its payloads.
    async fn run(&mut self, id: Uuid, text: &str, is_script: bool) -> Vec<String> {
        let command = self.command(id, text, is_script);
        assert_eq!(self.ask(command).await, Answer::CommandStarted(id));
        let mut payloads = Vec::new();
        loop {
            let (messages, done) = self.receive(Some(id)).await;
            let outputs = messages.iter().filter(|message| message.kind == MessageType::PipelineOutput);
            payloads.extend(outputs.map(|m| String::from_utf8_lossy(&m.payload).trim_start_matches('\u{FEFF}').into()));
            if done {
                break;
            }
        }
        let terminate = Operation::Signal { command_id: Some(id), code: SignalCode::Terminate };
        assert_eq!(self.ask(terminate).await, Answer::Signalled);
        payloads
    }
}

const HOST: &str = "<Obj RefId=\"9\" N=\"HostInfo\"><MS><B N=\"_isHostNull\">true</B><B N=\"_isHostUINull\">true</B>\
                    <B N=\"_isHostRawUINull\">true</B><B N=\"_useRunspaceHost\">true</B></MS></Obj>";
const MERGE: &str = "<Obj N=\"NAME\"><TN><T>System.Management.Automation.Runspaces.PipelineResultTypes</T>\
                     <T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>None</ToString>\
                     <I32>0</I32></Obj>";
const INIT: &str = "<Obj RefId=\"0\"><MS><I32 N=\"MinRunspaces\">1</I32><I32 N=\"MaxRunspaces\">1</I32>\
    <Obj RefId=\"1\" N=\"PSThreadOptions\"><TN RefId=\"0\"><T>System.Management.Automation.Runspaces.PSThreadOptions</T>\
    <T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>Default</ToString><I32>0</I32></Obj>\
    <Obj RefId=\"2\" N=\"ApartmentState\"><TN RefId=\"1\"><T>System.Management.Automation.Runspaces.ApartmentState</T>\
    <T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>UNKNOWN</ToString><I32>2</I32></Obj>\
    <Obj RefId=\"3\" N=\"HostInfo\"><MS><B N=\"_isHostNull\">true</B><B N=\"_isHostUINull\">true</B>\
    <B N=\"_isHostRawUINull\">true</B><B N=\"_useRunspaceHost\">false</B></MS></Obj>\
    <Nil N=\"ApplicationArguments\" /></MS></Obj>";
const CREATE: &str = "<Obj RefId=\"0\"><MS><B N=\"NoInput\">true</B>\
    <Obj RefId=\"1\" N=\"ApartmentState\"><TN RefId=\"0\"><T>System.Management.Automation.Runspaces.ApartmentState</T>\
    <T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>UNKNOWN</ToString><I32>2</I32></Obj>\
    <Obj RefId=\"2\" N=\"RemoteStreamOptions\"><TN RefId=\"1\"><T>System.Management.Automation.Runspaces.\
    RemoteStreamOptions</T><T>System.Enum</T><T>System.ValueType</T><T>System.Object</T></TN><ToString>0</ToString>\
    <I32>0</I32></Obj><B N=\"AddToHistory\">false</B>HOST<Obj RefId=\"3\" N=\"PowerShell\"><MS>\
    <B N=\"IsNested\">false</B><Nil N=\"ExtraCmds\" /><Obj RefId=\"4\" N=\"Cmds\"><LST><Obj RefId=\"5\"><MS>\
    <S N=\"Cmd\">TEXT</S><B N=\"IsScript\">SCRIPT</B><Nil N=\"UseLocalScope\" />MERGES<Obj RefId=\"7\" N=\"Args\"><LST />\
    </Obj></MS></Obj></LST></Obj><Nil N=\"History\" /><B N=\"RedirectShellErrorOutputPipe\">false</B></MS></Obj>\
    <B N=\"IsNested\">false</B></MS></Obj>";

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

#[tokio::test]
async fn a_shell_lives_from_create_to_delete_over_one_connection() {
    let host = host(demo()).await;
    let mut client = Client::open(&host).await;
    for n in 1..=3 {
        assert_eq!(client.run(id(n), "Add-One", false).await, ["<S>added</S>"]);
    }
    assert_eq!(host.counters().shells_open, 1);
    assert_eq!(client.ask(Operation::Delete).await, Answer::Deleted);
    let counters = host.counters();
    assert_eq!((counters.shells_open, counters.commands_terminated, counters.runs_of("Add-One")), (0, 3, 3));
    let requests = |name| counters.requests_of(name);
    assert_eq!(["Create", "Command", "Receive", "Signal", "Delete"].map(requests), [1, 3, 5, 3, 1]);
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let host = host(demo()).await;
    assert_eq!(connect(&host, "password").await.unwrap_err().kind(), ErrorKind::Auth);
    connect(&host, "pass word").await.unwrap();
}

#[tokio::test]
async fn hosts_listen_on_loopback_only() {
    let everywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    assert!(matches!(Listener::bind(everywhere, demo()).await, Err(BindError::NotLoopback(_))));
}

async fn exchange(stream: &mut TcpStream, head: &str, body: &[u8]) -> (String, Vec<u8>) {
    let head = format!("{head}\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
    let mut got = Vec::new();
    let end = loop {
        assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0, "closed");
        if let Some(end) = got.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let head = String::from_utf8(got[..end].to_vec()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
    let length: usize = length.parse().unwrap();
    while got.len() < end + length {
        assert_ne!(stream.read_buf(&mut got).await.unwrap(), 0, "closed");
    }
    (head, got.split_off(end))
}

#[tokio::test]
async fn what_is_no_sealed_post_to_wsman_is_turned_away() {
    let host = host(demo()).await;
    for (head, status) in [
        ("GET /wsman HTTP/1.1", "405"),
        ("POST /other HTTP/1.1", "404"),
        ("POST /wsman HTTP/1.1", "401"),
        ("POST /wsman HTTP/1.1\r\nAuthorization: Basic eDp4", "401"),
        ("POST /wsman HTTP/1.1\r\nAuthorization: Negotiate !!!", "401"),
        ("POST /wsman?PSVersion=7.6 HTTP/1.1\r\nAuthorization: Negotiate AAAA", "401"),
    ] {
        let mut stream = TcpStream::connect(host.address()).await.unwrap();
        let (answer, body) = exchange(&mut stream, head, b"").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{head}: {answer}");
        assert_eq!(answer.contains("\r\nwww-authenticate: Negotiate\r\n"), status == "401", "{answer}");
        assert!(body.is_empty());
    }
    assert!(host.counters().requests.is_empty(), "nothing reached the service");
}

/// Signs in by hand; the last token goes with `body`.
async fn sign_in(
    host: &Listener,
    body: impl FnOnce(&mut dyn Seal) -> Vec<u8>,
) -> (TcpStream, Box<dyn Seal>, String, Vec<u8>) {
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let credentials = account("pass word");
    let client = ntlm::Initiator::new(&credentials, "127.0.0.1", &mut Entropy::system()).unwrap();
    let SignIn::Continue { token, next } = Box::new(client).step(&[], None).unwrap() else { panic!("too early") };
    let head = |token: &[u8]| format!("POST /wsman HTTP/1.1\r\nAuthorization: Negotiate {}", STANDARD.encode(token));
    let (answer, _) = exchange(&mut stream, &head(&token), b"").await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let challenge = answer.lines().find_map(|line| line.split_once(": Negotiate ")).expect("a token").1;
    let SignIn::Done { token, mut seal } = next.step(&STANDARD.decode(challenge).unwrap(), None).unwrap() else {
        panic!("not done")
    };
    let body = body(&mut *seal);
    let head = format!("{}\r\nContent-Type: {}", head(&token.unwrap()), multipart::CONTENT_TYPE);
    let (answer, body) = exchange(&mut stream, &head, &body).await;
    (stream, seal, answer, body)
}

#[tokio::test]
async fn an_unsealed_request_gets_500_and_nothing_even_when_signed_in() {
    let host = host(demo()).await;
    let (mut stream, _, answer, body) = sign_in(&host, |_| Vec::new()).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && body.is_empty(), "{answer}");
    let head = "POST /wsman HTTP/1.1\r\nContent-Type: application/soap+xml;charset=UTF-8";
    let (answer, body) = exchange(&mut stream, head, b"<s:Envelope/>").await;
    assert!(answer.starts_with("HTTP/1.1 500 ") && body.is_empty(), "{answer}");
    assert!(host.counters().requests.is_empty());
}

#[tokio::test]
async fn a_sealed_request_may_come_with_the_last_token() {
    let host = host(demo()).await;
    let (_, mut seal, answer, body) =
        sign_in(&host, |seal| multipart::encode(&seal.seal(b"<junk/>".to_vec()).unwrap())).await;
    assert!(answer.starts_with("HTTP/1.1 500 "), "a fault: {answer}");
    let sealed = multipart::decode(multipart::CONTENT_TYPE, body, 1 << 20).unwrap();
    let plain = seal.unseal(&sealed.header, sealed.data).unwrap();
    assert!(matches!(AnswerEnvelope::decode(&plain).unwrap().answer, Answer::Fault(_)));
    assert_eq!(host.counters().requests_of("Invalid"), 1);
}

#[tokio::test]
async fn a_broken_seal_costs_the_connection() {
    let host = host(demo()).await;
    let (_, _, answer, body) = sign_in(&host, |seal| {
        let mut sealed = seal.seal(b"<junk/>".to_vec()).unwrap();
        sealed.data[0] ^= 1;
        multipart::encode(&sealed)
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && body.is_empty(), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

fn on(operation: &'static str, hit: Hit, mishap: Mishap) -> Rule {
    Rule { operation: Some(operation), hit, mishap }
}

#[tokio::test]
async fn a_command_dropped_before_the_host_saw_it_did_not_run_one_dropped_after_did() {
    let host = host(demo()).await;
    let mut client = Client::open(&host).await;
    for (mishap, runs) in [
        (Mishap::DropBefore, 0),
        (Mishap::Refuse { status: 503 }, 0),
        (Mishap::DropAfter, 1),
        (Mishap::CutAnswer { bytes: 100 }, 2),
    ] {
        host.add_fault(on("Command", Hit::Nth(1), mishap.clone()));
        let command = client.command(id(runs + 1), "Add-One", false);
        let lost = client.try_ask(command).await.expect_err("no answer");
        assert!(lost.sent, "{mishap:?}");
        assert!(client.connection.is_none());
        assert_eq!(u128::from(host.counters().runs_of("Add-One")), runs, "{mishap:?}");
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_receive_comes_again_on_another_connection() {
    let mut options = demo();
    options.faults.push(on("Receive", Hit::Nth(3), Mishap::DropAfter));
    let host = host(options).await;
    let mut client = Client::open(&host).await;
    let command = client.command(P, "Add-One", false);
    client.ask(command).await;
    let receive = client.request(Operation::Receive { command_id: Some(P) });
    client.post(receive.clone()).await.expect_err("no answer");
    let answer = client.post(receive).await.unwrap();
    let (messages, done) = client.read(&answer);
    assert_eq!((messages.len(), done), (2, true));
    assert_eq!((host.counters().repeated, host.counters().runs_of("Add-One")), (1, 1));
}

#[tokio::test]
async fn output_is_not_given_to_a_connection_that_is_gone() {
    let host = host(demo()).await;
    let mut client = Client::open(&host).await;
    let command = client.command(P, "Wait-One", false);
    client.ask(command).await;
    let held = client.request(Operation::Receive { command_id: Some(P) });
    let post = tokio::spawn(client.connection.take().unwrap().post(held, LONG));
    while host.counters().requests_of("Receive") < 3 {
        tokio::task::yield_now().await;
    }
    post.abort();
    while host.counters().lost == 0 {
        tokio::task::yield_now().await;
    }
    let (messages, done) = client.receive(Some(P)).await;
    assert_eq!((messages.len(), done), (2, true));
}

#[tokio::test]
async fn answers_can_be_delayed() {
    let mut options = demo();
    let delay = Duration::from_millis(30);
    options.faults.push(on("Delete", Hit::Every, Mishap::Delay(delay)));
    let host = host(options).await;
    let mut client = Client::open(&host).await;
    let started = tokio::time::Instant::now();
    assert_eq!(client.ask(Operation::Delete).await, Answer::Deleted);
    assert!(started.elapsed() >= delay);
}

#[tokio::test]
async fn a_shutdown_closes_connections_and_keeps_the_count() {
    let host = host(demo()).await;
    let mut stream = TcpStream::connect(host.address()).await.unwrap();
    let mut client = Client::open(&host).await;
    let held = client.request(Operation::Receive { command_id: None });
    let connection = client.connection.take().unwrap();
    let post = tokio::spawn(connection.post(held, LONG));
    // The Receive is held before the host goes.
    while host.counters().requests_of("Receive") < 3 {
        tokio::task::yield_now().await;
    }
    host.shutdown().await;
    assert!(post.await.unwrap().0.is_err());
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or(0), 0);
}

#[cfg(feature = "process")]
mod process {
    #![expect(clippy::print_stderr, reason = "a test that is left out says so")]

    use std::ffi::OsString;
    use std::path::{Path, PathBuf};

    use wsman::host_end::engine::ProcessOptions;
    use wsman::soap::Fault;

    use super::*;

    /// A PowerShell that speaks the out-of-process protocol.
    fn powershell() -> Option<Vec<OsString>> {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
        let ours = beside.map(|folder| folder.join("../shared/powershell/pwsh-engine")).find(|path| path.is_file());
        let program = ours.or_else(|| {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path).map(|folder| folder.join("pwsh")).find(|path: &PathBuf| path.is_file())
        })?;
        Some([program.into_os_string(), "-s".into(), "-NoLogo".into(), "-NoProfile".into()].into())
    }

    /// A host in front of it; without one the test is left out, and says so.
    async fn real_host() -> Option<Listener> {
        let Some(argv) = powershell() else {
            eprintln!("left out: no PowerShell");
            return None;
        };
        let env = [("WSMAN_TEST_VALUE", "from the test"), ("DOTNET_EnableDiagnostics", "0")];
        let env = env.map(|(name, value)| (name.into(), value.into())).into();
        let engine = EngineKind::Process(ProcessOptions { argv, env });
        Some(host(HostOptions::new(vec![account("pass word")], engine)).await)
    }

    #[tokio::test]
    async fn a_real_powershell_runs_scripts_with_the_environment_given() {
        let Some(host) = real_host().await else { return };
        let mut client = Client::open(&host).await;
        assert_eq!(client.run(id(1), "1..3", true).await, ["<I32>1</I32>", "<I32>2</I32>", "<I32>3</I32>"]);
        assert_eq!(client.run(id(2), "$env:WSMAN_TEST_VALUE", true).await, ["<S>from the test</S>"]);
        let large = client.run(id(3), "'x' * 300KB", true).await;
        assert_eq!(large[0].len(), 300 * 1024 + "<S></S>".len());
        assert_eq!(client.ask(Operation::Delete).await, Answer::Deleted);
        assert_eq!(host.counters().commands_terminated, 3);
    }

    #[tokio::test]
    async fn a_real_powershell_stops_and_its_runspace_lives_on() {
        let Some(host) = real_host().await else { return };
        let mut client = Client::open(&host).await;
        let sleep = client.command(P, "'begun'; Start-Sleep 600", true);
        client.ask(sleep).await;
        assert_eq!(client.receive(Some(P)).await.0[0].kind, MessageType::PipelineOutput);
        let stop = Operation::Signal { command_id: Some(P), code: SignalCode::CtrlC };
        assert_eq!(client.ask(stop).await, Answer::Signalled);
        let (messages, done) = client.receive(Some(P)).await;
        assert_eq!((messages.last().unwrap().kind, done), (MessageType::PipelineState, true));
        let last = String::from_utf8_lossy(&messages.last().unwrap().payload).into_owned();
        assert!(last.contains("<I32 N=\"PipelineState\">3</I32>"), "{last}");
        assert_eq!(client.run(id(2), "'alive'", true).await, ["<S>alive</S>"]);
    }

    #[tokio::test]
    async fn the_death_of_the_process_aborts_and_then_nothing_is_found() {
        let Some(host) = real_host().await else { return };
        let mut client = Client::open(&host).await;
        let exit = client.command(P, "[Environment]::Exit(1)", true);
        client.ask(exit).await;
        let code = |answer| if let Answer::Fault(fault) = answer { fault.code } else { panic!("{answer:?}") };
        let first = code(client.ask(Operation::Receive { command_id: Some(P) }).await);
        // Death may be quicker than the Receive.
        assert!(matches!(first, Some(995 | Fault::INVALID_SELECTORS)), "{first:?}");
        assert_eq!(code(client.ask(Operation::Delete).await), Some(Fault::INVALID_SELECTORS));
        assert_eq!(host.counters().shells_open, 0);
    }

    #[tokio::test]
    async fn a_deleted_shell_takes_its_process_along() {
        let Some(host) = real_host().await else { return };
        let mut client = Client::open(&host).await;
        let pid = client.run(id(1), "$PID", true).await.remove(0);
        let process = PathBuf::from(format!("/proc/{}", pid.replace("<I32>", "").replace("</I32>", "")));
        if !process.exists() {
            eprintln!("left out: no /proc");
            return;
        }
        client.ask(Operation::Delete).await;
        let gone = async {
            while process.exists() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONG, gone).await.expect("the process is gone");
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_a_fault() {
        let engine = EngineKind::Process(ProcessOptions { argv: vec!["/no/such/program".into()], env: Vec::new() });
        let host = host(HostOptions::new(vec![account("pass word")], engine)).await;
        let mut client =
            Client { host: &host, connection: None, asked: 0, objects: 0, assembler: Assembler::new(1 << 20) };
        let create = Operation::Create {
            shell_id: POOL,
            protocol_version: "2.3".into(),
            creation: vec![0; 30],
            name: None,
            idle_timeout: None,
        };
        let Answer::Fault(fault) = client.ask(create).await else { panic!("a shell without a program") };
        assert_eq!(fault.code, Some(2_152_992_672));
    }
}
