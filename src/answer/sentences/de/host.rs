//! What went wrong with a host.

use std::fmt::{Formatter, Result};
use std::io::ErrorKind;

use crate::answer::case::{Doubt, Ended, Flaw, Init, InitEnd, Lost, NoScript, NoSignIn, NoTls, Stage, Unreached};
use crate::config::SecretError;
use crate::tenant::HostId;

pub(super) fn unreached(host: &HostId, why: &Unreached, f: &mut Formatter<'_>) -> Result {
    match why {
        Unreached::NameNotResolved => write!(
            f,
            "Der Name in der Adresse des Hosts \"{host}\" lässt sich nicht auflösen; es wurde nichts ausgeführt. Seine url in der Konfiguration prüfen."
        ),
        Unreached::ProxySignIn => write!(
            f,
            "Der Proxy für den Host \"{host}\" verlangt eine Anmeldung, die dieser Server nicht beherrscht; es wurde nichts ausgeführt."
        ),
        Unreached::ProxyRefused { status } => {
            let status = status.map(|status| format!(" (Status {status})")).unwrap_or_default();
            write!(
                f,
                "Der Proxy öffnet keinen Tunnel zum Host \"{host}\"{status}; es wurde nichts ausgeführt. Er erreicht ihn nicht oder darf es nicht; die url prüfen und den Betreiber des Proxys fragen."
            )
        }
        Unreached::ProxyUnreachable => write!(
            f,
            "Der Proxy für den Host \"{host}\" ist nicht erreichbar; es wurde nichts ausgeführt. proxy in der Konfiguration prüfen."
        ),
        Unreached::NoConnection => write!(
            f,
            "Der Host \"{host}\" ist nicht erreichbar; es wurde nichts ausgeführt. Seine Adresse und das Netz prüfen."
        ),
        Unreached::Silent => {
            write!(f, "Der Host \"{host}\" hat nicht rechtzeitig geantwortet; es wurde nichts ausgeführt.")
        }
        Unreached::HungUp => write!(
            f,
            "Was für den Host \"{host}\" lauscht, hat die Verbindung ohne Antwort geschlossen; es wurde nichts ausgeführt. url prüfen: WinRM hat 5985 für http und 5986 für https. Wenn es vorher ging, muss sein Betreiber den WinRM-Dienst prüfen."
        ),
        Unreached::HostFailed { status } => write!(
            f,
            "Was für den Host \"{host}\" antwortet, antwortete mit Status {status}: etwas dazwischen oder kein WinRM; es wurde nichts ausgeführt. url und Proxy prüfen."
        ),
        Unreached::DoorRefused { status } => write!(
            f,
            "Der HTTP-Dienst des Hosts \"{host}\" antwortete mit Status {status} anstelle von WinRM: WinRM ist dort angehalten oder ausgelastet, oder dieser Rechner darf es nicht benutzen; es wurde nichts ausgeführt. Sein Betreiber muss den WinRM-Dienst prüfen."
        ),
        Unreached::Wordless { status } => write!(
            f,
            "Der Host \"{host}\" antwortete {status} ohne ein Wort: unverschlüsselter Verkehr oder diese Anmeldung ist dort nicht erlaubt; es wurde nichts ausgeführt. https oder auth = \"negotiate\" verwenden."
        ),
        Unreached::NotKept => write!(
            f,
            "Der Host \"{host}\" oder etwas davor schließt die Verbindung zwischen den Schritten der Anmeldung; es wurde nichts ausgeführt. Ein Proxy oder Lastverteiler dort muss Verbindungen halten."
        ),
        Unreached::NotWinrm => write!(
            f,
            "Was für den Host \"{host}\" geantwortet hat, spricht kein WinRM; Adresse und Port prüfen. Es wurde nichts ausgeführt."
        ),
        Unreached::SourcesTooSlow => write!(
            f,
            "Das Passwort oder das Skript für den Host \"{host}\" konnte nicht rechtzeitig gelesen werden; es wurde nichts ausgeführt. Prüfen, wo beide laut Konfiguration liegen."
        ),
        Unreached::Away { why, seconds } => {
            unreached(host, why, f)?;
            write!(f, " Das hat sich eben gezeigt; in den nächsten {seconds} s wird nicht noch einmal gefragt.")
        }
    }
}

