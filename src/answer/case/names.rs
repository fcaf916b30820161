//! Names that nothing has, and what may not be used.

use super::super::Code;
use crate::catalog::ToolSet;
use crate::spelling;
use crate::tenant::TenantId;

cases! {
    /// What is offered in place of a misspelt name.
    Offered {
        /// No name of ours is that long.
        TooLong,
        /// The close ones, best first.
        Close(Vec<String>),
        /// None is close; these are all.
        All(Vec<String>),
        /// None is close, and there are too many to list, or none at all.
        Nothing,
    }
}

/// A name that nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misspelt {
    /// As it was given; empty when it is too long to be quoted.
    pub name: String,
    /// What may have been meant.
    pub offered: Offered,
}

impl Misspelt {
    /// Beside the names that there are.
    pub(crate) fn of<'a>(name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        if spelling::is_too_long(name) {
            return Self { name: String::new(), offered: Offered::TooLong };
        }
        let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
        let close = spelling::closest(name, known.clone());
        let offered = if close.is_empty() {
            match owned(known.into_iter().collect()) {
                all if all.is_empty() || all.len() > spelling::LISTED => Offered::Nothing,
                all => Offered::All(all),
            }
        } else {
            Offered::Close(owned(close))
        };
        Self { name: name.to_owned(), offered }
    }

    /// The names that are offered.
    #[must_use]
    pub fn candidates(&self) -> &[String] {
        match &self.offered {
            Offered::Close(names) | Offered::All(names) => names,
            Offered::TooLong | Offered::Nothing => &[],
        }
    }
}

cases! {
    /// A name that nothing has.
    Unknown {
        /// A tool.
        Tool(Misspelt),
        /// A tenant.
        Tenant(Misspelt),
        /// A workspace of a tenant.
        WorkspaceOf { tenant: String, workspace: Misspelt },
        /// A workspace of any tenant.
        Workspace(Misspelt),
        /// A host of any tenant.
        Host(Misspelt),
        /// There is none at all.
        AnyTenant,
    }
}

impl Unknown {
    pub(super) fn code(&self) -> Code {
        match self {
            Self::Tool(_) => Code::UnknownFunction,
            Self::Tenant(_) | Self::Host(_) | Self::AnyTenant => Code::UnknownTenant,
            Self::WorkspaceOf { .. } | Self::Workspace(_) => Code::UnknownWorkspace,
        }
    }

    pub(super) fn candidates(&self) -> &[String] {
        match self {
            Self::Tool(name)
            | Self::Tenant(name)
            | Self::WorkspaceOf { workspace: name, .. }
            | Self::Workspace(name)
            | Self::Host(name) => name.candidates(),
            Self::AnyTenant => &[],
        }
    }
}

cases! {
    /// What the caller may not.
    Forbidden {
        /// A write, and the server only reads.
        ReadOnly { tool: &'static str },
        /// The set of the tool is not switched on.
        SwitchedOff { tool: &'static str, set: ToolSet },
        /// Somebody else's tenant.
        Tenant { tenant: TenantId },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_end_is_not_repeated() {
        let long = "n".repeat(200);
        let misspelt = Misspelt::of(&long, ["nordhafen"]);
        assert_eq!(misspelt, Misspelt { name: String::new(), offered: Offered::TooLong });
        assert_eq!(Misspelt::of(&long[..128], ["a"]).offered, Offered::All(vec!["a".to_owned()]));
    }

    #[test]
    fn close_names_are_offered_first_and_a_dozen_at_most() {
        let names: Vec<String> = (0..13).map(|n| format!("name{n}")).collect();
        let offered =
            |wanted: &str, count: usize| Misspelt::of(wanted, names.iter().take(count).map(String::as_str)).offered;
        assert_eq!(offered("zzz", 13), Offered::Nothing);
        assert_eq!(offered("zzz", 0), Offered::Nothing);
        assert!(matches!(offered("zzz", 12), Offered::All(names) if names.len() == 12));
        assert!(matches!(offered("name1", 12), Offered::Close(names) if names[0] == "name1"));
    }
}
