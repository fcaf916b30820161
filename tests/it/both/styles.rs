//! The interactive scripts, which keep their target in a session.

use sentinel_jump::catalog::{Tool, all, find};
use serde_json::{Value as Json, json};

use super::engine::Engine;
use super::real;
use crate::hosts::{ask, on};
