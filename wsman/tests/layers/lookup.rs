//! Where a name leads: the resolution of paths, as far as names go.

use super::house::{House, Stop, Trail};
use super::names::{Binding, ModuleId, Names, Written};

/// Where a path stands: its module, and the blocks around it, outermost first.
#[derive(Clone, Copy)]
pub(super) struct Stand<'a> {
    pub(super) module: ModuleId,
    pub(super) blocks: &'a [Names],
}

/// Names that are being looked up, so that a circle of imports ends.
type Seen = Vec<(usize, String)>;

impl House {
    /// All that the path may mean, as names live in several spaces. A single
    /// word that no scope knows is a crate in an import, and nothing elsewhere.
    pub(super) fn resolve(&self, stand: Stand<'_>, written: &Written, import: bool) -> Vec<Trail> {
        self.follow(stand, written, import, &mut Seen::new())
    }

    fn follow(&self, stand: Stand<'_>, written: &Written, import: bool, seen: &mut Seen) -> Vec<Trail> {
        let Some(first) = written.segments.first() else { return Vec::new() };
        if written.leading {
            return self.outside(stand, &written.segments, seen);
        }
        let mut rest = &written.segments[1..];
        let mut from = match first.as_str() {
            "crate" => Some(self.modules[stand.module].root),
            "self" => Some(stand.module),
            "super" => Some(self.above(stand.module)),
            _ => None,
        };
        if let Some(from) = &mut from {
            while let Some("super") = rest.first().map(String::as_str) {
                *from = self.above(*from);
                rest = &rest[1..];
            }
            return self.descend(*from, rest, seen);
        }
        for depth in (0..stand.blocks.len()).rev() {
            let inner = Stand { blocks: &stand.blocks[..=depth], ..stand };
            let scope = std::ptr::from_ref(&stand.blocks[depth]) as usize;
            if let Some(found) = self.look(inner, scope, &stand.blocks[depth], first, rest, seen) {
                return found;
            }
        }
        let module = Stand { module: stand.module, blocks: &[] };
        let names = &self.modules[stand.module].names;
        if let Some(found) = self.look(module, stand.module, names, first, rest, seen) {
            return found;
        }
        if rest.is_empty() && !import {
            return Vec::new();
        }
        self.outside(stand, &written.segments, seen)
    }

    fn above(&self, module: ModuleId) -> ModuleId {
        self.modules[module].parent.unwrap_or(module)
    }

    /// A path that starts with a crate's name.
    fn outside(&self, stand: Stand<'_>, segments: &[String], seen: &mut Seen) -> Vec<Trail> {
        let Some((first, rest)) = segments.split_first() else { return Vec::new() };
        if let Some(known) = self.prelude.get(first).filter(|known| known.segments != [first.as_str()]) {
            let mut segments = known.segments.clone();
            segments.extend(rest.iter().cloned());
            return self.follow(stand, &Written { leading: known.leading, segments }, true, seen);
        }
        match self.library() {
            Some(library) if *first == self.library => self.descend(library, rest, seen),
            _ => {
                let mut path = segments.to_vec();
                if matches!(path[0].as_str(), "core" | "alloc") {
                    "std".clone_into(&mut path[0]);
                }
                vec![vec![Stop::Foreign(path)]]
            }
        }
    }

    /// Down from a module.
    fn descend(&self, module: ModuleId, rest: &[String], seen: &mut Seen) -> Vec<Trail> {
        let Some((name, rest)) = rest.split_first() else {
            let here = &self.modules[module];
            let (layer, path) = (here.layer.clone(), here.path.clone());
            return vec![vec![Stop::Own { layer, path, module: Some(module) }]];
        };
        let stand = Stand { module, blocks: &[] };
        let found = self.look(stand, module, &self.modules[module].names, name, rest, seen);
        // What no scope knows a macro made, here.
        found.unwrap_or_else(|| vec![vec![self.stop(module, name, rest)]])
    }

    fn stop(&self, module: ModuleId, name: &str, rest: &[String]) -> Stop {
        let here = &self.modules[module];
        let mut path = here.path.clone();
        path.push(name.to_owned());
        path.extend(rest.iter().cloned());
        Stop::Own { layer: here.layer.clone(), path, module: None }
    }

