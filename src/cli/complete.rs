//! `completions` and `man`: what clap knows of the command line, for shells
//! and for `man`.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::args::{Args, Man};
use super::source::CommandError;
use super::{Exit, print};

pub(super) fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    let mut command = Args::command();
    let name = command.get_name().to_owned();
    clap_complete::generate(shell, &mut command, name, &mut script);
    print::made(&script);
    Exit::Done
}

/// The page of the whole, or with a folder one more for every command.
pub(super) fn man(args: &Man) -> Result<Exit, CommandError> {
    match &args.output {
        Some(folder) => pages(folder)?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Args::command()).render(&mut page).map_err(CommandError::Page)?;
            print::made(&page);
        }
    }
    Ok(Exit::Done)
}

fn pages(folder: &Path) -> Result<(), CommandError> {
    std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Args::command(), folder))
        .map_err(CommandError::Page)
}
