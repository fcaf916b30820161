//! English.

mod argument;
mod confirm;
mod health;
mod host;
mod phrase;

use std::fmt::{Formatter, Result};

use super::quoted;
use crate::answer::case::{Azure, Case, Forbidden, Misspelt, Offered, Slip, Stage, Unknown, WrongTarget};
use crate::spelling::LONGEST;

pub(super) use health::reason;
pub(super) use phrase::{phrase, warning};

/// The sentence of every case.
pub(super) fn case(case: &Case, f: &mut Formatter<'_>) -> Result {
    match case {
        Case::Argument(why) => argument::bad(why, f),
        Case::Unknown(name) => unknown(name, f),
        Case::Forbidden(what) => forbidden(what, f),
        Case::Unasked { tool, tenant, workspace, why } => {
            write!(
                f,
                "\"{tool}\" may lose something on {tenant}/{workspace} and needs a person's confirmation; nothing was run. "
            )?;
            confirm::unasked(why, f)
        }
        Case::Unconfirmed { tool, tenant, workspace, why } => {
            write!(f, "\"{tool}\" on {tenant}/{workspace} was not confirmed, and nothing was run: ")?;
            confirm::unconfirmed(why, f)
        }
        Case::Nameless { tool } => write!(
            f,
            "\"{tool}\" may lose something and the call names no object that a person could confirm; nothing was run."
        ),
        Case::Cancelled => f.write_str("Cancelled; nothing was run."),
        Case::Busy { host } => {
            write!(f, "Too many calls wait for the host \"{host}\"; nothing was run. Try again in a minute.")
        }
        Case::Late { seconds } => write!(
            f,
            "The workspace did not answer within the {seconds} s that a question over many workspaces may take; ask it alone, or try later."
        ),
        Case::Unreached { host, why } => host::unreached(host, why, f),
        Case::NoSignIn { host, why } => host::no_sign_in(host, why, f),
        Case::NoTls { host, stage, why } => host::no_tls(host, *stage, why, f),
        Case::Refused { host, stage, fault, later } => {
            write!(f, "The host \"{host}\" refused the operation")?;
            if let Some(fault) = fault {
                write!(f, " (fault {fault})")?;
            }
            f.write_str(match stage {
                Stage::Before => "; nothing was run. hostErrors has its own words.",
                Stage::During => "; hostErrors has its own words.",
            })?;
            f.write_str(if *later { " It is busy or full, and may not be later: try again in a minute." } else { "" })
        }
        Case::NoScript { host, why } => host::no_script(host, why, f),
        Case::WrongTarget { host, why } => wrong_target(host, why, f),
        Case::Azure { host, why: Azure::OtherTenant } => write!(
            f,
            "The session on the host \"{host}\" is signed in to another Azure tenant than the configuration says; nothing was run. Its operator must sign in to the right one, or correct azure_tenant."
        ),
        Case::Azure { host, why: Azure::NotSignedIn } => write!(
            f,
            "The session on the host \"{host}\" is not signed in to Azure; nothing was run. Its operator must sign in for this tenant, in the folder that azure_config_dir names, or with init."
        ),
        Case::Init { host, function, why } => host::init(host, function, why, f),
        Case::Ended { host, function, why } => host::ended(host, function, why, f),
        Case::Lost { host, why } => host::lost(host, why, f),
        Case::Doubt { host, why, look } => host::doubt(host, why, *look, f),
        Case::Slip(slip) => f.write_str(self::slip(slip)),
    }
}

/// `said` without its full stop, and what may have been meant.
fn misspelt(said: &str, name: &Misspelt, f: &mut Formatter<'_>) -> Result {
    match &name.offered {
        Offered::TooLong => write!(f, "A name is longer than {LONGEST} characters; there is none like it."),
        Offered::Close(names) => write!(f, "{said}. Did you mean {}?", quoted(names, " or ")),
        Offered::All(names) => write!(f, "{said}. Known: {}.", quoted(names, ", ")),
        Offered::Nothing => write!(f, "{said}."),
    }
}

fn unknown(unknown: &Unknown, f: &mut Formatter<'_>) -> Result {
    match unknown {
        Unknown::Tool(name) => misspelt(&format!("There is no tool \"{}\"", name.name), name, f),
        Unknown::Tenant(name) => misspelt(&format!("There is no tenant \"{}\"", name.name), name, f),
        Unknown::WorkspaceOf { tenant, workspace } => {
            misspelt(&format!("The tenant \"{tenant}\" has no workspace \"{}\"", workspace.name), workspace, f)
        }
        Unknown::Workspace(name) => misspelt(&format!("No tenant has a workspace \"{}\"", name.name), name, f),
        Unknown::Host(name) => misspelt(&format!("There is no tenant on a host \"{}\"", name.name), name, f),
        Unknown::AnyTenant => f.write_str("There is no tenant."),
    }
}

fn forbidden(what: &Forbidden, f: &mut Formatter<'_>) -> Result {
    match what {
        Forbidden::ReadOnly { tool } => {
            write!(f, "\"{tool}\" changes the workspace, and this server is read-only.")
        }
        Forbidden::SwitchedOff { tool, set } => {
            write!(f, "\"{tool}\" is switched off on this server; its operator can switch on the tool set \"{set}\".")
        }
        Forbidden::Tenant { tenant } => write!(f, "The tenant \"{tenant}\" is not yours to use."),
    }
}

fn wrong_target(host: &impl std::fmt::Display, why: &WrongTarget, f: &mut Formatter<'_>) -> Result {
    match why {
        WrongTarget::NotShown => write!(
            f,
            "The script on the host \"{host}\" does not show which workspace it is on, so nothing may be written with it."
        ),
        WrongTarget::NotKept => write!(
            f,
            "The script on the host \"{host}\" does not keep subscription, resource group and workspace all three, so nothing may be written with it."
        ),
        WrongTarget::NotTold { function, missing } => write!(
            f,
            "\"{function}\" on the host \"{host}\" takes no {}, so it cannot be told which workspace is meant; nothing was run.",
            quoted(missing, ", ")
        ),
        WrongTarget::Elsewhere => write!(
            f,
            "The session on the host \"{host}\" was not on the workspace that was asked for; nothing was run."
        ),
        WrongTarget::NotTaken => write!(
            f,
            "The script on the host \"{host}\" cannot be brought to the workspace that was asked for; nothing was run. Its operator must name the functions that choose one (script.select) or the keys that belong to it (script.derived)."
        ),
        WrongTarget::Turned => write!(
            f,
            "The session on the host \"{host}\" turned to another workspace during the call; its answer was thrown away."
        ),
    }
}

fn slip(slip: &Slip) -> &'static str {
    match slip {
        Slip::Panic => "The server made a mistake; report the correlation id.",
        Slip::PanicInWrite => {
            "The server made a mistake during a change; it may have been made. Look before you try again."
        }
        Slip::Impossible => "The server asked the host for something impossible.",
        Slip::NoTarget => "A function without a target.",
        Slip::NoSession => "No session was opened.",
        Slip::HostUnknown => "The target's host is not configured.",
        Slip::TenantUnknown => "The target's tenant is not configured.",
        Slip::WriteInRead => "A reading tool asked for a function that writes.",
        Slip::NoTurns => "A host without turns.",
        Slip::NoHandler => "A tool of the server's own that nobody answers.",
        Slip::TrailUnwritten => {
            "The trail of this server cannot be written, so nothing that changes something may run; nothing was run. Its operator must look at state_dir."
        }
        Slip::NoFunction => "The catalogue lacks the function behind this tool.",
    }
}
