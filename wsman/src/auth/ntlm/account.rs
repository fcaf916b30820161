//! User names as people write them, and what NTLM makes of them.

use zeroize::Zeroizing;

use super::crypto::{Key, hmac_md5};
use crate::auth::AuthError;

/// Longest user and longest domain. Chosen: Windows has 104 (UPN) and 255
/// (DNS name).
const MAX_NAME_UNITS: usize = 256;

/// A user name in its two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) domain: String,
    pub(super) user: String,
}

impl Account {
    /// `DOMAIN\user`, `user@domain` (sent whole, domain empty: the host knows
    /// how to split it) or `user` (domain empty: the host's own accounts).
    pub(super) fn parse(username: &str) -> Result<Self, AuthError> {
        let (domain, user) = username.split_once('\\').unwrap_or(("", username));
        // `.\user` is how Windows users write "an account of that machine".
        let domain = if domain == "." { "" } else { domain };
        let fits = |name: &str| name.encode_utf16().count() <= MAX_NAME_UNITS;
        if user.is_empty() || !fits(user) || !fits(domain) {
            return Err(AuthError::UserName);
        }
        Ok(Self { domain: domain.to_owned(), user: user.to_owned() })
    }

    /// Whether a client that signs in as `other` means this account. An
    /// account without a domain belongs to the host, which clients call by
    /// any name they know it by.
    pub(super) fn is_meant_by(&self, other: &Self) -> bool {
        upper(&self.user) == upper(&other.user)
            && (self.domain.is_empty() || other.domain.is_empty() || upper(&self.domain) == upper(&other.domain))
    }

    /// NTOWFv2. Source: [MS-NLMP] §3.3.2.
    pub(super) fn key(&self, password: &str) -> Key {
        let nt_hash = Zeroizing::new(ntlmclient::ntlm_v1_password_func(password));
        hmac_md5(&*nt_hash, &[&utf16(&upper(&self.user)), &utf16(&self.domain)])
    }
}

/// Whether a client that signs in as `claimed` means the account that is
/// written as `account`; see [`Account::is_meant_by`].
pub(in crate::auth) fn is_meant_by(account: &str, claimed: &str) -> bool {
    match (Account::parse(account), Account::parse(claimed)) {
        (Ok(account), Ok(claimed)) => account.is_meant_by(&claimed),
        _ => false,
    }
}

/// Upper case, one unit for one unit, as Windows does it: `ß` stays `ß`, and so
/// do the two letters whose upper case would be ASCII (`ı` and `ſ`).
fn upper(name: &str) -> String {
    name.chars()
        .map(|c| {
            if !c.is_ascii() && c.to_uppercase().all(|upper| upper.is_ascii()) {
                return c;
            }
            let mut mapped = c.to_uppercase();
            match (mapped.next(), mapped.next()) {
                (Some(one), None) if c.len_utf16() == 1 && one.len_utf16() == 1 => one,
                _ => c,
            }
        })
        .collect()
}

pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(domain: &str, user: &str) -> Account {
        Account { domain: domain.to_owned(), user: user.to_owned() }
    }

    #[test]
    fn user_names_have_three_forms() {
        assert_eq!(Account::parse(r"CORP\svc"), Ok(account("CORP", "svc")));
        assert_eq!(Account::parse("svc@corp.example"), Ok(account("", "svc@corp.example")));
        assert_eq!(Account::parse("svc"), Ok(account("", "svc")));
        assert_eq!(Account::parse(r".\svc"), Ok(account("", "svc")));
        for bad in ["", r"CORP\", &"x".repeat(257)] {
            assert_eq!(Account::parse(bad), Err(AuthError::UserName), "{bad}");
        }
    }

    /// [MS-NLMP] §4.2.4.1.1.
    #[test]
    fn the_key_is_the_one_of_the_worked_example() {
        let key = account("Domain", "User").key("Password");
        assert_eq!(*key, *b"\x0c\x86\x8a\x40\x3b\xfd\x7a\x93\xa3\x00\x1e\xf2\x2e\xf0\x2e\x3f");
    }

    #[test]
    fn e15_upper_case_is_one_character_for_one() {
        for (name, expected) in
            [("jürgen", "JÜRGEN"), ("straße", "STRAßE"), ("ŉa", "ŉA"), ("ılı", "ıLı"), ("ſ", "ſ"), ("žéÿ", "ŽÉŸ")]
        {
            assert_eq!(upper(name), expected, "{name}");
        }
    }

    #[test]
    fn upper_case_keeps_the_length() {
        assert_eq!(upper("straße"), "STRAßE");
        assert_eq!(upper("müller"), "MÜLLER");
    }

    #[test]
    fn a_local_account_is_meant_by_every_domain() {
        let client = account("HOST01", "ANALYST");
        assert!(account("", "analyst").is_meant_by(&client));
        assert!(account("host01", "analyst").is_meant_by(&client));
        assert!(!account("corp", "analyst").is_meant_by(&client));
        assert!(!account("", "analyst2").is_meant_by(&client));
    }
}
