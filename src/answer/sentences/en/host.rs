//! What went wrong with a host.

use std::fmt::{Formatter, Result};

use crate::answer::case::{Doubt, Ended, Flaw, Init, InitEnd, Lost, NoScript, NoSignIn, NoTls, Stage, Unreached};
use crate::tenant::HostId;

pub(super) fn unreached(host: &HostId, why: &Unreached, f: &mut Formatter<'_>) -> Result {
    match why {
        Unreached::NameNotResolved => write!(
            f,
            "The address of the host \"{host}\" has a name that does not resolve; nothing was run. Check its url in the configuration."
        ),
        Unreached::ProxySignIn => write!(
            f,
            "The proxy for the host \"{host}\" wants a sign-in, which this server does not do; nothing was run."
        ),
        Unreached::ProxyRefused { status } => {
            let status = status.map(|status| format!(" (status {status})")).unwrap_or_default();
            write!(
                f,
                "The proxy makes no tunnel to the host \"{host}\"{status}; nothing was run. It does not reach it, or is not allowed to; check the url and ask who runs the proxy."
            )
        }
        Unreached::ProxyUnreachable => write!(
            f,
            "The proxy for the host \"{host}\" cannot be reached; nothing was run. Check proxy in the configuration."
        ),
        Unreached::NoConnection => {
            write!(f, "The host \"{host}\" cannot be reached; nothing was run. Check its address and the network.")
        }
        Unreached::Silent => write!(f, "The host \"{host}\" did not answer in time; nothing was run."),
        Unreached::HungUp => write!(
            f,
            "What listens for the host \"{host}\" closed the connection without an answer; nothing was run. Check its url: WinRM has 5985 for http and 5986 for https. If it worked before, its operator must look at the WinRM service."
        ),
        Unreached::HostFailed { status } => write!(
            f,
            "What answers for the host \"{host}\" answered with status {status}: something in between, or no WinRM; nothing was run. Check url and proxy."
        ),
        Unreached::DoorRefused { status } => write!(
            f,
            "The HTTP service of the host \"{host}\" answered with status {status} in WinRM's place: WinRM is stopped or full there, or this computer may not use it; nothing was run. Its operator must look at the WinRM service."
        ),
        Unreached::Wordless { status } => write!(
            f,
            "The host \"{host}\" answered {status} without a word: unencrypted traffic or this sign-in is not allowed there; nothing was run. Use https or auth = \"negotiate\"."
        ),
        Unreached::NotKept => write!(
            f,
            "The host \"{host}\", or something before it, closes the connection between the steps of a sign-in; nothing was run. A proxy or load balancer there must keep connections."
        ),
        Unreached::NotWinrm => write!(
            f,
            "What answered for the host \"{host}\" does not speak WinRM; check address and port. Nothing was run."
        ),
        Unreached::SourcesTooSlow => write!(
            f,
            "The password or the script for the host \"{host}\" could not be read in time; nothing was run. Check where the configuration says they are."
        ),
        Unreached::Away { why, seconds } => {
            unreached(host, why, f)?;
            write!(f, " That was found a moment ago; it is not asked again for {seconds} s.")
        }
    }
}

