//! A sample of every case. Names in them begin with `the-`, numbers are 70 to
//! 79: the sentences must have them.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use sentinel_jump::answer::case::{
    Azure, BadArgument, Case, Doubt, Ended, Flaw, Forbidden, Init, InitEnd, Lost, Misspelt, NoScript, NoSignIn, NoTls,
    Offered, Reason, Slip, Stage, Unasked, Unconfirmed, Unfit, Unknown, Unreached, Void, Wanted, Warning, WrongTarget,
};
use sentinel_jump::catalog::ToolSet;
use sentinel_jump::config::SecretError;
use sentinel_jump::tenant::{HostId, TenantId, WorkspaceId};

const TOOL: &str = "the-tool";
const FUNCTION: &str = "the-function";
const ARGUMENT: &str = "the-argument";

fn host() -> HostId {
    HostId::parse("the-host").expect("an alias")
}

fn tenant() -> TenantId {
    TenantId::parse("the-tenant").expect("an alias")
}

fn workspace() -> WorkspaceId {
    WorkspaceId::parse("the-workspace").expect("an alias")
}

fn text(name: &str) -> String {
    name.to_owned()
}

fn misspelt(offered: Offered) -> Misspelt {
    let name = if offered == Offered::TooLong { String::new() } else { text("the-name") };
    Misspelt { name, offered }
}

fn offers() -> Vec<Offered> {
    let names = || vec![text("the-one"), text("the-other")];
    vec![Offered::TooLong, Offered::Close(names()), Offered::All(names()), Offered::Nothing]
}

fn wanted() -> Vec<Wanted> {
    vec![
        Wanted::Text,
        Wanted::Texts,
        Wanted::Long { least: 70, greatest: 71, found: 72 },
        Wanted::OneOf(vec![text("the-one"), text("the-other")].leak()),
        Wanted::Either(["the-one", "the-other"]),
        Wanted::Guid,
        Wanted::Pattern("the-pattern"),
        Wanted::Whole,
        Wanted::WholeWithin { least: 70, greatest: 71 },
        Wanted::Within { least: 70, greatest: 71, found: 72 },
        Wanted::Number,
        Wanted::Flag,
        Wanted::Time,
        Wanted::Span,
        Wanted::Object,
        Wanted::Objects,
        Wanted::NoDeeper { most: 70 },
    ]
}

fn unfit() -> Vec<Unfit> {
    vec![
        Unfit::Text,
        Unfit::Guid,
        Unfit::Number,
        Unfit::NumberInRange,
        Unfit::WholeInRange,
        Unfit::Flag,
        Unfit::Time,
        Unfit::Span,
        Unfit::Object,
        Unfit::Word,
        Unfit::TwinKeys,
        Unfit::InnerNull,
        Unfit::Name,
        Unfit::Type,
    ]
}

fn arguments() -> Vec<BadArgument> {
    let (old, new) = ("the-old", "the-new");
    let mut all: Vec<BadArgument> = offers().into_iter().map(|offer| BadArgument::Unknown(misspelt(offer))).collect();
    all.extend(wanted().into_iter().map(|wanted| BadArgument::MustBe { name: text(ARGUMENT), wanted }));
    all.extend(unfit().into_iter().map(|why| BadArgument::Unfit { host: host(), name: ARGUMENT, why }));
    all.extend([
        BadArgument::Twice { name: ARGUMENT },
        BadArgument::Missing { name: ARGUMENT },
        BadArgument::NoTarget { name: ARGUMENT, known: vec![text("the-one"), text("the-other")] },
        BadArgument::NoneOf { names: vec![ARGUMENT, "the-other"] },
        BadArgument::MoreThanOneOf { names: vec![ARGUMENT, "the-other"] },
        BadArgument::Ours { name: text(ARGUMENT) },
        BadArgument::OldAndNewDiffer { old, new },
        BadArgument::OldAndNew { old, new },
        BadArgument::Ambiguous { workspace: text("the-workspace"), tenants: vec![text("the-one"), text("the-other")] },
        BadArgument::Field(misspelt(Offered::Nothing)),
        BadArgument::CursorForeign,
        BadArgument::CursorExpired,
        BadArgument::CursorOfAnother,
        BadArgument::HostLacks { host: host(), function: FUNCTION, name: ARGUMENT, known: Vec::new() },
        BadArgument::HostAsks { host: host(), function: FUNCTION, name: ARGUMENT },
        BadArgument::HostLacks {
            host: host(),
            function: FUNCTION,
            name: ARGUMENT,
            known: vec![text("the-one"), text("the-other")],
        },
    ]);
    all
}

