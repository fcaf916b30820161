//! Whether a person must confirm first, and whether one did.
//!
//! A function that may lose something runs only after a person has typed the
//! name of the object, exactly. How the person is asked is the front end's
//! affair ([`Confirm`]); what is asked and what counts is decided here.

use futures_util::future::BoxFuture;
use serde_json::{Value as Json, json};

use super::Ask;
use super::validate::Arguments;
use crate::answer::case::{Case, Unasked, Unconfirmed, Void};
use crate::answer::{self, In, Phrase, ToolError};
use crate::tenant::{Confirming, Language, TenantId, WorkspaceId};

/// Characters of one argument's value that a question shows.
const SHOWN: usize = 200;

/// Asks the person behind a call.
pub trait Confirm: Send + Sync {
    /// Has the person type the object's name.
    ///
    /// Cancel safe: a question that nobody waits for counts for nothing.
    fn ask<'a>(&'a self, question: &'a Confirmation) -> BoxFuture<'a, Reply>;
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The person typed this.
    Typed(String),
    /// The person said no.
    Declined,
    /// Nobody could be asked.
    Unasked(Unasked),
    /// What was brought as an answer is none.
    Void(Void),
}

/// For calls that never lose anything: nobody is asked.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Confirm for Nobody {
    fn ask<'a>(&'a self, _question: &'a Confirmation) -> BoxFuture<'a, Reply> {
        Box::pin(std::future::ready(Reply::Unasked(Unasked::Nobody)))
    }
}

/// What a person is asked before something may be lost.
#[derive(Clone, Debug)]
pub struct Confirmation {
    caller: String,
    tool: &'static str,
    place: (TenantId, WorkspaceId),
    argument: &'static str,
    name: String,
    language: Language,
    arguments: Vec<(&'static str, Json)>,
}

impl Confirmation {
    /// The argument that names the object.
    #[must_use]
    pub fn argument(&self) -> &'static str {
        self.argument
    }

    /// The object's name: what must be typed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The question: what will be done, where, and what to type.
    #[must_use]
    pub fn question(&self) -> String {
        let (tenant, workspace) = &self.place;
        let arguments: Vec<String> =
            self.arguments.iter().map(|(name, value)| format!("{name} = {}", shown(value))).collect();
        let ask = answer::Ask {
            tool: self.tool,
            tenant: tenant.as_str(),
            workspace: workspace.as_str(),
            arguments: &arguments.join(", "),
            argument: self.argument,
            name: &printable(&self.name),
        };
        In(self.language, &Phrase::Question(ask)).to_string()
    }

    /// What the person types into, in a few words.
    #[must_use]
    pub fn field(&self) -> String {
        In(self.language, &Phrase::QuestionField).to_string()
    }

    /// One about an incident of that number.
    #[cfg(test)]
    pub(crate) fn planted(name: &str) -> Self {
        Self {
            caller: "c".to_owned(),
            tool: "t",
            place: (TenantId::parse("t").expect("an alias"), WorkspaceId::parse("w").expect("an alias")),
            argument: "IncidentNumber",
            name: name.to_owned(),
            language: Language::English,
            arguments: vec![("IncidentNumber", name.into())],
        }
    }

    /// Everything that the answer is for: it counts for no other caller,
    /// tool, target or argument.
    #[must_use]
    pub fn binding(&self) -> Vec<u8> {
        // JSON, so that no two different questions have the same bytes.
        json!([self.caller, self.tool, self.place.0.as_str(), self.place.1.as_str(), self.arguments])
            .to_string()
            .into_bytes()
    }
}

fn shown(value: &Json) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    printable(&short)
}

