//! What the scenario's incidents left in the logs: the rows that their rules
//! found.

use jiff::Timestamp;
use serde_json::json as object;

use super::Logs;
use super::everyday::{firewall, indicator_of, location, signin};
use super::facts::Scenario;
use super::people::Names;
use super::sheet::{Cell, Dice, Sheet, int, json, text};
use crate::demo::kql::Value;
use crate::demo::world::dataset::{RawIncident, at};
use crate::demo::world::later;

/// Accounts that a password spray tries, in how many seconds.
const SPRAYED: i64 = 41;
const SPRAY: i64 = 20 * 60;
/// Files that the mass download takes. Source: the incident's title.
const FILES: i64 = 1_312;
/// Connections of the beacon, one in so many seconds.
const BEACONS: i64 = 72;
const BEACON: i64 = 300;
/// Tries of the brute force.
const TRIES: i64 = 64;

/// Where the story of one incident stands.
struct Scene<'s> {
    logs: &'s Logs,
    names: &'static Names,
    incident: &'s RawIncident,
    created: Timestamp,
    sheet: &'s mut Sheet,
    dice: &'s mut Dice,
}

pub(super) fn rows(logs: &Logs, scenario: Option<&Scenario>, sheet: &mut Sheet, dice: &mut Dice) {
    let names = Names::of(&logs.place.alias);
    for incident in scenario.into_iter().flat_map(|scenario| &scenario.incidents) {
        let created = at(logs.start, &incident.created);
        let mut scene = Scene { logs, names, incident, created, sheet, dice };
        scene.play();
    }
}

/// `cells` with others in their place.
fn with(mut cells: Vec<Cell>, other: impl IntoIterator<Item = Cell>) -> Vec<Cell> {
    cells.extend(other);
    cells
}

