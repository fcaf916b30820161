//! sentinel-jump: SentinelManager functions on the customers' own jump hosts.

pub mod host;
