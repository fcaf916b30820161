//! What the process does so that its memory stays its own.

/// No core file of this process, nor of a child: it would hold every secret.
///
/// A system that says no goes on with what it has; only a hard limit of
/// another's making does, and that is not above nothing.
pub(super) fn forbid_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        let _ = setrlimit(Resource::Core, none);
    }
}
