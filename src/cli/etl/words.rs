//! What a run did, for the person at the terminal: a sentence, and each fault once.

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::colour::Tone;
use crate::cli::output::{self, grouped, printable_lines};
use crate::cli::sources::SourceName;
use crate::domain::{Outcome, Site, slot_time};
use crate::etl::Report;
use crate::etl::failure::Fault;

/// Faults that are shown; `weather gaps` has all.
const MAX_FAULTS: usize = 3;

/// The report in words.
pub(super) fn show(report: &Report, source: SourceName, sites: &[Site]) {
    let mut text = tone(report).paint(&headline(report, sites)) + "\n";
    let faults = report.faults.by_sites();
    for (number, fault) in faults.iter().take(MAX_FAULTS).enumerate() {
        text.push_str(&format!("  {}\n", printable_lines(&in_words(fault))));
        // A hint of a kind stands once, and none beside that of the error which ends the command.
        let is_new = faults[..number].iter().all(|before| before.kind != fault.kind);
        if is_new && report.stop.is_none() {
            let remedy = (source.check.remedy)(fault.kind, &fault.message);
            text.push_str(&format!("  {} {remedy}\n", Tone::Faint.paint("hint:")));
        }
    }
    if faults.len() > MAX_FAULTS {
        let more = faults.len() - MAX_FAULTS;
        text.push_str(&format!("  … and {more} other faults: `weather gaps` lists every slot\n"));
    }
    output::say_painted(&text);
}

fn tone(report: &Report) -> Tone {
    match report.outcome() {
        Outcome::Succeeded => Tone::Good,
        Outcome::Partial | Outcome::Interrupted => Tone::Warning,
        Outcome::Failed => Tone::Bad,
    }
}

/// `24 sites: connection refused; first lon-city`.
fn in_words(Fault { message, sites, first, .. }: &Fault) -> String {
    match sites {
        1 => format!("{first}: {message}"),
        sites => format!("{} sites: {message}; first {first}", grouped(*sites)),
    }
}

/// What came of it, in a sentence.
fn headline(report: &Report, sites: &[Site]) -> String {
    let counts = &report.counts;
    let is_idle = counts.collected + counts.failed + report.passed + report.left() == 0;
    if is_idle && report.stop.is_none() {
        return nothing_due(report, sites);
    }
    let mut words = format!(
        "{}: {} of {} sites collected in {}, {} calls",
        report.source,
        grouped(counts.collected),
        grouped(counts.sites),
        seconds(report.finished_at - report.started_at),
        grouped(counts.calls)
    );
    if counts.retries > 0 {
        words.push_str(&format!(" ({} of them retries)", grouped(counts.retries)));
    }
    for (count, what) in [
        (counts.failed, "failed"),
        (report.collected_before, "collected before"),
        (report.failed_before, "failed for good before"),
        (report.passed, "were over before their turn came"),
        (report.left(), "left: they stay due"),
    ] {
        if count > 0 {
            words.push_str(&format!("; {} {what}", grouped(count)));
        }
    }
    words
}

fn nothing_due(report: &Report, sites: &[Site]) -> String {
    let (source, all) = (report.source, report.counts.sites);
    if all == 0 {
        return format!("{source}: nothing is due: no site is active at present");
    }
    let failed = match report.failed_before {
        0 => String::new(),
        failed => format!(", {} failed for good", grouped(failed)),
    };
    let next = next_slot(sites, report.finished_at);
    let next = next.map(|next| format!("; the next slot begins at {}", next.format("%H:%M UTC")));
    format!(
        "{source}: nothing is due: {} of {} sites are collected{failed}{}",
        grouped(report.collected_before),
        grouped(all),
        next.unwrap_or_default()
    )
}

/// When the next slot begins of a site that is active then.
fn next_slot(sites: &[Site], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let next = |site: &Site| {
        let next = slot_time(now, site.interval) + site.interval.span();
        site.is_active_at(next).then_some(next)
    };
    sites.iter().filter_map(next).min()
}

fn seconds(span: TimeDelta) -> String {
    match span.num_milliseconds().max(0) {
        ms @ ..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => output::ago(span),
    }
}
