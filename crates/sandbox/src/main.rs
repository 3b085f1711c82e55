//! `sandbox`: the demo world on loopback.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match sandbox::command::run(sandbox::command::Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandbox: {error:#}");
            ExitCode::FAILURE
        }
    }
}
