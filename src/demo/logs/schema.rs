//! Columns of Microsoft's tables.
//!
//! Source: the tables' references of Azure Monitor; of the wide ones those
//! columns that rules, hunts and our own tools read.

use crate::demo::kql::{Column, Kind, Table};
use crate::demo::world::dataset;

/// Name and columns, between `TenantId` and `Type`, which all have.
const TABLES: &[(&str, &str)] = &[
    (
        "SigninLogs",
        "TimeGenerated:datetime Id:string CreatedDateTime:datetime CorrelationId:string OperationName:string \
         Category:string ResultType:string ResultDescription:string UserPrincipalName:string UserDisplayName:string \
         UserId:string UserType:string AppId:string AppDisplayName:string ResourceDisplayName:string IPAddress:string \
         Location:string LocationDetails:dynamic ClientAppUsed:string DeviceDetail:dynamic \
         AuthenticationRequirement:string AuthenticationDetails:string ConditionalAccessStatus:string \
         ConditionalAccessPolicies:dynamic IsInteractive:bool RiskLevelDuringSignIn:string RiskLevelAggregated:string \
         RiskState:string RiskDetail:string RiskEventTypes_V2:string Status:dynamic UserAgent:string \
         AutonomousSystemNumber:string HomeTenantId:string ResourceTenantId:string",
    ),
    (
        "AuditLogs",
        "TimeGenerated:datetime Id:string OperationName:string OperationVersion:string Category:string Result:string \
         ResultReason:string ResultType:string CorrelationId:string ActivityDateTime:datetime \
         ActivityDisplayName:string InitiatedBy:dynamic TargetResources:dynamic AdditionalDetails:dynamic \
         LoggedByService:string Identity:string AADTenantId:string",
    ),
    (
        "OfficeActivity",
        "TimeGenerated:datetime RecordType:string Operation:string OrganizationId:string UserType:string \
         UserKey:string OfficeWorkload:string ResultStatus:string OfficeObjectId:string UserId:string ClientIP:string \
         Site_Url:string SourceFileName:string SourceFileExtension:string SourceRelativeUrl:string UserAgent:string \
         MailboxOwnerUPN:string Parameters:string ElevationTime:datetime",
    ),
    (
        "SecurityEvent",
        "TimeGenerated:datetime Account:string AccountType:string Computer:string EventSourceName:string \
         Channel:string Task:int Level:string EventID:int Activity:string TargetUserName:string \
         TargetDomainName:string TargetAccount:string TargetSid:string SubjectUserName:string \
         SubjectDomainName:string SubjectUserSid:string MemberName:string MemberSid:string LogonType:int \
         LogonProcessName:string AuthenticationPackageName:string WorkstationName:string IpAddress:string \
         IpPort:string Status:string SubStatus:string FailureReason:string ServiceName:string \
         TicketEncryptionType:string TicketOptions:string NewProcessName:string NewProcessId:string \
         ParentProcessName:string CommandLine:string Process:string EventData:string",
    ),
    (
        "DeviceProcessEvents",
        "TimeGenerated:datetime Timestamp:datetime DeviceId:string DeviceName:string ActionType:string \
         FileName:string FolderPath:string SHA256:string ProcessId:long ProcessCommandLine:string \
         AccountDomain:string AccountName:string AccountUpn:string InitiatingProcessFileName:string \
         InitiatingProcessCommandLine:string InitiatingProcessAccountName:string InitiatingProcessParentFileName:string \
         ReportId:long",
    ),
    (
        "DeviceEvents",
        "TimeGenerated:datetime Timestamp:datetime DeviceId:string DeviceName:string ActionType:string \
         FileName:string FolderPath:string SHA256:string AccountName:string RemoteIP:string RemoteUrl:string \
         InitiatingProcessFileName:string InitiatingProcessAccountName:string InitiatingProcessCommandLine:string \
         AdditionalFields:dynamic ReportId:long",
    ),
    (
        "CommonSecurityLog",
        "TimeGenerated:datetime DeviceVendor:string DeviceProduct:string DeviceVersion:string \
         DeviceEventClassID:string Activity:string LogSeverity:string DeviceAction:string ApplicationProtocol:string \
         Protocol:string SourceIP:string SourcePort:int SourceUserName:string SourceHostName:string \
         DestinationIP:string DestinationPort:int DestinationHostName:string DestinationUserName:string \
         RequestURL:string SentBytes:long ReceivedBytes:long Message:string Computer:string \
         AdditionalExtensions:string",
    ),
    (
        "Syslog",
        "TimeGenerated:datetime EventTime:datetime Computer:string HostName:string HostIP:string Facility:string \
         SeverityLevel:string ProcessName:string ProcessID:int SyslogMessage:string CollectorHostName:string",
    ),
    (
        "AzureActivity",
        "TimeGenerated:datetime OperationName:string OperationNameValue:string Level:string \
         ActivityStatus:string ActivityStatusValue:string ActivitySubstatusValue:string Category:string \
         CategoryValue:string Caller:string CallerIpAddress:string CorrelationId:string ResourceGroup:string \
         ResourceId:string ResourceProvider:string ResourceProviderValue:string SubscriptionId:string \
         Authorization:string Claims:string Properties:string",
    ),
    (
        "AzureDiagnostics",
        "TimeGenerated:datetime ResourceId:string Category:string ResourceGroup:string SubscriptionId:string \
         ResourceProvider:string Resource:string ResourceType:string OperationName:string ResultType:string \
         ResultSignature:string CorrelationId:string CallerIPAddress:string identity_claim_appid_g:string \
         identity_claim_oid_g:string requestUri_s:string httpStatusCode_d:real DurationMs:long",
    ),
    (
        "ThreatIntelIndicators",
        "TimeGenerated:datetime Id:string ObservableKey:string ObservableValue:string \
         Pattern:string Confidence:int IsActive:bool ValidFrom:datetime ValidUntil:datetime Tags:string \
         Created:datetime Modified:datetime LastUpdateMethod:string Data:dynamic",
    ),
    (
        "SecurityAlert",
        "TimeGenerated:datetime DisplayName:string AlertName:string AlertSeverity:string Description:string \
         ProviderName:string VendorName:string VendorOriginalId:string SystemAlertId:string ProductName:string \
         ProductComponentName:string AlertType:string ConfidenceLevel:string IsIncident:bool StartTime:datetime \
         EndTime:datetime ProcessingEndTime:datetime Status:string CompromisedEntity:string Tactics:string \
         Techniques:string Entities:string ExtendedProperties:string AlertLink:string WorkspaceSubscriptionId:string \
         WorkspaceResourceGroup:string",
    ),
    (
        "SecurityIncident",
        "TimeGenerated:datetime IncidentName:string Title:string Description:string Severity:string Status:string \
         Classification:string ClassificationComment:string ClassificationReason:string Owner:dynamic \
         ProviderName:string ProviderIncidentId:string FirstActivityTime:datetime LastActivityTime:datetime \
         FirstModifiedTime:datetime LastModifiedTime:datetime CreatedTime:datetime ClosedTime:datetime \
         IncidentNumber:int RelatedAnalyticRuleIds:dynamic AlertIds:dynamic BookmarkIds:dynamic Comments:dynamic \
         Tasks:dynamic Labels:dynamic IncidentUrl:string AdditionalData:dynamic ModifiedBy:string",
    ),
    (
        "SentinelHealth",
        "TimeGenerated:datetime OperationName:string SentinelResourceId:string SentinelResourceName:string \
         SentinelResourceType:string SentinelResourceKind:string Status:string Description:string Reason:string \
         WorkspaceId:string RecordId:string ExtendedProperties:dynamic",
    ),
    (
        "Heartbeat",
        "TimeGenerated:datetime SourceComputerId:string ComputerIP:string Computer:string Category:string \
         OSType:string OSName:string OSMajorVersion:string OSMinorVersion:string Version:string \
         SCAgentChannel:string IsGatewayInstalled:bool ResourceGroup:string SubscriptionId:string Resource:string \
         ResourceProvider:string ResourceType:string ComputerEnvironment:string Solutions:string",
    ),
    (
        "Usage",
        "TimeGenerated:datetime Computer:string StartTime:datetime EndTime:datetime ResourceUri:string \
         DataType:string Solution:string IsBillable:bool Quantity:real QuantityUnit:string \
         BatchesWithinSla:long BatchesOutsideSla:long BatchesCapped:long",
    ),
];

