//! What Azure refuses of an analytics rule, whichever face is asked.

/// How KQL begins that names no table of its own first.
const NO_TABLES: [&str; 7] = ["let", "union", "search", "print", "datatable", "range", "find"];

/// A rule that the scenario lets nobody switch on: workspace, the rule's name,
/// and the column that its parser does not give there.
const BROKEN: (&str, &str, &str) = ("law-alpenmed-sentinel", "000000b0-0d3a-4000-8000-00000000000e", "DstIpAddr");

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::demo) enum Quota {
    Enabled,
    Total,
}

/// Says which table a query begins with when nobody knows one of that name.
/// Nothing here can run a query; this is all that it checks.
pub(in crate::demo) fn missing_table(query: &str, is_known: impl Fn(&str) -> bool) -> Option<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let query = query.trim_start();
    let (first, rest) = query.split_at(query.find(|c| !is_word(c)).unwrap_or(query.len()));
    // Functions of Microsoft's own begin with an underscore.
    let is_table = !first.is_empty() && !first.starts_with('_') && !rest.trim_start().starts_with('(');
    let missing = is_table && !NO_TABLES.contains(&first) && !is_known(first);
    missing.then(|| not_found(first))
}

/// Why that rule cannot be switched on there, whatever tables there are.
pub(in crate::demo) fn is_broken(workspace: &str, rule: &str) -> Option<String> {
    let (place, id, column) = BROKEN;
    (workspace.eq_ignore_ascii_case(place) && rule.eq_ignore_ascii_case(id)).then(|| not_found(column))
}

fn not_found(name: &str) -> String {
    format!("The query cannot be run: '{name}' not found.")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_that_begins_with_no_table_is_told() {
        let said = |query: &str| missing_table(query, |name| name == "Heartbeat");
        assert_eq!(said("Nothing\n| take 1").as_deref(), Some("The query cannot be run: 'Nothing' not found."));
        for query in ["Heartbeat | take 1", " let x=1; Nothing", "_GetWatchlist('x')", "f(1)", ""] {
            assert_eq!(said(query), None, "{query}");
        }
    }
}
