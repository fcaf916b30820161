//! German. Short, without an address: what is to be done stands in the
//! infinitive. Names of the field stay as they are: Tenant, Workspace, Host.

mod argument;
mod confirm;
mod health;
mod host;
mod phrase;

use std::fmt::{Formatter, Result};

use super::quoted;
use crate::answer::case::{Azure, Case, Forbidden, Misspelt, Offered, Slip, Stage, Unknown, WrongTarget};
use crate::spelling::LONGEST;
use crate::tenant::HostId;

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
                "Mit \"{tool}\" kann auf {tenant}/{workspace} etwas verloren gehen; ein Mensch muss das bestätigen. Es wurde nichts ausgeführt. "
            )?;
            confirm::unasked(why, f)
        }
        Case::Unconfirmed { tool, tenant, workspace, why } => {
            write!(f, "\"{tool}\" auf {tenant}/{workspace} wurde nicht bestätigt und nicht ausgeführt: ")?;
            confirm::unconfirmed(why, f)
        }
        Case::Nameless { tool } => write!(
            f,
            "Mit \"{tool}\" kann etwas verloren gehen, und der Aufruf nennt kein Objekt, das ein Mensch bestätigen könnte; es wurde nichts ausgeführt."
        ),
        Case::Cancelled => f.write_str("Abgebrochen; es wurde nichts ausgeführt."),
        Case::Busy { host } => write!(
            f,
            "Zu viele Aufrufe warten auf den Host \"{host}\"; es wurde nichts ausgeführt. In einer Minute erneut versuchen."
        ),
        Case::Late { seconds } => write!(
            f,
            "Der Workspace hat nicht innerhalb der {seconds} s geantwortet, die eine Frage über viele Workspaces dauern darf; ihn allein fragen oder es später versuchen."
        ),
        Case::Unreached { host, why } => host::unreached(host, why, f),
        Case::NoSignIn { host, why } => host::no_sign_in(host, why, f),
        Case::NoTls { host, stage, why } => host::no_tls(host, *stage, why, f),
        Case::Refused { host, stage, fault, later } => {
            write!(f, "Der Host \"{host}\" hat die Operation abgelehnt")?;
            if let Some(fault) = fault {
                write!(f, " (Fehler {fault})")?;
            }
            f.write_str(match stage {
                Stage::Before => "; es wurde nichts ausgeführt. Seine eigenen Worte stehen in hostErrors.",
                Stage::During => "; seine eigenen Worte stehen in hostErrors.",
            })?;
            f.write_str(if *later {
                " Er ist beschäftigt oder voll und kann es später annehmen: in einer Minute erneut versuchen."
            } else {
                ""
            })
        }
        Case::NoScript { host, why } => host::no_script(host, why, f),
        Case::WrongTarget { host, why } => wrong_target(host, why, f),
        Case::Azure { host, why: Azure::OtherTenant } => write!(
            f,
            "Die Sitzung auf dem Host \"{host}\" ist an einem anderen Azure-Tenant angemeldet, als die Konfiguration sagt; es wurde nichts ausgeführt. Der Betreiber muss sie am richtigen anmelden oder azure_tenant berichtigen."
        ),
        Case::Azure { host, why: Azure::NotSignedIn } => write!(
            f,
            "Die Sitzung auf dem Host \"{host}\" ist nicht an Azure angemeldet; es wurde nichts ausgeführt. Der Betreiber muss sie für diesen Tenant anmelden, in dem Ordner, den azure_config_dir nennt, oder mit init."
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
        Offered::TooLong => write!(f, "Ein Name ist länger als {LONGEST} Zeichen; so einen gibt es nicht."),
        Offered::Close(names) => write!(f, "{said}. Gemeint vielleicht: {}?", quoted(names, " oder ")),
        Offered::All(names) => write!(f, "{said}. Bekannt: {}.", quoted(names, ", ")),
        Offered::Nothing => write!(f, "{said}."),
    }
}

