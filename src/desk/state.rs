//! The state folder of a desk: entered once, used by all that outlives a call.

use std::sync::Arc;

use jiff::Timestamp;
use wsman::entropy::Entropy;

use crate::config::Config;
use crate::store::{Folder, FolderError, Process, Store};

/// This process in the folder of the configuration; `None` where it has none.
pub(super) fn enter(
    config: &Config,
    now: Timestamp,
    entropy: &mut Entropy,
) -> Option<Result<Arc<Process>, FolderError>> {
    let path = config.state_dir.as_deref()?;
    let entered = Folder::open(path).and_then(|folder| folder.enter(now, std::process::id(), entropy));
    Some(entered.map(Arc::new))
}

/// What remembers shells beyond the process. Without it calls run all the
/// same: what is left on a host is then deleted by nobody.
pub(super) fn store(process: Option<&Result<Arc<Process>, FolderError>>) -> Option<Arc<Store>> {
    let store = process?.as_ref().map_err(|error| error.clone().into()).and_then(Store::open);
    match store {
        Ok(store) => Some(Arc::new(store)),
        Err(error) => {
            tracing::error!(%error, "the store cannot be used: shells that are left on hosts are not remembered");
            None
        }
    }
}
