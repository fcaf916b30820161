//! Where a WinRM listener is.

use std::fmt;

use reqwest::Url;

use crate::{Error, ErrorKind};

/// The address of a WinRM listener, over plain HTTP or TLS.
///
/// `Display` writes it in full: `https://jump01.example:5986/wsman`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
    host: String,
}

/// Port of WinRM over HTTP. Source: [MS-WSMV] §2.1.
const HTTP_PORT: u16 = 5985;
/// Port of WinRM over HTTPS. Source: [MS-WSMV] §2.1.
const HTTPS_PORT: u16 = 5986;

impl Endpoint {
    /// Reads `http[s]://host[:port][/path]`. The port is 5985, or 5986 with
    /// TLS, when none is written (not 80 or 443: nobody listens there), the
    /// path `/wsman`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Misuse`]: not such an address; one that holds a user name,
    /// a query or a fragment.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let misuse = |what| Error::new(ErrorKind::Misuse, what);
        let mut url = Url::parse(text).map_err(|_| misuse("the address is not a URL"))?;
        // What is written, and what stands for nothing written.
        let (own, port) = match url.scheme() {
            "http" => (80, HTTP_PORT),
            "https" => (443, HTTPS_PORT),
            _ => return Err(misuse("the address does not start with http:// or https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(misuse("the address holds a user name; credentials are given apart"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(misuse("the address holds a query or a fragment"));
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err(misuse("the address names no host"));
        }
        // `Url` hides a written `:80`, since it is http's own.
        let port = url.port().unwrap_or_else(|| if writes_a_port(text) { own } else { port });
        url.set_port(Some(port)).map_err(|()| misuse("the address takes no port"))?;
        if url.path() == "/" {
            url.set_path("/wsman");
        }
        Ok(Self { url, host })
    }

    /// The host as it is named in the address, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether TLS protects what travels.
    #[must_use]
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Host and port, as a proxy is told.
    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.url.host_str().unwrap_or_default(), self.port())
    }

    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(HTTP_PORT)
    }

    pub(super) fn url(&self) -> Url {
        self.url.clone()
    }
}

fn writes_a_port(text: &str) -> bool {
    let authority = text.split_once("//").map_or("", |(_, rest)| rest).split(['/', '\\']).next().unwrap_or_default();
    let after_address = authority.rsplit(']').next().unwrap_or_default();
    after_address.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty())
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_is_filled_in() {
        for (text, full, host) in [
            ("http://jump01", "http://jump01:5985/wsman", "jump01"),
            ("http://Jump01.Example/", "http://jump01.example:5985/wsman", "jump01.example"),
            ("http://jump01:80/wsman", "http://jump01/wsman", "jump01"),
            ("http://10.0.0.7:8080/x/wsman", "http://10.0.0.7:8080/x/wsman", "10.0.0.7"),
            ("http://[::1]/wsman", "http://[::1]:5985/wsman", "::1"),
            ("http://[::1]:80", "http://[::1]/wsman", "::1"),
            ("https://jump01", "https://jump01:5986/wsman", "jump01"),
            ("https://jump01:443/wsman", "https://jump01/wsman", "jump01"),
            ("https://10.0.0.7:5986/wsman", "https://10.0.0.7:5986/wsman", "10.0.0.7"),
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert_eq!((endpoint.to_string().as_str(), endpoint.host()), (full, host), "{text}");
            assert_eq!(endpoint.is_tls(), text.starts_with("https"));
        }
    }

    #[test]
    fn what_cannot_be_meant_is_misuse() {
        for (text, said) in [
            ("jump01:5985", "the address does not start with http:// or https://"),
            ("jump01", "the address is not a URL"),
            ("http://", "the address is not a URL"),
            ("http://user:pw@jump01/", "the address holds a user name; credentials are given apart"),
            ("http://jump01/wsman?PSVersion=7", "the address holds a query or a fragment"),
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Misuse, said), "{text}");
        }
    }
}
