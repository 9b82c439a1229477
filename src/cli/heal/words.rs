//! What a heal did, in words.

use std::io::IsTerminal as _;

use crate::cli::output::{self, grouped};
use crate::heal::Report;

/// The report for the person at the terminal; machines read the log line.
pub(super) fn show(report: &Report) {
    let is_terminal = std::io::stderr().is_terminal();
    if is_terminal && !report.sites.is_empty() {
        let rows = report.sites.iter().map(|(site_id, site)| {
            vec![site_id.clone(), site.healed.to_string(), site.unfillable.to_string()]
        });
        output::say(&output::table(&["site", "healed", "unfillable"], rows));
    }
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
    if is_terminal {
        output::say(&headline(report));
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
    words + &later(report)
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
            later: 0,
            known_from: None,
            calls: 27,
            charged: 3240,
            runs: 27,
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
            later: 2,
            known_from,
            ..report()
        };
        assert_eq!(
            headline(&plain),
            "openweathermap: healed 1 of 1 missing slot in 1 call; 2 known later, from 2026-11-28 00:00 UTC"
        );
    }
}
