//! Everyday rows: what is logged when nothing happens. No rule of the library
//! says anything of them.

use jiff::Timestamp;
use serde_json::json as object;

use super::people::Names;
use super::sheet::{Cell, Dice, Sheet, date, int, json, text};
use super::{Logs, custom, times};
use crate::demo::kql::Value;
use crate::demo::world::{dataset, later};

/// Days that rows go back.
const DAYS: i64 = 30;

/// Rows of a table, by how much it takes a day.
///
/// Chosen: enough to look at, few enough to make in milliseconds.
fn count(table: &dataset::Table) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some gigabytes")]
    let by_size = (table.gb_per_day * 60.0) as u64;
    300 + by_size.min(900)
}

pub(super) fn rows(logs: &Logs, table: &dataset::Table, sheet: &mut Sheet, dice: &mut Dice) {
    let names = Names::of(&logs.place.alias);
    let row: fn(&Logs, &Names, &mut Dice, Timestamp) -> Vec<Cell> = match table.name.as_str() {
        "SigninLogs" => signin,
        "AuditLogs" => audit,
        "OfficeActivity" => office,
        "SecurityEvent" => security_event,
        "DeviceProcessEvents" => process,
        "DeviceEvents" => device_event,
        "CommonSecurityLog" => firewall,
        "Syslog" => syslog,
        "AzureActivity" => activity,
        "AzureDiagnostics" => diagnostics,
        "ThreatIntelIndicators" => indicator,
        _ => return custom::rows(logs, table, sheet, dice),
    };
    let newest = logs.newest(table);
    for time in times(newest, DAYS, count(table)) {
        sheet.put(time, row(logs, names, dice, time));
    }
}

/// Where a sign-in came from, as Entra writes it.
pub(super) fn location((country, city): (&str, &str)) -> Value {
    json(object!({ "city": city, "state": "", "countryOrRegion": country }))
}

pub(super) fn signin(_: &Logs, names: &Names, dice: &mut Dice, time: Timestamp) -> Vec<Cell> {
    let user = dice.pick(names.users);
    // A password mistyped now and then.
    let failed = dice.roll(20) == 0;
    let app = dice.pick(&["Office 365 Exchange Online", "Microsoft Teams", "Azure Portal", "SharePoint Online"]);
    let factor = dice.pick(&["singleFactorAuthentication", "multiFactorAuthentication", "multiFactorAuthentication"]);
    vec![
        ("Id", dice.id()),
        ("CreatedDateTime", date(time)),
        ("CorrelationId", dice.id()),
        ("OperationName", text("Sign-in activity")),
        ("Category", text("SignInLogs")),
        ("ResultType", text(if failed { "50126" } else { "0" })),
        ("ResultDescription", text(if failed { "Invalid username or password." } else { "" })),
        ("UserPrincipalName", text(names.upn(user))),
        ("UserDisplayName", text(user)),
        ("UserId", text(crate::demo::world::demo_id(&[names.domain, user]))),
        ("UserType", text("Member")),
        ("AppDisplayName", text(app)),
        ("ResourceDisplayName", text(app)),
        ("IPAddress", text(format!("{}.{}", names.outside, 200 + dice.roll(4)))),
        ("Location", text(names.home.0)),
        ("LocationDetails", location(names.home)),
        ("ClientAppUsed", text("Browser")),
        ("DeviceDetail", json(object!({ "operatingSystem": "Windows 10", "isCompliant": true }))),
        ("AuthenticationRequirement", text(factor)),
        ("ConditionalAccessStatus", text(if failed { "notApplied" } else { "success" })),
        ("IsInteractive", Value::Bool(true)),
        ("RiskLevelDuringSignIn", text("none")),
        ("RiskLevelAggregated", text("none")),
        ("RiskState", text("none")),
        ("Status", json(object!({ "errorCode": if failed { 50126 } else { 0 } }))),
    ]
}

