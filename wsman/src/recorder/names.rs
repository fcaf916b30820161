//! What must not stay in a recording, and how it is found in text.

use crate::xml::Element;

/// A text and what stands for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// In lower case.
    text: String,
    pub(super) placeholder: String,
    /// For the report.
    pub(super) kind: &'static str,
    /// Also inside of words.
    anywhere: bool,
}

/// Everything to be replaced, the longest first.
#[derive(Default)]
pub(super) struct Names(Vec<Name>);

/// Words that name nobody, though they may stand where a name does.
const NOBODY: &[&str] = &[
    "127.0.0.1",
    "::1",
    "localhost",
    "system",
    "object",
    "powershell",
    "microsoft",
    "management",
    "automation",
    "default",
    "none",
    "null",
    "true",
    "false",
    "http",
    "https",
    "wsman",
    "string",
    "windows",
    "users",
    "error",
    "name",
    "value",
    "type",
    "host",
    "user",
    "host01",
    "example",
    "labuser",
];

/// Elements of CLIXML whose `N` says that they name somebody.
const NAMING: &[(&str, &str, &str)] = &[
    ("computer", "computer name", "HOST01"),
    ("pscomputername", "computer name", "HOST01"),
    ("computername", "computer name", "HOST01"),
    ("machinename", "computer name", "HOST01"),
    ("user", "user name", "labuser"),
    ("username", "user name", "labuser"),
];

impl Names {
    /// Told by a person: wherever it stands.
    pub(super) fn tell(&mut self, text: &str, placeholder: &str) {
        // As CLIXML writes it, with its own escapes.
        let written = crate::clixml::encode(&crate::clixml::Value::from(text), &crate::clixml::Limits::ENCODE);
        let inside = written.ok().and_then(|s| Some(s.strip_prefix("<S>")?.strip_suffix("</S>")?.to_owned()));
        if let Some(written) = inside.and_then(|inside| crate::xml::unescape(&inside)) {
            self.add(&written, placeholder, "text that was named", true);
        }
        self.add(text, placeholder, "text that was named", true);
    }

    fn learn(&mut self, text: &str, placeholder: &str, kind: &'static str) {
        let text = text.trim();
        // Chosen: shorter ones would hit everything.
        if text.chars().count() >= 3 && !NOBODY.contains(&text.to_lowercase().as_str()) {
            self.add(text, placeholder, kind, false);
        }
    }

    fn add(&mut self, text: &str, placeholder: &str, kind: &'static str, anywhere: bool) {
        let text = text.to_lowercase();
        if !text.is_empty() && !self.0.iter().any(|name| name.text == text) {
            self.0.push(Name { text, placeholder: placeholder.to_owned(), kind, anywhere });
            self.0.sort_by_key(|name| std::cmp::Reverse(name.text.len()));
        }
    }

    /// What an envelope itself says about people and machines.
    pub(super) fn learn_from_envelope(&mut self, root: &Element<'_>) {
        let text = root.trimmed();
        match root.name() {
            "Owner" => self.learn_account(text),
            "ClientIP" => self.learn(text, "192.0.2.10", "address"),
            "To" | "Address" => {
                if let Some(host) = host_of(text) {
                    self.learn(host, "HOST01", "computer name");
                    // Its first label, as Windows calls it.
                    if let Some((label, _)) = host.split_once('.').filter(|(label, _)| label.parse::<u8>().is_err()) {
                        self.learn(label, "HOST01", "computer name");
                    }
                }
            }
            _ => {}
        }
        root.children.iter().for_each(|child| self.learn_from_envelope(child));
    }

    /// What a message says about them.
    pub(super) fn learn_from_payload(&mut self, root: &Element<'_>) {
        if root.name() == "S"
            && let Some(property) = root.attribute("N").map(str::to_lowercase)
            && let Some((_, kind, placeholder)) = NAMING.iter().find(|(name, ..)| *name == property)
        {
            match *kind {
                "user name" => self.learn_account(root.trimmed()),
                kind => self.learn(root.trimmed(), placeholder, kind),
            }
        }
        root.children.iter().for_each(|child| self.learn_from_payload(child));
    }

    /// `DOMAIN\user`, `user@domain`, `user`.
    fn learn_account(&mut self, account: &str) {
        let (domain, user) = match (account.split_once('\\'), account.split_once('@')) {
            (Some((domain, user)), _) | (None, Some((user, domain))) => (domain, user),
            (None, None) => ("", account),
        };
        self.learn(domain, "EXAMPLE", "domain");
        self.learn(user, "labuser", "user name");
    }

    /// Whether any of them is still in there.
    pub(super) fn found_in(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        self.0.iter().any(|name| find(&lower, name, 0).is_some())
    }

    /// Replaces them in plain text; says which kinds it met.
    pub(super) fn replace(&self, text: &str, met: &mut Vec<Name>) -> String {
        let mut out = text.to_owned();
        for name in &self.0 {
            let mut lower = out.to_lowercase();
            // Lower case of another length would not fit the text's offsets.
            if lower.len() != out.len() {
                lower = out.to_ascii_lowercase();
            }
            let mut from = 0;
            while let Some(at) = find(&lower, name, from) {
                let end = at + name.text.len();
                out.replace_range(at..end, &name.placeholder);
                lower.replace_range(at..end, &name.placeholder.to_lowercase());
                from = at + name.placeholder.len();
                if !met.contains(name) {
                    met.push(name.clone());
                }
            }
        }
        sids(&out)
    }
}

fn find(lower: &str, name: &Name, from: usize) -> Option<usize> {
    let mut from = from;
    loop {
        let at = lower.get(from..)?.find(&name.text)? + from;
        let end = at + name.text.len();
        let outside = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let whole = outside(lower.get(..at).and_then(|before| before.chars().next_back()))
            && outside(lower.get(end..).and_then(|behind| behind.chars().next()));
        // What already stands for something is no name any more.
        if name.anywhere || whole {
            return Some(at);
        }
        from = end;
    }
}

/// `S-1-5-21-…`: the account's number in its domain.
fn sids(text: &str) -> String {
    const START: &str = "S-1-5-21-";
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, behind)) = rest.split_once(START) {
        out.push_str(before);
        out.push_str("S-1-5-21-0-0-0-0");
        rest = behind.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-');
    }
    out.push_str(rest);
    out
}

fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => authority.split(':').next()?,
    };
    // Namespaces and the anonymous address look like URLs, too.
    (!host.ends_with("xmlsoap.org") && !host.ends_with("microsoft.com")).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn learnt_names_are_words_and_told_ones_are_not() {
        let mut names = Names::default();
        names.learn_account(r"CONTOSO\anna");
        names.tell("pa55", "SECRET1");
        let mut met = Vec::new();
        let clean = names.replace("Anna, annalise and xpa55y of contoso; S-1-5-21-1-2-3-1001.", &mut met);
        assert_eq!(clean, "labuser, annalise and xSECRET1y of EXAMPLE; S-1-5-21-0-0-0-0.");
        assert!(!names.found_in(&clean));
        assert_eq!(met.len(), 3);
    }

    #[test]
    fn the_host_of_an_address_is_found() {
        assert_eq!(host_of("http://jump01.contoso.example:5985/wsman"), Some("jump01.contoso.example"));
        assert_eq!(host_of("https://[2001:db8::1]:5986/wsman"), Some("2001:db8::1"));
        assert_eq!(host_of("http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"), None);
    }
}
