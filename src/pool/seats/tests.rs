use tokio::sync::oneshot::error::TryRecvError;

use std::time::Duration;

use super::*;
use crate::tenant::{HostId, WorkspaceId};

const TERMS: Sessions =
    Sessions { max: 2, idle: Duration::from_secs(600), age: Duration::from_secs(1_800), calls: 500 };

fn key(tenant: &str, workspace: &str) -> PoolKey {
    PoolKey {
        host: HostId::parse("jump").unwrap(),
        tenant: TenantId::parse(tenant).unwrap(),
        workspace: WorkspaceId::parse(workspace).unwrap(),
    }
}

fn warm(key: &PoolKey, session: u32, now: Instant) -> Warm<u32> {
    Warm { key: key.clone(), session, wear: Wear { opened: now, used: now, calls: 1 } }
}

/// Everything but the session 666 is alive.
fn seats(max: usize) -> Seats<u32> {
    Seats::new(Sessions { max, ..TERMS }, |session| *session != 666)
}

/// `None`: still waiting.
fn given(receiver: &mut oneshot::Receiver<Granted<u32>>) -> Option<Option<u32>> {
    match receiver.try_recv() {
        Ok(granted) => Some(granted.map(|warm| warm.session)),
        Err(TryRecvError::Empty) => None,
        Err(TryRecvError::Closed) => panic!("nobody tells it any more"),
    }
}

#[tokio::test(start_paused = true)]
async fn several_sessions_of_one_workspace_up_to_the_host_s_limit() {
    let (now, a) = (Instant::now(), key("a", "prod"));
    let mut seats = seats(2);
    let mut asked: Vec<_> = (0..3).map(|_| seats.ask(a.clone())).collect();
    assert!(seats.dispatch(now).is_empty());
    assert_eq!(asked.iter_mut().map(given).collect::<Vec<_>>(), [Some(None), Some(None), None]);
    seats.give_back(warm(&a, 7, now));
    assert!(seats.dispatch(now).is_empty());
    assert_eq!(given(&mut asked[2]), Some(Some(7)), "the first that comes back serves whoever waits");
}

#[tokio::test(start_paused = true)]
async fn another_workspace_never_gets_the_session_and_waits_until_it_is_gone() {
    let (now, a, b) = (Instant::now(), key("a", "prod"), key("a", "ot"));
    let mut seats = seats(1);
    let mut first = seats.ask(a.clone());
    seats.dispatch(now);
    assert_eq!(given(&mut first), Some(None));
    seats.give_back(warm(&a, 7, now));
    seats.dispatch(now);
    let mut second = seats.ask(b);
    let over = seats.dispatch(now);
    assert_eq!(over.iter().map(|warm| warm.session).collect::<Vec<_>>(), [7]);
    assert_eq!(given(&mut second), None, "the host still has the old shell");
    assert!(seats.dispatch(now).is_empty(), "nothing is closed twice for the same waiter");
    seats.closed();
    seats.dispatch(now);
    assert_eq!(given(&mut second), Some(None));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_with_many_questions_delays_another_by_one() {
    let (now, a, b) = (Instant::now(), key("a", "prod"), key("b", "prod"));
    let mut seats = seats(1);
    let mut many: Vec<_> = (0..5).map(|_| seats.ask(a.clone())).collect();
    let mut one = seats.ask(b.clone());
    seats.dispatch(now);
    assert_eq!(given(&mut many[0]), Some(None));
    seats.give_back(warm(&a, 7, now));
    let over = seats.dispatch(now);
    assert_eq!(over.len(), 1, "although a's session would do for a's next question");
    seats.closed();
    seats.dispatch(now);
    assert_eq!((given(&mut one), given(&mut many[1])), (Some(None), None));
    seats.give_back(warm(&b, 8, now));
    seats.dispatch(now);
    seats.closed();
    seats.dispatch(now);
    assert_eq!(given(&mut many[1]), Some(None), "in the order of arrival");
    seats.give_back(warm(&a, 9, now));
    seats.dispatch(now);
    assert_eq!(given(&mut many[2]), Some(Some(9)), "alone, a tenant keeps its session");
}

#[tokio::test(start_paused = true)]
async fn who_gave_up_is_passed_over_and_loses_nothing() {
    let (now, a) = (Instant::now(), key("a", "prod"));
    let mut seats = seats(1);
    let gone = seats.ask(a.clone());
    let mut there = seats.ask(a.clone());
    drop(gone);
    seats.dispatch(now);
    assert_eq!(given(&mut there), Some(None));
    seats.free();
    let mut next = seats.ask(a);
    seats.dispatch(now);
    assert_eq!(given(&mut next), Some(None), "the seat of a failed opening is free again");
}

#[tokio::test(start_paused = true)]
async fn age_idleness_calls_and_death_each_end_a_session() {
    let start = Instant::now();
    let fresh = Wear { opened: start, used: start, calls: 0 };
    assert!(fresh.is_fit(start, &TERMS));
    assert!(!fresh.is_fit(start + TERMS.idle, &TERMS));
    assert!(!Wear { calls: TERMS.calls, ..fresh }.is_fit(start, &TERMS));
    let busy = Wear { used: start + TERMS.age, ..fresh };
    assert!(!busy.is_fit(start + TERMS.age, &TERMS));
    let a = key("a", "prod");
    let mut seats = seats(2);
    let mut asked = [seats.ask(a.clone()), seats.ask(a.clone())];
    seats.dispatch(start);
    assert!(asked.iter_mut().all(|asked| given(asked) == Some(None)));
    seats.give_back(warm(&a, 666, start));
    seats.give_back(warm(&a, 7, start));
    let over = |over: Vec<Warm<u32>>| over.iter().map(|warm| warm.session).collect::<Vec<_>>();
    assert_eq!(over(seats.dispatch(start)), [666]);
    assert_eq!(over(seats.dispatch(start + TERMS.idle)), [7]);
}
