//! Asking a person over MCP, in both eras.
//!
//! Since 2026-07-28 a server may not send requests: it answers
//! `input_required` with a sealed state, and the client calls again with
//! both. Before, the server sends an elicitation and waits.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rmcp::model::{
    CallToolRequestParams, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema,
    InputRequest, InputRequests, InputRequiredResult, PrimitiveSchemaDefinition, ProtocolVersion, RequestStateCodec,
    RequestStateError, SealOptions, StringSchema,
};
use rmcp::service::{RequestContext, RoleServer, ServiceError};
use serde_json::Value as Json;
use tokio::time::Instant;
use wsman::entropy::Entropy;

use crate::answer::case::{Unasked, Void};
use crate::call::{Confirm, Confirmation, Reply};

/// How long a person may take. Chosen: long enough to look at the object.
const PATIENCE: Duration = Duration::from_secs(300);

/// Answers at once that were used and are remembered. Chosen: a person gives
/// one in seconds; who gives thousands is no person.
const USED: usize = 10_000;

/// The question's name in `inputRequests`.
const KEY: &str = "confirm";
/// The form's only field.
const FIELD: &str = "name";

/// What one process needs to know its own questions again.
pub(super) struct Confirmations {
    codec: RequestStateCodec,
    patience: Duration,
    /// Answers that counted once, until they would have expired.
    used: Mutex<HashMap<String, Instant>>,
}

impl fmt::Debug for Confirmations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmations").finish_non_exhaustive()
    }
}

impl Confirmations {
    /// With a key of its own, that no other process has.
    pub(super) fn new() -> Self {
        Self::waiting(PATIENCE)
    }

    fn waiting(patience: Duration) -> Self {
        let key: [u8; RequestStateCodec::MIN_KEY_LENGTH] = Entropy::system().bytes();
        Self { codec: RequestStateCodec::new_unchecked(key), patience, used: Mutex::default() }
    }

    fn seal(&self, question: &Confirmation) -> Result<String, RequestStateError> {
        // Bound to everything that the person saw: the same answer under another argument is no answer.
        let binding = question.binding();
        let options = SealOptions::new().associated_data(&binding).ttl(self.patience);
        self.codec.seal_json_with(&Entropy::system().uuid().simple().to_string(), &options)
    }

    /// Whether the state is one of ours, for this question and not too old;
    /// its number.
    fn open(&self, state: &str, question: &Confirmation) -> Result<String, Reply> {
        self.codec.open_json_with(state, &question.binding()).map_err(|error| {
            Reply::Void(match error {
                RequestStateError::Expired => Void::Late { seconds: self.patience.as_secs() },
                _ => Void::OfAnother,
            })
        })
    }

    /// Lets a number count once.
    fn burn(&self, number: String) -> Result<(), Reply> {
        let now = Instant::now();
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.retain(|_, until| *until > now);
        // Refused and not forgotten: an answer that is forgotten early could count twice.
        if used.len() >= USED {
            return Err(Reply::Void(Void::TooMany));
        }
        match used.insert(number, now + self.patience) {
            Some(_) => Err(Reply::Void(Void::Used)),
            None => Ok(()),
        }
    }
}

/// Asks the person behind one MCP call.
pub(super) struct Asker<'a> {
    confirmations: &'a Confirmations,
    context: &'a RequestContext<RoleServer>,
    state: Option<String>,
    answer: Option<Json>,
    question: Mutex<Option<InputRequiredResult>>,
}

impl<'a> Asker<'a> {
    /// Takes what the client brought from an earlier question.
    pub(super) fn new(
        confirmations: &'a Confirmations,
        context: &'a RequestContext<RoleServer>,
        request: &mut CallToolRequestParams,
    ) -> Self {
        let answer = request.input_responses.take().and_then(|mut answers| answers.remove(KEY));
        Self { confirmations, context, state: request.request_state.take(), answer, question: Mutex::default() }
    }

