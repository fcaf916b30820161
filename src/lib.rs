//! sentinel-jump: SentinelManager functions on the customers' own jump hosts.

pub mod demo;
pub mod host;
