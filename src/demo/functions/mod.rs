//! The functions, in Rust.

mod backup;
mod dcr;
mod dcr_writes;
mod draft;
mod export;
mod incident_writes;
mod incidents;
mod rule_writes;
mod rules;
pub(super) mod signature;
mod table_data;
mod tables;
mod workbooks;

use jiff::Timestamp;
use wsman::host_end::demo::Step;
use wsman::psrp::ErrorRecord;

use super::world::World;
use signature::{Bound, NOT_IMPLEMENTED, OBJECT_NOT_FOUND, Signature};

/// SentinelManager of the demo's hosts, for a server that pushes it.
pub const SCRIPT: &str = include_str!("SentinelManager.psm1");

/// Where it lies on them, for a server that loads it from there.
pub const SCRIPT_PATH: &str = r"C:\SOC\SentinelManager.psm1";

/// Who writes on the demo's hosts.
const AUTHOR: &str = "svc-sentinel@leuchtturm.example";

/// Preferences that the functions heed.
#[derive(Clone, Copy)]
pub(super) struct Preferences {
    /// `ErrorActionPreference`.
    pub(super) errors: OnError,
    /// `ProgressPreference` is `Continue`.
    pub(super) progress: Progress,
    /// `ConfirmPreference`: writes of this impact and above ask first.
    pub(super) confirm: Impact,
}

/// What becomes of a non-terminating error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnError {
    Report,
    Stop,
    Hide,
}

/// Whether progress records are sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Send,
    Hide,
}

/// How much a write changes, and from where on it asks first.
///
/// Source: ConfirmImpact of PowerShell; `None` as a preference is above all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum Impact {
    Low,
    Medium,
    High,
    Never,
}

impl Impact {
    /// As `ConfirmImpact` is written.
    pub(super) fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "low" => Self::Low,
            "medium" => Self::Medium,
            "high" => Self::High,
            _ => Self::Never,
        }
    }
}

impl OnError {
    /// As `ActionPreference` is written.
    pub(super) fn parse(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "stop" => Self::Stop,
            "silentlycontinue" | "ignore" => Self::Hide,
            _ => Self::Report,
        }
    }
}

/// One call of one function.
struct Call<'a> {
    function: &'a str,
    /// Of what it writes.
    impact: Impact,
    bound: &'a Bound,
    preferences: Preferences,
    now: Timestamp,
}

