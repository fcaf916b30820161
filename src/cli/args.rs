//! The command line as typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::catalog::ToolSet;
use crate::config::env;
use crate::tenant::Language;

/// Microsoft Sentinel of several customers, run on each customer's own jump
/// host.
#[derive(Debug, clap::Parser)]
#[command(name = "sentinel-jump", version, about, after_help = after())]
pub struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

fn after() -> String {
    let variables = env::VARIABLES.iter();
    #[cfg(feature = "demo")]
    let variables = variables.chain([&super::demo::HOST_PASSWORD]);
    let lines = variables.map(|variable| format!("  {:<28} {}\n", variable.name, variable.meaning));
    format!(
        "Environment:\n{}\nExit codes: 0 done, 1 failed, 2 refused, 3 unreachable, 4 unknown, 130 cancelled",
        lines.collect::<String>()
    )
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Serve MCP on standard input and output, or over HTTP.
    Serve(Serve),
    /// Serve MCP on jump hosts of the demo; needs no configuration.
    #[cfg(feature = "demo")]
    Demo(Demo),
    /// Run one tool and print its answer: a table on a terminal, JSON elsewhere.
    Call(Call),
    /// List the tools that a client would see, or explain one.
    Tools(List),
    /// Look at what a host's script has.
    #[command(subcommand)]
    Catalog(Catalog),
    /// Check a configuration without connecting anywhere.
    Check(Check),
    /// Look at the trail of who did what.
    #[command(subcommand)]
    Audit(Audit),
    /// Run an embedded jump host for tests.
    #[cfg(feature = "demo")]
    Host(Host),
    /// Simulate the Azure of the demo's customers, for other clients.
    #[cfg(feature = "demo")]
    Azure(Azure),
    /// Print what a shell completes the command line by.
    Completions(Completions),
    /// Print the manual page, in roff.
    Man(Man),
}

/// Where the configuration comes from.
#[derive(Debug, clap::Args)]
pub(super) struct Source {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Use the demo's jump hosts instead.
    #[cfg(feature = "demo")]
    #[arg(long, conflicts_with = "config")]
    pub(super) demo: bool,
}

impl Source {
    /// Whether the command line says it.
    pub(super) fn is_given(&self) -> bool {
        #[cfg(feature = "demo")]
        if self.demo {
            return true;
        }
        self.config.is_some()
    }
}

/// Which tools there are.
#[derive(Debug, Default, clap::Args)]
pub(super) struct Tools {
    /// Tool sets instead of the configured ones.
    #[arg(long, value_name = "SET,…", value_delimiter = ',', value_parser = tool_set())]
    pub(super) tools: Vec<ToolSet>,
    /// No tool that changes anything.
    #[arg(long)]
    pub(super) read_only: bool,
}

/// Names the sets in the help, in completions and where there is none of that name.
fn tool_set() -> impl clap::builder::TypedValueParser<Value = ToolSet> {
    use clap::builder::{PossibleValuesParser, TypedValueParser as _};
    PossibleValuesParser::new(ToolSet::NAMES.map(|(name, _)| name)).try_map(|name| name.parse::<ToolSet>())
}

/// Over what MCP is served.
#[derive(Debug, clap::Args)]
pub(super) struct Over {
    /// Serve streamable HTTP at this loopback address (such as 127.0.0.1:8321), path /mcp, instead.
    #[arg(long, value_name = "ADDR")]
    pub(super) http: Option<SocketAddr>,
}

#[cfg(feature = "demo")]
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    #[command(flatten)]
    pub(super) over: Over,
    /// Language of the answers where neither the question nor its tenant says: en or de.
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) language: Option<Language>,
    #[command(flatten)]
    pub(super) tools: Tools,
}

#[derive(Debug, clap::Args)]
pub(super) struct Serve {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[command(flatten)]
    pub(super) over: Over,
    /// Language of the answers where neither the question nor its tenant says: en or de.
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) language: Option<Language>,
    #[command(flatten)]
    pub(super) tools: Tools,
}

