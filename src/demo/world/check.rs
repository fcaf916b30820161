//! What Azure refuses of an analytics rule, whichever face is asked.

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Quota {
    Enabled,
    Total,
}

/// Whether one more rule of that kind is too many where so many are there.
/// Sentinel's own limits.
pub(in crate::demo) fn over_quota(kind: &str, quota: Quota, there: usize) -> Option<String> {
    let (word, most) = match (kind, quota) {
        ("Scheduled", Quota::Enabled) => ("enabled", 512),
        ("Scheduled", Quota::Total) => ("", 1024),
        ("NRT", Quota::Enabled) => ("enabled", 50),
        ("NRT", Quota::Total) => ("", 100),
        _ => return None,
    };
    (there >= most).then(|| format!("The workspace has {there} {word} {kind} rules, the most it can have."))
}
