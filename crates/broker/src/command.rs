//! The command line of `covenant-broker`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Matches pseudonymised signals and decides by the covenants that all parties signed.
#[derive(Debug, Parser)]
#[command(name = "covenant-broker", version)]
pub struct Arguments {
    /// A configuration file; later ones override earlier ones.
    #[arg(long, global = true, default_value = "/etc/covenant/broker.toml")]
    config: Vec<PathBuf>,
    /// Overrides one setting, for example `--set limits.withdrawal_alarm_hours=24`.
    #[arg(long = "set", global = true, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads the configuration, keys, certificates and covenants, says what is wrong, and ends.
    CheckConfig,
    /// Prints the public key of the disclosure log: what nodes and auditors pin as `log_vkey`, and
    /// what a covenant names as `[logboek] sleutel`.
    LogKey,
    /// Makes a backup of the running broker: everything that it answered before is in it. Run it as
    /// the broker's user or as root. Guard the file like the state folder.
    Backup {
        /// The file to write; it must not exist.
        #[arg(long)]
        out: PathBuf,
    },
    /// Verifies a backup, and puts it into an empty or missing `state_dir`. The broker must not run.
    Restore {
        /// The backup's file.
        #[arg(long)]
        from: PathBuf,
        /// Only verifies: nothing is installed, and a state that is there may stay.
        #[arg(long)]
        verify: bool,
        /// Files with signed checkpoints that nodes, auditors or witnesses have. A backup that is
        /// behind one of them is refused: others hold proofs that it does not have.
        #[arg(long, num_args = 1..)]
        witnessed: Vec<PathBuf>,
    },
    /// Has the running broker remove now what may not be kept any longer, from the disk as well.
    Purge,
    /// Says what the next purge of the running broker would remove, and where copies may be that
    /// it can't remove. Nothing is removed.
    Retention,
    /// Has the running broker close an old key epoch of a covenant for good and remove all signals
    /// under it: at the earliest 31 days after a later epoch came into use.
    PurgeEpoch {
        /// The covenant's id.
        #[arg(long)]
        covenant: String,
        /// The epoch.
        #[arg(long)]
        epoch: u32,
    },
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
            Some(Command::LogKey) => crate::log_key(config, set).map(Some),
            Some(Command::Backup { out }) => crate::back_up_to(config, set, &out)
                .map(|told| Some(format!("the backup is in {}: {told}", out.display()))),
            Some(Command::Restore {
                from,
                verify,
                witnessed,
            }) => crate::restore(config, set, &from, &witnessed, verify)
                .map(|restored| Some(told(&restored, verify))),
            Some(Command::Purge) => crate::purge_now(config, set).map(Some),
            Some(Command::Retention) => crate::retention(config, set).map(Some),
            Some(Command::PurgeEpoch { covenant, epoch }) => {
                crate::purge_epoch(config, set, &covenant, epoch).map(Some)
            }
        }
    }
}

fn told(restored: &store::Restored, verify: bool) -> String {
    let checked = restored.checked;
    let held = match restored.witnessed {
        Some(size) => format!("It is not behind the newest checkpoint given ({size} entries)."),
        None => "WARNING: it was held against no checkpoint of anybody else. If nodes have seen a \
                 newer one, they refuse this broker. Ask the parties and the auditor for theirs \
                 and give them as --witnessed."
            .to_owned(),
    };
    let done = if verify {
        "Nothing was installed."
    } else {
        "It is installed. Start the broker."
    };
    format!(
        "The backup holds: {} entries of the log, each in its place in the signed tree; {} \
         signals; {} notices on their way.\n{held}\n{done}",
        checked.leaves, checked.signals, checked.notices
    )
}
