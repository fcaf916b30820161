//! Runs one command on a WinRM host:
//! `cargo run -p wsman --example invoke -- http://host:5985/wsman 'DOMAIN\user' Get-Date Format=o`
//!
//! The password comes from standard input, so that it is in no process list.

use std::error::Error;
use std::io::Read as _;

use wsman::auth::Credentials;
use wsman::client::{Options, RunspacePool};
use wsman::clixml::json;
use wsman::psrp::Command;

#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "an example prints")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, username, name, parameters @ ..] = arguments.as_slice() else {
        return Err("usage: invoke URL USER COMMAND [NAME=VALUE]... < password".into());
    };
    let mut password = String::new();
    std::io::stdin().read_to_string(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']).to_owned().into();

    let mut command = Command::new(name);
    for parameter in parameters {
        let (name, value) = parameter.split_once('=').ok_or("parameters are NAME=VALUE")?;
        command = command.argument(name, value);
    }

    let credentials = Credentials { username: username.clone(), password };
    let pool = RunspacePool::open(Options::new(url, credentials)?).await?;
    let output = pool.invoke(command).await?;
    pool.close().await;

    for object in &output.objects {
        println!("{}", json::to_json(object));
    }
    println!("{:?}, {} errors", output.end, output.errors.len());
    Ok(())
}
