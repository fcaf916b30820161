//! Every sentence, in every language.
//!
//! One list of samples, held against the names of all cases; from it come the
//! snapshots of both languages, so that wording is reviewed.

mod samples;

use sentinel_jump::answer::case::{Case, Reason, Warning};
use sentinel_jump::answer::{Code, HostText, In, Outcome, ToolError};
use sentinel_jump::tenant::Language;

use crate::snapshot::assert_snapshot;

/// What a sample says in a language, under its name.
struct Sample {
    name: String,
    /// Outcome and code, of a case that has them.
    ended: Option<(Outcome, Code)>,
    /// Names and numbers that the sentence must have.
    data: Vec<String>,
    said: [String; 2],
}

const LANGUAGES: [(Language, &str); 2] = [(Language::English, "en"), (Language::German, "de")];

fn cases() -> Vec<Sample> {
    let said = |case: &Case| LANGUAGES.map(|(language, _)| In(language, case).to_string());
    let of = |(name, case): (String, Case)| Sample {
        data: data(&format!("{case:?}")),
        ended: Some((case.outcome(), case.code())),
        said: said(&case),
        name,
    };
    samples::cases().into_iter().map(of).collect()
}

fn warnings() -> Vec<Sample> {
    let said = |warning: &Warning| LANGUAGES.map(|(language, _)| In(language, warning).to_string());
    let of = |warning: Warning| Sample {
        name: format!("Warning::{}", warning.name()),
        ended: None,
        data: data(&format!("{warning:?}")),
        said: said(&warning),
    };
    samples::warnings().into_iter().map(of).collect()
}

fn reasons() -> Vec<Sample> {
    let said = |reason: &Reason| LANGUAGES.map(|(language, _)| In(language, reason).to_string());
    let of = |reason: Reason| Sample {
        name: format!("Reason::{}", reason.name()),
        ended: None,
        data: data(&format!("{reason:?}")),
        said: said(&reason),
    };
    samples::reasons().into_iter().map(of).collect()
}

fn all() -> Vec<Sample> {
    cases().into_iter().chain(warnings()).chain(reasons()).collect()
}

/// Samples mark every datum that a sentence must have: names begin with
/// `the-`, numbers are 70 to 79.
fn data(shown: &str) -> Vec<String> {
    let parts = shown.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | '/'));
    let is_datum = |part: &&str| {
        part.starts_with("the-") || (part.len() == 2 && part.starts_with('7') && part.parse::<u32>().is_ok())
    };
    parts.filter(is_datum).map(str::to_owned).collect()
}

#[test]
fn every_case_has_a_sample() {
    samples::assert_whole();
}

#[test]
fn every_sentence_is_another_one_in_every_language() {
    for Sample { name, said: [english, german], .. } in all() {
        assert!(english.len() > 8 && german.len() > 8, "{name}: {english} / {german}");
        assert_ne!(english, german, "{name}");
        // Read by machines of many kinds: one line, and nothing left over of a template.
        assert!(!german.contains(['\n', '{', '}']) && !english.contains(['\n', '{', '}']), "{name}");
    }
}

#[test]
fn every_sentence_has_the_data_of_its_case() {
    let mut seen = 0;
    for Sample { name, data, said, .. } in all() {
        // The host is no part of why no host could take such a value.
        let without = matches!(name.rsplit("::").next(), Some("TwinKeys" | "InnerNull" | "Name" | "Type"));
        for datum in data.iter().filter(|datum| !(without && *datum == "the-host")) {
            seen += 1;
            for said in &said {
                assert!(said.contains(datum), "{name}: {said:?} lacks {datum}");
            }
        }
    }
    assert!(seen > 100, "{seen} data were looked for");
}

#[test]
fn a_promise_that_nothing_ran_is_made_in_both_languages_or_in_none() {
    for Sample { name, ended, said: [english, german], .. } in cases() {
        let told = english.to_lowercase();
        let promised = told.contains("nothing was run") || told.contains("nothing else was run");
        assert_eq!(german.contains("nichts ausgeführt") || german.contains("nicht ausgeführt"), promised, "{name}");
        let doubt = english.contains("may have been made");
        assert_eq!(german.contains("kann erfolgt sein"), doubt, "{name}");
        assert_eq!(ended.is_some_and(|(outcome, _)| outcome == Outcome::Unknown), doubt, "{name}");
    }
}

#[test]
fn sentences_as_they_are_reviewed() {
    for (at, (_, name)) in LANGUAGES.iter().enumerate() {
        let mut text = String::new();
        for Sample { name, ended, said, .. } in all() {
            let ended = ended.map(|(outcome, code)| format!(" ({}, {})", outcome.as_str(), code.as_str()));
            text.push_str(&format!("# {name}{}\n{}\n", ended.unwrap_or_default(), said[at]));
        }
        assert_snapshot(&format!("sentences-{name}.txt"), &text);
    }
}

#[test]
fn what_the_host_said_is_in_no_sentence() {
    let host_errors = [HostText { message: "planted host text".to_owned(), id: "planted".to_owned() }];
    for (name, case) in samples::cases() {
        let error = ToolError::of(case).with_host_errors(host_errors.clone());
        assert!(LANGUAGES.iter().all(|(language, _)| !error.said(*language).contains("planted")), "{name}");
    }
}