/// A workspace's table without rows.
pub(super) fn empty(table: &dataset::Table) -> Table {
    named(&table.name, table.columns.iter().filter_map(|column| column.split_once(':')))
}

/// The table of that name: Microsoft's, or one of these columns and types.
pub(super) fn named<'c>(name: &str, own: impl Iterator<Item = (&'c str, &'c str)>) -> Table {
    known(name).unwrap_or_else(|| {
        whole(name, own.filter_map(|(name, kind)| Some(Column::new(name, Kind::named(kind)?))).collect())
    })
}

/// One of Microsoft's tables, which a workspace can ask whether it has rows of
/// it or not.
pub(super) fn known(name: &str) -> Option<Table> {
    let (name, text) = TABLES.iter().find(|(known, _)| *known == name)?;
    Some(whole(name, Table::empty(name, text).columns))
}

/// With the columns that every table has.
fn whole(name: &str, own: Vec<Column>) -> Table {
    let mut columns = vec![Column::new("TenantId", Kind::String)];
    columns.extend(own);
    for name in ["SourceSystem", "Type", "_ResourceId"] {
        columns.push(Column::new(name, Kind::String));
    }
    if !columns.iter().any(|column| &*column.name == "TimeGenerated") {
        columns.insert(1, Column::new("TimeGenerated", Kind::DateTime));
    }
    Table { name: name.to_owned(), columns, ..Table::default() }
}
