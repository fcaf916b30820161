//! The same operations by psrp-rs.
//!
//! Reads the question of `compare.rs` as JSON on standard input, prints the
//! seconds that each operation took.

use std::error::Error;
use std::time::Instant;

use psrp_rs::clixml::PsValue;
use psrp_rs::{
    AuthMethod, Command, Pipeline, RunspacePool, WinrmClient, WinrmConfig, WinrmCredentials, WinrmPsrpTransport,
};
use serde_json::{Value, json};

type Failure = Box<dyn Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let asked: Value = serde_json::from_reader(std::io::stdin())?;
    let text = |name: &str| asked[name].as_str().unwrap_or_default();
    let number = |name: &str| asked[name].as_u64().unwrap_or_default();
    let tls = text("scheme") == "https";
    let config = WinrmConfig {
        port: Some(u16::try_from(number("port"))?),
        auth_method: AuthMethod::Ntlm,
        max_envelope_size: 512_000,
        ..if tls { WinrmConfig::https() } else { WinrmConfig::http() }
    };
    let credentials = WinrmCredentials::new(text("username"), text("password"), "");
    let mut builder = WinrmClient::builder(config).credentials(credentials);
    if tls {
        builder = builder.pin_server_certificate_sha256(text("pin"));
    }
    let client = builder.build()?;

    let start = Instant::now();
    let runspaces = i32::try_from(number("parallel").max(1))?;
    let (id, creation) = RunspacePool::<WinrmPsrpTransport>::build_creation_fragments(1, runspaces)?;
    let transport = WinrmPsrpTransport::open(&client, text("host"), &creation).await?;
    let mut pool = RunspacePool::open_from_transport(transport, id, 1, runspaces).await?;
    let open = start.elapsed().as_secs_f64();

    call(&mut pool).await?;
    let start = Instant::now();
    for _ in 0..number("calls") {
        call(&mut pool).await?;
    }
    let warm = start.elapsed().as_secs_f64();

    let mut texts = Vec::new();
    for length in asked["texts"].as_array().into_iter().flatten().filter_map(Value::as_i64) {
        let command = Command::new("Get-Text").with_parameter("Length", PsValue::I32(i32::try_from(length)?));
        let start = Instant::now();
        match run(&mut pool, command).await?.as_slice() {
            [PsValue::String(text)] if text.len() as i64 == length => texts.push(start.elapsed().as_secs_f64()),
            _ => return Err("another text".into()),
        }
    }

    // One after the other: its pool takes one pipeline at a time.
    let start = Instant::now();
    for _ in 0..number("parallel") {
        run(&mut pool, Command::new("Start-Sleep").with_parameter("Milliseconds", PsValue::I32(50))).await?;
    }
    let parallel = start.elapsed().as_secs_f64();

    let start = Instant::now();
    pool.close().await?;
    let close = start.elapsed().as_secs_f64();
    println!("{}", json!({"open": open, "warm": warm, "texts": texts, "parallel": parallel, "close": close}));
    Ok(())
}

async fn call(pool: &mut RunspacePool<WinrmPsrpTransport<'_>>) -> Result<(), Failure> {
    let command = Command::new("Write-Output").with_parameter("InputObject", PsValue::String("hello".into()));
    match run(pool, command).await?.as_slice() {
        [PsValue::String(text)] if text == "hello" => Ok(()),
        _ => Err("another answer".into()),
    }
}

async fn run(pool: &mut RunspacePool<WinrmPsrpTransport<'_>>, command: Command) -> Result<Vec<PsValue>, Failure> {
    Ok(Pipeline::empty().add_command(command).run(pool).await?)
}
