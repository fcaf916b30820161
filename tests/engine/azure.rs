//! The sign-in to Azure as a session of a real PowerShell sees it.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sentinel_jump::host::{AzureSignIn, Session, Via};

use crate::engine::{Real, real, real_with};
use crate::outside::trials;

trials! { TRIALS:
    current_thread {
        a_signed_in_az_is_told_with_its_tenant_and_without_its_token(real);
        a_signed_out_az_is_told_in_its_own_words;
        a_token_cache_that_winrm_cannot_open_is_recognised;
        a_warning_of_az_is_no_failure;
        a_host_without_az_and_modules_knows_nothing;
        the_az_modules_are_looked_at_where_there_is_no_az;
    }
}

/// An `az` that says what the test wants, in a folder of its own.
pub(crate) fn az(body: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("az");
    fs::write(&file, format!("#!/bin/sh\n{body}\n")).expect("the file is written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it can be run");
    folder
}

/// A search path without the shared stand-in.
pub(crate) fn only(folder: &Path) -> String {
    format!("{}:/usr/bin:/bin", folder.display())
}

async fn look(real: &Real) -> AzureSignIn {
    let mut session = Session::open(&real.plan("SentinelManager_v3.ps1")).await.expect("the script loads");
    let told = session.azure().await.expect("an answer");
    assert!(session.is_reusable(), "looking costs no session");
    session.close().await;
    told
}

async fn a_signed_in_az_is_told_with_its_tenant_and_without_its_token(real: Real) {
    let told = look(&real).await;
    let tenant = Some("00000000-0000-4000-8000-0000000000ff".to_owned());
    assert_eq!(told, AzureSignIn { signed_in: Some(true), tenant, via: Some(Via::Cli), problem: None });
}

async fn a_signed_out_az_is_told_in_its_own_words() {
    let real = real_with(&[("AZ_FAIL", "1")]).await;
    let told = look(&real).await;
    assert_eq!((told.signed_in, told.via, &told.tenant), (Some(false), Some(Via::Cli), &None));
    let problem = told.problem.expect("a problem");
    assert_eq!(problem.id, "SentinelJump.AzureSignedOut");
    assert!(problem.message.contains("Please run 'az login'"), "{}", problem.message);
}

/// `account show` reads a plain file and works; the token cache does not open.
async fn a_token_cache_that_winrm_cannot_open_is_recognised() {
    for said in [
        "[WinError -2146892987] The requested operation cannot be completed.",
        "[WinError 5] Access is denied",
        "Key not valid for use in specified state",
    ] {
        let folder = az(&format!(
            "case \"$2\" in show) echo '{{\"tenantId\":\"t-1\"}}';; *) echo \"ERROR: {said}\" >&2; exit 1;; esac"
        ));
        let real = real_with(&[("PATH", &only(folder.path()))]).await;
        let told = look(&real).await;
        assert_eq!((told.signed_in, told.tenant.as_deref()), (Some(false), Some("t-1")));
        assert_eq!(told.problem.expect("a problem").id, "SentinelJump.NoTokenCache", "{said}");
    }
}

async fn a_warning_of_az_is_no_failure() {
    let folder = az("echo 'WARNING: old version' >&2; echo '{\"tenantId\":\"t-1\"}'");
    let real = real_with(&[("PATH", &only(folder.path()))]).await;
    let told = look(&real).await;
    assert_eq!((told.signed_in, told.tenant.as_deref(), told.problem), (Some(true), Some("t-1"), None));
}

async fn a_host_without_az_and_modules_knows_nothing() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    let real = real_with(&[("PATH", &only(empty.path()))]).await;
    let told = look(&real).await;
    assert_eq!(told, AzureSignIn { signed_in: None, tenant: None, via: None, problem: None });
}

/// A stand-in for Az.Accounts: what Get-SjAzure uses of it.
pub(crate) fn az_module(context: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let module = folder.path().join("Az.Accounts");
    fs::create_dir(&module).expect("a folder");
    let text = format!(
        "function Disable-AzContextAutosave {{ param([string]$Scope) if ($Scope -ne 'Process') {{ throw 'wrong scope' }}; $global:AutosaveOff = $true }}\n\
         function Get-AzContext {{ if (-not $global:AutosaveOff) {{ throw 'the saved contexts were read' }}; {context} }}\n\
         function Get-AzAccessToken {{ [pscustomobject]@{{ Token = 'planted-token' }} }}\n"
    );
    fs::write(module.join("Az.Accounts.psm1"), text).expect("the module is written");
    folder
}

async fn the_az_modules_are_looked_at_where_there_is_no_az() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    for (context, signed_in, problem) in [
        ("[pscustomobject]@{ Tenant = [pscustomobject]@{ Id = 't-2' } }", true, None),
        ("$null", false, Some("SentinelJump.AzureSignedOut")),
        ("throw 'Persistence check failed'", false, Some("SentinelJump.NoTokenCache")),
    ] {
        let modules = az_module(context);
        let path = modules.path().display().to_string();
        let real = real_with(&[("PATH", &only(empty.path())), ("PSModulePath", &path)]).await;
        let told = look(&real).await;
        assert_eq!((told.signed_in, told.via), (Some(signed_in), Some(Via::Module)), "{context}: {told:?}");
        assert_eq!(told.tenant.as_deref(), signed_in.then_some("t-2"));
        assert_eq!(told.problem.as_ref().map(|problem| problem.id.as_str()), problem, "{context}: {told:?}");
    }
}