fn audit(_: &Logs, names: &Names, dice: &mut Dice, time: Timestamp) -> Vec<Cell> {
    let (operation, category) = dice.pick(&[
        ("Update user", "UserManagement"),
        ("Add member to group", "GroupManagement"),
        ("Change user password", "UserManagement"),
        ("Update device", "Device"),
        ("User registered security info", "UserManagement"),
    ]);
    let (actor, target) = (dice.pick(names.users), dice.pick(names.users));
    let initiated = object!({ "user": { "userPrincipalName": names.upn(actor), "ipAddress": "" } });
    let targets = object!([{
        "displayName": target, "type": "User", "userPrincipalName": names.upn(target), "modifiedProperties": [],
    }]);
    vec![
        ("Id", dice.id()),
        ("OperationName", text(operation)),
        ("ActivityDisplayName", text(operation)),
        ("ActivityDateTime", date(time)),
        ("Category", text(category)),
        ("Result", text("success")),
        ("CorrelationId", dice.id()),
        ("LoggedByService", text("Core Directory")),
        ("InitiatedBy", json(initiated)),
        ("TargetResources", json(targets)),
    ]
}

fn office(_: &Logs, names: &Names, dice: &mut Dice, _: Timestamp) -> Vec<Cell> {
    let (workload, operation) = dice.pick(&[
        ("SharePoint", "FileAccessed"),
        ("SharePoint", "FileModified"),
        ("OneDrive", "FileDownloaded"),
        ("Exchange", "MailItemsAccessed"),
        ("MicrosoftTeams", "MessageSent"),
    ]);
    let site = format!("https://{}/sites/{}/", names.domain, dice.pick(&["team", "finance", "projects"]));
    let file = format!("dokument-{:03}.docx", dice.roll(400));
    let in_files = matches!(workload, "SharePoint" | "OneDrive");
    vec![
        ("RecordType", text(if in_files { "SharePointFileOperation" } else { workload })),
        ("Operation", text(operation)),
        ("OfficeWorkload", text(workload)),
        ("ResultStatus", text("Succeeded")),
        ("UserId", text(names.upn(dice.pick(names.users)))),
        ("UserType", text("Regular")),
        ("ClientIP", text(format!("{}.{}", names.outside, 200 + dice.roll(4)))),
        ("Site_Url", text(if in_files { site.as_str() } else { "" })),
        ("SourceFileName", text(if in_files { file.as_str() } else { "" })),
        ("OfficeObjectId", text(if in_files { format!("{site}{file}") } else { String::new() })),
    ]
}

fn security_event(_: &Logs, names: &Names, dice: &mut Dice, _: Timestamp) -> Vec<Cell> {
    let user = dice.pick(names.users);
    let domain = names.domain.split('.').next().unwrap_or_default().to_uppercase();
    let (id, activity) = dice.pick(&[
        (4624, "4624 - An account was successfully logged on."),
        (4624, "4624 - An account was successfully logged on."),
        (4634, "4634 - An account was logged off."),
        (4625, "4625 - An account failed to log on."),
        (4688, "4688 - A new process has been created."),
        (4768, "4768 - A Kerberos authentication ticket (TGT) was requested."),
        (4769, "4769 - A Kerberos service ticket was requested."),
    ]);
    let computer = dice.pick(if id < 4700 { names.clients } else { names.servers });
    let computer = if id == 4688 && dice.roll(3) == 0 { dice.pick(names.servers) } else { computer };
    let process = dice.pick(&[
        r"C:\Windows\System32\svchost.exe",
        r"C:\Windows\System32\conhost.exe",
        r"C:\Program Files\Monitoring Agent\agent.exe",
        r"C:\Windows\System32\taskhostw.exe",
    ]);
    let mut cells = vec![
        ("Account", text(format!(r"{domain}\{user}"))),
        ("AccountType", text("User")),
        ("Computer", text(computer)),
        ("EventSourceName", text("Microsoft-Windows-Security-Auditing")),
        ("Channel", text("Security")),
        ("Level", text("8")),
        ("EventID", int(id)),
        ("Activity", text(activity)),
        ("TargetUserName", text(user)),
        ("TargetDomainName", text(&domain)),
        ("TargetAccount", text(format!(r"{domain}\{user}"))),
        ("SubjectUserName", text("SYSTEM")),
        ("IpAddress", text(format!("{}.{}", names.inside, 20 + dice.roll(60)))),
    ];
    match id {
        4624 | 4625 => cells.push(("LogonType", int(dice.pick(&[2, 3, 3, 7, 10])))),
        4688 => cells.extend([
            ("NewProcessName", text(process)),
            ("Process", text(process.rsplit('\\').next().unwrap_or_default())),
        ]),
        4769 => cells.extend([("ServiceName", text(format!("{computer}$"))), ("TicketEncryptionType", text("0x12"))]),
        _ => {}
    }
    cells
}