#[derive(Debug, clap::Args)]
pub(super) struct Call {
    /// Tool, or function of the script.
    pub(super) tool: String,
    /// Tenant, by alias.
    #[arg(long, value_name = "T")]
    pub(super) tenant: Option<String>,
    /// Workspace, by alias.
    #[arg(long, value_name = "W")]
    pub(super) workspace: Option<String>,
    /// One argument; give it again for more. Lists are separated by commas.
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    pub(super) arguments: Vec<String>,
    /// Arguments as a JSON object.
    #[arg(long, value_name = "{…}")]
    pub(super) json: Option<String>,
    /// Name of the object, typed by a person: confirms what may lose something.
    #[arg(long, value_name = "NAME")]
    pub(super) confirm: Option<String>,
    /// Language of the answers: en or de.
    #[arg(long, value_name = "LANGUAGE")]
    pub(super) language: Option<Language>,
    /// How the answer is printed, instead of a table on a terminal and JSON elsewhere.
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// Every row, not only the first page.
    #[arg(long)]
    pub(super) all: bool,
    /// Rows only: no summary, no hints, no log.
    #[arg(long, short)]
    pub(super) quiet: bool,
    #[command(flatten)]
    pub(super) source: Source,
    #[command(flatten)]
    pub(super) tools: Tools,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// Columns that fit the terminal.
    Table,
    /// One object, as MCP has it.
    Json,
    /// A row per line, as soon as it is there.
    Jsonl,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The tool to explain, or its function.
    pub(super) tool: Option<String>,
    /// As JSON, with schemas.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) source: Source,
    #[command(flatten)]
    pub(super) tools: Tools,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Catalog {
    /// Ask a host for its functions and print them beside the catalogue, as JSON.
    Probe(Probe),
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("whose").required(true))]
pub(super) struct Probe {
    /// Jump host, by name.
    #[arg(long, value_name = "H", group = "whose")]
    pub(super) host: Option<String>,
    /// Tenant, by alias; its jump host is asked.
    #[arg(long, value_name = "T", group = "whose")]
    pub(super) tenant: Option<String>,
    /// File for the overlay; it is left as it is while the script has not changed.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) source: Source,
}

#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Configuration file.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Audit {
    /// Check that the trail is what was written, and name the first line that is not.
    Verify(Verify),
}

#[derive(Debug, clap::Args)]
pub(super) struct Verify {
    /// The state folder, or a copy of it, instead of the configured one.
    #[arg(long, value_name = "FOLDER", conflicts_with = "config")]
    pub(super) state_dir: Option<PathBuf>,
    /// Configuration file; its state_dir is read.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[cfg(feature = "demo")]
#[derive(Debug, clap::Args)]
pub(super) struct Host {
    /// Address to listen on, such as 127.0.0.1:5985.
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: SocketAddr,
    /// Certificate in PEM, for https; those of its issuers may follow it.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_certificate: Option<PathBuf>,
    /// Key of the certificate, in PEM.
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(super) tls_key: Option<PathBuf>,
    /// Refuse sign-ins that are not bound to the certificate.
    #[arg(long, requires = "tls_certificate")]
    pub(super) require_channel_binding: bool,
    /// Take Basic, too: the password itself, inside TLS.
    #[arg(long, requires = "tls_certificate")]
    pub(super) basic: bool,
    /// Command of an out-of-process PowerShell behind it.
    #[cfg(feature = "process")]
    #[arg(long, value_name = "COMMAND")]
    pub(super) process: Option<String>,
}

#[cfg(feature = "demo")]
#[derive(Debug, clap::Args)]
pub(super) struct Azure {
    /// Loopback address to listen on, such as 127.0.0.1:8443.
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: SocketAddr,
    /// File for the authority that its certificate is by, in PEM.
    #[arg(long, value_name = "FILE", default_value = "sentinel-jump-azure.pem")]
    pub(super) ca_file: PathBuf,
    /// Items of a page of any list, at most.
    #[arg(long, value_name = "N")]
    pub(super) page: Option<std::num::NonZeroUsize>,
    /// Retry-After of what takes its time; Azure says none, and clients then wait half a minute.
    #[arg(long, value_name = "SECONDS")]
    pub(super) retry_after: Option<u32>,
    /// Be as slow as the demo's scenario says, and refuse as often.
    #[arg(long)]
    pub(super) slow: bool,
    /// Take faults and documents by PUT /simulation/faults and /simulation/documents.
    #[arg(long)]
    pub(super) control: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// Which shell.
    pub(super) shell: clap_complete::Shell,
}

#[derive(Debug, clap::Args)]
pub(super) struct Man {
    /// Write a page for every command into this folder instead.
    #[arg(long, value_name = "FOLDER")]
    pub(super) output: Option<PathBuf>,
}
