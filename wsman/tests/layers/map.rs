//! What a package writes down about itself.

/// A folder or a file beside `lib.rs`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layer {
    pub(crate) name: &'static str,
    /// Other layers (`soap`), one thing of a layer as its users write it
    /// (`soap::Fault`), or one file of a layer (`host/start.ps1`).
    pub(crate) may: &'static [&'static str],
    /// The same for the crate beside this one, after its name.
    pub(crate) beside: &'static [&'static str],
    pub(crate) leaf: bool,
}

/// A layer, the layers that it may name, and what of the crate beside.
pub(crate) const fn layer(name: &'static str, may: &'static [&'static str], beside: &'static [&'static str]) -> Layer {
    Layer { name, may, beside, leaf: false }
}

/// A layer that all may name.
pub(crate) const fn leaf(name: &'static str, may: &'static [&'static str], beside: &'static [&'static str]) -> Layer {
    Layer { name, may, beside, leaf: true }
}

/// A package's rules.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Map {
    /// The name of its library in code.
    pub(crate) library: &'static str,
    /// The crate beside it, whose modules are given out by layer. Empty: none.
    pub(crate) beside: &'static str,
    pub(crate) layers: &'static [Layer],
    /// Names of another layer that a layer offers as its own. Every other
    /// re-export is looked through: who names it names what is behind.
    pub(crate) hands_on: &'static [(&'static str, &'static [&'static str])],
    /// Data outside of `src` that a layer may include, by the start of its
    /// path from the package's folder.
    pub(crate) outside: &'static [(&'static str, &'static [&'static str])],
    /// Foreign paths, and the folders and files whose code may name them.
    /// `core` and `alloc` are written `std`; macros end with `!`.
    pub(crate) doors: &'static [(&'static str, &'static [&'static str])],
}

impl Map {
    pub(crate) fn layer(&self, name: &str) -> Option<&'static Layer> {
        self.layers.iter().find(|layer| layer.name == name)
    }

    /// Whether `owner` hands the name on as its own.
    pub(crate) fn hands_on(&self, owner: &str, name: &str) -> bool {
        self.hands_on.iter().any(|(layer, names)| *layer == owner && names.contains(&name))
    }
}