    /// The name in one scope: bound there, or brought by a glob.
    fn look(
        &self,
        stand: Stand<'_>,
        scope: usize,
        names: &Names,
        name: &str,
        rest: &[String],
        seen: &mut Seen,
    ) -> Option<Vec<Trail>> {
        let key = (scope, name.to_owned());
        if seen.contains(&key) {
            return None;
        }
        seen.push(key);
        let mut found = Vec::new();
        for binding in names.named.get(name).into_iter().flatten() {
            match binding {
                Binding::Module(id) => found.extend(self.descend(*id, rest, seen)),
                Binding::Item => found.push(vec![self.stop(stand.module, name, rest)]),
                Binding::Import { written, .. } => {
                    let mut written = written.clone();
                    written.segments.extend(rest.iter().cloned());
                    let hop = self.stop(stand.module, name, rest);
                    let trails = self.follow(stand, &written, true, seen);
                    if trails.is_empty() {
                        found.push(vec![hop.clone()]);
                    }
                    found.extend(trails.into_iter().map(|trail| hopped(&hop, trail)));
                }
            }
        }
        if found.is_empty() {
            for glob in &names.globs {
                for target in self.opened(stand, glob, seen) {
                    if self.brings(stand.module, target, name) {
                        let inner = Stand { module: target, blocks: &[] };
                        let trails = self.look(inner, target, &self.modules[target].names, name, rest, seen);
                        let hop = self.stop(stand.module, name, rest);
                        found.extend(trails.into_iter().flatten().map(|trail| hopped(&hop, trail)));
                    }
                }
            }
        }
        seen.pop();
        (!found.is_empty()).then_some(found)
    }

    /// The modules that a glob opens.
    fn opened(&self, stand: Stand<'_>, glob: &Written, seen: &mut Seen) -> Vec<ModuleId> {
        let trails = self.follow(stand, glob, true, seen);
        let ends = trails.into_iter().filter_map(|trail| match trail.last() {
            Some(Stop::Own { module: Some(module), .. }) => Some(*module),
            _ => None,
        });
        ends.collect()
    }

    /// Whether a glob of `target` brings the name to `user`: a private import
    /// comes only to those inside.
    fn brings(&self, user: ModuleId, target: ModuleId, name: &str) -> bool {
        let bindings = self.modules[target].names.named.get(name);
        let is_private = |binding: &Binding| matches!(binding, Binding::Import { open: false, .. });
        self.is_within(user, target) || bindings.is_none_or(|bindings| !bindings.iter().all(is_private))
    }

    /// A macro that no path leads to: one of ours whose text is in reach, when
    /// another layer wrote it, or one of the language.
    pub(super) fn macro_named(&self, user: ModuleId, name: &str) -> Vec<Trail> {
        let Some(makers) = self.macros.get(name) else {
            return vec![vec![Stop::Foreign(vec!["std".to_owned(), name.to_owned()])]];
        };
        if makers.iter().any(|maker| self.modules[*maker].layer == self.modules[user].layer) {
            return Vec::new();
        }
        makers.iter().map(|maker| vec![self.stop(*maker, name, &[])]).collect()
    }

    /// What a glob of the path brings from elsewhere: the layers when it opens
    /// the root, and what the module re-exports.
    pub(super) fn brought(&self, stand: Stand<'_>, glob: &Written) -> Vec<Trail> {
        let mut brought = Vec::new();
        for target in self.opened(stand, glob, &mut Seen::new()) {
            let is_root = self.modules[target].parent.is_none();
            for (name, bindings) in &self.modules[target].names.named {
                let counts = |binding: &Binding| match binding {
                    Binding::Module(_) => is_root,
                    Binding::Import { .. } => true,
                    Binding::Item => false,
                };
                if bindings.iter().any(counts) && self.brings(stand.module, target, name) {
                    brought.extend(self.descend(target, std::slice::from_ref(name), &mut Seen::new()));
                }
            }
        }
        brought
    }
}

fn hopped(hop: &Stop, trail: Trail) -> Trail {
    let mut whole = vec![hop.clone()];
    whole.extend(trail);
    whole
}
