//! Names that are close to a misspelt one.

/// How many names a sentence offers at most.
const OFFERED: usize = 3;

/// How many names a sentence lists when none is close. Chosen: more than a
/// dozen help nobody.
pub(crate) const LISTED: usize = 12;

/// The same of what a configuration may say. Chosen: the keys of a host, which
/// whoever writes one has to find somewhere.
const KEYS: usize = 16;

/// How long a name is quoted at most. Chosen: twice the longest alias.
pub(crate) const LONGEST: usize = 128;

/// Whether no name of ours is that long. It is neither compared nor quoted.
pub(crate) fn is_too_long(name: &str) -> bool {
    name.chars().nth(LONGEST).is_some()
}

/// The name, or what stands for one that is too long.
pub(crate) fn shown(name: &str) -> &str {
    if is_too_long(name) { "(a name that is too long)" } else { name }
}

/// The names closest to `wanted`, best first; none that is far off.
///
/// Only for sentences: nothing is ever resolved by closeness.
pub(crate) fn closest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let distance = strsim::damerau_levenshtein(&wanted, &lower);
            // Chosen: a third of the letters may be wrong; a name that holds the other one is close whatever its length.
            let near = distance <= (wanted.chars().count().max(lower.chars().count())).div_ceil(3);
            let part = wanted.len() >= 3 && (lower.contains(&wanted) || wanted.contains(&lower));
            (near || part).then_some((distance, name))
        })
        .collect();
    scored.sort_unstable();
    scored.dedup();
    scored.truncate(OFFERED);
    scored.into_iter().map(|(_, name)| name).collect()
}

/// `; did you mean "a" or "b"?`, or all names when none is close, or nothing.
pub(crate) fn hint<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> String {
    let near = closest(wanted, names.clone());
    if !near.is_empty() {
        return format!("; did you mean {}?", quoted(near, " or "));
    }
    let all: Vec<&str> = names.into_iter().collect();
    if all.is_empty() || all.len() > KEYS { String::new() } else { format!("; known: {}", quoted(all, ", ")) }
}

/// `"a", "b"`.
pub(crate) fn quoted<'a>(names: impl IntoIterator<Item = &'a str>, between: &str) -> String {
    names.into_iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swapped_letter_is_close_and_a_stranger_is_not() {
        assert_eq!(closest("sesions", ["sessions", "script", "url"]), ["sessions"]);
        assert_eq!(closest("nordhaven", ["nordhafen", "alpenmed"]), ["nordhafen"]);
        assert!(closest("zzz", ["nordhafen", "alpenmed"]).is_empty());
    }

    #[test]
    fn a_name_without_end_is_not_repeated() {
        let long = "n".repeat(LONGEST + 1);
        assert_eq!((shown("a"), shown(&long)), ("a", "(a name that is too long)"));
    }
}
