//! Tests of the crate from outside: one binary, a module per subject.

mod clixml;
