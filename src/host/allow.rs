//! Questions of a function: answered by the allow list or refused, at once.

use std::sync::{Arc, Mutex, PoisonError};

use wsman::client::HostPolicy;
use wsman::clixml::Value;
use wsman::psrp::{HostCall, HostMethod, HostResponse, Refusal};

use super::confirmed::Confirmed;
use super::plan::AllowedAnswer;

/// Questions that were refused during one call.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions(Arc<Mutex<Vec<String>>>);

impl Questions {
    pub(super) fn first_refused(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    fn refuse(&self, question: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(question);
    }
}

/// The allow list of one call: each entry serves once.
#[derive(Debug)]
pub(super) struct AllowList {
    answers: Vec<AllowedAnswer>,
    /// Serves once, and for the first question that the list does not have.
    confirmed: Option<Confirmed>,
    questions: Questions,
    /// What a question gets that has no answer.
    refusal: HostResponse,
}

impl AllowList {
    pub(super) fn new(answers: &[AllowedAnswer], function: &str, questions: Questions) -> Self {
        let of_function = |answer: &&AllowedAnswer| answer.function.eq_ignore_ascii_case(function);
        let refusal = HostResponse::Refused(Refusal {
            id: "SentinelJump.Refused".into(),
            message: "sentinel-jump: nobody is there to answer a question".into(),
        });
        Self { answers: answers.iter().filter(of_function).cloned().collect(), confirmed: None, questions, refusal }
    }

    pub(super) fn confirmed(self, confirmed: Option<Confirmed>) -> Self {
        Self { confirmed, ..self }
    }

    /// For a write: a script that swallows a refusal could go on and delete, so
    /// it is stopped at the question.
    pub(super) fn stopping(self) -> Self {
        Self { refusal: HostResponse::Stop, ..self }
    }

    pub(super) fn into_policy(mut self) -> HostPolicy {
        Box::new(move |call| self.answer(call))
    }

    fn answer(&mut self, call: &HostCall) -> HostResponse {
        let question = call.question();
        if let Some(response) = self.allowed(call, &question) {
            return response;
        }
        if let Some(response) = self.confirmed.take().and_then(|confirmed| confirmed.answer(call)) {
            return response;
        }
        self.questions.refuse(question);
        self.refusal.clone()
    }

    fn allowed(&mut self, call: &HostCall, question: &str) -> Option<HostResponse> {
        let whole = |answer: &AllowedAnswer| {
            answer.question.find(question).is_some_and(|found| found.start() == 0 && found.end() == question.len())
        };
        // An allowed answer that does not fit the kind of question is kept: the
        // question is refused and told, the entry not used up.
        let n = self.answers.iter().position(whole)?;
        let answer = &self.answers.get(n)?.answer;
        let response = match call.method {
            // Read-Host has neither caption nor message; a missing mandatory
            // parameter has, and is never made up for.
            HostMethod::Prompt if plain_prompt(call) => {
                let field = call.single_string_field()?;
                HostResponse::fields([(field, Value::from(answer.as_str()))])
            }
            HostMethod::ReadLine => HostResponse::Value(Value::from(answer.as_str())),
            // By label, never by number: index 1 of ShouldProcess is "Yes to
            // All" (powershell.md §5).
            HostMethod::PromptForChoice => {
                let label = |choice: &wsman::psrp::Choice| choice.plain().eq_ignore_ascii_case(answer);
                let index = call.choices().iter().position(label)?;
                HostResponse::Value(Value::I32(index.try_into().ok()?))
            }
            _ => return None,
        };
        self.answers.remove(n);
        Some(response)
    }
}

pub(super) fn plain_prompt(call: &HostCall) -> bool {
    call.parameters.iter().take(2).all(|text| text.as_str().is_none_or(str::is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(question: &str, answer: &str) -> AllowList {
        let answers = [AllowedAnswer {
            function: "Remove-Thing".into(),
            question: regex::Regex::new(question).unwrap(),
            answer: answer.into(),
        }];
        AllowList::new(&answers, "remove-thing", Questions::default())
    }

    fn read_host(caption: &str, question: &str, kind: &str) -> HostCall {
        let field = Value::custom([("name", Value::from(question)), ("parameterTypeFullName", Value::from(kind))]);
        HostCall {
            call_id: 1,
            method: HostMethod::Prompt,
            parameters: vec![Value::from(caption), Value::from(""), Value::list(vec![field])],
        }
    }

    fn is_answered(list: &mut AllowList, call: &HostCall) -> bool {
        matches!(list.answer(call), HostResponse::Value(_))
    }

    #[test]
    fn an_answer_serves_once() {
        let mut list = list("Sicher\\?", "j");
        let call = read_host("", "Sicher?", "System.String");
        assert!(is_answered(&mut list, &call));
        assert!(!is_answered(&mut list, &call));
        assert_eq!(list.questions.first_refused().as_deref(), Some("Sicher?"));
    }

    #[test]
    fn a7_a_write_is_stopped_at_a_question_and_not_told_no() {
        let mut list = list("Sicher\\?", "j").stopping();
        assert_eq!(list.answer(&read_host("", "Kommentar?", "System.String")), HostResponse::Stop);
        assert!(is_answered(&mut list, &read_host("", "Sicher?", "System.String")));
        assert_eq!(list.questions.first_refused().as_deref(), Some("Kommentar?"));
    }

    #[test]
    fn only_the_whole_question_counts() {
        let call = read_host("", "Wirklich: Sicher?", "System.String");
        assert!(!is_answered(&mut list("Sicher\\?", "j"), &call));
    }

    #[test]
    fn secrets_and_mandatory_parameters_are_never_answered() {
        let secure = read_host("", "Sicher?", "System.Security.SecureString");
        assert!(!is_answered(&mut list("Sicher\\?", "j"), &secure));
        let mandatory = read_host("cmdlet X at command pipeline position 1", "Sicher?", "System.String");
        assert!(!is_answered(&mut list(".*", "j"), &mandatory));
    }

    #[test]
    fn a_choice_is_taken_by_its_label() {
        let choice = |label: &str| Value::custom([("label", Value::from(label))]);
        let call = HostCall {
            call_id: 1,
            method: HostMethod::PromptForChoice,
            parameters: vec![
                Value::from("Titel"),
                Value::from("Sicher?"),
                Value::list(vec![choice("&Yes"), choice("Yes to &All"), choice("&No")]),
                Value::I32(2),
            ],
        };
        let answer = list("Titel Sicher\\?", "no").answer(&call);
        assert_eq!(answer, HostResponse::Value(Value::I32(2)));
        assert!(!is_answered(&mut list("Titel Sicher\\?", "2"), &call), "a number is no label");
    }
}
