//! The shell of one opening: what is known of it, from before it is asked for.
//!
//! Whatever may be on a host is in the store first, so that a process that is
//! killed leaves nothing behind that the next one does not know of.

use std::sync::Arc;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::watch;

use crate::host::{ShellNews, ShellWatch};
use crate::store::{Shell, Shells, Store, StoreError};

/// What the client has said of the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    /// It was not asked for.
    Nothing,
    /// It may be there.
    Perhaps(Shell),
    /// It is not there.
    Gone,
    /// It may be there, and the client does nothing more about it.
    Left(Shell),
}

/// The account of one shell.
#[derive(Debug)]
pub(super) struct Account(watch::Receiver<Known>);

impl Account {
    /// Begins one: the watch goes to the client. Of `whose` all but the id
    /// counts.
    pub(super) fn open(store: Option<Arc<Store>>, whose: Shell) -> (ShellWatch, Self) {
        let (tell, known) = watch::channel(Known::Nothing);
        let hear = move |news: &ShellNews| {
            let before = tell.borrow().clone();
            let after = heard(&before, &whose, news);
            if let Some(store) = &store {
                on_disk(|| write(&store.shells(), &before, &after));
            }
            tell.send_replace(after);
        };
        (ShellWatch::new(hear), Self(known))
    }

    /// Waits until the client does nothing more about the shell, which takes it
    /// a minute at most; what may be there then.
    pub(super) async fn settled(mut self) -> Option<Shell> {
        let over = |known: &Known| matches!(known, Known::Gone | Known::Left(_));
        let ended = self.0.wait_for(over).await.map(|known| known.clone());
        // A client that is gone says nothing more.
        match ended.unwrap_or_else(|_| self.0.borrow().clone()) {
            Known::Nothing | Known::Gone => None,
            Known::Perhaps(shell) | Known::Left(shell) => Some(shell),
        }
    }
}

fn heard(before: &Known, whose: &Shell, news: &ShellNews) -> Known {
    let of = |id: &str, made| Shell { id: id.to_owned(), made, ..whose.clone() };
    match news {
        ShellNews::Asked { shell_id } => Known::Perhaps(of(shell_id, false)),
        ShellNews::Made { shell_id } => Known::Perhaps(of(shell_id, true)),
        ShellNews::Left { shell_id } => {
            let made = matches!(before, Known::Perhaps(shell) if shell.made);
            Known::Left(of(shell_id, made))
        }
        // Gone; whatever else there will be is no news of one that is there.
        _ => Known::Gone,
    }
}

/// Makes the store say what is known now.
fn write(shells: &Shells<'_>, before: &Known, after: &Known) {
    let forget = |known: &Known| match known {
        Known::Perhaps(shell) | Known::Left(shell) => shells.forget(shell),
        Known::Nothing | Known::Gone => Ok(()),
    };
    let written: Result<(), StoreError> = match after {
        Known::Perhaps(shell) => {
            // The host chose another id than was proposed.
            let other = matches!(before, Known::Perhaps(asked) if asked.id != shell.id);
            shells.remember(shell).and_then(|()| if other { forget(before) } else { Ok(()) })
        }
        Known::Gone => forget(before),
        // Remembered already.
        Known::Nothing | Known::Left(_) => Ok(()),
    };
    if let Err(error) = written {
        tracing::warn!(%error, "what became of a shell is not remembered");
    }
}

/// The disk, from a thread of the runtime.
///
/// Chosen: waited for, a few milliseconds once or twice in a session's life.
/// The next thing after it is a request to the host.
fn on_disk(work: impl FnOnce()) {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whose() -> Shell {
        Shell {
            tenant: "nordhafen".into(),
            host: "jump".into(),
            url: "http://127.0.0.1:1/wsman".into(),
            id: String::new(),
            configuration: "Microsoft.PowerShell".into(),
            made: false,
        }
    }

    #[test]
    fn e6_a_shell_is_known_under_the_host_s_id_until_it_is_gone() {
        let store = Store::in_memory().unwrap();
        let shells = store.shells();
        let mut known = Known::Nothing;
        let mut hear = |news: ShellNews| {
            let after = heard(&known, &whose(), &news);
            write(&shells, &known, &after);
            known = after;
            shells.own_shells().unwrap().into_iter().map(|shell| (shell.id, shell.made)).collect::<Vec<_>>()
        };
        let id = |id: &str| id.to_owned();
        assert_eq!(hear(ShellNews::Asked { shell_id: id("ours") }), [(id("ours"), false)]);
        assert_eq!(hear(ShellNews::Made { shell_id: id("theirs") }), [(id("theirs"), true)]);
        assert_eq!(hear(ShellNews::Left { shell_id: id("theirs") }), [(id("theirs"), true)]);
        assert_eq!(hear(ShellNews::Gone { shell_id: id("theirs") }), []);
    }

    #[tokio::test]
    async fn e6_a_client_that_ends_without_a_word_leaves_its_shell() {
        let (watch, account) = Account::open(None, whose());
        drop(watch);
        assert_eq!(account.settled().await, None, "it was never asked for");
    }
}
