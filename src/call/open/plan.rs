//! What opening a session needs, secrets and script included.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wsman::auth::Credentials;

use crate::answer::{Code, Outcome, ToolError};
use crate::config::{Host, Script};
use crate::host::{OpenPlan, Probes, ScriptSource, Target as AzureTarget};
use crate::tenant::{HostId, Target};

/// How long fetching the password, opening, loading and setting the target may
/// take together.
///
/// Chosen: Windows PowerShell takes up to half a minute to load the Az
/// modules that scripts import.
const OPEN_TIME: Duration = Duration::from_secs(60);

/// What a sign-in of `init` and the look at the Azure tenant get on top.
///
/// Chosen: as long again; both load modules and ask Azure for a token.
const SIGN_IN_TIME: Duration = Duration::from_secs(60);

/// How long opening a session for `target` may take.
pub(super) fn open_time(host: &Host, target: &Target) -> Duration {
    let signs_in = !host.init.is_empty() || target.tenant().azure_tenant.is_some();
    if signs_in { OPEN_TIME + SIGN_IN_TIME } else { OPEN_TIME }
}

/// The largest script that is pushed. Chosen: ten times the largest seen.
const SCRIPT_BYTES: u64 = 8 * 1024 * 1024;

/// Fetches the password, reads and checks a pushed script.
pub(super) async fn plan(host: &Host, target: &Target, probes: Probes) -> Result<OpenPlan, ToolError> {
    let password = host.password.fetch().await.map_err(|error| {
        let said = format!("The password for the host \"{}\" cannot be had: {error}. Nothing was run.", host.id);
        ToolError::new(Outcome::Unreachable, Code::SignInUnavailable, said).because(error)
    })?;
    let workspace = target.workspace();
    Ok(OpenPlan {
        host: host.id.to_string(),
        url: host.url.clone(),
        auth: host.auth,
        tls: host.tls.clone(),
        proxy: host.proxy.clone(),
        certificate: host.certificate.clone(),
        credentials: Credentials { username: host.username.clone(), password },
        configuration_name: host.configuration_name.clone(),
        script: script(host).await?,
        script_parameters: host.parameters.clone(),
        style: host.style,
        init: host.init.clone(),
        azure_config_dir: Some(target.tenant().azure_config_dir.clone()),
        azure_tenant: target.tenant().azure_tenant.clone(),
        target: AzureTarget {
            subscription: workspace.subscription.clone(),
            resource_group: workspace.resource_group.clone(),
            workspace: workspace.name.clone(),
        },
        answers: host.answers.clone(),
        open_timeout: OPEN_TIME,
        probes,
    })
}

/// The password or the script to push was not there in time.
pub(super) fn too_slow(host: &HostId) -> ToolError {
    let said = format!(
        "The password or the script for the host \"{host}\" could not be read in time; nothing was run. Check where the configuration says they are."
    );
    ToolError::new(Outcome::Unreachable, Code::TimedOut, said)
}

async fn script(host: &Host) -> Result<ScriptSource, ToolError> {
    let (file, virtual_path, sha256) = match &host.script {
        Script::Path { path, sha256 } => return Ok(ScriptSource::Path { path: path.clone(), sha256: sha256.clone() }),
        Script::Module { name, sha256 } => {
            return Ok(ScriptSource::Module { name: name.clone(), sha256: sha256.clone() });
        }
        Script::Push { file, virtual_path, sha256 } => (file, virtual_path, sha256),
    };
    let unreadable = |error: std::io::Error| {
        let said = format!(
            "The script to push to the host \"{}\" cannot be read here ({}); nothing was run.",
            host.id,
            error.kind()
        );
        ToolError::refused(Code::ScriptMissing, said).because(error)
    };
    let about = tokio::fs::metadata(file).await.map_err(unreadable)?;
    if about.len() > SCRIPT_BYTES {
        let said = format!("The script to push to the host \"{}\" is larger than 8 MiB; nothing was run.", host.id);
        return Err(ToolError::refused(Code::ScriptMissing, said));
    }
    let bytes = tokio::fs::read(file).await.map_err(unreadable)?;
    let found: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    if found != *sha256 {
        let said = format!(
            "The script to push to the host \"{}\" does not have the pinned SHA-256; nothing was run. Check the script and pin it anew.",
            host.id
        );
        return Err(ToolError::refused(Code::ScriptChanged, said));
    }
    Ok(ScriptSource::Push { bytes, virtual_path: virtual_path.clone(), sha256: sha256.clone() })
}