pub(super) fn no_sign_in(host: &HostId, why: &NoSignIn, f: &mut Formatter<'_>) -> Result {
    match why {
        NoSignIn::CertificateNotAsked => write!(
            f,
            "The host \"{host}\" did not ask for our certificate when TLS began; nothing was run. Its operator must switch that on for its https port (netsh http update sslcert … clientcertnegotiation=enable)."
        ),
        NoSignIn::CertificateRefused => write!(
            f,
            "The host \"{host}\" does not take our certificate, or wants one; nothing was run. Check its issuer, its time and what its operator has mapped it to."
        ),
        NoSignIn::BasicNotOffered => write!(
            f,
            "The host \"{host}\" does not offer Basic; nothing was run. Its operator must switch Basic on in its WinRM service, or the configuration must have auth = \"negotiate\"."
        ),
        NoSignIn::NotOffered { scheme } => write!(
            f,
            "The host \"{host}\" does not offer {scheme}; no password was sent. Its operator must switch {scheme} on in its WinRM service."
        ),
        NoSignIn::NoNtlm => write!(
            f,
            "The host \"{host}\" offers the sign-in but takes no NTLM under it; no password was tried and nothing was run. Its operator must allow NTLM for WinRM, or name another auth in the configuration."
        ),
        NoSignIn::OfferRejected => write!(
            f,
            "The host \"{host}\" rejects NTLM before a password was shown; nothing was run. Its operator must allow NTLM for WinRM, or name another auth in the configuration."
        ),
        NoSignIn::Filtered => write!(
            f,
            "Something in front of the host \"{host}\" refuses the sign-in before a password was shown; nothing was run. Look at what stands between: a filter, a proxy or a gateway."
        ),
        NoSignIn::Refused => write!(
            f,
            "The host \"{host}\" refused the sign-in; check its user name and password. Repeated attempts may lock the account."
        ),
        NoSignIn::Resting { minutes } => write!(
            f,
            "The host \"{host}\" has just refused this user name and password. So that the account is not locked, they are not tried again for {minutes} min; another password is tried at once. Nothing was run."
        ),
        NoSignIn::NoPassword(why) => {
            write!(f, "The password for the host \"{host}\" cannot be had: {why}. Nothing was run.")
        }
        NoSignIn::Misconfigured { why } => {
            write!(f, "The host \"{host}\" cannot be signed in to as configured: {why}. Nothing was run.")
        }
    }
}

pub(super) fn no_tls(host: &HostId, stage: Stage, why: &NoTls, f: &mut Formatter<'_>) -> Result {
    let end = match stage {
        Stage::Before => "nothing was run",
        Stage::During => "the call was given up",
    };
    match why {
        NoTls::Certificate { flaw, sha256 } => certificate(host, flaw, sha256, end, f),
        NoTls::NothingInCommon => write!(
            f,
            "The host \"{host}\" has no TLS 1.2 or 1.3 with a cipher that this server takes, as Windows before 2016 with an RSA certificate, or any host whose certificate has a P-521 key; {end}. Use http, which is sealed, or give the host an ECDSA certificate on P-256 or P-384."
        ),
        NoTls::NotTls => write!(
            f,
            "What listens for the host \"{host}\" does not speak TLS; {end}. Check its url: WinRM has 5986 for https and 5985 for http."
        ),
        NoTls::HungUp => write!(
            f,
            "The host \"{host}\" closed the connection before TLS was there; {end}. Its operator must bind a certificate to its https listener."
        ),
        NoTls::NoAuthorities => write!(
            f,
            "This system trusts no certificate authority, so the host \"{host}\" cannot be believed; {end}. Name its authority (tls.ca) or pin its certificate (tls.pin) in the configuration."
        ),
        NoTls::NoBinding => write!(
            f,
            "No sign-in can be bound to the certificate of the host \"{host}\"; {end}. Its operator must give it an RSA or ECDSA certificate."
        ),
        NoTls::Failed => {
            write!(f, "TLS with the host \"{host}\" failed; {end}. Its operator must look at its certificate and key.")
        }
    }
}

fn certificate(host: &HostId, flaw: &Flaw, found: &str, end: &str, f: &mut Formatter<'_>) -> Result {
    let is = match flaw {
        Flaw::Untrusted => {
            return write!(
                f,
                "The certificate of the host \"{host}\" is by an issuer that is not trusted; {end}. Its SHA-256 is {found}. If that is its certificate, name its authority (tls.ca) or pin it (tls.pin) in the configuration."
            );
        }
        Flaw::SelfSigned => {
            return write!(
                f,
                "The certificate of the host \"{host}\" is self-signed; {end}. Its SHA-256 is {found}. Compare that on the host itself, then pin it (tls.pin) in the configuration."
            );
        }
        Flaw::OtherName => {
            return write!(
                f,
                "The certificate of the host \"{host}\" is for another name than its url has; {end}. Use the name that is in the certificate, or pin it (tls.pin) in the configuration; its SHA-256 is {found}."
            );
        }
        Flaw::NotPinned => {
            return write!(
                f,
                "The certificate of the host \"{host}\" is not the pinned one; {end}. Its SHA-256 is {found}. It was renewed, or somebody stands in between: ask its operator before you change tls.pin."
            );
        }
        Flaw::Expired => "has expired",
        Flaw::NotYetValid => "is not valid yet, or this computer's clock is wrong",
        Flaw::Revoked => "was revoked",
        Flaw::OtherPurpose => "is not meant for servers",
        Flaw::Unverifiable => "cannot be verified",
    };
    write!(
        f,
        "The certificate of the host \"{host}\" {is}; {end}. Its SHA-256 is {found}. Its operator must put that right."
    )
}

