//! A client of the listener that says each message itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::time::Duration;

use uuid::Uuid;
use wsman::Error;
use wsman::auth::Credentials;
use wsman::entropy::Entropy;
use wsman::host_end::{HostOptions, Listener};
use wsman::psrp::fragment::{Assembler, fragments};
use wsman::psrp::{Message, MessageType};
use wsman::secret::Secret;
use wsman::soap::{Answer, AnswerEnvelope, Header, Operation, Request, SignalCode};
use wsman::transport::{Connection, Endpoint, Lost, SignIn, Target};

/// Never reached in a test that passes.
pub(crate) const LONG: Duration = Duration::from_secs(60);
pub(crate) const POOL: Uuid = Uuid::from_u128(0x500);
pub(crate) const P: Uuid = Uuid::from_u128(0x501);
pub(crate) const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

pub(crate) fn account(password: &str) -> Credentials {
    Credentials { username: "analyst".into(), password: Secret::new(password.into()) }
}

pub(crate) async fn host(options: HostOptions) -> Listener {
    Listener::bind(LOOPBACK, options).await.unwrap()
}

pub(crate) async fn connect(host: &Listener, password: &str) -> Result<Connection, Error> {
    let endpoint = Endpoint::parse(&host.url()).unwrap();
    let target = Target::new(endpoint, SignIn::Ntlm(account(password)));
    Connection::open(&target, &mut Entropy::system(), LONG).await
}

pub(crate) fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// One client with a pool and a connection.
pub(crate) struct Client<'h> {
    pub(crate) host: &'h Listener,
    pub(crate) connection: Option<Connection>,
    pub(crate) asked: u128,
    pub(crate) objects: u64,
    pub(crate) assembler: Assembler,
}

impl<'h> Client<'h> {
    pub(crate) fn new(host: &'h Listener) -> Self {
        Self { host, connection: None, asked: 0, objects: 0, assembler: Assembler::new(1 << 24) }
    }

    pub(crate) async fn open(host: &'h Listener) -> Self {
        let mut client = Self::new(host);
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

    pub(crate) fn fragments(&mut self, kind: MessageType, pipeline: Option<Uuid>, payload: &str) -> Vec<u8> {
        self.objects += 1;
        let message = Message::to_server(kind, POOL, pipeline, payload.into()).encode();
        fragments(self.objects, &message, NonZeroUsize::new(1 << 20).unwrap()).flatten().collect()
    }

    pub(crate) fn request(&mut self, operation: Operation) -> Vec<u8> {
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

    pub(crate) async fn post(&mut self, body: Vec<u8>) -> Result<Answer, Lost> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(self.host, "pass word").await.unwrap(),
        };
        let (reply, connection) = connection.post(body, LONG).await;
        self.connection = connection;
        reply.map(|reply| AnswerEnvelope::decode(&reply.body).unwrap().answer)
    }

    pub(crate) async fn try_ask(&mut self, operation: Operation) -> Result<Answer, Lost> {
        let body = self.request(operation);
        self.post(body).await
    }

    pub(crate) async fn ask(&mut self, operation: Operation) -> Answer {
        self.try_ask(operation).await.unwrap()
    }

    pub(crate) fn command(&mut self, id: Uuid, command: &str, is_script: bool) -> Operation {
        let merge = |name: &str| MERGE.replace("NAME", name);
        let merges = ["MergeMyResult", "MergeToResult", "MergePreviousResults"].map(merge).concat();
        let create = CREATE.replace("HOST", HOST).replace("MERGES", &merges);
        let create = create.replace("SCRIPT", if is_script { "true" } else { "false" }).replace("TEXT", command);
        let arguments = self.fragments(MessageType::CreatePipeline, Some(id), &create);
        Operation::Command { command_id: id, arguments }
    }

    pub(crate) async fn receive(&mut self, command_id: Option<Uuid>) -> (Vec<Message>, bool) {
        let answer = self.ask(Operation::Receive { command_id }).await;
        self.read(&answer)
    }

    pub(crate) fn read(&mut self, answer: &Answer) -> (Vec<Message>, bool) {
        let Answer::Received(received) = answer else { panic!("nothing received but {answer:?}") };
        let parts = received.streams.iter().flat_map(|stream| self.assembler.push(&stream.data).unwrap());
        let messages = parts.map(|message| Message::decode(&message).unwrap()).collect();
        (messages, received.states.iter().any(|state| state.done))
    }

    /// Output of a whole pipeline, as its payloads.
    pub(crate) async fn run(&mut self, id: Uuid, text: &str, is_script: bool) -> Vec<String> {
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
