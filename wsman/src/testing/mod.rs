//! The host end: a WinRM host for demos, tests and benchmarks.

pub mod demo;