pub(super) fn no_script(host: &HostId, why: &NoScript, f: &mut Formatter<'_>) -> Result {
    match why {
        NoScript::Missing => {
            write!(f, "The script is not where the configuration says on the host \"{host}\"; nothing was run.")
        }
        NoScript::Changed => write!(
            f,
            "The script for the host \"{host}\" does not have the pinned SHA-256; nothing was run. Its operator must check the script and pin it anew."
        ),
        NoScript::NotLoaded => {
            write!(f, "The script on the host \"{host}\" could not be loaded; nothing was run.")
        }
        NoScript::Asked => write!(
            f,
            "The script on the host \"{host}\" asked a question while it was loaded, which nobody may answer; hostErrors has it. Nothing was run."
        ),
        NoScript::NoLanguage => write!(
            f,
            "The endpoint on the host \"{host}\" allows no scripts; nothing was run. Its operator must name an endpoint that allows them (configuration_name), or leave script out: then functions of the endpoint itself are called as plain commands, those that read."
        ),
        NoScript::NoFunction { function, left_out } => {
            write!(f, "The script on the host \"{host}\" has no function \"{function}\"; nothing was run.")?;
            match left_out {
                0 => Ok(()),
                _ => write!(
                    f,
                    " Statements that were left out when it was loaded: {left_out}; one of them may define it (sentinel-jump catalog probe lists them)."
                ),
            }
        }
        NoScript::Unreadable { kind } => {
            write!(f, "The script to push to the host \"{host}\" cannot be read here ({kind}); nothing was run.")
        }
        NoScript::TooLarge => {
            write!(f, "The script to push to the host \"{host}\" is larger than 8 MiB; nothing was run.")
        }
        NoScript::Tainted { function, variable, line } => write!(
            f,
            "\"{function}\" on the host \"{host}\" reads \"{variable}\", which only line {line} of the script sets, and that line does not run when it is loaded; nothing was run. If it only reads, its operator can name its command in script.allow."
        ),
        NoScript::NoGuard { function } => write!(
            f,
            "The host \"{host}\" has no script in the configuration, so nothing of ours compares the workspace there before \"{function}\" changes it; nothing was run. Only functions that read are called; its operator can allow the others with plain = \"writes\"."
        ),
        NoScript::ChangedHere => write!(
            f,
            "The script to push to the host \"{host}\" does not have the pinned SHA-256; nothing was run. Check the script and pin it anew."
        ),
    }
}

pub(super) fn init(host: &HostId, function: &str, why: &Init, f: &mut Formatter<'_>) -> Result {
    let ended = |end: &InitEnd| match end {
        InitEnd::Exited { code } => format!("it ended the script with exit code {code}"),
        InitEnd::TimedOut => "it did not end in time".to_owned(),
        InitEnd::Silent => "it ended without saying how".to_owned(),
        InitEnd::Error => "hostErrors has its own words".to_owned(),
    };
    match why {
        Init::Asked => write!(
            f,
            "\"{function}\", which init runs on the host \"{host}\", asked a question that nobody may answer; hostErrors has it. Nothing else was run."
        ),
        Init::NotSignedIn(end) => write!(
            f,
            "\"{function}\" failed to sign the host \"{host}\" in to Azure ({}); nothing else was run. Its operator must look at the sign-in.",
            ended(end)
        ),
        Init::Failed(end) => write!(
            f,
            "\"{function}\", which init runs on the host \"{host}\", failed ({}); nothing else was run.",
            ended(end)
        ),
    }
}