    /// The question, when the client must call again with an answer to it.
    pub(super) fn into_question(self) -> Option<InputRequiredResult> {
        self.question.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn can_ask(&self) -> bool {
        let capabilities = self.context.client_capabilities();
        // Spec: an empty capability means forms, as before there were others.
        capabilities.and_then(|all| all.elicitation).is_some_and(|how| how.form.is_some() || how.url.is_none())
    }

    /// The era of sealed states.
    fn by_state(&self, question: &Confirmation) -> Reply {
        let answer =
            self.answer.as_ref().and_then(|answer| serde_json::from_value::<ElicitResult>(answer.clone()).ok());
        let (Some(state), Some(answer)) = (&self.state, answer) else { return self.put(question) };
        let number = match self.confirmations.open(state, question) {
            Ok(number) => number,
            Err(void) => return void,
        };
        // Burnt before it is read: a state that was answered wrongly must not be tried again until it fits.
        if let Err(void) = self.confirmations.burn(number) {
            return void;
        }
        reply(answer)
    }

    fn put(&self, question: &Confirmation) -> Reply {
        let Ok(state) = self.confirmations.seal(question) else {
            return Reply::Unasked(Unasked::NotSealed);
        };
        let ask = InputRequest::Elicitation(ElicitRequest::new(form(question)));
        let asked = InputRequiredResult::new(Some(InputRequests::from([(KEY.to_owned(), ask)])), Some(state));
        *self.question.lock().unwrap_or_else(PoisonError::into_inner) = Some(asked);
        Reply::Unasked(Unasked::Told)
    }

    /// The era of requests from the server.
    async fn by_request(&self, question: &Confirmation) -> Reply {
        match self.context.peer.create_elicitation_with_timeout(form(question), Some(PATIENCE)).await {
            Ok(answer) => reply(answer),
            // Nobody answered is not no: both refuse, and the sentence says which.
            Err(ServiceError::Timeout { .. }) => Reply::Void(Void::Unanswered { seconds: PATIENCE.as_secs() }),
            Err(_) => Reply::Unasked(Unasked::ClientCannot),
        }
    }
}

impl Confirm for Asker<'_> {
    fn ask<'a>(&'a self, question: &'a Confirmation) -> BoxFuture<'a, Reply> {
        async move {
            if !self.can_ask() {
                return Reply::Unasked(Unasked::ClientCannot);
            }
            let version = self.context.protocol_version();
            if version.is_some_and(|version| version.as_str() >= ProtocolVersion::V_2026_07_28.as_str()) {
                self.by_state(question)
            } else {
                self.by_request(question).await
            }
        }
        .boxed()
    }
}

fn form(question: &Confirmation) -> ElicitRequestParams {
    let field = StringSchema::new().title(question.argument().to_owned()).description(question.field());
    let fields = [(FIELD.to_owned(), PrimitiveSchemaDefinition::String(field))];
    let mut schema = ElicitationSchema::new(fields.into());
    schema.required = Some(vec![FIELD.to_owned()]);
    ElicitRequestParams::FormElicitationParams { meta: None, message: question.question(), requested_schema: schema }
}

fn reply(answer: ElicitResult) -> Reply {
    let typed = answer.content.as_ref().and_then(|content| content.get(FIELD)).and_then(Json::as_str);
    match (answer.action, typed) {
        (ElicitationAction::Accept, Some(typed)) => Reply::Typed(typed.to_owned()),
        // Accepted without a name: as good as a wrong one.
        (ElicitationAction::Accept, None) => Reply::Typed(String::new()),
        _ => Reply::Declined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_late_does_not_count() {
        let question = Confirmation::planted("5");
        let late = Confirmations::waiting(Duration::ZERO);
        let state = late.seal(&question).unwrap();
        // Within the millisecond that it was made in, it does.
        let refused = std::iter::repeat_with(|| late.open(&state, &question)).find_map(Result::err);
        assert_eq!(refused, Some(Reply::Void(Void::Late { seconds: 0 })));
        let in_time = Confirmations::new();
        let state = in_time.seal(&question).unwrap();
        assert!(in_time.open(&state, &question).is_ok());
        assert!(in_time.open(&state, &Confirmation::planted("6")).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn used_answers_are_forgotten_when_they_could_not_count_any_more() {
        let confirmations = Confirmations::new();
        for number in 0..USED {
            confirmations.burn(number.to_string()).unwrap();
        }
        assert!(confirmations.burn("one too many".to_owned()).is_err());
        tokio::time::advance(PATIENCE + Duration::from_secs(1)).await;
        confirmations.burn("0".to_owned()).unwrap();
        assert_eq!(confirmations.used.lock().unwrap().len(), 1);
    }
}
