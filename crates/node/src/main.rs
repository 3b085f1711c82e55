//! `covenant-node`: a party's gateway.

use std::process::ExitCode;

use clap::Parser as _;

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn main() -> ExitCode {
    match node::Arguments::parse().run() {
        Ok(answer) => {
            if let Some(answer) = answer {
                println!("{answer}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("covenant-node: {error:#}");
            ExitCode::FAILURE
        }
    }
}