pub(super) fn no_sign_in(host: &HostId, why: &NoSignIn, f: &mut Formatter<'_>) -> Result {
    match why {
        NoSignIn::CertificateNotAsked => write!(
            f,
            "Der Host \"{host}\" hat zu Beginn von TLS nicht nach unserem Zertifikat gefragt; es wurde nichts ausgeführt. Sein Betreiber muss das für den https-Port einschalten (netsh http update sslcert … clientcertnegotiation=enable)."
        ),
        NoSignIn::CertificateRefused => write!(
            f,
            "Der Host \"{host}\" nimmt unser Zertifikat nicht an oder verlangt eines; es wurde nichts ausgeführt. Aussteller, Gültigkeit und die Zuordnung durch seinen Betreiber prüfen."
        ),
        NoSignIn::BasicNotOffered => write!(
            f,
            "Der Host \"{host}\" bietet Basic nicht an; es wurde nichts ausgeführt. Sein Betreiber muss Basic im WinRM-Dienst einschalten, oder in der Konfiguration muss auth = \"negotiate\" stehen."
        ),
        NoSignIn::NotOffered { scheme } => write!(
            f,
            "Der Host \"{host}\" bietet {scheme} nicht an; es wurde kein Passwort gesendet. Sein Betreiber muss {scheme} im WinRM-Dienst einschalten."
        ),
        NoSignIn::NoNtlm => write!(
            f,
            "Der Host \"{host}\" bietet die Anmeldung an, nimmt darunter aber kein NTLM; es wurde kein Passwort versucht und nichts ausgeführt. Sein Betreiber muss NTLM für WinRM erlauben, oder in der Konfiguration muss ein anderes auth stehen."
        ),
        NoSignIn::OfferRejected => write!(
            f,
            "Der Host \"{host}\" lehnt NTLM ab, bevor ein Passwort gezeigt wurde; es wurde nichts ausgeführt. Sein Betreiber muss NTLM für WinRM erlauben, oder in der Konfiguration muss ein anderes auth stehen."
        ),
        NoSignIn::Filtered => write!(
            f,
            "Etwas vor dem Host \"{host}\" lehnt die Anmeldung ab, bevor ein Passwort gezeigt wurde; es wurde nichts ausgeführt. Prüfen, was dazwischen steht: ein Filter, ein Proxy oder ein Gateway."
        ),
        NoSignIn::Refused => write!(
            f,
            "Der Host \"{host}\" hat die Anmeldung abgelehnt; Benutzername und Passwort prüfen. Wiederholte Versuche können das Konto sperren."
        ),
        NoSignIn::Resting { minutes } => write!(
            f,
            "Der Host \"{host}\" hat diesen Benutzernamen und dieses Passwort gerade abgelehnt. Damit das Konto nicht gesperrt wird, werden sie {minutes} min lang nicht erneut versucht; ein anderes Passwort wird sofort versucht. Es wurde nichts ausgeführt."
        ),
        NoSignIn::NoPassword(why) => {
            write!(f, "Das Passwort für den Host \"{host}\" ist nicht zu bekommen: ")?;
            secret(why, f)?;
            f.write_str(". Es wurde nichts ausgeführt.")
        }
        NoSignIn::Misconfigured { why } => write!(
            f,
            "So, wie es konfiguriert ist, ist am Host \"{host}\" keine Anmeldung möglich ({why}). Es wurde nichts ausgeführt."
        ),
    }
}

