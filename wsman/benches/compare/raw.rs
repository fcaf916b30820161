//! The requests of our own warm calls, posted again and not read.
//!
//! Ids come from a seed, so the same bytes are right for a host that has
//! forgotten them: a first pass writes them down and closes its shell, the
//! second posts them with the state machine, the XML reader and the decoder
//! left out. `terminate` goes behind the next call's back, as ours does.

use std::time::{Duration, Instant as Clock};

use tokio::sync::mpsc;
use wsman::clixml::Value;
use wsman::entropy::Entropy;
use wsman::psrp::Command;
use wsman::session::{Config, Event, Input, Output, PipelineEvent, PipelineSpec, Session};
use wsman::time::Instant;
use wsman::transport::{Connection, Endpoint, Reply, SignIn, Target};

use crate::{Failure, Question};

const PATIENCE: Duration = Duration::from_secs(60);

/// Requests of an open, and of a call with its terminate.
const OPEN: usize = 3;
const CALL: usize = 3;

/// Seconds per warm call.
pub(crate) async fn warm_call(question: &Question<'_>) -> Result<f64, Failure> {
    let (calls, close) = write_down(question).await?;
    let (mut line, mut spare) = (connect(question).await?, connect(question).await?);
    let (signals, mut waiting) = mpsc::unbounded_channel();
    let behind = tokio::spawn(async move {
        while let Some(signal) = waiting.recv().await {
            spare = post(spare, signal).await?.1;
        }
        Ok::<_, Failure>(())
    });
    let mut requests = calls.into_iter();
    for body in requests.by_ref().take(OPEN + CALL) {
        line = post(line, body).await?.1;
    }
    let mut calls = 0;
    let start = Clock::now();
    while let (Some(command), Some(receive), Some(signal)) = (requests.next(), requests.next(), requests.next()) {
        line = post(line, command).await?.1;
        line = post(line, receive).await?.1;
        signals.send(signal)?;
        calls += 1;
    }
    let seconds = start.elapsed().as_secs_f64();
    drop(signals);
    behind.await??;
    post(line, close).await?;
    Ok(seconds / f64::from(calls))
}

/// The requests of one session: open and calls, and the Delete.
async fn write_down(question: &Question<'_>) -> Result<(Vec<Vec<u8>>, Vec<u8>), Failure> {
    let began = Clock::now();
    let now = || Instant::at(began.elapsed());
    let mut line = connect(question).await?;
    let mut session = Session::open(now(), Config::new(question.url()), Entropy::seeded(began_seed()))?;
    let mut written = Vec::new();
    let mut calls = question.calls + 1;
    loop {
        match session.poll() {
            Output::Exchange { id, body, .. } => {
                written.push(body.clone());
                let (reply, back) = post(line, body).await?;
                line = back;
                session.handle(now(), Input::Answer { id, status: reply.status, body: &reply.body });
            }
            Output::Event(Event::Opened(_) | Event::Pipeline(_, PipelineEvent::Ended(_))) if calls > 0 => {
                calls -= 1;
                let hello = Command::new("Write-Output").argument("InputObject", Value::from("hello"));
                session.run(now(), PipelineSpec::new(hello))?;
            }
            Output::Event(Event::Closed) => break,
            Output::Event(Event::Broken(error)) => return Err(error.into()),
            Output::Event(_) | Output::MakeKey(_) => {}
            Output::Wait { .. } => session.close(now()),
        }
    }
    let close = written.pop().ok_or("nothing was written down")?;
    let expected = OPEN + CALL * (question.calls as usize + 1);
    if written.len() != expected {
        return Err(format!("{} requests instead of {expected}", written.len()).into());
    }
    Ok((written, close))
}

/// Another session has other ids.
fn began_seed() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos() as u64)
}

async fn connect(question: &Question<'_>) -> Result<Connection, Failure> {
    let endpoint = Endpoint::parse(&question.url())?;
    let target = Target::new(endpoint, SignIn::Ntlm(question.host.credentials()));
    Ok(Connection::open(&target, &mut Entropy::system(), PATIENCE).await?)
}

async fn post(line: Connection, body: Vec<u8>) -> Result<(Reply, Connection), Failure> {
    match line.post(body, PATIENCE).await {
        (Ok(reply), Some(line)) if reply.status == 200 => Ok((reply, line)),
        (Ok(reply), _) => Err(format!("answered {}", reply.status).into()),
        (Err(lost), _) => Err(lost.error.into()),
    }
}
