//! User name and password as they are.
//!
//! Source: RFC 7617 §2, with the names in UTF-8.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::ntlm::is_meant_by;
use super::{AuthError, Credentials};
use crate::secret::Secret;

/// What follows `Basic` in `Authorization`.
///
/// # Errors
///
/// [`AuthError::UserName`]: empty, or with a colon, which would end it.
pub fn encode(credentials: &Credentials) -> Result<Secret<String>, AuthError> {
    if credentials.username.is_empty() || credentials.username.contains(':') {
        return Err(AuthError::UserName);
    }
    let plain = Zeroizing::new(format!("{}:{}", credentials.username, credentials.password.expose()));
    Ok(Secret::new(STANDARD.encode(plain.as_bytes())))
}

/// The host end: whose name and password these are, as the account is written
/// in the list.
///
/// # Errors
///
/// [`AuthError::LogonDenied`], for whatever reason.
pub fn accept<'a>(accounts: &'a [Credentials], token: &str) -> Result<&'a str, AuthError> {
    let plain = Zeroizing::new(STANDARD.decode(token.trim()).map_err(|_| AuthError::LogonDenied)?);
    let text = str::from_utf8(&plain).map_err(|_| AuthError::LogonDenied)?;
    let (username, password) = text.split_once(':').ok_or(AuthError::LogonDenied)?;
    accounts
        .iter()
        .find(|account| {
            is_meant_by(&account.username, username)
                && bool::from(account.password.expose().as_bytes().ct_eq(password.as_bytes()))
        })
        .map(|account| account.username.as_str())
        .ok_or(AuthError::LogonDenied)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(username: &str, password: &str) -> Credentials {
        Credentials { username: username.to_owned(), password: Secret::new(password.to_owned()) }
    }

    #[test]
    fn the_example_of_the_specification() {
        let shown = encode(&credentials("Aladdin", "open sesame")).unwrap();
        assert_eq!(shown.expose(), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn both_ends_agree() {
        let accounts = [credentials("other", "x"), credentials(r"CORP\analyst", "pä:ss 😀")];
        for name in [r"CORP\analyst", r"corp\ANALYST", "analyst"] {
            let token = encode(&credentials(name, "pä:ss 😀")).unwrap();
            assert_eq!(accept(&accounts, token.expose()), Ok(r"CORP\analyst"), "{name}");
        }
        for (name, password) in [(r"CORP\analyst", "pä:ss"), ("other", "pä:ss 😀"), (r"X\analyst", "pä:ss 😀")] {
            let token = encode(&credentials(name, password)).unwrap();
            assert_eq!(accept(&accounts, token.expose()), Err(AuthError::LogonDenied), "{name}");
        }
        for token in ["", "???", "YQ==", "/w=="] {
            assert_eq!(accept(&accounts, token), Err(AuthError::LogonDenied), "{token}");
        }
    }

    #[test]
    fn a_colon_would_end_the_name() {
        for name in ["", "a:b"] {
            assert_eq!(encode(&credentials(name, "x")).err(), Some(AuthError::UserName));
        }
    }
}
