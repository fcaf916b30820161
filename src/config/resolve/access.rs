//! A host's address, its sign-in, and whom to believe there.

use wsman::transport::{CertificateChain, Fingerprint, Proxy, Tls};

use super::super::raw::{RawHost, RawTls, Written};
use super::Resolver;
use crate::host::{Auth, WinrmAccess, look};
use crate::spelling;

const EXAMPLE: &str = "http://jump01.example:5985/wsman";
const TLS_EXAMPLE: &str = "https://jump01.example:5986/wsman";

/// The largest file of certificates that is read. Chosen: all authorities of
/// a system together have 250 KB.
const MAX_PEM_BYTES: u64 = 1024 * 1024;

impl Resolver<'_> {
    /// `None` only when a problem was added.
    pub(super) fn access(&mut self, host: &RawHost) -> Option<WinrmAccess> {
        let url = host.url.as_ref().and_then(|url| self.url(url));
        let is_tls = url.as_ref().map(|url| url.starts_with("https://"));
        let auth = match &host.auth {
            Some(auth) => self.auth(auth, is_tls, host.dangerous_basic_over_http.as_ref()),
            None => Some(Auth::Negotiate),
        };
        if let Some(dangerous) = host.dangerous_basic_over_http.as_ref().filter(|dangerous| dangerous.value)
            && host.auth.as_ref().is_none_or(|auth| auth.value != "basic")
        {
            self.bad(dangerous, "only goes with auth = \"basic\"; take it out");
        }
        let tls = match &host.tls {
            Some(tls) => self.tls(tls, is_tls),
            None => Some(Tls::system()),
        };
        let proxy = match &host.proxy {
            Some(proxy) => self.proxy(proxy).map(Some),
            None => Some(None),
        };
        let certificate = host.certificate.as_ref().and_then(|certificate| self.certificate(certificate));
        let auth = auth?;
        let (username, certificate) = match auth {
            Auth::Certificate => (String::new(), Some(certificate?)),
            _ => (self.username(auth, url.as_deref()?, host.username.as_ref()?)?, None),
        };
        Some(WinrmAccess {
            url: url?,
            tls: tls?,
            proxy: proxy?,
            auth,
            username,
            certificate,
            configuration_name: host.configuration_name.as_ref().map(|name| name.value.clone()),
        })
    }

    fn username(&mut self, auth: Auth, url: &str, username: &Written<String>) -> Option<String> {
        match look::user(auth, url, &username.value) {
            Ok(()) => Some(username.value.clone()),
            Err(error) => {
                self.bad(username, format!("{error}; expected DOMAIN\\user, user@domain or user"));
                None
            }
        }
    }

    fn url(&mut self, url: &Written<String>) -> Option<String> {
        let (rest, port, example) = match (url.value.strip_prefix("http://"), url.value.strip_prefix("https://")) {
            (Some(rest), _) => (rest, 5985, EXAMPLE),
            (_, Some(rest)) => (rest, 5986, TLS_EXAMPLE),
            _ => {
                self.bad(url, format!("expected an address such as {EXAMPLE} or {TLS_EXAMPLE}"));
                return None;
            }
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.contains('@') {
            self.bad(url, "a user name or password must not stand in the address; use username and password");
            return None;
        }
        let written = authority.rsplit_once(':').filter(|(host, port)| {
            let bracketed = !host.contains(':') || (host.starts_with('[') && host.ends_with(']'));
            !host.is_empty() && bracketed && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        let clean = rest.chars().all(|c| c.is_ascii_graphic()) && !path.is_empty() && !path.contains(['?', '#']);
        if written.is_none() || !clean {
            self.bad(url, format!("expected a host, a port (WinRM uses {port}) and a path, such as {example}"));
            return None;
        }
        if let Err(error) = look::address(&url.value) {
            self.bad(url, format!("{error}; expected an address such as {example}"));
            return None;
        }
        Some(url.value.clone())
    }

    fn auth(
        &mut self,
        auth: &Written<String>,
        is_tls: Option<bool>,
        dangerous: Option<&Written<bool>>,
    ) -> Option<Auth> {
        const KNOWN: [&str; 4] = ["negotiate", "ntlm", "basic", "certificate"];
        match &*auth.value {
            "negotiate" => Some(Auth::Negotiate),
            "ntlm" => Some(Auth::Ntlm),
            "basic" => self.basic(auth, is_tls, dangerous),
            "certificate" if is_tls == Some(false) => {
                self.bad(auth, "a certificate signs in over https only");
                None
            }
            "certificate" => Some(Auth::Certificate),
            #[cfg(feature = "credssp")]
            "credssp" => Some(Auth::CredSsp),
            #[cfg(not(feature = "credssp"))]
            "credssp" => {
                self.bad(auth, "this build has no CredSSP; build it with --features credssp");
                None
            }
            "kerberos" => {
                self.bad(auth, format!("\"{}\" is not supported in this release; use \"negotiate\"", auth.value));
                None
            }
            other => {
                self.bad(auth, format!("unknown{}", spelling::hint(other, KNOWN)));
                None
            }
        }
    }

    /// Basic shows the password to whoever reads the connection.
    fn basic(
        &mut self,
        auth: &Written<String>,
        is_tls: Option<bool>,
        dangerous: Option<&Written<bool>>,
    ) -> Option<Auth> {
        match (is_tls?, dangerous.filter(|dangerous| dangerous.value)) {
            (true, None) => Some(Auth::Basic),
            (true, Some(dangerous)) => {
                self.bad(dangerous, "the address is https, so nothing is in clear text; take it out");
                None
            }
            (false, Some(_)) => Some(Auth::DangerousClearTextBasic),
            (false, None) => {
                let said = "\"basic\" over http shows the password and all data to everyone on the way; use https, or \"negotiate\", which is sealed";
                self.bad(auth, said);
                None
            }
        }
    }

    fn tls(&mut self, tls: &Written<RawTls>, is_tls: Option<bool>) -> Option<Tls> {
        if is_tls == Some(false) {
            self.bad(tls, "only goes with an https address");
            return None;
        }
        match (&tls.value.ca, tls.value.pin.as_slice()) {
            // What was written was wrong, and is said.
            (None, []) if !tls.value.is_empty => None,
            (None, []) => {
                self.bad(tls, "expected ca = \"file.pem\" or pin = \"SHA-256 of the host's certificate\"");
                None
            }
            (Some(ca), []) => self.authorities(ca),
            (None, pins) => {
                let pins: Vec<Option<Fingerprint>> = pins.iter().map(|pin| self.pin(pin)).collect();
                pins.into_iter().collect::<Option<Vec<_>>>().map(Tls::with_pins)
            }
            (Some(_), [pin, ..]) => {
                self.bad(pin, "ca and pin exclude each other: a pin decides alone");
                None
            }
        }
    }

    fn pin(&mut self, pin: &Written<String>) -> Option<Fingerprint> {
        let read = pin.value.parse();
        if read.is_err() {
            self.bad(pin, "expected the SHA-256 of the host's certificate: 64 hexadecimal digits");
        }
        read.ok()
    }

    /// Reads the file now: a configuration that `check` calls good has good
    /// authorities.
    fn authorities(&mut self, ca: &Written<String>) -> Option<Tls> {
        match Tls::with_authorities(&self.pem(ca)?) {
            Ok(tls) => Some(tls),
            Err(error) => {
                self.bad(ca, format!("{error}; expected certificates in PEM, each from -----BEGIN CERTIFICATE-----"));
                None
            }
        }
    }

    /// Our own certificate. Its key is fetched when a session opens.
    pub(super) fn certificate(&mut self, written: &Written<String>) -> Option<CertificateChain> {
        match CertificateChain::from_pem(&self.pem(written)?) {
            Ok(chain) => Some(chain),
            Err(error) => {
                self.bad(written, format!("{error}; expected PEM, from -----BEGIN CERTIFICATE-----"));
                None
            }
        }
    }

    pub(super) fn proxy(&mut self, written: &Written<String>) -> Option<Proxy> {
        match Proxy::parse(&written.value) {
            Ok(proxy) => Some(proxy),
            Err(error) => {
                self.bad(written, format!("{error}; expected an address such as http://proxy.example:3128"));
                None
            }
        }
    }

    fn pem(&mut self, written: &Written<String>) -> Option<Vec<u8>> {
        let path = self.folder.join(&written.value);
        let read = std::fs::metadata(&path).and_then(|about| {
            if about.len() > MAX_PEM_BYTES {
                return Err(std::io::ErrorKind::FileTooLarge.into());
            }
            std::fs::read(&path)
        });
        match read {
            Ok(pem) => Some(pem),
            Err(error) => {
                self.bad(written, format!("the file {} cannot be read ({})", path.display(), error.kind()));
                None
            }
        }
    }
}
