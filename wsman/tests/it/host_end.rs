//! A host of our own for the tests.

use wsman::auth::Credentials;
use wsman::host_end::{HostOptions, Listener};

pub(crate) fn credentials() -> Credentials {
    Credentials { username: "svc-test".into(), password: "planted-secret-7f3a".to_owned().into() }
}

pub(crate) async fn listen(options: HostOptions) -> Listener {
    Listener::bind("127.0.0.1:0".parse().expect("an address"), options).await.expect("loopback can be listened on")
}
