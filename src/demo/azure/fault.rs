//! What goes wrong, when it is asked for.

use std::num::NonZeroU32;
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
    /// Of those every so-many-th only; each without.
    #[serde(default)]
    pub every: Option<NonZeroU32>,
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

/// What goes wrong in the scenario, in terms of requests: one customer's
/// incidents are asked for too often.
pub(super) fn of_scenario() -> Vec<Fault> {
    let what = Mishap::Refuse {
        status: 429,
        code: "TooManyRequests".to_owned(),
        message: "Too many requests. Please try again later.".to_owned(),
        retry_after: Some(3),
    };
    let path = "law-mg-sentinel-prd/providers/Microsoft.SecurityInsights/incidents?".to_owned();
    vec![Fault {
        method: Some("GET".to_owned()),
        path: Some(path),
        after: 0,
        times: None,
        every: NonZeroU32::new(7),
        what,
    }]
}

/// How long the `nth` request takes in the scenario, in milliseconds: 120 to
/// 600 for what is fast, a read of one; 1500 to 6000 for a query.
///
/// Chosen: each request another time, and the same ones in every run.
pub(super) fn latency_of_scenario(nth: usize, method: &str, path: &str) -> Duration {
    let (least, most) = if path.ends_with("/query") || path.ends_with("/$batch") {
        (1_500, 6_000)
    } else if method == "GET" {
        (120, 600)
    } else {
        (300, 900)
    };
    let spread = u64::try_from(nth).unwrap_or_default().wrapping_mul(2_654_435_761) % (most - least + 1);
    Duration::from_millis(least + spread)
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
            let is_turn = fault.every.is_none_or(|every| nth.saturating_sub(fault.after).is_multiple_of(every.get()));
            if met.is_none() && nth > fault.after && last.is_none_or(|last| nth <= last) && is_turn {
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

    #[test]
    fn every_seventh_question_for_one_customer_s_incidents_is_one_too_many() {
        let mut faults = Faults::default();
        faults.set(of_scenario());
        let path = "/x/law-mg-sentinel-prd/providers/Microsoft.SecurityInsights/incidents";
        let met = (1..=14).filter(|_| faults.meet("GET", &format!("{path}?api-version=x")).is_some()).count();
        assert_eq!(met, 2);
        assert!((0..14).all(|_| faults.meet("GET", &format!("{path}/1?api-version=x")).is_none()), "one is not a list");
    }

    #[test]
    fn a_latency_is_the_scenario_s() {
        for nth in 0..1_000 {
            let read = latency_of_scenario(nth, "GET", "/a").as_millis();
            let query = latency_of_scenario(nth, "POST", "/a/query").as_millis();
            assert!((120..=600).contains(&read) && (1_500..=6_000).contains(&query), "{read} {query}");
        }
    }
}
