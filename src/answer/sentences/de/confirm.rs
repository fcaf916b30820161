//! Confirmations that were not given.

use std::fmt::{Formatter, Result};

use crate::answer::case::{Unasked, Unconfirmed, Void};

pub(super) fn unasked(why: &Unasked, f: &mut Formatter<'_>) -> Result {
    match why {
        Unasked::Nobody => f.write_str("Hier kann niemand gefragt werden."),
        Unasked::ClientCannot => f.write_str(
            "Dieser Client kann niemanden fragen, denn er bietet keine Elicitation an. Ein Mensch kann es mit einem Client tun, der sie anbietet, oder den Betreiber dieses Servers fragen.",
        ),
        Unasked::Told => f.write_str("Der Client wurde angewiesen zu fragen."),
        Unasked::NotSealed => {
            f.write_str("Der Server konnte seine Frage nicht festhalten; das ist dem Betreiber zu melden.")
        }
        Unasked::NotTyped { name, argument } => write!(
            f,
            "Das Objekt ansehen; soll es weitergehen, den Befehl mit --confirm {name} wiederholen, das ist {argument}."
        ),
    }
}

pub(super) fn unconfirmed(why: &Unconfirmed, f: &mut Formatter<'_>) -> Result {
    match why {
        Unconfirmed::OtherName { argument } => write!(
            f,
            "was eingetippt wurde, ist nicht {argument} des Aufrufs. Erneut aufrufen und es genau eintippen, auch in Groß- und Kleinschreibung."
        ),
        Unconfirmed::Declined => {
            f.write_str("der gefragte Mensch hat abgelehnt. Nicht erneut aufrufen, solange er nicht darum bittet.")
        }
        Unconfirmed::Void(void) => self::void(void, f),
    }
}

fn void(why: &Void, f: &mut Formatter<'_>) -> Result {
    const AGAIN: &str = "Ohne den Zustand erneut aufrufen, dann wird neu gefragt.";
    match why {
        Void::Late { seconds } => {
            write!(f, "die Antwort kam mehr als {seconds} s nach der Frage. {AGAIN}")
        }
        Void::Unanswered { seconds } => {
            write!(f, "niemand hat innerhalb von {seconds} s geantwortet. Erneut aufrufen, dann wird neu gefragt.")
        }
        Void::OfAnother => {
            write!(f, "die Antwort gehört zu einem anderen Aufruf, oder ihr Zustand wurde verändert. {AGAIN}")
        }
        Void::Used => write!(f, "die Antwort wurde schon einmal verwendet. {AGAIN}"),
        Void::TooMany => {
            f.write_str("in wenigen Minuten wurden zu viele Bestätigungen gegeben. Warten, dann erneut aufrufen.")
        }
    }
}