fn unknown() -> Vec<Unknown> {
    let name = || misspelt(Offered::Nothing);
    vec![
        Unknown::Tool(name()),
        Unknown::Tenant(name()),
        Unknown::WorkspaceOf { tenant: text("the-tenant"), workspace: name() },
        Unknown::Workspace(name()),
        Unknown::Host(name()),
        Unknown::AnyTenant,
    ]
}

fn forbidden() -> Vec<Forbidden> {
    vec![
        Forbidden::ReadOnly { tool: TOOL },
        Forbidden::SwitchedOff { tool: TOOL, set: ToolSet::Rules },
        Forbidden::Tenant { tenant: tenant() },
    ]
}

fn unasked() -> Vec<Unasked> {
    vec![
        Unasked::Nobody,
        Unasked::ClientCannot,
        Unasked::Told,
        Unasked::NotSealed,
        Unasked::NotTyped { name: text("the-name"), argument: ARGUMENT },
    ]
}

fn voids() -> Vec<Void> {
    vec![Void::Late { seconds: 70 }, Void::Unanswered { seconds: 70 }, Void::OfAnother, Void::Used, Void::TooMany]
}

fn unconfirmed() -> Vec<Unconfirmed> {
    let mut all = vec![Unconfirmed::OtherName { argument: ARGUMENT }, Unconfirmed::Declined];
    all.extend(voids().into_iter().map(Unconfirmed::Void));
    all
}

fn unreached() -> Vec<Unreached> {
    vec![
        Unreached::NameNotResolved,
        Unreached::ProxySignIn,
        Unreached::ProxyRefused { status: Some(70) },
        Unreached::ProxyRefused { status: None },
        Unreached::ProxyUnreachable,
        Unreached::NoConnection,
        Unreached::HostFailed { status: 70 },
        Unreached::DoorRefused { status: 70 },
        Unreached::Wordless { status: 70 },
        Unreached::NotKept,
        Unreached::HungUp,
        Unreached::Silent,
        Unreached::NotWinrm,
        Unreached::SourcesTooSlow,
        Unreached::Away { why: Box::new(Unreached::NoConnection), seconds: 7 },
    ]
}

fn secrets() -> Vec<SecretError> {
    let path = || "/the-path".into();
    let program = || text("the-program");
    let all = vec![
        SecretError::NoVariable(text("the-variable")),
        SecretError::Unreadable { path: path(), kind: ErrorKind::NotFound },
        SecretError::Unreadable { path: path(), kind: ErrorKind::PermissionDenied },
        SecretError::Unreadable { path: path(), kind: ErrorKind::IsADirectory },
        SecretError::Exposed { path: path(), mode: 0o644 },
        SecretError::Foreign { path: path(), owner: 70 },
        SecretError::TooLarge,
        SecretError::Empty,
        SecretError::NotText,
        SecretError::NotStarted { program: program(), kind: ErrorKind::NotFound },
        SecretError::CommandFailed { program: program(), code: Some(70) },
        SecretError::CommandFailed { program: program(), code: None },
        SecretError::CommandTooSlow(program()),
    ];
    let kinds: BTreeSet<u8> = all.iter().map(kind).collect();
    assert_eq!(kinds.len(), 10, "a sample of every one");
    all
}

/// A number of each; the match is the whole list.
fn kind(error: &SecretError) -> u8 {
    match error {
        SecretError::NoVariable(_) => 0,
        SecretError::Unreadable { .. } => 1,
        SecretError::Exposed { .. } => 2,
        SecretError::TooLarge => 3,
        SecretError::Empty => 4,
        SecretError::NotText => 5,
        SecretError::NotStarted { .. } => 6,
        SecretError::CommandFailed { .. } => 7,
        SecretError::CommandTooSlow(_) => 8,
        SecretError::Foreign { .. } => 9,
    }
}