impl Scene<'_> {
    fn entity(&self, kind: &str) -> &str {
        let of_kind = self.incident.entities.iter().find(|entity| entity.kind == kind);
        of_kind.map_or("", |entity| entity.name.as_str())
    }

    fn entities(&self, kind: &str) -> Vec<&str> {
        let of_kind = self.incident.entities.iter().filter(|entity| entity.kind == kind);
        of_kind.map(|entity| entity.name.as_str()).collect()
    }

    fn play(&mut self) {
        match (self.incident.rule.as_str(), self.sheet.name()) {
            ("S01", "SigninLogs") => self.spray(),
            ("S02", "SigninLogs") => self.sign_in(("NL", "Rotterdam"), "none", -600),
            ("M02", "SigninLogs") => self.sign_in(("NL", "Amsterdam"), "high", -600),
            ("N01", "SigninLogs") => self.sign_in(self.names.home, "none", -120),
            ("S05", "AuditLogs") => self.consent(),
            ("N02", "AuditLogs") => self.policy(),
            ("S07", "OfficeActivity") => self.download(),
            ("S10", "SecurityEvent") => self.cleared(),
            ("S13", "CommonSecurityLog") => self.beacon(),
            ("S15", "CommonSecurityLog") => self.allowed_threat(),
            ("S15", "ThreatIntelIndicators") => self.indicator(),
            ("S16", "CommonSecurityLog") => self.tunnel(),
            ("S19", "Syslog") => self.brute_force(),
            ("S21", "OTGateway_CL") => self.controller(),
            ("XDR", "DeviceProcessEvents") => self.encoded(),
            ("XDR", "DeviceEvents") => self.tampering(),
            _ => {}
        }
    }

    fn sign_in_by(
        &mut self,
        time: Timestamp,
        upn: &str,
        address: &str,
        place: (&str, &str),
        result: &str,
    ) -> Vec<Cell> {
        let code: i64 = result.parse().unwrap_or_default();
        let name = upn.split('@').next().unwrap_or_default();
        with(
            signin(self.logs, self.names, self.dice, time),
            [
                ("UserPrincipalName", text(upn)),
                ("UserDisplayName", text(name)),
                ("UserId", text(crate::demo::world::demo_id(&[self.names.domain, name]))),
                ("IPAddress", text(address)),
                ("Location", text(place.0)),
                ("LocationDetails", location(place)),
                ("ResultType", text(result)),
                ("ResultDescription", text(if code == 0 { "" } else { "Invalid username or password." })),
                ("Status", json(object!({ "errorCode": code }))),
                ("AuthenticationRequirement", text("singleFactorAuthentication")),
            ],
        )
    }

    /// One try each for many accounts. Those the scenario names are its facts.
    fn spray(&mut self) {
        let address = self.entity("IP").to_owned();
        for n in 0..SPRAYED {
            let upn = self.names.upn(&format!("konto{n:02}"));
            let time = later(self.created, -SPRAY + n * SPRAY / SPRAYED);
            let result = if n % 7 == 6 { "50053" } else { "50126" };
            let cells = self.sign_in_by(time, &upn, &address, ("NL", "Amsterdam"), result);
            self.sheet.put(time, cells);
        }
    }

    fn sign_in(&mut self, place: (&str, &str), risk: &'static str, before: i64) {
        let (upn, address) = (self.entity("Account").to_owned(), self.entity("IP").to_owned());
        let address = if address.is_empty() { "192.0.2.61".to_owned() } else { address };
        let time = later(self.created, before);
        let cells = self.sign_in_by(time, &upn, &address, place, "0");
        let risk = [("RiskLevelDuringSignIn", text(risk)), ("RiskLevelAggregated", text(risk))];
        self.sheet.put(time, with(cells, risk));
    }

    fn consent(&mut self) {
        let (upn, app) = (self.entity("Account").to_owned(), self.entity("CloudApplication").to_owned());
        let time = later(self.created, -240);
        self.sheet.put(time, [
            ("OperationName", text("Consent to application")),
            ("ActivityDisplayName", text("Consent to application")),
            ("Category", text("ApplicationManagement")),
            ("Result", text("success")),
            ("InitiatedBy", json(object!({ "user": { "userPrincipalName": upn } }))),
            ("TargetResources", json(object!([{
                "displayName": app,
                "type": "ServicePrincipal",
                "modifiedProperties": [
                    { "displayName": "ConsentContext.IsAdminConsent", "newValue": "False" },
                    { "displayName": "ConsentAction.Permissions", "newValue": "[[Scope: Mail.Read offline_access]]" },
                ],
            }]))),
        ]);
    }

    fn policy(&mut self) {
        let upn = self.entity("Account").to_owned();
        let name = self.incident.title.split('\'').nth(1).unwrap_or("Conditional Access").to_owned();
        self.sheet.put(
            later(self.created, -90),
            [
                ("OperationName", text("Update conditional access policy")),
                ("ActivityDisplayName", text("Update conditional access policy")),
                ("Category", text("Policy")),
                ("Result", text("success")),
                ("InitiatedBy", json(object!({ "user": { "userPrincipalName": upn } }))),
                (
                    "TargetResources",
                    json(object!([{ "displayName": name, "type": "Policy", "modifiedProperties": [] }])),
                ),
            ],
        );
    }

    fn download(&mut self) {
        let (upn, address) = (self.entity("Account").to_owned(), self.entity("IP").to_owned());
        let site = format!("https://{}/sites/finance/", self.names.domain);
        for n in 0..FILES {
            let file = format!("vertrag-{n:04}.pdf");
            self.sheet.put(
                later(self.created, -2_700 + n * 2),
                [
                    ("RecordType", text("SharePointFileOperation")),
                    ("Operation", text("FileDownloaded")),
                    ("OfficeWorkload", text("SharePoint")),
                    ("ResultStatus", text("Succeeded")),
                    ("UserId", text(&upn)),
                    ("UserType", text("Regular")),
                    ("ClientIP", text(&address)),
                    ("Site_Url", text(&site)),
                    ("SourceFileName", text(&file)),
                    ("OfficeObjectId", text(format!("{site}{file}"))),
                ],
            );
        }
    }

    fn cleared(&mut self) {
        let host = self.entity("Host").to_owned();
        let domain = self.names.domain.split('.').next().unwrap_or_default().to_uppercase();
        self.sheet.put(
            later(self.created, -60),
            [
                ("Account", text(format!(r"{domain}\redteam"))),
                ("Computer", text(host)),
                ("EventSourceName", text("Microsoft-Windows-Eventlog")),
                ("Channel", text("Security")),
                ("EventID", int(1102)),
                ("Activity", text("1102 - The audit log was cleared.")),
                ("SubjectUserName", text("redteam")),
            ],
        );
    }

    fn allowed(&mut self, time: Timestamp, from: &str, to: &str) {
        let cells = firewall(self.logs, self.names, self.dice, time);
        self.sheet.put(
            time,
            with(
                cells,
                [
                    ("Activity", text("traffic forward accept")),
                    ("DeviceAction", text("allow")),
                    ("SourceIP", text(from)),
                    ("DestinationIP", text(to)),
                    ("DestinationPort", int(443)),
                ],
            ),
        );
    }

    fn beacon(&mut self) {
        let addresses: Vec<String> = self.entities("IP").into_iter().map(str::to_owned).collect();
        let [from, to] = addresses.as_slice() else { return };
        for n in 0..BEACONS {
            // A few seconds around its period.
            let early = i64::try_from(self.dice.roll(7)).unwrap_or_default();
            self.allowed(later(self.created, (n - BEACONS) * BEACON - early), from, to);
        }
    }

    fn allowed_threat(&mut self) {
        let addresses: Vec<String> = self.entities("IP").into_iter().map(str::to_owned).collect();
        let [from, to] = addresses.as_slice() else { return };
        for n in 0..3 {
            self.allowed(later(self.created, -900 + n * 200), from, to);
        }
    }

    fn indicator(&mut self) {
        let Some(address) = self.entities("IP").last().map(|address| (*address).to_owned()) else { return };
        let time = later(self.created, -86_400);
        let cells = indicator_of(&address, 90, time, self.dice);
        self.sheet.put(time, cells);
    }

    fn tunnel(&mut self) {
        let (upn, address) = (self.entity("Account").to_owned(), self.entity("IP").to_owned());
        let address = if address.is_empty() { "203.0.113.12".to_owned() } else { address };
        let time = later(self.created, -300);
        let cells = firewall(self.logs, self.names, self.dice, time);
        self.sheet.put(
            time,
            with(
                cells,
                [
                    ("Activity", text("event vpn tunnel-up")),
                    ("DeviceAction", text("tunnel-up")),
                    ("SourceIP", text(address)),
                    ("SourceUserName", text(upn)),
                    ("DestinationPort", int(443)),
                ],
            ),
        );
    }

    fn brute_force(&mut self) {
        let (host, address) = (self.entity("Host").to_owned(), self.entity("IP").to_owned());
        for n in 0..=TRIES {
            let said = if n == TRIES { "Accepted" } else { "Failed" };
            let message = format!("{said} password for opsadmin from {address} port {} ssh2", 40_000 + n);
            self.sheet.put(
                later(self.created, -600 + n * 8),
                [
                    ("Computer", text(&host)),
                    ("HostName", text(&host)),
                    ("Facility", text("authpriv")),
                    ("SeverityLevel", text("info")),
                    ("ProcessName", text("sshd")),
                    ("SyslogMessage", text(message)),
                ],
            );
        }
    }

    /// The gateway fell silent before the incident was made: this is in its
    /// last batch.
    fn controller(&mut self) {
        let (address, host) = (self.entity("IP").to_owned(), self.entity("Host").to_owned());
        for n in 0..4 {
            self.sheet.put(
                later(at(self.logs.start, "-2d1h"), -120 + n * 20),
                [
                    ("Line", text("crane-3")),
                    ("Controller", text(&host)),
                    ("SourceIP", text(&address)),
                    ("FunctionCode", int(16)),
                    ("Register", int(40_017)),
                    ("Value", Value::Real(1.0)),
                ],
            );
        }
    }

    fn encoded(&mut self) {
        let code = "SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQAKQA".repeat(2);
        let hosts: Vec<String> = self.entities("Host").into_iter().map(str::to_owned).collect();
        let account = self.entity("Account").to_owned();
        let Some(first) = hosts.first() else { return };
        let lines = [
            ("powershell.exe", format!("powershell.exe -nop -w hidden -enc {code}"), "winword.exe"),
            ("vssadmin.exe", "vssadmin.exe delete shadows /all /quiet".to_owned(), "powershell.exe"),
        ];
        for (n, (file, line, parent)) in (0..).zip(lines) {
            let host = hosts.get(usize::try_from(n).unwrap_or_default()).unwrap_or(first);
            self.sheet.put(
                later(self.created, -900 + n * 300),
                [
                    ("DeviceName", text(format!("{host}.{}", self.names.domain))),
                    ("ActionType", text("ProcessCreated")),
                    ("FileName", text(file)),
                    ("ProcessCommandLine", text(line)),
                    ("AccountName", text(&account)),
                    ("InitiatingProcessFileName", text(parent)),
                    ("InitiatingProcessAccountName", text(&account)),
                ],
            );
        }
    }

    fn tampering(&mut self) {
        let (host, account) = (self.entity("Host").to_owned(), self.entity("Account").to_owned());
        self.sheet.put(
            later(self.created, -500),
            [
                ("DeviceName", text(format!("{host}.{}", self.names.domain))),
                ("ActionType", text("TamperingAttempt")),
                ("InitiatingProcessFileName", text("powershell.exe")),
                ("InitiatingProcessAccountName", text(account)),
                ("AdditionalFields", json(object!({ "TamperingAction": "RegistryModification" }))),
            ],
        );
    }
}