fn process(_: &Logs, names: &Names, dice: &mut Dice, time: Timestamp) -> Vec<Cell> {
    let (file, line, parent) = dice.pick(&[
        ("msedge.exe", "msedge.exe --type=renderer", "msedge.exe"),
        ("outlook.exe", "outlook.exe /recycle", "explorer.exe"),
        ("svchost.exe", "svchost.exe -k netsvcs -p", "services.exe"),
        ("powershell.exe", r"powershell.exe -File C:\Scripts\inventory.ps1", "svchost.exe"),
        ("excel.exe", "excel.exe /dde", "explorer.exe"),
        ("teams.exe", "teams.exe", "explorer.exe"),
    ]);
    let user = dice.pick(names.users);
    vec![
        ("Timestamp", date(time)),
        ("DeviceId", dice.id()),
        ("DeviceName", text(format!("{}.{}", dice.pick(names.clients).to_lowercase(), names.domain))),
        ("ActionType", text("ProcessCreated")),
        ("FileName", text(file)),
        ("FolderPath", text(format!(r"C:\Windows\System32\{file}"))),
        ("ProcessId", Value::Long(i64::try_from(1_000 + dice.roll(20_000)).unwrap_or_default())),
        ("ProcessCommandLine", text(line)),
        ("AccountName", text(user)),
        ("AccountUpn", text(names.upn(user))),
        ("InitiatingProcessFileName", text(parent)),
        ("InitiatingProcessCommandLine", text(parent)),
        ("InitiatingProcessAccountName", text(user)),
    ]
}

fn device_event(_: &Logs, names: &Names, dice: &mut Dice, time: Timestamp) -> Vec<Cell> {
    let action = dice.pick(&["UsbDriveMounted", "ScheduledTaskUpdated", "AntivirusScanCompleted", "PowerShellCommand"]);
    vec![
        ("Timestamp", date(time)),
        ("DeviceId", dice.id()),
        ("DeviceName", text(format!("{}.{}", dice.pick(names.clients).to_lowercase(), names.domain))),
        ("ActionType", text(action)),
        ("AccountName", text(dice.pick(names.users))),
        ("InitiatingProcessFileName", text("svchost.exe")),
        ("InitiatingProcessAccountName", text("system")),
        ("AdditionalFields", json(object!({ "Source": "everyday" }))),
    ]
}

pub(super) fn firewall(_: &Logs, names: &Names, dice: &mut Dice, _: Timestamp) -> Vec<Cell> {
    let allowed = dice.roll(5) > 0;
    let port = dice.pick(&[443, 443, 443, 80, 53, 22]);
    vec![
        ("DeviceVendor", text("Fortinet")),
        ("DeviceProduct", text("FortiGate")),
        ("DeviceEventClassID", text("00013")),
        ("Activity", text(if allowed { "traffic forward accept" } else { "traffic forward deny" })),
        ("LogSeverity", text("3")),
        ("DeviceAction", text(if allowed { "allow" } else { "deny" })),
        ("Protocol", text("TCP")),
        ("SourceIP", text(format!("{}.{}", names.inside, 20 + dice.roll(60)))),
        ("SourcePort", int(i32::try_from(49_152 + dice.roll(16_000)).unwrap_or_default())),
        ("DestinationIP", text(format!("198.51.100.{}", 1 + dice.roll(150)))),
        ("DestinationPort", int(port)),
        ("SentBytes", Value::Long(i64::try_from(400 + dice.roll(90_000)).unwrap_or_default())),
        ("ReceivedBytes", Value::Long(i64::try_from(400 + dice.roll(900_000)).unwrap_or_default())),
        ("Computer", text(dice.pick(names.linux))),
    ]
}

fn syslog(_: &Logs, names: &Names, dice: &mut Dice, time: Timestamp) -> Vec<Cell> {
    let (facility, level, process, message) = dice.pick(&[
        ("cron", "info", "CRON", "(root) CMD (run-parts --report /etc/cron.hourly)"),
        ("daemon", "info", "systemd", "Started Session of user root."),
        ("daemon", "notice", "chronyd", "Selected source 192.0.2.123"),
        ("authpriv", "info", "sudo", "pam_unix(sudo:session): session opened for user root"),
        ("kern", "warning", "kernel", "audit: rate limit exceeded"),
    ]);
    vec![
        ("EventTime", date(time)),
        ("Computer", text(dice.pick(names.linux))),
        ("HostName", text(dice.pick(names.linux))),
        ("Facility", text(facility)),
        ("SeverityLevel", text(level)),
        ("ProcessName", text(process)),
        ("SyslogMessage", text(message)),
    ]
}

