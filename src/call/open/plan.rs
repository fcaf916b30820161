//! What opening a session needs, secrets and script included.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wsman::clixml::{SecureString, Value};

use crate::answer::ToolError;
use crate::answer::case::{Case, NoScript, NoSignIn, Unreached};
use crate::catalog;
use crate::config::{Host, Script, Vault};
use crate::host::{
    AzureWorkspace, HostFacts, MANAGER, MANAGER_PATH, OpenPlan, Probes, SHELL_NAME, ScriptSource, Style, manager_sha256,
};
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
    let signs_in = !host.rules.init.is_empty() || target.tenant().azure_tenant.is_some();
    if signs_in { OPEN_TIME + SIGN_IN_TIME } else { OPEN_TIME }
}

/// The largest script that is pushed. Chosen: ten times the largest seen.
const SCRIPT_BYTES: u64 = 8 * 1024 * 1024;

/// Fetches the password, reads and checks a pushed script.
pub(super) async fn plan(vault: &Vault, host: &Host, target: &Target, probes: Probes) -> Result<OpenPlan, ToolError> {
    let password = vault.fetch(&host.password).await.map_err(|error| {
        let why = NoSignIn::NoPassword(error.clone());
        ToolError::of(Case::NoSignIn { host: host.id.clone(), why }).because(error)
    })?;
    let workspace = target.workspace();
    let mut rules = host.rules.clone();
    let mut azure_tenant = target.tenant().azure_tenant.clone();
    if host.script == Script::Bundled {
        rules.style = Some(Style::Contract);
        // Ours compares the tenant itself, by each token that it gets.
        rules.parameters = identity(vault, host, azure_tenant.take()).await?;
    }
    Ok(OpenPlan {
        host: host.id.to_string(),
        access: host.access.clone(),
        password,
        script: script(host).await?,
        rules,
        azure_config_dir: Some(target.tenant().azure_config_dir.clone()),
        azure_tenant,
        target: AzureWorkspace {
            subscription: workspace.subscription.clone(),
            resource_group: workspace.resource_group.clone(),
            workspace: workspace.name.clone(),
        },
        open_timeout: OPEN_TIME,
        probes,
        // Whoever looks at the host's shells sees whose it is.
        shell_name: format!("{SHELL_NAME} {}", target.tenant().id),
        // The pool's to say.
        facts: HostFacts::default(),
        shells: None,
    })
}

/// What our own script is told. The secret travels as a SecureString, under the
/// session's key.
async fn identity(vault: &Vault, host: &Host, tenant: Option<String>) -> Result<Vec<(String, Value)>, ToolError> {
    let mut parameters = host.identity.parameters();
    parameters.extend(tenant.map(|tenant| ("TenantId".to_owned(), Value::from(tenant))));
    if let Some(secret) = &host.identity.client_secret {
        let secret = vault.fetch(secret).await.map_err(|error| {
            let why = NoSignIn::NoPassword(error.clone());
            ToolError::of(Case::NoSignIn { host: host.id.clone(), why }).because(error)
        })?;
        parameters.push(("ClientSecret".to_owned(), Value::from(SecureString::new(secret))));
    }
    Ok(parameters)
}

/// The password or the script to push was not there in time.
pub(super) fn too_slow(host: &HostId) -> ToolError {
    ToolError::of(Case::Unreached { host: host.clone(), why: Unreached::SourcesTooSlow })
}

async fn script(host: &Host) -> Result<ScriptSource, ToolError> {
    let (file, virtual_path, sha256) = match &host.script {
        Script::Bundled => {
            return Ok(ScriptSource::Push {
                bytes: MANAGER.as_bytes().to_vec(),
                virtual_path: MANAGER_PATH.to_owned(),
                sha256: manager_sha256(),
            });
        }
        Script::Path { path, sha256 } => return Ok(ScriptSource::Path { path: path.clone(), sha256: sha256.clone() }),
        Script::Module { name, sha256 } => {
            return Ok(ScriptSource::Module { name: name.clone(), sha256: sha256.clone() });
        }
        Script::Plain { .. } => {
            let functions = catalog::all().iter().map(|entry| entry.function.clone()).collect();
            return Ok(ScriptSource::Plain { functions });
        }
        Script::Push { file, virtual_path, sha256 } => (file, virtual_path, sha256),
    };
    let none = |why: NoScript| ToolError::of(Case::NoScript { host: host.id.clone(), why });
    let unreadable = |error: std::io::Error| none(NoScript::Unreadable { kind: error.kind() }).because(error);
    let about = tokio::fs::metadata(file).await.map_err(unreadable)?;
    if about.len() > SCRIPT_BYTES {
        return Err(none(NoScript::TooLarge));
    }
    let bytes = tokio::fs::read(file).await.map_err(unreadable)?;
    let found = base16ct::lower::encode_string(&Sha256::digest(&bytes));
    if found != *sha256 {
        return Err(none(NoScript::ChangedHere));
    }
    Ok(ScriptSource::Push { bytes, virtual_path: virtual_path.clone(), sha256: sha256.clone() })
}
