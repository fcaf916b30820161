//! A real PowerShell behind the listener, message by message.

use std::path::PathBuf;

use wsman::host_end::engine::ProcessOptions;
use wsman::host_end::{EngineKind, HostOptions, Listener};
use wsman::psrp::MessageType;
use wsman::soap::{Answer, Fault, Operation, SignalCode};

use crate::client::{Client, LONG, P, account, host, id};
use crate::outside::powershell::powershell;
use crate::outside::trials;

trials! { TRIALS:
    current_thread {
        a_real_powershell_runs_scripts_with_the_environment_given(real_host);
        a_real_powershell_stops_and_its_runspace_lives_on(real_host);
        the_death_of_the_process_aborts_and_then_nothing_is_found(real_host);
    }
}

trials! { WITH_PROC:
    current_thread { a_deleted_shell_takes_its_process_along(real_host); }
}

/// A host in front of it.
async fn real_host() -> Listener {
    let env = [("WSMAN_TEST_VALUE", "from the test"), ("DOTNET_EnableDiagnostics", "0")];
    let env = env.map(|(name, value)| (name.into(), value.into())).into();
    let engine = EngineKind::Process(ProcessOptions { argv: powershell(), env });
    host(HostOptions::new(vec![account("pass word")], engine)).await
}

async fn a_real_powershell_runs_scripts_with_the_environment_given(host: Listener) {
    let mut client = Client::open(&host).await;
    assert_eq!(client.run(id(1), "1..3", true).await, ["<I32>1</I32>", "<I32>2</I32>", "<I32>3</I32>"]);
    assert_eq!(client.run(id(2), "$env:WSMAN_TEST_VALUE", true).await, ["<S>from the test</S>"]);
    let large = client.run(id(3), "'x' * 300KB", true).await;
    assert_eq!(large[0].len(), 300 * 1024 + "<S></S>".len());
    assert_eq!(client.ask(Operation::Delete).await, Answer::Deleted);
    assert_eq!(host.counters().commands_terminated, 3);
}

async fn a_real_powershell_stops_and_its_runspace_lives_on(host: Listener) {
    let mut client = Client::open(&host).await;
    let sleep = client.command(P, "'begun'; Start-Sleep 600", true);
    client.ask(sleep).await;
    assert_eq!(client.receive(Some(P)).await.0[0].kind, MessageType::PipelineOutput);
    let stop = Operation::Signal { command_id: Some(P), code: SignalCode::CtrlC };
    assert_eq!(client.ask(stop).await, Answer::Signalled);
    let (messages, done) = client.receive(Some(P)).await;
    assert_eq!((messages.last().unwrap().kind, done), (MessageType::PipelineState, true));
    let last = String::from_utf8_lossy(&messages.last().unwrap().payload).into_owned();
    assert!(last.contains("<I32 N=\"PipelineState\">3</I32>"), "{last}");
    assert_eq!(client.run(id(2), "'alive'", true).await, ["<S>alive</S>"]);
}

async fn the_death_of_the_process_aborts_and_then_nothing_is_found(host: Listener) {
    let mut client = Client::open(&host).await;
    let exit = client.command(P, "[Environment]::Exit(1)", true);
    client.ask(exit).await;
    let code = |answer| if let Answer::Fault(fault) = answer { fault.code } else { panic!("{answer:?}") };
    let first = code(client.ask(Operation::Receive { command_id: Some(P) }).await);
    // Death may be quicker than the Receive.
    assert!(matches!(first, Some(995 | Fault::INVALID_SELECTORS)), "{first:?}");
    assert_eq!(code(client.ask(Operation::Delete).await), Some(Fault::INVALID_SELECTORS));
    assert_eq!(host.counters().shells_open, 0);
}

async fn a_deleted_shell_takes_its_process_along(host: Listener) {
    let mut client = Client::open(&host).await;
    let pid = client.run(id(1), "$PID", true).await.remove(0);
    let process = PathBuf::from(format!("/proc/{}", pid.replace("<I32>", "").replace("</I32>", "")));
    assert!(process.exists(), "{pid} runs");
    client.ask(Operation::Delete).await;
    let gone = async {
        while process.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, gone).await.expect("the process is gone");
}
