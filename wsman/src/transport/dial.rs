//! From a name to a TCP connection.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Endpoint, TransportError};

/// How long one address has before the next is tried beside it.
///
/// Source: RFC 8305 §5, which recommends 250 ms.
const STAGGER: Duration = Duration::from_millis(250);

/// Connects to the first address of the host that answers. Bounded by the
/// caller; dropping the future closes every attempt.
pub(super) async fn connect(endpoint: &Endpoint) -> Result<TcpStream, TransportError> {
    let found = lookup_host((endpoint.host(), endpoint.port())).await;
    let addresses = in_turn(found.map_err(|_| TransportError::NameNotResolved)?);
    let mut attempts = JoinSet::new();
    let mut last = None;
    for address in addresses {
        attempts.spawn(TcpStream::connect(address));
        match timeout(STAGGER, attempts.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return Ok(ready(stream)),
            Ok(Some(Ok(Err(error)))) => last = Some(error),
            // Still trying; the next one beside it.
            _ => {}
        }
    }
    while let Some(done) = attempts.join_next().await {
        match done {
            Ok(Ok(stream)) => return Ok(ready(stream)),
            Ok(Err(error)) => last = Some(error),
            Err(_) => {}
        }
    }
    Err(last.map_or(TransportError::NameNotResolved, |error| refusal(&error)))
}

/// The families by turns, the resolver's first choice first.
///
/// Source: RFC 8305 §4.
fn in_turn(found: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let all: Vec<_> = found.collect();
    let Some(first) = all.first().map(SocketAddr::is_ipv6) else { return all };
    let (one, other): (Vec<_>, Vec<_>) = all.into_iter().partition(|address| address.is_ipv6() == first);
    let mut others = other.into_iter();
    let mut turns: Vec<_> = one.into_iter().flat_map(|address| [Some(address), others.next()]).flatten().collect();
    turns.extend(others);
    turns
}

/// What every connection of ours is told; one that cannot be is used as it is.
pub(super) fn ready(stream: TcpStream) -> TcpStream {
    // Chosen: small requests that wait for each other gain nothing by waiting
    // for more.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive());
    stream
}

/// A Receive is silent for as long as the host holds it, and what is between
/// forgets connections that are: firewalls after some minutes, and a host that
/// lost its power says nothing at all.
///
/// Chosen: the other end has gone when it does not answer for a minute.
fn keepalive() -> TcpKeepalive {
    let (quiet, interval) = (Duration::from_secs(30), Duration::from_secs(10));
    TcpKeepalive::new().with_time(quiet).with_interval(interval)
}

fn refusal(error: &io::Error) -> TransportError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => TransportError::Refused,
        io::ErrorKind::TimedOut => TransportError::ConnectTimedOut,
        kind => TransportError::ConnectFailed { kind },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        let found = ["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"].map(at);
        assert_eq!(in_turn(found.into_iter()), ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"].map(at));
        assert!(in_turn([].into_iter()).is_empty());
    }

    #[tokio::test]
    async fn a_quiet_connection_is_asked_whether_it_is_there() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let stream = connect(&endpoint).await.unwrap();
        assert!(SockRef::from(&stream).keepalive().unwrap() && stream.nodelay().unwrap());
    }

    #[tokio::test]
    async fn a_second_address_is_tried_where_the_first_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = Endpoint::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        assert!(connect(&endpoint).await.is_ok());
        drop(listener);
        assert_eq!(connect(&endpoint).await.err(), Some(TransportError::Refused));
    }
}
