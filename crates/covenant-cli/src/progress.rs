//! A progress bar for people, once a job turns out to take a while.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use model::clock::Stopwatch;

/// Work that is done sooner shows no bar.
const PATIENCE: Duration = Duration::from_secs(2);

/// Counts work; shows a bar on standard error after two seconds, if that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    watch: Stopwatch,
    hidden: bool,
    muted: bool,
}

impl Progress {
    /// Nothing done of `total`.
    pub(crate) fn of(total: usize, what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(
            Some(u64::try_from(total).unwrap_or(u64::MAX)),
            ProgressDrawTarget::hidden(),
        );
        // The template is fixed; the default style is no less useful should it ever be refused.
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Self {
            bar,
            watch: Stopwatch::start(),
            hidden: true,
            muted: false,
        }
    }

    /// Never shows a bar: the work is part of other work that shows one.
    pub(crate) const fn mute(&mut self) {
        self.muted = true;
    }

    /// So much is done in all.
    pub(crate) fn at(&mut self, done: usize) {
        if self.hidden
            && !self.muted
            && self.watch.elapsed() > PATIENCE
            && std::io::stderr().is_terminal()
        {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.hidden = false;
        }
        self.bar
            .set_position(u64::try_from(done).unwrap_or(u64::MAX));
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
