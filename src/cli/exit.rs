//! Exit codes.

use std::process::ExitCode;

use crate::answer::{Answer, Code, Outcome};

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It was done.
    Done,
    /// The host said no, or a part is missing.
    Failed,
    /// We said no.
    Refused,
    /// Nothing ran.
    Unreachable,
    /// It may have run.
    Unknown,
    /// The person gave up.
    Cancelled,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused => 2,
            Self::Unreachable => 3,
            Self::Unknown => 4,
            Self::Cancelled => 130,
        }
    }

    /// What an answer's end means for the process.
    #[must_use]
    pub fn of(answer: &Answer) -> Self {
        Self::of_end(answer.code, answer.outcome)
    }

    /// What a code and an outcome mean for the process.
    pub(super) fn of_end(code: Option<Code>, outcome: Outcome) -> Self {
        match (code, outcome) {
            (Some(Code::Cancelled), _) => Self::Cancelled,
            (_, Outcome::Done) => Self::Done,
            (_, Outcome::Failed | Outcome::Partial) => Self::Failed,
            (_, Outcome::Refused) => Self::Refused,
            (_, Outcome::Unreachable) => Self::Unreachable,
            (_, Outcome::Unknown) => Self::Unknown,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