fn secret(why: &SecretError, f: &mut Formatter<'_>) -> Result {
    match why {
        SecretError::NoVariable(name) => write!(f, "die Umgebungsvariable {name} ist nicht gesetzt"),
        SecretError::Unreadable { path, kind } => {
            write!(f, "die Datei {} ist nicht lesbar ({})", path.display(), system(*kind))
        }
        SecretError::Exposed { path, mode } => {
            write!(f, "die Datei {} können auch andere lesen (Modus {mode:o}); chmod 600 behebt das", path.display())
        }
        SecretError::Foreign { path, owner } => write!(
            f,
            "die Datei {} gehört einem anderen Benutzer ({owner}), der sie ändern könnte; sie muss die eigene sein",
            path.display()
        ),
        SecretError::TooLarge => f.write_str("es ist größer als 64 KiB"),
        SecretError::Empty => f.write_str("es ist leer"),
        SecretError::NotText => f.write_str("es ist kein Text in UTF-8"),
        SecretError::NotStarted { program, kind } => {
            write!(f, "der Befehl {program} lässt sich nicht starten ({})", system(*kind))
        }
        SecretError::CommandFailed { program, code: Some(code) } => {
            write!(f, "der Befehl {program} endete mit dem Exitcode {code}")
        }
        SecretError::CommandFailed { program, code: None } => {
            write!(f, "der Befehl {program} wurde durch ein Signal beendet")
        }
        SecretError::CommandTooSlow(program) => write!(f, "der Befehl {program} brauchte länger als 20 Sekunden"),
    }
}

/// What the system says. The rare ones stay as Rust has them.
fn system(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => "nicht gefunden".to_owned(),
        ErrorKind::PermissionDenied => "keine Berechtigung".to_owned(),
        ErrorKind::IsADirectory => "ein Ordner".to_owned(),
        other => other.to_string(),
    }
}

pub(super) fn no_tls(host: &HostId, stage: Stage, why: &NoTls, f: &mut Formatter<'_>) -> Result {
    let end = match stage {
        Stage::Before => "es wurde nichts ausgeführt",
        Stage::During => "der Aufruf wurde aufgegeben",
    };
    match why {
        NoTls::Certificate { flaw, sha256 } => certificate(host, flaw, sha256, end, f),
        NoTls::NothingInCommon => write!(
            f,
            "Der Host \"{host}\" hat kein TLS 1.2 oder 1.3 mit einer Chiffre, die dieser Server annimmt, so wie Windows vor 2016 mit einem RSA-Zertifikat oder jeder Host, dessen Zertifikat einen P-521-Schlüssel hat; {end}. http verwenden, das versiegelt ist, oder dem Host ein ECDSA-Zertifikat auf P-256 oder P-384 geben."
        ),
        NoTls::NotTls => write!(
            f,
            "Was für den Host \"{host}\" lauscht, spricht kein TLS; {end}. Seine url prüfen: WinRM hat 5986 für https und 5985 für http."
        ),
        NoTls::HungUp => write!(
            f,
            "Der Host \"{host}\" hat die Verbindung geschlossen, bevor TLS stand; {end}. Sein Betreiber muss ein Zertifikat an den https-Listener binden."
        ),
        NoTls::NoAuthorities => write!(
            f,
            "Dieses System vertraut keiner Zertifizierungsstelle, deshalb kann dem Host \"{host}\" nicht geglaubt werden; {end}. In der Konfiguration seine Zertifizierungsstelle nennen (tls.ca) oder sein Zertifikat festlegen (tls.pin)."
        ),
        NoTls::NoBinding => write!(
            f,
            "An das Zertifikat des Hosts \"{host}\" lässt sich keine Anmeldung binden; {end}. Sein Betreiber muss ihm ein RSA- oder ECDSA-Zertifikat geben."
        ),
        NoTls::Failed => write!(
            f,
            "TLS mit dem Host \"{host}\" ist gescheitert; {end}. Sein Betreiber muss Zertifikat und Schlüssel prüfen."
        ),
    }
}

