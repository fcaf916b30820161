//! Fixed texts around what an answer holds.

/// A fixed text, with what it is put around.
#[derive(Clone, Debug)]
pub(crate) enum Phrase<'a> {
    /// The first line that a reader sees.
    Summary(Summary<'a>),
    /// Before what the function wrote to the screen.
    Screen,
    /// A warning of ours.
    Warning(&'a str),
    /// A warning of the host.
    HostWarning(&'a str),
    /// An error of the host.
    HostError(&'a str),
    /// Notes of the host that do not fit.
    MoreNotes(usize),
    /// Lines of the screen, when they are not all of them.
    LinesOf { from: usize, to: usize, all: usize },
    /// A workspace that gave no answer.
    Missing { tenant: &'a str, workspace: &'a str, code: &'a str, why: &'a str },
    /// More of them.
    MoreMissing(usize),
    /// No workspace gave an answer.
    AllMissing,
    /// What a person is asked before something may be lost.
    Question(Ask<'a>),
    /// What the person types into.
    QuestionField,
}

/// What stands in the first line.
#[derive(Clone, Debug)]
pub(crate) struct Summary<'a> {
    pub(crate) tool: &'a str,
    /// Tenant and workspace, of a question about one.
    pub(crate) target: Option<(&'a str, &'a str)>,
    /// Rows in all.
    pub(crate) count: usize,
    /// Number of the first row on the page, from 0.
    pub(crate) at: usize,
    /// Rows on the page.
    pub(crate) shown: usize,
    /// Something was written to the screen.
    pub(crate) screen: bool,
    /// Defaults that left something out.
    pub(crate) filters: &'a str,
    pub(crate) cursor: Option<&'a str>,
    pub(crate) untrusted: Untrusted<'a>,
}

/// What outsiders may have written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Untrusted<'a> {
    /// These fields, if any.
    Fields(&'a [String]),
    /// Any part of the rows.
    Rows,
}

/// What a person is asked.
#[derive(Clone, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) tool: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) workspace: &'a str,
    /// As they are shown, with their values.
    pub(crate) arguments: &'a str,
    /// The argument that names the object.
    pub(crate) argument: &'a str,
    /// The object's name, as it is shown.
    pub(crate) name: &'a str,
}
