//! What a heal did, in words.

use std::collections::BTreeMap;

use crate::cli::colour::Tone;
use crate::cli::output::{self, Column, Line, grouped, printable_lines, stderr_width};
use crate::heal::{Report, SiteReport};

/// Where the log has the line of each call that failed; a report that groups them has no use for it.
pub(in crate::cli) const LOG_TARGET: &str = module_path!();

/// Sites and faults that are shown.
const MAX_ROWS: usize = 20;

/// The report for the person at the terminal.
pub(super) fn show(report: &Report) {
    let mut text = sites(report) + &faults(report);
    let tone = if report.failed > 0 || report.stop.is_some() { Tone::Warning } else { Tone::Good };
    text.push_str(&format!("{}\n", tone.paint(&headline(report))));
    output::say_painted(&text);
}

fn sites(report: &Report) -> String {
    let columns = [Column::text("site"), Column::number("healed"), Column::number("unfillable")];
    let line = |(site_id, site): (&String, &SiteReport)| {
        Line::from(vec![site_id.clone(), grouped(site.healed), grouped(site.unfillable)])
    };
    if report.sites.is_empty() {
        return String::new();
    }
    let mut text =
        output::table(&columns, report.sites.iter().take(MAX_ROWS).map(line), stderr_width());
    if let Some(more @ 1..) = report.sites.len().checked_sub(MAX_ROWS) {
        text.push_str(&format!("… and {more} more sites\n"));
    }
    text
}

/// Each fault once, with how many slots it left missing.
fn faults(report: &Report) -> String {
    let mut slots_by_fault: BTreeMap<&str, usize> = BTreeMap::new();
    for failure in &report.failures {
        *slots_by_fault.entry(&failure.error.message).or_default() += failure.slots;
    }
    let lines = slots_by_fault.into_iter().map(|(message, slots)| {
        let slots = grouped(slots as u64);
        format!("  {slots} slots not healed: {}\n", printable_lines(message))
    });
    lines.collect()
}

/// The line of each call that failed.
pub(super) fn log_failures(report: &Report) {
    for failure in &report.failures {
        let (first, last) = (failure.first.format("%F %H:%M"), failure.last.format("%F %H:%M"));
        tracing::warn!(
            source = report.history,
            error_kind = failure.error.kind.as_str(),
            http_status = failure.error.http_status,
            slots = failure.slots,
            "not healed, {first} to {last}: {}",
            failure.error
        );
    }
}

/// `open-meteo: healed 4,700 of 4,800 missing slots in 27 calls, charged as 3,240; 100 unfillable`.
fn headline(report: &Report) -> String {
    let mut words = format!(
        "{}: healed {} of {} missing slot{}",
        report.source,
        grouped(report.healed),
        grouped(report.missing),
        if report.missing == 1 { "" } else { "s" },
    );
    if report.history != report.source {
        words.push_str(&format!(" from {}", report.history));
    }
    words.push_str(&format!(
        " in {} call{}",
        grouped(report.calls),
        if report.calls == 1 { "" } else { "s" }
    ));
    if report.charged != report.calls {
        words.push_str(&format!(", charged as {}", grouped(report.charged)));
    }
    for (count, what) in [
        (report.unfillable, "unfillable"),
        (report.failed, "failed, and stay missing"),
        (report.left(), if report.is_spent { "left: no more calls allowed" } else { "left" }),
    ] {
        if count > 0 {
            words.push_str(&format!("; {} {what}", grouped(count)));
        }
    }
    words + &archived(report) + &later(report)
}

/// Missing slots that lie where nothing is written.
pub(super) fn archived(report: &Report) -> String {
    match report.archived {
        0 => String::new(),
        slots => format!("; {} of archived months, where nothing is written", grouped(slots)),
    }
}

pub(super) fn again(report: &Report) -> String {
    match report.again {
        0 => String::new(),
        slots => format!(", {} of them given up before", grouped(slots)),
    }
}

pub(super) fn later(report: &Report) -> String {
    match report.known_from {
        Some(from) if report.later > 0 => {
            format!("; {} known later, from {}", grouped(report.later), from.format("%F %H:%M UTC"))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn report() -> Report {
        Report {
            source: "openweathermap",
            history: "open-meteo",
            missing: 4800,
            again: 0,
            healed: 4700,
            unfillable: 90,
            failed: 0,
            archived: 0,
            later: 0,
            known_from: None,
            calls: 27,
            charged: 3240,
            runs: 27,
            vault_missed: 0,
            started_at: DateTime::UNIX_EPOCH,
            finished_at: DateTime::UNIX_EPOCH,
            is_spent: true,
            stop: None,
            sites: std::collections::BTreeMap::new(),
            failures: Vec::new(),
        }
    }

    #[test]
    fn the_last_line_says_what_was_healed_and_what_was_not() {
        assert_eq!(
            headline(&report()),
            "openweathermap: healed 4,700 of 4,800 missing slots from open-meteo in 27 calls, \
             charged as 3,240; 90 unfillable; 10 left: no more calls allowed"
        );
        let known_from = "2026-11-28T00:00:00Z".parse().ok();
        let plain = Report {
            history: "openweathermap",
            missing: 1,
            healed: 1,
            unfillable: 0,
            calls: 1,
            charged: 1,
            archived: 3,
            later: 2,
            known_from,
            ..report()
        };
        assert_eq!(
            headline(&plain),
            "openweathermap: healed 1 of 1 missing slot in 1 call; 3 of archived months, where nothing is \
             written; 2 known later, from 2026-11-28 00:00 UTC"
        );
    }
}
