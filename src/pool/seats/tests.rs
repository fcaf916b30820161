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
    Warm { key: key.clone(), session, wear: Wear { calls: 1, ..Wear::new(now) } }
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
async fn a_tenant_with_many_questions_delays_another_by_a_batch() {
    let (now, a, b) = (Instant::now(), key("a", "prod"), key("b", "prod"));
    let mut seats = seats(1);
    let mut many: Vec<_> = (0..BATCH_CALLS + 5).map(|_| seats.ask(a.clone())).collect();
    let mut one = seats.ask(b);
    seats.dispatch(now);
    let mut served = 0;
    loop {
        let granted = many.iter_mut().find_map(|asked| asked.try_recv().ok()).expect("one of its own is served");
        served += 1;
        seats.give_back(granted.unwrap_or_else(|| warm(&a, 7, now)));
        if !seats.dispatch(now).is_empty() {
            break;
        }
    }
    assert_eq!(served, BATCH_CALLS + 1, "the one that opened it, and a batch");
    seats.closed();
    seats.dispatch(now);
    assert_eq!(given(&mut one), Some(None), "then it is another's turn");
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_slow_calls_ends_by_the_clock() {
    let (now, a, b) = (Instant::now(), key("a", "prod"), key("b", "prod"));
    let mut seats = seats(1);
    let asked = [seats.ask(a.clone()), seats.ask(a.clone()), seats.ask(b)];
    seats.dispatch(now);
    let slow = Wear { batch: Some((now, 1)), ..Wear::new(now) };
    seats.give_back(Warm { key: a, session: 7, wear: slow });
    let over = seats.dispatch(now + BATCH_TIME);
    assert_eq!(over.len(), 1, "although one of its own waits");
    drop(asked);
}

#[tokio::test(start_paused = true)]
async fn e8_workspaces_without_a_session_come_before_second_sessions() {
    let (now, mut seats) = (Instant::now(), seats(4));
    let keys = ["1", "2", "3", "4", "5", "6"].map(|workspace| key("a", workspace));
    // Ten questions each, one workspace after the other.
    let mut waiting: Vec<(PoolKey, oneshot::Receiver<Granted<u32>>)> = keys
        .iter()
        .flat_map(|key| (0..10).map(|_| key.clone()).collect::<Vec<_>>())
        .map(|k| (k.clone(), seats.ask(k)))
        .collect();
    let (mut opened, mut running) = (0, Vec::new());
    seats.dispatch(now);
    while !waiting.is_empty() || !running.is_empty() {
        let mut left = Vec::new();
        for (key, mut asked) in std::mem::take(&mut waiting) {
            match asked.try_recv() {
                Ok(granted) => {
                    opened += u32::from(granted.is_none());
                    running.push(granted.unwrap_or_else(|| warm(&key, 1, now)));
                }
                Err(_) => left.push((key, asked)),
            }
        }
        waiting = left;
        let done = running.remove(0);
        seats.give_back(done);
        for _ in seats.dispatch(now) {
            seats.closed();
        }
        seats.dispatch(now);
    }
    assert!(opened <= 12, "{opened} sessions for 60 calls");
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
    seats.free(&a);
    let mut next = seats.ask(a);
    seats.dispatch(now);
    assert_eq!(given(&mut next), Some(None), "the seat of a failed opening is free again");
}

#[tokio::test(start_paused = true)]
async fn age_idleness_calls_and_death_each_end_a_session() {
    let start = Instant::now();
    let fresh = Wear::new(start);
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
