//! The command line of `covenant-node`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::control::{Restored, Restoring};

/// Takes a party's signals, pseudonymises them, asks the broker and verifies what it answers.
#[derive(Debug, Parser)]
#[command(name = "covenant-node", version)]
pub struct Arguments {
    /// A configuration file; later ones override earlier ones.
    #[arg(long, global = true, default_value = "/etc/covenant/node.toml")]
    config: Vec<PathBuf>,
    /// Overrides one setting, for example `--set outbox.push_delay_ms=0`.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads the configuration, keys, certificates and covenants, says what is wrong, and ends.
    CheckConfig,
    /// Prints the newest checkpoint of the log that the node verified, to be compared with others'
    /// (`covenant audit compare`); also while the node runs.
    Checkpoint,
    /// Makes a backup of the running node: everything that it acknowledged before is in it. Run it
    /// as the node's user or as root. The vault key is not in it, and without that key it can't be
    /// read: keep the two apart, and keep both.
    Backup {
        /// The file to write; it must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Verifies a backup, and puts it into an empty or missing `state_dir`. The node must not run.
    Restore {
        /// The backup's file.
        #[arg(long)]
        from: PathBuf,
        /// Only verifies: nothing is installed, and a state that is there may stay.
        #[arg(long)]
        verify: bool,
        /// The state folder of before, moved away: what it has seen of the log is taken over.
        #[arg(long)]
        old: Option<PathBuf>,
        /// Files with signed checkpoints that others have. The node goes on behind none of them.
        #[arg(long, num_args = 1..)]
        witnessed: Vec<PathBuf>,
    },
    /// Has the running node remove now what may not be kept any longer, from the disk as well.
    Purge,
    /// Says what the next purge of the running node would remove, where copies may be that it can't
    /// remove, and what earlier purges removed. Nothing is removed.
    Retention,
}

impl Arguments {
    /// Does what was asked; the text is the answer to whoever asked.
    ///
    /// # Errors
    /// What kept it from being done, with the remedy.
    pub fn run(self) -> anyhow::Result<Option<String>> {
        let (config, set) = (self.config.as_slice(), self.set.as_slice());
        match self.command {
            None => crate::run(config, set).map(|()| None),
            Some(Command::CheckConfig) => crate::check_config(config, set).map(|()| None),
            Some(Command::Checkpoint) => {
                // A note ends in a line feed, and printing adds one.
                let note = String::from_utf8(crate::newest_checkpoint(config, set)?)?;
                Ok(Some(note.trim_end_matches('\n').to_owned()))
            }
            Some(Command::Backup { out }) => crate::back_up_to(config, set, &out).map(Some),
            Some(Command::Restore {
                from,
                verify,
                old,
                witnessed,
            }) => {
                let what = Restoring {
                    from: &from,
                    old: old.as_deref(),
                    witnessed: &witnessed,
                    verify_only: verify,
                };
                crate::restore(config, set, &what).map(|restored| Some(told(&restored, verify)))
            }
            Some(Command::Purge) => crate::purge_now(config, set).map(Some),
            Some(Command::Retention) => crate::retention(config, set).map(Some),
        }
    }
}

fn told(restored: &Restored, verify: bool) -> String {
    let checked = restored.checked;
    let remembers = restored.remembers.map_or_else(
        || "It has seen nothing of the log.".to_owned(),
        |size| format!("It goes on behind no log of less than {size} entries."),
    );
    let done = if verify {
        "Nothing was installed."
    } else {
        "It is installed. Start the node, and have partner systems send again what they sent since \
         the backup."
    };
    format!(
        "The backup holds: {} own signals, {} items that wait for the broker, {} notices.\n\
         {remembers}\n{done}",
        checked.signals, checked.waiting, checked.notices
    )
}
