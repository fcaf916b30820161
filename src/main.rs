//! Starts [`sentinel_jump::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let exit = runtime.block_on(sentinel_jump::cli::run());
    // A read of standard input that is under way cannot be stopped, and would hold up the end.
    runtime.shutdown_background();
    exit.into()
}
