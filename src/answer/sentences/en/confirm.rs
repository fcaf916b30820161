//! Confirmations that were not given.

use std::fmt::{Formatter, Result};

use crate::answer::case::{Unasked, Unconfirmed, Void};

pub(super) fn unasked(why: &Unasked, f: &mut Formatter<'_>) -> Result {
    match why {
        Unasked::Nobody => f.write_str("Nobody can be asked here."),
        Unasked::ClientCannot => f.write_str(
            "This client cannot ask one, since it does not offer elicitation. Let a person do it with a client that does, or ask the operator of this server.",
        ),
        Unasked::Told => f.write_str("The client was told to ask."),
        Unasked::NotSealed => f.write_str("The server could not write its question down; report this."),
        Unasked::NotTyped { name, argument } => {
            write!(f, "Look at the object; to go on, repeat the command with --confirm {name}, its {argument}.")
        }
    }
}

pub(super) fn unconfirmed(why: &Unconfirmed, f: &mut Formatter<'_>) -> Result {
    match why {
        Unconfirmed::OtherName { argument } => write!(
            f,
            "what was typed is not the {argument} of the call. Call again and type it exactly, in upper and lower case."
        ),
        Unconfirmed::Declined => {
            f.write_str("the person who was asked said no. Do not call again unless they ask for it.")
        }
        Unconfirmed::Void(void) => self::void(void, f),
    }
}

fn void(why: &Void, f: &mut Formatter<'_>) -> Result {
    const AGAIN: &str = "Call again, without the state, to be asked anew.";
    match why {
        Void::Late { seconds } => {
            write!(f, "the answer came more than {seconds} s after the question. {AGAIN}")
        }
        Void::Unanswered { seconds } => {
            write!(f, "nobody answered within {seconds} s. Call again to be asked anew.")
        }
        Void::OfAnother => write!(f, "the answer belongs to another call, or its state was changed. {AGAIN}"),
        Void::Used => write!(f, "the answer was used before. {AGAIN}"),
        Void::TooMany => f.write_str("too many confirmations were given in a few minutes. Wait, then call again."),
    }
}