/// Runs a function on behalf of `tenant`.
pub(super) fn run(
    world: &World,
    tenant: &str,
    signature: &Signature,
    bound: &Bound,
    mut preferences: Preferences,
) -> Vec<Step> {
    let text = |name| bound.text(name).unwrap_or_default();
    let wanted = (text("SubscriptionId"), text("ResourceGroupName"), text("WorkspaceName"));
    let function = signature.name.as_str();
    if let Some(action) = bound.text("ErrorAction") {
        preferences.errors = OnError::parse(action);
    }
    let steps = world.on(tenant, wanted, |now, workspace| {
        let call = Call { function, impact: signature.impact, bound, preferences, now };
        match function {
            "Get-AnalyticsRules" => call.rules(workspace),
            "Get-AnalyticsRuleDetails" => call.rule_details(workspace),
            "Get-SentinelIncidents" => call.incidents(workspace),
            "Show-IncidentDetails" => call.incident_details(workspace),
            "Add-IncidentComment" => call.add_comment(workspace),
            "Export-AnalyticsRules" => call.export(workspace),
            "Enable-AnalyticsRule" => call.switch_rule(workspace, true),
            "Disable-AnalyticsRule" => call.switch_rule(workspace, false),
            "Remove-AnalyticsRule" => call.remove_rule(workspace),
            "New-AnalyticsRule" => call.new_rule(workspace),
            "Close-SentinelIncident" => call.close(workspace),
            "Assign-IncidentOwner" => call.assign(workspace),
            "Get-IncidentComments" => call.comment_list(workspace),
            "Export-AutomationRules" => call.export_automations(workspace),
            "Export-Watchlists" => call.export_watchlists(workspace),
            "Export-Functions" => call.export_functions(workspace),
            "Export-TableData" => call.export_table(workspace),
            "Export-SavedQueries" => call.export_queries(workspace),
            "Get-SentinelTables" => call.tables(workspace),
            "View-TableRetention" => call.retention(workspace),
            "Update-TableRetention" => call.set_retention(workspace),
            "Update-TablePlan" => call.set_plan(workspace),
            "New-SentinelTable" => call.new_table(workspace),
            "Remove-SentinelTable" => call.remove_table(workspace),
            "Get-SentinelWorkbooks" => call.workbooks(workspace),
            "Get-WorkbookDetails" => call.workbook(workspace),
            "Export-SentinelWorkbook" => call.export_workbook(workspace),
            "Remove-SentinelWorkbook" => call.remove_workbook(workspace),
            "Import-SentinelWorkbook" => call.import_workbook(workspace),
            "Get-DataCollectionRules" => call.feeds(workspace),
            "Get-DataCollectionEndpoints" => call.endpoints(workspace),
            "New-DCRForTable" => call.new_feed_for_table(workspace),
            "New-StandaloneDCR" => call.new_feed(workspace),
            "New-StandaloneDCE" => call.new_endpoint(workspace),
            "Remove-DataCollectionRule" => call.remove_feed(workspace),
            "Remove-DataCollectionEndpoint" => call.remove_endpoint(workspace),
            "Update-DCRTransformation" => call.set_transform(workspace),
            "Add-DCRDataSource" => call.add_source(workspace),
            "Test-DCRIngestion" => call.test_feed(workspace),
            other => unreachable!("probe.clixml: {other} has no body"),
        }
    });
    match steps {
        Some(steps) => heed(steps, preferences.errors),
        None => {
            let message = format!("Workspace '{}' not found.", wanted.2);
            let said = written(message, "WorkspaceNotFound", function, OBJECT_NOT_FOUND);
            heed(vec![Step::Error(said)], preferences.errors)
        }
    }
}

fn heed(steps: Vec<Step>, errors: OnError) -> Vec<Step> {
    let mut heeded = Vec::with_capacity(steps.len());
    for step in steps {
        match (step, errors) {
            (Step::Error(_), OnError::Hide) => {}
            (Step::Error(record), OnError::Stop) => {
                heeded.push(Step::Fail(record));
                break;
            }
            (step, _) => heeded.push(step),
        }
    }
    heeded
}

/// An error as Write-Error makes it.
fn written(message: String, id: &str, function: &str, category: i32) -> ErrorRecord {
    ErrorRecord {
        exception_type: "Microsoft.PowerShell.Commands.WriteErrorException".to_owned(),
        ..ErrorRecord::new(message, format!("{id},{function}"), category)
    }
}

impl Call<'_> {
    fn error(&self, message: String, id: &str, category: i32) -> Step {
        Step::Error(written(message, id, self.function, category))
    }

    /// `ShouldProcess`: what to do instead of `action`, if anything.
    fn instead_of(&self, action: &str, target: &str) -> Option<Step> {
        if self.bound.has("WhatIf") {
            return Some(Step::Host(format!("What if: Performing the operation \"{action}\" on target \"{target}\".")));
        }
        let asks = self.bound.flag("Confirm").unwrap_or(self.impact >= self.preferences.confirm);
        asks.then(|| {
            let message = format!(
                "A command that prompts the user failed because the host program or the command type does not support \
                 user interaction. The host was attempting to request confirmation with the following message: \
                 Performing the operation \"{action}\" on target \"{target}\"."
            );
            let record =
                ErrorRecord::new(message, format!("HostFunctionNotImplemented,{}", self.function), NOT_IMPLEMENTED);
            Step::Fail(record)
        })
    }
}