fn certificate(host: &HostId, flaw: &Flaw, found: &str, end: &str, f: &mut Formatter<'_>) -> Result {
    let is = match flaw {
        Flaw::Untrusted => {
            return write!(
                f,
                "Dem Aussteller des Zertifikats des Hosts \"{host}\" wird nicht vertraut; {end}. Sein SHA-256 ist {found}. Ist es sein Zertifikat, in der Konfiguration die Zertifizierungsstelle nennen (tls.ca) oder es festlegen (tls.pin)."
            );
        }
        Flaw::SelfSigned => {
            return write!(
                f,
                "Das Zertifikat des Hosts \"{host}\" ist selbstsigniert; {end}. Sein SHA-256 ist {found}. Das auf dem Host selbst vergleichen, dann in der Konfiguration festlegen (tls.pin)."
            );
        }
        Flaw::OtherName => {
            return write!(
                f,
                "Das Zertifikat des Hosts \"{host}\" gilt für einen anderen Namen als den in seiner url; {end}. Den Namen aus dem Zertifikat verwenden oder es in der Konfiguration festlegen (tls.pin); sein SHA-256 ist {found}."
            );
        }
        Flaw::NotPinned => {
            return write!(
                f,
                "Das Zertifikat des Hosts \"{host}\" ist nicht das festgelegte; {end}. Sein SHA-256 ist {found}. Es wurde erneuert, oder jemand steht dazwischen: vor einer Änderung von tls.pin den Betreiber fragen."
            );
        }
        Flaw::Expired => "ist abgelaufen",
        Flaw::NotYetValid => "gilt noch nicht, oder die Uhr dieses Rechners geht falsch",
        Flaw::Revoked => "wurde widerrufen",
        Flaw::OtherPurpose => "ist nicht für Server bestimmt",
        Flaw::Unverifiable => "lässt sich nicht prüfen",
    };
    write!(
        f,
        "Das Zertifikat des Hosts \"{host}\" {is}; {end}. Sein SHA-256 ist {found}. Der Betreiber muss das in Ordnung bringen."
    )
}

pub(super) fn no_script(host: &HostId, why: &NoScript, f: &mut Formatter<'_>) -> Result {
    match why {
        NoScript::Missing => write!(
            f,
            "Auf dem Host \"{host}\" ist das Skript nicht dort, wo die Konfiguration sagt; es wurde nichts ausgeführt."
        ),
        NoScript::Changed => write!(
            f,
            "Das Skript für den Host \"{host}\" hat nicht den festgelegten SHA-256; es wurde nichts ausgeführt. Der Betreiber muss das Skript prüfen und neu festlegen."
        ),
        NoScript::NotLoaded => {
            write!(f, "Das Skript auf dem Host \"{host}\" ließ sich nicht laden; es wurde nichts ausgeführt.")
        }
        NoScript::Asked => write!(
            f,
            "Das Skript auf dem Host \"{host}\" hat beim Laden eine Frage gestellt, die niemand beantworten darf; sie steht in hostErrors. Es wurde nichts ausgeführt."
        ),
        NoScript::NoLanguage => write!(
            f,
            "Der Endpunkt auf dem Host \"{host}\" erlaubt keine Skripte; es wurde nichts ausgeführt. Sein Betreiber muss einen Endpunkt nennen, der sie erlaubt (configuration_name), oder script weglassen: dann werden Funktionen des Endpunkts selbst als einfache Befehle aufgerufen, und zwar die lesenden."
        ),
        NoScript::NoFunction { function, left_out } => {
            write!(
                f,
                "Das Skript auf dem Host \"{host}\" hat keine Funktion \"{function}\"; es wurde nichts ausgeführt."
            )?;
            match left_out {
                0 => Ok(()),
                _ => write!(
                    f,
                    " Beim Laden weggelassene Anweisungen: {left_out}; eine davon kann sie definieren (sentinel-jump catalog probe zeigt sie)."
                ),
            }
        }
        NoScript::Unreadable { kind } => write!(
            f,
            "Das Skript, das der Host \"{host}\" bekommen soll, ist hier nicht lesbar ({}); es wurde nichts ausgeführt.",
            system(*kind)
        ),
        NoScript::TooLarge => write!(
            f,
            "Das Skript, das der Host \"{host}\" bekommen soll, ist größer als 8 MiB; es wurde nichts ausgeführt."
        ),
        NoScript::Tainted { function, variable, line } => write!(
            f,
            "\"{function}\" auf dem Host \"{host}\" liest \"{variable}\", was nur Zeile {line} des Skripts setzt, und die läuft beim Laden nicht; es wurde nichts ausgeführt. Liest sie nur, kann der Betreiber ihren Befehl in script.allow nennen."
        ),
        NoScript::NoGuard { function } => write!(
            f,
            "Der Host \"{host}\" hat in der Konfiguration kein Skript, deshalb vergleicht dort nichts von uns den Workspace, bevor \"{function}\" ihn ändert; es wurde nichts ausgeführt. Nur lesende Funktionen werden aufgerufen; die anderen kann sein Betreiber mit plain = \"writes\" erlauben."
        ),
        NoScript::ChangedHere => write!(
            f,
            "Das Skript, das der Host \"{host}\" bekommen soll, hat nicht den festgelegten SHA-256; es wurde nichts ausgeführt. Das Skript prüfen und neu festlegen."
        ),
    }
}