/// Without what could make a question look like another one: control
/// characters, and marks that turn the direction of writing or have no width.
fn printable(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().flat_map(|c| if hidden(c) { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}

/// Why a call may go on.
///
/// Made by [`check`] alone: whoever holds one has been past it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Consent(Given);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Given {
    /// Nothing can be lost.
    NotNeeded,
    /// By a person for this call, or by the operator for the tenant.
    Yes,
}

impl Consent {
    /// Whether the script's own questions were answered with it.
    pub(super) fn is_given(self) -> bool {
        self.0 == Given::Yes
    }

    #[cfg(test)]
    pub(super) fn of(given: bool) -> Self {
        Self(if given { Given::Yes } else { Given::NotNeeded })
    }
}

/// Asks, where something may be lost, and refuses unless the person typed the
/// object's name.
pub(super) async fn check(ask: &Ask<'_>, arguments: &Arguments) -> Result<Consent, ToolError> {
    let switched = |name: &String| arguments.0.get(name.as_str()).is_some_and(|value| *value != Json::Bool(false));
    if !ask.entry.annotations.destructive_hint && !ask.entry.destructive_with.iter().any(switched) {
        return Ok(Consent(Given::NotNeeded));
    }
    if ask.target.tenant().confirm == Confirming::Never {
        return Ok(Consent(Given::Yes));
    }
    let question = question(ask, arguments)?;
    let reply = tokio::select! {
        biased;
        () = ask.cancel.cancelled() => return Err(super::verdict::cancelled_before()),
        reply = ask.confirm.ask(&question) => reply,
    };
    let why = match reply {
        Reply::Typed(typed) if typed == question.name => return Ok(Consent(Given::Yes)),
        Reply::Typed(_) => Ok(Unconfirmed::OtherName { argument: question.argument }),
        Reply::Declined => Ok(Unconfirmed::Declined),
        Reply::Void(void) => Ok(Unconfirmed::Void(void)),
        Reply::Unasked(why) => Err(why),
    };
    let Confirmation { tool, place: (tenant, workspace), .. } = question;
    Err(ToolError::of(match why {
        Ok(why) => Case::Unconfirmed { tool, tenant, workspace, why },
        Err(why) => Case::Unasked { tool, tenant, workspace, why },
    }))
}

fn question(ask: &Ask<'_>, arguments: &Arguments) -> Result<Confirmation, ToolError> {
    let named = ask.entry.named_by.iter().find_map(|argument| {
        let name = match arguments.0.get(argument.as_str())? {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some((argument.as_str(), name))
    });
    let Some((argument, name)) = named.filter(|(_, name)| !name.is_empty()) else {
        return Err(ToolError::of(Case::Nameless { tool: &ask.entry.tool }));
    };
    Ok(Confirmation {
        caller: ask.caller.name.clone(),
        tool: &ask.entry.tool,
        place: (ask.target.tenant().id.clone(), ask.target.workspace().id.clone()),
        argument,
        name,
        language: ask.language,
        arguments: arguments.0.iter().map(|(name, value)| (*name, value.clone())).collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Map;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::access::{Caller, ToolPolicy};
    use crate::answer::Code;
    use crate::call::{testing::target, validate};
    use crate::catalog::Effect;
    use crate::catalog::{self, Entry, Tool, all};

    struct Says(Reply);

    impl Confirm for Says {
        fn ask<'a>(&'a self, _question: &'a Confirmation) -> BoxFuture<'a, Reply> {
            Box::pin(std::future::ready(self.0.clone()))
        }
    }

    fn entry(function: &str) -> &'static Entry {
        let Some(entry) = catalog::function(function) else { panic!("{function}") };
        entry
    }

    async fn asked(function: &str, given: &Json, reply: Reply) -> Result<Consent, ToolError> {
        let given: Map<_, _> = given.as_object().unwrap().clone();
        let entry = entry(function);
        let arguments = validate::arguments(entry, &given).unwrap();
        let ask = Ask {
            caller: &Caller::local(ToolPolicy::default()),
            tool: Tool::Function(entry),
            entry,
            target: &target("w"),
            arguments: &given,
            correlation: "c",
            progress: &|_| {},
            confirm: &Says(reply),
            cancel: &CancellationToken::new(),
            language: Language::English,
        };
        check(&ask, &arguments).await
    }

    #[tokio::test]
    async fn only_the_exact_name_is_consent() {
        let rule = json!({"RuleName": "Password spray"});
        let yes = asked("Remove-AnalyticsRule", &rule, Reply::Typed("Password spray".into())).await;
        assert!(yes.unwrap().is_given());
        for typed in ["password spray", "Password spray ", "Password", "", "yes", "RuleName"] {
            let error = asked("Remove-AnalyticsRule", &rule, Reply::Typed(typed.into())).await.unwrap_err();
            assert_eq!(
                (error.code(), error.said(Language::English).contains("RuleName")),
                (Code::ConfirmationFailed, true),
                "{typed}"
            );
        }
        let number = json!({"IncidentNumber": 12345, "Classification": "Undetermined"});
        let yes = asked("Close-SentinelIncident", &number, Reply::Typed("12345".into())).await;
        assert!(yes.unwrap().is_given());
    }

    #[tokio::test]
    async fn what_cannot_lose_anything_asks_nobody() {
        let comment = json!({"IncidentNumber": 1, "Message": "x"});
        let consent = asked("Add-IncidentComment", &comment, Reply::Declined).await.unwrap();
        assert!(!consent.is_given());
    }

    #[tokio::test]
    async fn a_switch_makes_it_destructive() {
        let import = |overwrite: bool| json!({"Content": "{}", "DisplayName": "Overview", "Overwrite": overwrite});
        let new = asked("Import-SentinelWorkbook", &import(false), Reply::Declined).await;
        assert!(!new.unwrap().is_given());
        let error = asked("Import-SentinelWorkbook", &import(true), Reply::Declined).await.unwrap_err();
        assert_eq!(error.code(), Code::ConfirmationFailed);
        let yes = asked("Import-SentinelWorkbook", &import(true), Reply::Typed("Overview".into())).await;
        assert!(yes.unwrap().is_given());
    }

    #[test]
    fn every_destructive_function_says_what_names_its_object() {
        for entry in all() {
            assert_eq!(entry.named_by.is_empty(), !entry.may_destroy(), "{}", entry.function);
            let argument = |name: &String| entry.arguments().find(|known| known.name == *name);
            assert!(entry.named_by.iter().all(|name| argument(name).is_some()), "{}", entry.function);
            assert!(entry.destructive_with.iter().all(|name| argument(name).is_some()), "{}", entry.function);
            // Whatever is given, one of them is.
            let always: Vec<_> = entry.named_by.iter().filter_map(argument).filter(|known| known.mandatory).collect();
            let alternatives = entry.alternatives().len();
            let covered = always.iter().any(|known| known.parameter_set.is_none()) || always.len() == alternatives;
            assert!(entry.named_by.is_empty() || (covered && !always.is_empty()), "{}", entry.function);
            assert!(entry.named_by.is_empty() || entry.effect() == Effect::Write, "{}", entry.function);
        }
    }

    #[test]
    fn a_question_shows_what_is_done_and_hides_nothing() {
        let entry = entry("Update-TableRetention");
        let given = json!({"TableName": "Custom\u{202e}_CL", "RetentionInDays": 30});
        let arguments = validate::arguments(entry, given.as_object().unwrap()).unwrap();
        let (caller, target, cancel) = (Caller::local(ToolPolicy::default()), target("w"), CancellationToken::new());
        let given = Map::new();
        let ask = Ask {
            caller: &caller,
            tool: Tool::Function(entry),
            entry,
            target: &target,
            arguments: &given,
            correlation: "c",
            progress: &|_| {},
            confirm: &Nobody,
            cancel: &cancel,
            language: Language::English,
        };
        let asked = question(&ask, &arguments).unwrap();
        assert_eq!(
            asked.question(),
            "sentinel_table_set_retention on t/w may lose something for good: RetentionInDays = 30, TableName = \
             Custom\\u{202e}_CL. To go on, type the TableName exactly as it stands here: Custom\\u{202e}_CL"
        );
    }
}