fn activity(logs: &Logs, names: &Names, dice: &mut Dice, time: Timestamp) -> Vec<Cell> {
    let (operation, resource) = dice.pick(&[
        ("MICROSOFT.COMPUTE/VIRTUALMACHINES/START/ACTION", "microsoft.compute/virtualmachines/vm-app-01"),
        ("MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION", "microsoft.storage/storageaccounts/stdata01"),
        ("MICROSOFT.RESOURCES/DEPLOYMENTS/WRITE", "microsoft.resources/deployments/deploy-17"),
        ("MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/WRITE", "microsoft.network/networksecuritygroups/nsg-app"),
    ]);
    let status = dice.pick(&["Success", "Success", "Start", "Failure"]);
    let place = &logs.place;
    vec![
        ("OperationNameValue", text(operation)),
        ("OperationName", text(operation)),
        ("Level", text(if status == "Failure" { "Error" } else { "Informational" })),
        ("ActivityStatusValue", text(status)),
        ("ActivityStatus", text(status)),
        ("CategoryValue", text("Administrative")),
        ("Caller", text(names.upn(dice.pick(names.users)))),
        ("CallerIpAddress", text(format!("{}.{}", names.outside, 200 + dice.roll(4)))),
        ("CorrelationId", dice.id()),
        ("ResourceGroup", text("rg-app")),
        ("SubscriptionId", text(&place.subscription)),
        (
            "_ResourceId",
            text(format!("/subscriptions/{}/resourcegroups/rg-app/providers/{resource}", place.subscription)),
        ),
        ("Properties", text(object!({ "eventSubmissionTimestamp": later(time, 2).to_string() }).to_string())),
    ]
}

fn diagnostics(logs: &Logs, names: &Names, dice: &mut Dice, _: Timestamp) -> Vec<Cell> {
    let app = u32::try_from(dice.roll(4)).unwrap_or_default();
    vec![
        ("Category", text("AuditEvent")),
        ("ResourceGroup", text("RG-APP")),
        ("SubscriptionId", text(&logs.place.subscription)),
        ("ResourceProvider", text("MICROSOFT.KEYVAULT")),
        ("Resource", text(dice.pick(&["KV-APP-01", "KV-APP-02"]))),
        ("ResourceType", text("VAULTS")),
        ("OperationName", text(dice.pick(&["SecretGet", "SecretGet", "SecretList", "KeySign"]))),
        ("ResultType", text("Success")),
        ("CorrelationId", dice.id()),
        ("CallerIPAddress", text(format!("{}.{}", names.inside, 20 + dice.roll(10)))),
        ("identity_claim_appid_g", text(crate::demo::world::demo_id(&["app", &app.to_string()]))),
        ("httpStatusCode_d", Value::Real(200.0)),
        ("DurationMs", Value::Long(i64::try_from(5 + dice.roll(60)).unwrap_or_default())),
    ]
}

fn indicator(_: &Logs, _: &Names, dice: &mut Dice, time: Timestamp) -> Vec<Cell> {
    let address = format!("203.0.113.{}", 160 + dice.roll(60));
    indicator_of(&address, i32::try_from(40 + dice.roll(55)).unwrap_or_default(), time, dice)
}

pub(super) fn indicator_of(address: &str, confidence: i32, time: Timestamp, dice: &mut Dice) -> Vec<Cell> {
    vec![
        ("Id", dice.id()),
        ("ObservableKey", text("ipv4-addr:value")),
        ("ObservableValue", text(address)),
        ("Pattern", text(format!("[ipv4-addr:value = '{address}']"))),
        ("Confidence", int(confidence)),
        ("IsActive", Value::Bool(true)),
        ("ValidFrom", date(later(time, -86_400))),
        ("ValidUntil", date(later(time, 30 * 86_400))),
        ("Tags", text("demo-feed")),
        ("Created", date(time)),
        ("Modified", date(time)),
        ("LastUpdateMethod", text("UploadIndicatorsApi")),
    ]
}