pub(super) fn init(host: &HostId, function: &str, why: &Init, f: &mut Formatter<'_>) -> Result {
    let ended = |end: &InitEnd| match end {
        InitEnd::Exited { code } => format!("sie hat das Skript mit dem Exitcode {code} beendet"),
        InitEnd::TimedOut => "sie endete nicht rechtzeitig".to_owned(),
        InitEnd::Silent => "sie endete, ohne zu sagen, wie".to_owned(),
        InitEnd::Error => "ihre eigene Meldung steht in hostErrors".to_owned(),
    };
    match why {
        Init::Asked => write!(
            f,
            "\"{function}\", von init auf dem Host \"{host}\" ausgeführt, hat eine Frage gestellt, die niemand beantworten darf; sie steht in hostErrors. Sonst wurde nichts ausgeführt."
        ),
        Init::NotSignedIn(end) => write!(
            f,
            "\"{function}\" konnte den Host \"{host}\" nicht an Azure anmelden ({}); sonst wurde nichts ausgeführt. Der Betreiber muss die Anmeldung prüfen.",
            ended(end)
        ),
        Init::Failed(end) => write!(
            f,
            "\"{function}\", von init auf dem Host \"{host}\" ausgeführt, ist gescheitert ({}); sonst wurde nichts ausgeführt.",
            ended(end)
        ),
    }
}

pub(super) fn ended(host: &HostId, function: &str, why: &Ended, f: &mut Formatter<'_>) -> Result {
    match why {
        Ended::EmptyHanded => write!(
            f,
            "\"{function}\" brachte auf dem Host \"{host}\" nichts als Fehler; ihre eigene Meldung steht in hostErrors."
        ),
        Ended::Exited { code } => {
            write!(f, "\"{function}\" hat auf dem Host \"{host}\" das Skript mit dem Exitcode {code} beendet.")
        }
        Ended::Error => write!(
            f,
            "\"{function}\" ist auf dem Host \"{host}\" gescheitert; ihre eigene Meldung steht in hostErrors."
        ),
        Ended::NotBegun => write!(
            f,
            "\"{function}\" wurde auf dem Host \"{host}\" abgelehnt, bevor etwas davon ausgeführt wurde; warum, steht in hostErrors."
        ),
        Ended::Asked => write!(
            f,
            "\"{function}\" hat auf dem Host \"{host}\" eine Frage gestellt, die niemand beantworten darf; sie steht in hostErrors."
        ),
        Ended::Cancelled => {
            write!(f, "Abgebrochen; \"{function}\" wurde auf dem Host \"{host}\" angehalten.")
        }
        Ended::TooSlow { seconds } => write!(
            f,
            "\"{function}\" endete auf dem Host \"{host}\" nicht innerhalb von {seconds} Sekunden und wurde angehalten; enger fragen oder es später versuchen."
        ),
        Ended::TooMuch { megabytes } => write!(
            f,
            "\"{function}\" hat auf dem Host \"{host}\" mehr als {megabytes} MB ausgegeben; der Rest wurde verworfen. Die Frage enger fassen."
        ),
        Ended::Silent => write!(f, "\"{function}\" endete auf dem Host \"{host}\", ohne zu sagen, wie."),
    }
}

