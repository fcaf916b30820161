//! The shells of a host, without a session: a list, and the removal of one.

use uuid::Uuid;

use crate::entropy::Entropy;
use crate::soap::{Answer, AnswerEnvelope, Header, Operation, Request, ShellDescription, ns};
use crate::time::Duration;
use crate::{Error, ErrorKind};

/// A dialogue about shells: post a body, hand in the answer, until it is done.
///
/// Users see and remove their own shells only; that is the host's rule.
#[derive(Debug)]
pub struct ShellList {
    to: String,
    entropy: Entropy,
    kind: Kind,
    message_id: Uuid,
    found: Found,
}

#[derive(Clone, Debug)]
enum Kind {
    List { resource: &'static str },
    Remove,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Shells.
    pub shells: Vec<ShellDescription>,
    /// Commands of one shell, with the host's word for their state.
    pub commands: Vec<(Uuid, String)>,
}

/// How a dialogue goes on.
#[derive(Debug)]
pub enum Step {
    /// Post this.
    Ask(Vec<u8>),
    /// That was all.
    Done(Found),
}

impl ShellList {
    /// Lists the user's shells; the body to post.
    #[must_use]
    pub fn shells(to: &str, entropy: Entropy) -> (Self, Vec<u8>) {
        Self::begin(to, entropy, Kind::List { resource: ns::SHELL }, None, Operation::Enumerate { shell_id: None })
    }

    /// Lists the commands of a shell; the body to post.
    #[must_use]
    pub fn commands(to: &str, entropy: Entropy, shell_id: &str) -> (Self, Vec<u8>) {
        let operation = Operation::Enumerate { shell_id: Some(shell_id.to_owned()) };
        Self::begin(to, entropy, Kind::List { resource: ns::SHELL_COMMAND }, None, operation)
    }

    /// Closes a shell, whatever its client does; the body to post.
    ///
    /// Chosen: no SessionId goes along. It would be another than the shell's,
    /// and hosts refuse that (2150859023).
    #[must_use]
    pub fn remove(to: &str, entropy: Entropy, shell: &ShellDescription) -> (Self, Vec<u8>) {
        Self::begin(to, entropy, Kind::Remove, Some(shell), Operation::Delete)
    }

    fn begin(
        to: &str,
        entropy: Entropy,
        kind: Kind,
        shell: Option<&ShellDescription>,
        operation: Operation,
    ) -> (Self, Vec<u8>) {
        let mut list = Self { to: to.into(), entropy, kind, message_id: Uuid::nil(), found: Found::default() };
        let body = list.request(shell, operation);
        (list, body)
    }

    fn request(&mut self, shell: Option<&ShellDescription>, operation: Operation) -> Vec<u8> {
        self.message_id = self.entropy.uuid();
        let own = shell.and_then(|shell| shell.resource_uri.clone());
        let resource_uri = own.unwrap_or_else(|| match self.kind {
            Kind::List { resource } => resource.to_owned(),
            Kind::Remove => format!("{}/Microsoft.PowerShell", ns::POWERSHELL),
        });
        let header = Header {
            to: self.to.clone(),
            message_id: self.message_id,
            session_id: None,
            resource_uri,
            max_envelope_bytes: 153_600,
            operation_timeout: Duration::from_secs(20),
            shell_id: shell.map(|shell| shell.shell_id.clone()),
            robust: None,
        };
        Request { header, operation }.encode()
    }

    /// Takes the host's answer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Refused`] and others: the host's fault.
    /// [`ErrorKind::PeerMisbehaved`]: what came back is no answer.
    pub fn answer(&mut self, body: &[u8]) -> Result<Step, Error> {
        let wrong = || Error::new(ErrorKind::PeerMisbehaved, "the host's answer was not understood");
        let envelope = AnswerEnvelope::decode(body).map_err(|error| wrong().with_source(error))?;
        if envelope.relates_to.is_some_and(|id| id != self.message_id) {
            return Err(Error::new(ErrorKind::PeerMisbehaved, "the host answered another request"));
        }
        match (envelope.answer, &self.kind) {
            (Answer::Fault(fault), _) => {
                Err(Error::new(fault.error_kind(), "the host refused the request").with_fault(fault))
            }
            (Answer::Listed(listed), Kind::List { .. }) => {
                self.found.shells.extend(listed.shells);
                self.found.commands.extend(listed.commands);
                Ok(match listed.context {
                    Some(context) => Step::Ask(self.request(None, Operation::Pull { context })),
                    None => Step::Done(std::mem::take(&mut self.found)),
                })
            }
            (Answer::Deleted, Kind::Remove) => Ok(Step::Done(Found::default())),
            _ => Err(Error::new(ErrorKind::PeerMisbehaved, "the host's answer does not fit the request")),
        }
    }
}
