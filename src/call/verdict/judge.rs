//! How a call counts that was to be sent: the one place that decides it.

use super::{MEGABYTES, UNREADABLE, variable_name, wire};
use crate::answer::case::{self, Azure, Case, Doubt, Lost, NoScript, Stage, WrongTarget};
use crate::catalog::{Effect, Entry};
use crate::host::{Ended, HostErrorKind, Returned, Taint, WireCase, WireError};
use crate::tenant::HostId;

/// What is known of a call that was to be sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate<'a> {
    /// Its last word was heard.
    Back(&'a Returned),
    /// It was not; what was heard before.
    Lost(&'a HostErrorKind, Option<&'a Returned>),
    /// Not even the loss was told in time.
    Stuck,
}

/// How a call counts: `None` is done.
///
/// `failed` means that nothing will happen again. A write is `failed`,
/// `refused` or `unreachable` only where nothing of it ran: it was not sent,
/// or the host's own word ended the pipeline before the begin record, which is
/// the last thing before the function is entered. Whatever else is not plainly
/// done may have happened, and is `unknown`.
///
/// The first row that fits counts. *Wire*: `back` is a last word that was
/// heard, `lost` one that was not, `unsent` a call of which not a byte left, or
/// that the host itself says it did not take. *End*: of the pipeline; `back`
/// is an end record, `silent` neither that nor an exit code. *Begun*: the
/// begin record came; `–`, whether or not. Where messages are missing or could
/// not be read, the begin record may be one of them, and counts as there.
///
/// | # | wire | end | begun | besides | a read | a write |
/// |--|--|--|--|--|--|--|
/// | 1 | back | back | – | the target changed | failed [`WrongTarget::Turned`] | unknown [`Doubt::Turned`] |
/// | 2 | back | back | – | asked, went on, and put nothing out | failed [`case::Ended::EmptyHanded`] | unknown [`Doubt::Asked`] |
/// | 3 | back | back | – | asked, and went on | done, the question in hostErrors | unknown [`Doubt::Asked`] |
/// | 4 | back | back | – | output that cannot be read, and no other | failed [`Lost::NotUnderstood`] | unknown [`Doubt::NotUnderstood`] |
/// | 5 | back | back | – | some output cannot be read | done, told in hostErrors | unknown [`Doubt::NotUnderstood`] |
/// | 6 | back | back | – | errors and no output | failed [`case::Ended::EmptyHanded`] | unknown [`Doubt::Error`] |
/// | 7 | back | back | – | its last native program failed | done, with a warning | unknown [`Doubt::ProgramFailed`] |
/// | 8 | back | back | – | messages missing, doubled or dropped | done, with a warning | done, with a warning |
/// | 9 | back | back | – | | done | done |
/// | 10 | back | `exit` | – | | failed [`case::Ended::Exited`] | unknown [`Doubt::Exited`] |
/// | 11 | back | failed | no | the guard: another target | refused [`WrongTarget::Elsewhere`] | the same |
/// | 12 | back | failed | no | the guard: another Azure tenant | refused [`Azure::OtherTenant`] | the same |
/// | 13 | back | failed | no | the guard: no sign-in to Azure | failed [`Azure::NotSignedIn`] | the same |
/// | 14 | back | failed | no | the guard: tainted | refused [`NoScript::Tainted`] | the same |
/// | 15 | back | failed | no | any other word | failed [`case::Ended::NotBegun`] | the same |
/// | 16 | back | failed | yes | any word, also one like the guard's | failed [`case::Ended::Error`] | unknown [`Doubt::Error`] |
/// | 17 | back | any | – | asked, and that ended it | failed [`case::Ended::Asked`] | unknown [`Doubt::Asked`] |
/// | 18 | back | stopped | – | by the caller | failed [`case::Ended::Cancelled`] | unknown [`Doubt::Cancelled`] |
/// | 19 | back | stopped | – | by the deadline | failed [`case::Ended::TooSlow`] | unknown [`Doubt::TooSlow`] |
/// | 20 | back | silent | – | nothing dropped | failed [`case::Ended::Silent`] | unknown [`Doubt::Silent`] |
/// | 21 | unsent | – | – | the wire's own case, as before any call | unreachable [`Case::Unreached`] | the same |
/// | 22 | unsent | – | – | the script has no such function | refused [`NoScript::NoFunction`] | the same |
/// | 23 | unsent | – | – | the caller gave up | refused [`Case::Cancelled`] | the same |
/// | 24 | lost | – | – | the function ends its process | failed [`Lost::ProcessEnded`] | unknown [`Doubt::ProcessEnded`] |
/// | 25 | lost | – | – | not stopped in time | failed [`Lost::TimedOut`] | unknown [`Doubt::TooSlow`] |
/// | 26 | lost | – | no | the host's HTTP service refused it | failed [`Lost::Door`] | unknown [`Doubt::Door`] |
/// | 27 | lost | – | – | another status instead of an answer | failed [`Lost::Door`] | unknown [`Doubt::Connection`] |
/// | 28 | lost | – | – | a further sign-in was refused | failed [`Lost::SignIn`] | unknown [`Doubt::Connection`] |
/// | 29 | lost | – | – | a fault of the host | failed [`Case::Refused`] | unknown [`Doubt::BrokenOff`] |
/// | 30 | lost | – | – | not the protocol | failed [`Lost::Protocol`] | unknown [`Doubt::NotUnderstood`] |
/// | 31 | lost | – | – | a further connection's TLS | failed [`Case::NoTls`] | unknown [`Doubt::Connection`] |
/// | 32 | lost | – | – | the connection | failed [`Lost::Connection`] | unknown [`Doubt::Connection`] |
/// | 33 | lost | – | – | our module said what it never says | failed [`Lost::NotUnderstood`] | unknown [`Doubt::NotUnderstood`] |
/// | 34 | back | silent | – | output beyond what is taken, the end record with it | failed [`case::Ended::TooMuch`] | unknown [`Doubt::TooMuch`] |
/// | 35 | stuck | – | – | not even the loss was told | failed [`case::Ended::TooSlow`] | unknown [`Doubt::TooSlow`] |
pub(super) fn judge(entry: &'static Entry, host: &HostId, fate: Fate<'_>) -> Option<Case> {
    let call = Judged { entry, host, write: entry.effect() == Effect::Write };
    match fate {
        Fate::Back(returned) => call.back(returned),
        Fate::Lost(error, heard) => Some(call.lost(error, heard.is_some_and(|heard| heard.began))),
        Fate::Stuck => Some(call.too_slow()),
    }
}

