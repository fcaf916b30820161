//! The one question of a function that our own confirmation has answered.

use std::sync::LazyLock;

use regex::Regex;
use wsman::clixml::Value;
use wsman::psrp::{HostCall, HostMethod, HostResponse};

use super::allow::plain_prompt;
use super::probe::{AskingPlace, FunctionProbe, Part};

/// Yes to a question with one of these would be no to what was confirmed.
const TURNS_ROUND: [&str; 7] = ["abbrechen", "verwerfen", "cancel", "abort", "skip", "keep", "behalten"];

/// `(j/n)`, `[Y/N]`, at the very end. `Read-Host` puts its colon behind it.
static PAIR: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)[(\[]\s*([jy])\s*/\s*n\s*[)\]]\s*:?\s*\z").ok());

/// What stands in quotation marks of whatever kind.
static QUOTED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"'([^']*)'|"([^"]*)"|„([^“”"]*)[“”"]|“([^”]*)”|‚([^‘’]*)[‘’]|‘([^’]*)’|»([^«]*)«|«([^»]*)»"#).ok()
});

impl AskingPlace {
    /// Whether it asks for something that no yes could be: a text, a secret.
    #[must_use]
    pub fn wants_a_value(&self) -> bool {
        let ends_in_pair = || match (self.parts.last(), PAIR.as_ref()) {
            (Some(Part::Literal(text)), Some(pair)) => pair.is_match(text),
            (Some(_), _) => true,
            (None, _) => false,
        };
        match self.kind.to_ascii_lowercase().as_str() {
            "get-credential" => true,
            "read-host" => self.secure || !ends_in_pair(),
            _ => false,
        }
    }

    /// The question as it stands in the source.
    #[must_use]
    pub fn question(&self) -> String {
        let said = |part: &Part| match part {
            Part::Literal(text) => text.clone(),
            Part::Variable(name) => format!("${name}"),
            Part::Other(_) => "…".to_owned(),
        };
        self.parts.iter().map(said).collect()
    }
}

/// A yes that a person has given, for the only place where the function may
/// ask.
#[derive(Clone, Debug)]
pub(super) struct Confirmed {
    place: AskingPlace,
    names: Vec<String>,
}

impl Confirmed {
    /// `names`: what the question may name, of the object that was confirmed
    /// and of its workspace; none when nobody confirmed. `None` unless the
    /// function asks at one place only when it has these parameters, and no
    /// secret.
    pub(super) fn of(probe: &FunctionProbe, names: &[String], parameters: &[(String, Value)]) -> Option<Self> {
        let met: Vec<_> = probe.places.iter().filter(|place| place.is_met_by(parameters)).collect();
        let [place] = met[..] else { return None };
        let names: Vec<String> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
        (!names.is_empty() && !place.secure).then(|| Self { place: place.clone(), names })
    }

    /// The yes, if this is the question that was meant and yes is what it
    /// takes. Whatever is not recognised is not answered.
    pub(super) fn answer(&self, call: &HostCall) -> Option<HostResponse> {
        match call.method {
            HostMethod::Prompt if plain_prompt(call) && self.place.kind.eq_ignore_ascii_case("Read-Host") => {
                let field = call.single_string_field()?;
                let letter = PAIR.as_ref()?.captures(&field)?.get(1)?.as_str().to_owned();
                self.is_meant(&field, &self.place.parts).then_some(())?;
                Some(HostResponse::fields([(field, Value::from(letter))]))
            }
            HostMethod::PromptForChoice if self.place.kind.eq_ignore_ascii_case("PromptForChoice") => {
                let text = |n: usize| call.parameters.get(n).and_then(Value::as_str).unwrap_or_default();
                let is_meant = self.is_meant(text(0), &self.place.caption) && self.is_meant(text(1), &self.place.parts);
                let choices = call.choices();
                let is_yes = |label: &str| ["ja", "yes"].iter().any(|yes| label.eq_ignore_ascii_case(yes));
                let (yes, no): (Vec<_>, Vec<_>) =
                    choices.iter().map(wsman::psrp::Choice::plain).enumerate().partition(|(_, label)| is_yes(label));
                let ([(index, _)], [_], true) = (yes.as_slice(), no.as_slice(), is_meant) else { return None };
                Some(HostResponse::Value(Value::I32((*index).try_into().ok()?)))
            }
            _ => None,
        }
    }

    /// The text is what the place says, and names nothing but what was
    /// confirmed.
    fn is_meant(&self, text: &str, parts: &[Part]) -> bool {
        let lower = text.to_lowercase();
        !TURNS_ROUND.iter().any(|word| lower.contains(word)) && self.is_of(text, parts) && self.quotes_only_names(text)
    }

    fn is_of(&self, text: &str, parts: &[Part]) -> bool {
        let names: Vec<String> = self.names.iter().map(|name| regex::escape(name)).collect();
        let any = format!("(?:{})", names.join("|"));
        let written = parts.iter().map(|part| match part {
            Part::Literal(text) => regex::escape(text),
            Part::Variable(_) | Part::Other(_) => any.clone(),
        });
        let pattern = format!(r"\A{}\s*\z", written.collect::<String>());
        Regex::new(&pattern).is_ok_and(|pattern| pattern.is_match(text))
    }

    fn quotes_only_names(&self, text: &str) -> bool {
        let Some(quoted) = QUOTED.as_ref() else { return false };
        quoted.captures_iter(text).all(|found| {
            let quoted = found.iter().skip(1).flatten().next().map_or("", |quoted| quoted.as_str());
            self.names.iter().any(|name| name == quoted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    fn place(kind: &str, parts: Vec<Part>) -> AskingPlace {
        let (function, kind) = ("Remove-Rule".to_owned(), kind.to_owned());
        AskingPlace {
            function,
            kind,
            line: 7,
            secure: false,
            caption: Vec::new(),
            parts,
            unless: Vec::new(),
            sure: true,
        }
    }

    fn names() -> Vec<String> {
        ["r1", "law-nordhafen"].map(str::to_owned).to_vec()
    }

    fn confirmed(places: Vec<AskingPlace>) -> Option<Confirmed> {
        Confirmed::of(&FunctionProbe { places, ..FunctionProbe::default() }, &names(), &[])
    }

    fn read_host(question: &str) -> HostCall {
        let field =
            Value::custom([("name", Value::from(question)), ("parameterTypeFullName", Value::from("System.String"))]);
        let parameters = vec![Value::from(""), Value::from(""), Value::list(vec![field])];
        HostCall { call_id: 1, method: HostMethod::Prompt, parameters }
    }

    fn choice(message: &str, labels: &[&str]) -> HostCall {
        let labels = labels.iter().map(|label| Value::custom([("label", Value::from(*label))])).collect();
        let parameters = vec![Value::from(""), Value::from(message), Value::list(labels), Value::I32(1)];
        HostCall { call_id: 1, method: HostMethod::PromptForChoice, parameters }
    }

    fn letter(parts: Vec<Part>, question: &str) -> Option<HostResponse> {
        confirmed(vec![place("Read-Host", parts)])?.answer(&read_host(question))
    }

    fn yes(question: &str, letter: &str) -> HostResponse {
        HostResponse::fields([(question.to_owned(), Value::from(letter))])
    }

    #[test]
    fn a7_the_confirmed_question_is_answered_by_its_first_letter() {
        for (question, said) in
            [("Wirklich löschen? (j/n)", "j"), ("Delete? [Y/N]", "Y"), ("Sicher? (J/N): ", "J"), ("Sure (y/n):", "y")]
        {
            assert_eq!(letter(vec![literal(question)], question), Some(yes(question, said)));
        }
        let parts = || vec![literal("Regel '"), Part::Variable("RuleId".into()), literal("' löschen? (j/n)")];
        assert_eq!(letter(parts(), "Regel 'r1' löschen? (j/n)"), Some(yes("Regel 'r1' löschen? (j/n)", "j")));
        assert_eq!(letter(parts(), "Regel 'r2' löschen? (j/n)"), None, "another rule");
        assert_eq!(letter(parts(), "Regel 'r1' und 'r1' löschen? (j/n)"), None, "not what the place says");
    }

    #[test]
    fn a7_what_is_not_surely_that_question_stays_a_question() {
        for question in [
            "Abbrechen? (j/n)",
            "Änderungen verwerfen? (j/n)",
            "Cancel? (y/n)",
            "Abort now? [y/n]",
            "Skip it? (y/n)",
            "Keep it? (y/n)",
            "Regel „r2“ löschen? (j/n)",
            "Delete \"r2\"? (y/n)",
            "Wirklich löschen?",
            "Wirklich löschen? (n/j)",
            "(j/n) Wirklich löschen?",
            "Anzahl (1/2)",
        ] {
            assert_eq!(letter(vec![literal(question)], question), None, "{question}");
        }
        assert_eq!(letter(vec![Part::Other("Get-Text".into())], "Wirklich? (j/n)"), None, "the source does not tell");
    }

    #[test]
    fn a7_a_choice_of_two_is_taken_by_its_label() {
        let answer = |labels: &[&str]| {
            confirmed(vec![place("PromptForChoice", vec![literal("Weg damit?")])])
                .and_then(|confirmed| confirmed.answer(&choice("Weg damit?", labels)))
        };
        assert_eq!(answer(&["&Nein", "&Ja"]), Some(HostResponse::Value(Value::I32(1))));
        assert_eq!(answer(&["&Yes", "&No"]), Some(HostResponse::Value(Value::I32(0))));
        for labels in [&["&Ja"][..], &["&Ja", "&Nein", "&Alle"], &["&Ja", "&Yes"], &["&Weiter", "&Halt"]] {
            assert_eq!(answer(labels), None, "{labels:?}");
        }
    }

    #[test]
    fn a7_a_place_that_the_arguments_lead_past_does_not_count() {
        let asks = |unless: &str, question: &str| AskingPlace {
            unless: vec![unless.to_owned()],
            ..place("Read-Host", vec![literal(question)])
        };
        let places = vec![asks("Comment", "Kommentar?"), place("Read-Host", vec![literal("Sicher? (j/n)")])];
        let probe = FunctionProbe { places, ..FunctionProbe::default() };
        let of = |value: &str| Confirmed::of(&probe, &names(), &[("comment".to_owned(), Value::from(value))]);
        assert!(of("geprüft").is_some() && of("").is_none());
        assert!(probe.places[0].wants_a_value() && !probe.places[1].wants_a_value());
    }

    #[test]
    fn a7_one_place_and_no_secret() {
        let sure = || place("Read-Host", vec![literal("Sicher? (j/n)")]);
        assert!(confirmed(vec![sure()]).is_some());
        assert!(confirmed(vec![sure(), sure()]).is_none() && confirmed(Vec::new()).is_none());
        assert!(confirmed(vec![AskingPlace { secure: true, ..sure() }]).is_none());
        let probe = FunctionProbe { places: vec![sure()], ..FunctionProbe::default() };
        assert!(Confirmed::of(&probe, &[], &[]).is_none(), "nobody confirmed");
    }
}
