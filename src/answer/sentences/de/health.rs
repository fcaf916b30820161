//! What a health check made of what it read.

use std::fmt::{Formatter, Result};

use crate::answer::case::Reason;

pub(in crate::answer::sentences) fn reason(reason: &Reason, f: &mut Formatter<'_>) -> Result {
    match reason {
        Reason::Answered => f.write_str("Der Host hat geantwortet."),
        Reason::WarmSession => f.write_str("Eine warme Sitzung war da."),
        Reason::SessionOpened => f.write_str("Eine Sitzung wurde geöffnet."),
        Reason::NotReached => f.write_str("Dazu ist es nicht gekommen."),
        Reason::HostDead => f.write_str("Der Host ist nicht erreichbar."),
        Reason::NoSession => f.write_str("Es gibt keine Sitzung, die zu fragen wäre."),
        Reason::Failed(case) => super::case(case, f),
        Reason::ScriptWhole => f.write_str("Es hat jede Funktion des Katalogs."),
        Reason::FunctionsMissing { missing, all } => {
            write!(f, "{missing} von {all} Funktionen des Katalogs fehlen.")
        }
        Reason::SignedIn => f.write_str("Angemeldet; ein Token ist zu bekommen."),
        Reason::NotSignedIn => f.write_str("Der Host ist nicht an Azure angemeldet."),
        Reason::NobodyKnows => f.write_str("Der Host hat weder die Azure-CLI noch die Az-Module, die zu fragen wären."),
        Reason::WithErrors => {
            f.write_str("Der Host hat neben seiner Antwort Fehler geschrieben; vielleicht ist sie nicht vollständig.")
        }
        Reason::ScreenOnly => {
            f.write_str("Das Skript hat nur auf den Bildschirm geschrieben; zu lesen ist daraus nichts.")
        }
        Reason::NoObjects => f.write_str("Die Antwort des Skripts ist keine Liste von Objekten."),
        Reason::NoField { field } => write!(f, "Die Antwort des Skripts hat kein lesbares Feld {field}."),
        Reason::NoFieldInSome { field, rows, all } => {
            write!(f, "In {rows} von {all} Zeilen hat die Antwort des Skripts kein lesbares Feld {field}.")
        }
        Reason::NoRule => f.write_str("Es gibt keine Analyseregel."),
        Reason::RulesEnabled { enabled, all } => write!(f, "Eingeschaltete Regeln: {enabled} von {all}."),
        Reason::NoRuleEnabled { all } => write!(f, "Keine von {all} Regeln ist eingeschaltet."),
        Reason::RulesDisabled { disabled, all } => write!(f, "Ausgeschaltete Regeln: {disabled} von {all}."),
        Reason::AutoDisabled { rules } => {
            write!(f, "Regeln, die Sentinel selbst ausgeschaltet hat, weil sie scheiterten: {rules}.")
        }
        Reason::IncidentsOpen { open: 0 } => f.write_str("Kein Incident ist offen."),
        Reason::IncidentsOpen { open } => write!(f, "Offene Incidents: {open}."),
        Reason::HighOpen { incidents } => {
            write!(f, "Incidents von hohem Schweregrad, die länger als einen Tag offen sind: {incidents}.")
        }
        Reason::OthersOpen { incidents } => {
            write!(f, "Andere Incidents, die länger als 30 Tage offen sind: {incidents}.")
        }
        Reason::NoFilter => f.write_str("Das Skript nimmt hier keinen Filter an; ältere können deshalb fehlen."),
        Reason::OnlyLatest { read } => write!(f, "Gelesen wurden nur die neuesten {read}."),
        Reason::NoTable => {
            f.write_str("In der Antwort des Skripts steht keine Tabelle, und ein Workspace hat immer welche.")
        }
        Reason::Tables { read } => write!(f, "Gelesene Tabellen: {read}."),
        Reason::Retention { tables, days } => {
            write!(f, "Analytics-Tabellen, die mindestens {days} Tage aufbewahren: {tables}.")
        }
        Reason::RetentionShort { short, tables, days } => {
            write!(f, "Analytics-Tabellen, die weniger als {days} Tage aufbewahren: {short} von {tables}.")
        }
        Reason::CollectionRules { read: 0 } => f.write_str("Es gibt keine Datensammlungsregeln."),
        Reason::CollectionRules { read } => write!(f, "Gelesene Datensammlungsregeln: {read}."),
        Reason::NoDestination { rules } => write!(f, "Datensammlungsregeln ohne Ziel: {rules}."),
        Reason::Endpoints { read: 0 } => f.write_str("Es gibt keine Datensammlungsendpunkte."),
        Reason::Endpoints { read } => write!(f, "Gelesene Datensammlungsendpunkte: {read}."),
        Reason::NotSucceeded { things } => write!(f, "Davon nicht im Zustand Succeeded: {things}."),
        Reason::Unread => f.write_str("War nicht zu lesen."),
        Reason::AtMost { score } => write!(f, "Höchstens {score}, solange etwas unbekannt ist."),
    }
}