pub(super) fn ended(host: &HostId, function: &str, why: &Ended, f: &mut Formatter<'_>) -> Result {
    match why {
        Ended::EmptyHanded => write!(
            f,
            "\"{function}\" returned nothing but errors on the host \"{host}\"; hostErrors has its own words."
        ),
        Ended::Exited { code } => {
            write!(f, "\"{function}\" ended the script with exit code {code} on the host \"{host}\".")
        }
        Ended::Error => write!(f, "\"{function}\" failed on the host \"{host}\"; hostErrors has its own words."),
        Ended::NotBegun => write!(
            f,
            "\"{function}\" was refused on the host \"{host}\" before anything of it ran; hostErrors has why."
        ),
        Ended::Asked => write!(
            f,
            "\"{function}\" asked a question on the host \"{host}\" that nobody may answer; hostErrors has it."
        ),
        Ended::Cancelled => write!(f, "Cancelled; \"{function}\" was stopped on the host \"{host}\"."),
        Ended::TooSlow { seconds } => write!(
            f,
            "\"{function}\" did not end within {seconds} seconds on the host \"{host}\" and was stopped; narrow the question or try later."
        ),
        Ended::TooMuch { megabytes } => write!(
            f,
            "\"{function}\" put out more than {megabytes} MB on the host \"{host}\"; the rest of it was dropped. Narrow the question."
        ),
        Ended::Silent => write!(f, "\"{function}\" ended on the host \"{host}\" without saying how."),
    }
}

pub(super) fn lost(host: &HostId, why: &Lost, f: &mut Formatter<'_>) -> Result {
    match why {
        Lost::Connection => {
            write!(f, "The connection to the host \"{host}\" was lost before its answer was complete; try again.")
        }
        Lost::Door { status } => write!(
            f,
            "What answers for the host \"{host}\" said status {status} in the middle of the call, and the answer is lost; try again."
        ),
        Lost::SignIn => write!(
            f,
            "The host \"{host}\" refused the sign-in of a further connection in the middle of the call, and the answer is lost; try again, and ask its operator if it stays so."
        ),
        Lost::TimedOut => write!(
            f,
            "The call did not end within its time on the host \"{host}\", which did not stop it in time either; it may still be running there."
        ),
        Lost::Protocol => {
            write!(f, "The host \"{host}\" broke the protocol in the middle of the call; try again.")
        }
        Lost::NotUnderstood => {
            write!(f, "The host \"{host}\" answered something that this server does not understand.")
        }
        Lost::ProcessEnded { function } => write!(
            f,
            "\"{function}\" ended PowerShell itself on the host \"{host}\" ([Environment]::Exit), and its answer is lost. The script must use return or throw there."
        ),
    }
}

pub(super) fn doubt(host: &HostId, why: &Doubt, look: Option<&str>, f: &mut Formatter<'_>) -> Result {
    match why {
        Doubt::TooSlow { function } => write!(f, "\"{function}\" did not end within its time")?,
        Doubt::Connection => f.write_str("The connection was lost")?,
        Doubt::Door { status } => {
            write!(
                f,
                "The door of the host \"{host}\" answered with status {status}, so the function most likely did not run; but over http anybody on the way could have said that, and the change may have been made."
            )?;
            return look_first(look, f);
        }
        Doubt::BrokenOff { fault: None } => f.write_str("The call was broken off")?,
        Doubt::BrokenOff { fault: Some(fault) } => write!(f, "The call was broken off (fault {fault})")?,
        Doubt::NotUnderstood => f.write_str("The answer could not be understood")?,
        Doubt::Turned => f.write_str("The session turned to another workspace")?,
        Doubt::Cancelled => f.write_str("The call was cancelled while it ran")?,
        Doubt::Silent => f.write_str("The call ended without saying how")?,
        Doubt::ProcessEnded { function } => write!(f, "\"{function}\" ended PowerShell itself")?,
        Doubt::Error { function } => write!(f, "\"{function}\" began and had errors, which hostErrors has,")?,
        Doubt::Asked { function } => {
            write!(f, "\"{function}\" asked a question that nobody may answer, which hostErrors has,")?;
        }
        Doubt::Exited { function, code } => {
            write!(f, "\"{function}\" ended the script with exit code {code}")?;
        }
        Doubt::TooMuch { function } => {
            write!(f, "\"{function}\" put out more than is taken, and its end was lost with the rest of it,")?;
        }
        Doubt::ProgramFailed { function, code } => {
            write!(f, "The last program that \"{function}\" ran ended with exit code {code}")?;
        }
    }
    write!(f, " on the host \"{host}\"; the change may have been made.")?;
    look_first(look, f)
}

fn look_first(look: Option<&str>, f: &mut Formatter<'_>) -> Result {
    match look {
        Some(tool) => write!(f, " Look with {tool} before you try again."),
        None => f.write_str(" Look before you try again."),
    }
}