fn unknown(unknown: &Unknown, f: &mut Formatter<'_>) -> Result {
    match unknown {
        Unknown::Tool(name) => misspelt(&format!("Es gibt kein Tool \"{}\"", name.name), name, f),
        Unknown::Tenant(name) => misspelt(&format!("Es gibt keinen Tenant \"{}\"", name.name), name, f),
        Unknown::WorkspaceOf { tenant, workspace } => {
            misspelt(&format!("Der Tenant \"{tenant}\" hat keinen Workspace \"{}\"", workspace.name), workspace, f)
        }
        Unknown::Workspace(name) => misspelt(&format!("Kein Tenant hat einen Workspace \"{}\"", name.name), name, f),
        Unknown::Host(name) => misspelt(&format!("Es gibt keinen Tenant auf einem Host \"{}\"", name.name), name, f),
        Unknown::AnyTenant => f.write_str("Es gibt keinen Tenant."),
    }
}

fn forbidden(what: &Forbidden, f: &mut Formatter<'_>) -> Result {
    match what {
        Forbidden::ReadOnly { tool } => {
            write!(f, "\"{tool}\" ändert den Workspace, und dieser Server liest nur.")
        }
        Forbidden::SwitchedOff { tool, set } => write!(
            f,
            "\"{tool}\" ist auf diesem Server ausgeschaltet; der Betreiber kann den Toolsatz \"{set}\" einschalten."
        ),
        Forbidden::Tenant { tenant } => write!(f, "Der Tenant \"{tenant}\" steht diesem Aufrufer nicht offen."),
    }
}

fn wrong_target(host: &HostId, why: &WrongTarget, f: &mut Formatter<'_>) -> Result {
    match why {
        WrongTarget::NotShown => write!(
            f,
            "Das Skript auf dem Host \"{host}\" zeigt nicht, auf welchem Workspace es steht; geschrieben werden darf damit deshalb nicht."
        ),
        WrongTarget::NotKept => write!(
            f,
            "Das Skript auf dem Host \"{host}\" behält nicht alle drei, Subscription, Ressourcengruppe und Workspace; geschrieben werden darf damit deshalb nicht."
        ),
        WrongTarget::NotTold { function, missing } => write!(
            f,
            "\"{function}\" auf dem Host \"{host}\" nimmt {} nicht an und kann deshalb nicht erfahren, welcher Workspace gemeint ist; es wurde nichts ausgeführt.",
            quoted(missing, ", ")
        ),
        WrongTarget::Elsewhere => write!(
            f,
            "Die Sitzung auf dem Host \"{host}\" stand nicht auf dem gewünschten Workspace; es wurde nichts ausgeführt."
        ),
        WrongTarget::NotTaken => write!(
            f,
            "Das Skript auf dem Host \"{host}\" lässt sich nicht auf den gewünschten Workspace bringen; es wurde nichts ausgeführt. Der Betreiber muss die Funktionen nennen, die einen wählen (script.select), oder die Schlüssel, die zu ihm gehören (script.derived)."
        ),
        WrongTarget::Turned => write!(
            f,
            "Die Sitzung auf dem Host \"{host}\" ist während des Aufrufs auf einen anderen Workspace gewechselt; ihre Antwort wurde verworfen."
        ),
    }
}

fn slip(slip: &Slip) -> &'static str {
    match slip {
        Slip::Panic => "Der Server hat einen Fehler gemacht; die correlationId ist zu melden.",
        Slip::PanicInWrite => {
            "Der Server hat während einer Änderung einen Fehler gemacht; sie kann erfolgt sein. Vor einem neuen Versuch nachsehen."
        }
        Slip::Impossible => "Der Server hat vom Host etwas Unmögliches verlangt.",
        Slip::NoTarget => "Eine Funktion ohne Ziel.",
        Slip::NoSession => "Es wurde keine Sitzung geöffnet.",
        Slip::HostUnknown => "Der Host des Ziels ist nicht konfiguriert.",
        Slip::TenantUnknown => "Der Tenant des Ziels ist nicht konfiguriert.",
        Slip::WriteInRead => "Ein lesendes Tool hat eine schreibende Funktion verlangt.",
        Slip::NoTurns => "Ein Host, der nie an die Reihe kommt.",
        Slip::NoHandler => "Ein eigenes Tool des Servers, das niemand beantwortet.",
        Slip::TrailUnwritten => {
            "Das Protokoll dieses Servers lässt sich nicht schreiben; deshalb darf nichts laufen, das etwas ändert. Es wurde nichts ausgeführt. Der Betreiber muss state_dir prüfen."
        }
        Slip::NoFunction => "Im Katalog fehlt die Funktion hinter diesem Tool.",
    }
}