pub(super) fn lost(host: &HostId, why: &Lost, f: &mut Formatter<'_>) -> Result {
    match why {
        Lost::Connection => write!(
            f,
            "Die Verbindung zum Host \"{host}\" riss ab, bevor seine Antwort vollständig war; erneut versuchen."
        ),
        Lost::Door { status } => write!(
            f,
            "Was für den Host \"{host}\" antwortet, sagte mitten im Aufruf Status {status}, und die Antwort ist verloren; erneut versuchen."
        ),
        Lost::SignIn => write!(
            f,
            "Der Host \"{host}\" hat mitten im Aufruf die Anmeldung einer weiteren Verbindung abgelehnt, und die Antwort ist verloren; erneut versuchen, und seinen Betreiber fragen, wenn es so bleibt."
        ),
        Lost::TimedOut => write!(
            f,
            "Der Aufruf endete auf dem Host \"{host}\" nicht rechtzeitig und ließ sich auch nicht rechtzeitig anhalten; er kann dort noch laufen."
        ),
        Lost::Protocol => {
            write!(f, "Der Host \"{host}\" hat mitten im Aufruf das Protokoll verletzt; erneut versuchen.")
        }
        Lost::NotUnderstood => {
            write!(f, "Der Host \"{host}\" hat etwas geantwortet, das dieser Server nicht versteht.")
        }
        Lost::ProcessEnded { function } => write!(
            f,
            "\"{function}\" hat auf dem Host \"{host}\" PowerShell selbst beendet ([Environment]::Exit); die Antwort ist verloren. Das Skript muss dort return oder throw verwenden."
        ),
    }
}

pub(super) fn doubt(host: &HostId, why: &Doubt, look: Option<&str>, f: &mut Formatter<'_>) -> Result {
    if let Doubt::Door { status } = why {
        write!(
            f,
            "Die Tür des Hosts \"{host}\" antwortete mit Status {status}, die Funktion lief also höchstwahrscheinlich nicht; über http könnte das aber jeder unterwegs gesagt haben, und die Änderung kann erfolgt sein."
        )?;
        return look_first(look, f);
    }
    write!(f, "Auf dem Host \"{host}\" ")?;
    match why {
        Doubt::Door { .. } => {}
        Doubt::BrokenOff { fault: None } => f.write_str("wurde der Aufruf abgebrochen")?,
        Doubt::BrokenOff { fault: Some(fault) } => write!(f, "wurde der Aufruf abgebrochen (Fehler {fault})")?,
        Doubt::TooSlow { function } => write!(f, "endete \"{function}\" nicht rechtzeitig")?,
        Doubt::Connection => f.write_str("riss die Verbindung ab")?,
        Doubt::NotUnderstood => f.write_str("war die Antwort nicht zu verstehen")?,
        Doubt::Turned => f.write_str("wechselte die Sitzung auf einen anderen Workspace")?,
        Doubt::Cancelled => f.write_str("wurde der Aufruf mitten im Lauf abgebrochen")?,
        Doubt::Silent => f.write_str("endete der Aufruf, ohne zu sagen, wie")?,
        Doubt::ProcessEnded { function } => write!(f, "beendete \"{function}\" PowerShell selbst")?,
        Doubt::Error { function } => write!(f, "begann \"{function}\" und hatte Fehler, die in hostErrors stehen")?,
        Doubt::Asked { function } => {
            write!(f, "stellte \"{function}\" eine Frage, die niemand beantworten darf und die in hostErrors steht")?;
        }
        Doubt::Exited { function, code } => {
            write!(f, "beendete \"{function}\" das Skript mit dem Exitcode {code}")?;
        }
        Doubt::TooMuch { function } => {
            write!(f, "gab \"{function}\" mehr aus, als angenommen wird, und das Ende ging mit dem Rest verloren")?;
        }
        Doubt::ProgramFailed { function, code } => {
            write!(f, "endete das letzte Programm, das \"{function}\" ausführte, mit dem Exitcode {code}")?;
        }
    }
    f.write_str("; die Änderung kann erfolgt sein.")?;
    look_first(look, f)
}

fn look_first(look: Option<&str>, f: &mut Formatter<'_>) -> Result {
    match look {
        Some(tool) => write!(f, " Vor einem neuen Versuch mit {tool} nachsehen."),
        None => f.write_str(" Vor einem neuen Versuch nachsehen."),
    }
}
