//! Against foreign implementations.
