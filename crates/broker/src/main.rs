//! `covenant-broker`: the central process that matches and decides.

use std::process::ExitCode;

use clap::Parser as _;

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn main() -> ExitCode {
    match broker::Arguments::parse().run() {
        Ok(answer) => {
            if let Some(answer) = answer {
                println!("{answer}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("covenant-broker: {error:#}");
            ExitCode::FAILURE
        }
    }
}
