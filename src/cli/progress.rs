//! A progress bar, on a terminal only.

use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::domain::SlotResult;
use crate::job::Progress;
use crate::telemetry::BARS;

/// The bar of a run.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// A bar of `what`, shown from when the work is known. None without a terminal, or where the
    /// log is for machines.
    pub(super) fn new(is_json: bool, what: &str) -> Self {
        let bar = ProgressBar::no_length();
        if is_json || !io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
            return Self(bar);
        }
        let template = format!("{{bar:40}} {{pos}}/{{len}} {what}, {{eta}} left");
        bar.set_style(
            ProgressStyle::with_template(&template)
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Self(BARS.add(bar))
    }
}

impl Progress for Bar {
    fn planned(&self, slots: usize) {
        // Each source of a start plans its own.
        self.0.set_length(self.0.length().unwrap_or_default() + slots as u64);
    }

    fn done(&self, _result: &SlotResult) {
        self.0.inc(1);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
