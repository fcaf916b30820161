//! `[tenants.NAME]` as written.

use super::{Reader, Section, Written};

/// `[tenants.NAME]`
#[derive(Debug, Default)]
pub(in crate::config) struct RawTenant {
    pub(in crate::config) name: String,
    pub(in crate::config) host: Option<Written<String>>,
    pub(in crate::config) confirm: Option<Written<String>>,
    pub(in crate::config) language: Option<Written<String>>,
    pub(in crate::config) azure_tenant: Option<Written<String>>,
    pub(in crate::config) azure_config_dir: Option<Written<String>>,
    pub(in crate::config) workspaces: Vec<Written<RawWorkspace>>,
}

/// `[tenants.NAME.workspaces.NAME]`
#[derive(Debug, Default)]
pub(in crate::config) struct RawWorkspace {
    pub(in crate::config) name: String,
    pub(in crate::config) subscription: Option<Written<String>>,
    pub(in crate::config) resource_group: Option<Written<String>>,
    pub(in crate::config) workspace_name: Option<Written<String>>,
}

impl Reader<'_> {
    pub(super) fn tenant(&mut self, section: &Section<'_>, name: String) -> RawTenant {
        let known = ["host", "azure_tenant", "azure_config_dir", "confirm", "language", "workspaces"];
        self.keys(section, &known, &[]);
        let mut tenant = RawTenant {
            name,
            host: self.required(section, "host", "missing; name the jump host that serves this tenant"),
            azure_tenant: self.string(section, "azure_tenant"),
            azure_config_dir: self.string(section, "azure_config_dir"),
            confirm: self.string(section, "confirm"),
            language: self.string(section, "language"),
            workspaces: Vec::new(),
        };
        self.present(section, "workspaces", "missing; add at least one");
        for named in self.named(section, "workspaces") {
            let section = named.value;
            self.keys(&section, &["subscription", "resource_group", "name"], &[]);
            let value = RawWorkspace {
                name: named.name,
                subscription: self.required(&section, "subscription", "missing"),
                resource_group: self.required(&section, "resource_group", "missing"),
                workspace_name: self.required(&section, "name", "missing"),
            };
            tenant.workspaces.push(Written { value, place: section.place, line: section.line });
        }
        tenant
    }
}