fn no_sign_in() -> Vec<NoSignIn> {
    let mut all = vec![
        NoSignIn::CertificateNotAsked,
        NoSignIn::CertificateRefused,
        NoSignIn::BasicNotOffered,
        NoSignIn::NotOffered { scheme: "the-scheme" },
        NoSignIn::NoNtlm,
        NoSignIn::OfferRejected,
        NoSignIn::Filtered,
        NoSignIn::Refused,
        NoSignIn::Resting { minutes: 70 },
        NoSignIn::Misconfigured { why: text("the-why") },
    ];
    all.extend(secrets().into_iter().map(NoSignIn::NoPassword));
    all
}

fn flaws() -> Vec<Flaw> {
    vec![
        Flaw::Untrusted,
        Flaw::SelfSigned,
        Flaw::OtherName,
        Flaw::NotPinned,
        Flaw::Expired,
        Flaw::NotYetValid,
        Flaw::Revoked,
        Flaw::OtherPurpose,
        Flaw::Unverifiable,
    ]
}

fn no_tls() -> Vec<NoTls> {
    let certificate = |flaw| NoTls::Certificate { flaw, sha256: text("the-sha256") };
    let mut all: Vec<NoTls> = flaws().into_iter().map(certificate).collect();
    all.extend([
        NoTls::NothingInCommon,
        NoTls::NotTls,
        NoTls::HungUp,
        NoTls::NoAuthorities,
        NoTls::NoBinding,
        NoTls::Failed,
    ]);
    all
}

fn no_script() -> Vec<NoScript> {
    vec![
        NoScript::Missing,
        NoScript::Changed,
        NoScript::NotLoaded,
        NoScript::Asked,
        NoScript::NoLanguage,
        NoScript::NoFunction { function: text(FUNCTION), left_out: 0 },
        NoScript::NoFunction { function: text(FUNCTION), left_out: 70 },
        NoScript::Unreadable { kind: ErrorKind::NotFound },
        NoScript::TooLarge,
        NoScript::ChangedHere,
        NoScript::NoGuard { function: FUNCTION },
        NoScript::Tainted { function: FUNCTION, variable: text("the-variable"), line: 70 },
    ]
}

fn wrong_target() -> Vec<WrongTarget> {
    vec![
        WrongTarget::NotShown,
        WrongTarget::NotKept,
        WrongTarget::NotTold { function: FUNCTION, missing: vec!["the-one", "the-other"] },
        WrongTarget::Elsewhere,
        WrongTarget::NotTaken,
        WrongTarget::Turned,
    ]
}

fn azure() -> Vec<Azure> {
    vec![Azure::OtherTenant, Azure::NotSignedIn]
}

fn init_ends() -> Vec<InitEnd> {
    vec![InitEnd::Exited { code: 70 }, InitEnd::TimedOut, InitEnd::Silent, InitEnd::Error]
}

fn init() -> Vec<Init> {
    let mut all = vec![Init::Asked];
    all.extend(init_ends().into_iter().flat_map(|end| [Init::NotSignedIn(end.clone()), Init::Failed(end)]));
    all
}

fn ended() -> Vec<Ended> {
    vec![
        Ended::EmptyHanded,
        Ended::Exited { code: 70 },
        Ended::Error,
        Ended::NotBegun,
        Ended::Asked,
        Ended::Cancelled,
        Ended::TooSlow { seconds: 70 },
        Ended::Silent,
        Ended::TooMuch { megabytes: 70 },
    ]
}

fn lost() -> Vec<Lost> {
    vec![
        Lost::Connection,
        Lost::Door { status: 70 },
        Lost::SignIn,
        Lost::TimedOut,
        Lost::Protocol,
        Lost::NotUnderstood,
        Lost::ProcessEnded { function: text(FUNCTION) },
    ]
}

fn doubts() -> Vec<Doubt> {
    vec![
        Doubt::TooSlow { function: FUNCTION },
        Doubt::Connection,
        Doubt::Door { status: 70 },
        Doubt::BrokenOff { fault: None },
        Doubt::BrokenOff { fault: Some(70) },
        Doubt::NotUnderstood,
        Doubt::Turned,
        Doubt::Cancelled,
        Doubt::Silent,
        Doubt::ProcessEnded { function: text(FUNCTION) },
        Doubt::Error { function: FUNCTION },
        Doubt::Asked { function: FUNCTION },
        Doubt::Exited { function: FUNCTION, code: 70 },
        Doubt::ProgramFailed { function: FUNCTION, code: 70 },
        Doubt::TooMuch { function: FUNCTION },
    ]
}

