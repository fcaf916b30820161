//! What goes wrong, when it is asked for.

use std::time::Duration;

use serde::Deserialize;

/// Something that happens to some requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// To requests of this method; every one without.
    #[serde(default)]
    pub method: Option<String>,
    /// To requests whose path and query hold this, without case; every one
    /// without.
    #[serde(default)]
    pub path: Option<String>,
    /// So many such requests first go as they do.
    #[serde(default)]
    pub after: u32,
    /// So many then meet it; all of them without.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens.
    pub what: Mishap,
}

/// What happens to a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mishap {
    /// It is refused, and not done.
    #[serde(rename_all = "camelCase")]
    Refuse {
        /// Status code.
        status: u16,
        /// Azure's code.
        code: String,
        /// Azure's sentence.
        #[serde(default)]
        message: String,
        /// Seconds in `Retry-After`.
        #[serde(default)]
        retry_after: Option<u32>,
    },
    /// It is done, and its answer takes so many milliseconds.
    Delay(u64),
    /// It is done, and its answer breaks off after so many bytes.
    Cut(usize),
    /// It is begun, and the operation fails.
    #[serde(rename_all = "camelCase")]
    FailLater {
        /// Azure's code.
        code: String,
        /// Azure's sentence.
        #[serde(default)]
        message: String,
    },
    /// It is as if the token had expired.
    ExpiredToken,
}

/// Faults with what they met so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    all: Vec<(Fault, u32)>,
}

impl Faults {
    /// Puts these in the place of all others.
    pub(super) fn set(&mut self, faults: Vec<Fault>) {
        self.all = faults.into_iter().map(|fault| (fault, 0)).collect();
    }

    /// What this request meets.
    pub(super) fn meet(&mut self, method: &str, target: &str) -> Option<Mishap> {
        let target = target.to_lowercase();
        let mut met = None;
        for (fault, seen) in &mut self.all {
            let is_meant = fault.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
                && fault.path.as_ref().is_none_or(|part| target.contains(&part.to_lowercase()));
            if !is_meant {
                continue;
            }
            *seen += 1;
            let nth = *seen;
            let last = fault.times.map(|times| fault.after.saturating_add(times));
            if met.is_none() && nth > fault.after && last.is_none_or(|last| nth <= last) {
                met = Some(fault.what.clone());
            }
        }
        met
    }
}

impl Mishap {
    /// How long the answer waits.
    pub(super) fn delay(&self) -> Duration {
        match self {
            Self::Delay(milliseconds) => Duration::from_millis(*milliseconds),
            _ => Duration::ZERO,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_the_requests_it_names() {
        let mut faults = Faults::default();
        faults.set(
            serde_json::from_str(
                r#"[{ "method": "GET", "path": "/AlertRules", "after": 1, "times": 2, "what": { "cut": 5 } }]"#,
            )
            .unwrap(),
        );
        let met: Vec<bool> = ["/alertrules", "/alertRules?x", "/incidents", "/a/alertRules", "/alertRules"]
            .iter()
            .map(|target| faults.meet("GET", target).is_some())
            .collect();
        assert_eq!(met, [false, true, false, true, false]);
        assert!(faults.meet("PUT", "/alertRules").is_none());
    }
}