/// The call that is judged.
#[derive(Clone, Copy)]
struct Judged<'a> {
    entry: &'static Entry,
    host: &'a HostId,
    write: bool,
}

impl Judged<'_> {
    fn function(self) -> &'static str {
        &self.entry.function
    }

    fn ended(self, why: case::Ended) -> Case {
        Case::Ended { host: self.host.clone(), function: self.function(), why }
    }

    fn doubt(self, why: Doubt) -> Case {
        Case::Doubt { host: self.host.clone(), why, look: self.entry.shown_by.as_deref() }
    }

    fn no_script(self, why: NoScript) -> Case {
        Case::NoScript { host: self.host.clone(), why }
    }

    fn wrong_target(self, why: WrongTarget) -> Case {
        Case::WrongTarget { host: self.host.clone(), why }
    }

    fn azure(self, why: Azure) -> Case {
        Case::Azure { host: self.host.clone(), why }
    }

    /// How a read came to nothing, or why a write may have happened.
    fn either(self, read: case::Ended, write: Doubt) -> Case {
        if self.write { self.doubt(write) } else { self.ended(read) }
    }

    fn lost_or(self, read: Lost, write: Doubt) -> Case {
        if self.write { self.doubt(write) } else { Case::Lost { host: self.host.clone(), why: read } }
    }

    fn too_slow(self) -> Case {
        let function = self.function();
        self.either(case::Ended::TooSlow { seconds: self.entry.timeout_seconds }, Doubt::TooSlow { function })
    }

    fn back(self, returned: &Returned) -> Option<Case> {
        let function = self.function();
        let is_unread = returned.errors.iter().any(|error| error.id == UNREADABLE);
        let began = returned.began || is_unread || returned.gaps.is_any();
        Some(match &returned.ended {
            Ended::Completed => return self.completed(returned, is_unread),
            Ended::Exited(code) => {
                self.either(case::Ended::Exited { code: *code }, Doubt::Exited { function, code: *code })
            }
            Ended::TargetMismatch(_) if !began => self.wrong_target(WrongTarget::Elsewhere),
            Ended::AzureTenantMismatch(_) if !began => self.azure(Azure::OtherTenant),
            Ended::AzureNotSignedIn(_) if !began => self.azure(Azure::NotSignedIn),
            Ended::Tainted(_) if !began => match returned.tainted.first() {
                Some(taint) => self.tainted(taint),
                None => self.ended(case::Ended::NotBegun),
            },
            Ended::Failed(_) if !began => self.ended(case::Ended::NotBegun),
            Ended::Failed(_)
            | Ended::TargetMismatch(_)
            | Ended::AzureTenantMismatch(_)
            | Ended::AzureNotSignedIn(_)
            | Ended::Tainted(_) => self.either(case::Ended::Error, Doubt::Error { function }),
            Ended::Asked(_) => self.either(case::Ended::Asked, Doubt::Asked { function }),
            Ended::Cancelled => self.either(case::Ended::Cancelled, Doubt::Cancelled),
            Ended::TimedOut => self.too_slow(),
            Ended::Silent => self.either(case::Ended::Silent, Doubt::Silent),
            Ended::TooMuch => self.either(case::Ended::TooMuch { megabytes: MEGABYTES }, Doubt::TooMuch { function }),
        })
    }

    fn completed(self, returned: &Returned, is_unread: bool) -> Option<Case> {
        let function = self.function();
        let only_unread = returned.objects == 0 && returned.errors.iter().all(|error| error.id == UNREADABLE);
        Some(match program_failed(returned) {
            _ if returned.target_changed.is_some() => match self.write {
                true => self.doubt(Doubt::Turned),
                false => self.wrong_target(WrongTarget::Turned),
            },
            _ if self.write && returned.asked.is_some() => self.doubt(Doubt::Asked { function }),
            _ if is_unread && (self.write || only_unread) => self.lost_or(Lost::NotUnderstood, Doubt::NotUnderstood),
            _ if is_empty_handed(returned) => self.either(case::Ended::EmptyHanded, Doubt::Error { function }),
            Some(code) if self.write => self.doubt(Doubt::ProgramFailed { function, code }),
            _ => return None,
        })
    }

    fn tainted(self, taint: &Taint) -> Case {
        let (variable, line) = (variable_name(&taint.variable), taint.line);
        self.no_script(NoScript::Tainted { function: self.function(), variable, line })
    }

    fn lost(self, error: &HostErrorKind, began: bool) -> Case {
        match error {
            HostErrorKind::Wire(error) => self.wire(error, began),
            HostErrorKind::UnknownFunction { left_out, .. } => {
                let (function, left_out) = (self.function().to_owned(), *left_out);
                self.no_script(NoScript::NoFunction { function, left_out })
            }
            HostErrorKind::Cancelled => Case::Cancelled,
            HostErrorKind::ProcessEnded { function } => {
                let function = function.clone();
                self.lost_or(Lost::ProcessEnded { function: function.clone() }, Doubt::ProcessEnded { function })
            }
            _ => self.lost_or(Lost::NotUnderstood, Doubt::NotUnderstood),
        }
    }

    fn wire(self, error: &WireError, began: bool) -> Case {
        if !error.may_have_run {
            return wire::case(self.host.clone(), Stage::Before, error);
        }
        match &error.case {
            WireCase::TimedOut => self.lost_or(Lost::TimedOut, Doubt::TooSlow { function: self.function() }),
            // Whoever stands in between may have passed it on.
            WireCase::DoorRefused { status } if !began => {
                self.lost_or(Lost::Door { status: *status }, Doubt::Door { status: *status })
            }
            WireCase::HostFailed { status } | WireCase::DoorRefused { status } | WireCase::Wordless { status } => {
                self.lost_or(Lost::Door { status: *status }, Doubt::Connection)
            }
            WireCase::SignInRefused
            | WireCase::Denied
            | WireCase::NotOffered { .. }
            | WireCase::OwnCertificateNotAsked
            | WireCase::OwnCertificateRefused
            | WireCase::SignInUnavailable { .. } => self.lost_or(Lost::SignIn, Doubt::Connection),
            WireCase::NotWinrm => self.lost_or(Lost::Protocol, Doubt::NotUnderstood),
            WireCase::Refused { fault } if self.write => self.doubt(Doubt::BrokenOff { fault: *fault }),
            WireCase::NameNotResolved
            | WireCase::ProxyUnreachable
            | WireCase::ProxyRefused { .. }
            | WireCase::NoAnswer
            | WireCase::NotKept
            | WireCase::Unreachable => self.lost_or(Lost::Connection, Doubt::Connection),
            _ if self.write => self.doubt(Doubt::Connection),
            _ => wire::case(self.host.clone(), Stage::During, error),
        }
    }
}

/// Exit code of the last native program, when it failed.
pub(super) fn program_failed(returned: &Returned) -> Option<i32> {
    returned.exit_code.filter(|code| *code != 0)
}

/// Whether the function wrote errors and brought nothing: "incident not found"
/// is no success. What a native program writes to its standard error is not by
/// itself an error (`az` warns there).
fn is_empty_handed(returned: &Returned) -> bool {
    returned.objects == 0 && returned.errors.iter().any(|error| !error.id.starts_with("NativeCommandError"))
}

#[cfg(test)]
mod tests;
