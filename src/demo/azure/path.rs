//! A resource manager's path, taken apart.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// What would end a name inside an id.
const IN_ID: &AsciiSet = &CONTROLS.add(b'/');

/// What a path names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    /// The subscription, as it was written; none for what lies above them.
    pub(super) subscription: Option<String>,
    pub(super) group: Option<String>,
    /// The resource that the last provider extends, `""` for none: the
    /// workspace of a rule.
    pub(super) scope: String,
    /// Namespace and types, in small letters: `microsoft.x/rules/actions`.
    pub(super) kind: String,
    /// What it lies in: the collection's parent resource or scope.
    pub(super) parent: String,
    /// Its name; none for a collection (or what may be an action).
    pub(super) name: Option<String>,
    /// Its id, or its collection's.
    pub(super) id: String,
}

impl Target {
    /// Takes a path apart; `None` when nothing of the resource manager's has
    /// such a path.
    pub(super) fn of(segments: &[String]) -> Option<Self> {
        let mut rest = segments;
        let mut id = String::new();
        let (mut subscription, mut group) = (None, None);
        if let Some((name, behind)) = after(rest, "subscriptions") {
            subscription = Some(name.clone());
            id = format!("/subscriptions/{name}");
            rest = behind;
            if let Some((name, behind)) = after(rest, "resourcegroups") {
                group = Some(name.clone());
                id = format!("{id}/resourceGroups/{name}");
                rest = behind;
            }
        }
        let mut found = None;
        while let Some((namespace, behind)) = after(rest, "providers") {
            let scope = id.clone();
            let mut kind = namespace.to_lowercase();
            id = format!("{id}/providers/{namespace}");
            rest = behind;
            let mut name = None;
            let mut parent = scope.clone();
            let mut levels = 0;
            while let [level, behind @ ..] = rest {
                if name.is_some() && level.eq_ignore_ascii_case("providers") {
                    break;
                }
                parent = if levels == 0 { scope.clone() } else { id.clone() };
                kind = format!("{kind}/{}", level.to_lowercase());
                id = format!("{id}/{level}");
                levels += 1;
                name = behind.first().cloned();
                rest = behind.get(1..).unwrap_or_default();
                if let Some(name) = &name {
                    id = format!("{id}/{}", utf8_percent_encode(name, IN_ID));
                }
            }
            found = Some((scope, kind, parent, name));
        }
        if !rest.is_empty() {
            return None;
        }
        let (scope, kind, parent, name) = found?;
        Some(Self { subscription, group, scope, kind, parent, name, id })
    }

    /// The namespace of its provider.
    pub(super) fn namespace(&self) -> &str {
        self.kind.split('/').next().unwrap_or_default()
    }
}

/// The name behind `word` and what is behind that.
fn after<'a>(segments: &'a [String], word: &str) -> Option<(&'a String, &'a [String])> {
    match segments {
        [first, name, rest @ ..] if first.eq_ignore_ascii_case(word) => Some((name, rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(path: &str) -> Option<Target> {
        let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Target::of(&segments)
    }

    #[test]
    fn a_path_is_taken_apart_from_the_left() {
        let workspace =
            "/subscriptions/S/resourceGroups/providers/providers/Microsoft.OperationalInsights/workspaces/W";
        let path = format!("{workspace}/providers/Microsoft.SecurityInsights/Incidents/I/Comments/C");
        let found = target(&path).unwrap();
        assert_eq!(found.group.as_deref(), Some("providers"), "a name may be any word");
        assert_eq!(found.scope, workspace);
        assert_eq!(found.kind, "microsoft.securityinsights/incidents/comments");
        assert_eq!(found.parent, format!("{workspace}/providers/Microsoft.SecurityInsights/Incidents/I"));
        assert_eq!((found.name.as_deref(), found.id.as_str()), (Some("C"), path.as_str()));
    }

    #[test]
    fn a_collection_has_no_name() {
        let found = target("/subscriptions/S/providers/Microsoft.Insights/workbooks").unwrap();
        assert_eq!((found.name.as_deref(), found.parent.as_str()), (None, "/subscriptions/S"));
    }

    #[test]
    fn what_is_no_path_of_a_provider_is_none() {
        for path in ["", "/", "/subscriptions", "/subscriptions/S", "/x/providers/Microsoft.X/y"] {
            assert_eq!(target(path), None, "{path}");
        }
    }
}
