//! Who may name whom: a package's source, read with a parser and held against
//! a map.
//!
//! Both packages of the workspace bring their own map and share this reader.
//! It knows names, not types: a value that came from elsewhere without being
//! named, and a trait's method called on it, are the compiler's matter.
//!
//! - `map` is what a package writes down
//! - `sources` are its files, from the disk or made up
//! - `house` is the tree of its modules, `names` what each of them binds
//! - `lookup` says where a name leads
//! - `walk` and `tokens` find what is named, in syntax and inside macros
//! - `rules` hold that against the map
//! - `facts` count calls and look into fields
//! - `plants` puts violations and their harmless doubles in, from `forms`

#![allow(dead_code, unused_imports, reason = "each of the two packages asks for its part")]

mod facts;
mod forms;
mod house;
mod lookup;
mod map;
mod names;
mod plants;
mod rules;
mod sources;
mod tokens;
mod walk;

pub(crate) use facts::{Called, chain_to, sites};
pub(crate) use house::House;
pub(crate) use map::{Layer, Map, layer, leaf};
pub(crate) use plants::plant;
pub(crate) use rules::{circles, findings, idle};
pub(crate) use sources::Sources;