fn slips() -> Vec<Slip> {
    vec![
        Slip::Panic,
        Slip::PanicInWrite,
        Slip::Impossible,
        Slip::NoTarget,
        Slip::NoSession,
        Slip::HostUnknown,
        Slip::TenantUnknown,
        Slip::WriteInRead,
        Slip::NoTurns,
        Slip::NoHandler,
        Slip::TrailUnwritten,
        Slip::NoFunction,
    ]
}

pub(super) fn warnings() -> Vec<Warning> {
    let cut = |fields: &[&str], more, left_out| Warning::Cut {
        fields: fields.iter().map(|field| text(field)).collect(),
        more,
        left_out,
    };
    vec![
        Warning::RepeatsLeftOut { count: 70 },
        Warning::PartlyTold { host: host(), function: FUNCTION, missing: vec!["the-one", "the-other"] },
        Warning::Tainted { host: host(), function: FUNCTION, variable: text("the-variable"), line: 70 },
        Warning::ProgramFailed { host: host(), function: FUNCTION, code: 70 },
        Warning::Dropped { host: host(), function: FUNCTION, megabytes: 70, messages: 71 },
        Warning::Gaps { host: host(), function: FUNCTION, missing: 70, foreign: 71 },
        Warning::AtLimit { name: "TheLimit", most: 70 },
        Warning::NoSuchField { field: text("the-field") },
        cut(&["the-one", "the-other"], 0, 0),
        cut(&["the-one", "the-other"], 70, 71),
        cut(&[], 0, 70),
        Warning::CutWhole,
        Warning::NoLine { counts: vec![("failed", 70), ("done", 71)] },
    ]
}

pub(super) fn reasons() -> Vec<Reason> {
    vec![
        Reason::Answered,
        Reason::WarmSession,
        Reason::SessionOpened,
        Reason::NotReached,
        Reason::HostDead,
        Reason::NoSession,
        Reason::Failed(Case::Busy { host: host() }),
        Reason::ScriptWhole,
        Reason::FunctionsMissing { missing: 70, all: 71 },
        Reason::SignedIn,
        Reason::NotSignedIn,
        Reason::NobodyKnows,
        Reason::WithErrors,
        Reason::ScreenOnly,
        Reason::NoObjects,
        Reason::NoField { field: text("the-field") },
        Reason::NoFieldInSome { field: text("the-field"), rows: 70, all: 71 },
        Reason::NoRule,
        Reason::RulesEnabled { enabled: 70, all: 71 },
        Reason::NoRuleEnabled { all: 70 },
        Reason::RulesDisabled { disabled: 70, all: 71 },
        Reason::AutoDisabled { rules: 70 },
        Reason::IncidentsOpen { open: 0 },
        Reason::IncidentsOpen { open: 70 },
        Reason::HighOpen { incidents: 70 },
        Reason::OthersOpen { incidents: 70 },
        Reason::NoFilter,
        Reason::OnlyLatest { read: 70 },
        Reason::NoTable,
        Reason::Tables { read: 70 },
        Reason::Retention { tables: 70, days: 71 },
        Reason::RetentionShort { short: 70, tables: 71, days: 72 },
        Reason::CollectionRules { read: 0 },
        Reason::CollectionRules { read: 70 },
        Reason::NoDestination { rules: 70 },
        Reason::Endpoints { read: 0 },
        Reason::Endpoints { read: 70 },
        Reason::NotSucceeded { things: 70 },
        Reason::Unread,
        Reason::AtMost { score: 70 },
    ]
}

/// Every case, under the path of its name.
pub(super) fn cases() -> Vec<(String, Case)> {
    let mut all: Vec<(String, Case)> = Vec::new();
    let mut add = |inner: String, case: Case| all.push((format!("{}::{inner}", case.name()), case));
    for why in arguments() {
        let inner = match &why {
            BadArgument::Unknown(name) => format!("{}::{}", why.name(), name.offered.name()),
            BadArgument::MustBe { wanted, .. } => format!("{}::{}", why.name(), wanted.name()),
            BadArgument::Unfit { why: unfit, .. } => format!("{}::{}", why.name(), unfit.name()),
            _ => why.name().to_owned(),
        };
        add(inner, why.into());
    }
    unknown().into_iter().for_each(|why| add(why.name().into(), why.into()));
    forbidden().into_iter().for_each(|why| add(why.name().into(), why.into()));
    for why in unasked() {
        add(why.name().into(), Case::Unasked { tool: TOOL, tenant: tenant(), workspace: workspace(), why });
    }
    for why in unconfirmed() {
        let inner = match &why {
            Unconfirmed::Void(void) => format!("Void::{}", void.name()),
            _ => why.name().to_owned(),
        };
        add(inner, Case::Unconfirmed { tool: TOOL, tenant: tenant(), workspace: workspace(), why });
    }
    unreached().into_iter().for_each(|why| add(why.name().into(), Case::Unreached { host: host(), why }));
    no_sign_in().into_iter().for_each(|why| add(why.name().into(), Case::NoSignIn { host: host(), why }));
    for why in no_tls() {
        let inner = match &why {
            NoTls::Certificate { flaw, .. } => format!("Certificate::{}", flaw.name()),
            _ => why.name().to_owned(),
        };
        add(inner, Case::NoTls { host: host(), stage: Stage::Before, why });
    }
    add("During".into(), Case::NoTls { host: host(), stage: Stage::During, why: NoTls::Failed });
    for (stage, name) in [(Stage::Before, "Before"), (Stage::During, "During")] {
        add(name.into(), Case::Refused { host: host(), stage, fault: Some(70), later: false });
        add(name.into(), Case::Refused { host: host(), stage, fault: Some(70), later: true });
        add(name.into(), Case::Refused { host: host(), stage, fault: None, later: false });
    }
    no_script().into_iter().for_each(|why| add(why.name().into(), Case::NoScript { host: host(), why }));
    wrong_target().into_iter().for_each(|why| add(why.name().into(), Case::WrongTarget { host: host(), why }));
    azure().into_iter().for_each(|why| add(why.name().into(), Case::Azure { host: host(), why }));
    for why in init() {
        let inner = match &why {
            Init::NotSignedIn(end) | Init::Failed(end) => format!("{}::{}", why.name(), end.name()),
            Init::Asked => why.name().to_owned(),
        };
        add(inner, Case::Init { host: host(), function: text(FUNCTION), why });
    }
    ended().into_iter().for_each(|why| add(why.name().into(), Case::Ended { host: host(), function: FUNCTION, why }));
    lost().into_iter().for_each(|why| add(why.name().into(), Case::Lost { host: host(), why }));
    for why in doubts() {
        add(why.name().into(), Case::Doubt { host: host(), why: why.clone(), look: Some(TOOL) });
        add(why.name().into(), Case::Doubt { host: host(), why, look: None });
    }
    slips().into_iter().for_each(|why| add(why.name().into(), why.into()));
    for case in
        [Case::Nameless { tool: TOOL }, Case::Cancelled, Case::Busy { host: host() }, Case::Late { seconds: 70 }]
    {
        all.push((case.name().to_owned(), case));
    }
    all
}

/// A sample of every case of every enum; a new one without is missed here.
pub(super) fn assert_whole() {
    macro_rules! whole {
        ($($kind:ident in $samples:expr),* $(,)?) => {
            $(
                let samples = $samples;
                let found: BTreeSet<&str> = samples.iter().map($kind::name).collect();
                let all: BTreeSet<&str> = $kind::NAMES.iter().copied().collect();
                assert_eq!(found, all, stringify!($kind));
            )*
        };
    }
    whole!(
        Case in cases().into_iter().map(|(_, case)| case).collect::<Vec<_>>(),
        BadArgument in arguments(),
        Offered in offers(),
        Wanted in wanted(),
        Unfit in unfit(),
        Unknown in unknown(),
        Forbidden in forbidden(),
        Unasked in unasked(),
        Unconfirmed in unconfirmed(),
        Void in voids(),
        Unreached in unreached(),
        NoSignIn in no_sign_in(),
        NoTls in no_tls(),
        Flaw in flaws(),
        NoScript in no_script(),
        WrongTarget in wrong_target(),
        Azure in azure(),
        Init in init(),
        InitEnd in init_ends(),
        Ended in ended(),
        Lost in lost(),
        Doubt in doubts(),
        Slip in slips(),
        Warning in warnings(),
        Reason in reasons(),
    );
}
