//! What stands behind all charts of a site: nights, borders of days, marks of time, and what is missing; and what
//! the script gets of all of them.

use chrono::{DateTime, MappedLocalTime, TimeDelta, TimeZone as _, Utc};
use serde::Serialize;

use super::Scope;
use super::links::Links;
use super::marks::{Kind, Mark};
use super::nights::nights;
use super::series::across_days;
use super::ticks::{self, Tick};
use crate::serve::page::chart::Across;
use crate::serve::page::lang::zone;

/// Paths and labels.
pub(super) struct Paper {
    pub(super) across: Across,
    pub(super) nights: String,
    pub(super) borders: String,
    pub(super) holes: String,
    pub(super) frozen: String,
    /// Share from the left, in percent, words, and whether it leaves first where there is little room.
    pub(super) ticks: Vec<(f64, String, bool)>,
    /// What the script draws by, as JSON.
    pub(super) data: String,
}

/// What the script draws all charts by. Times are seconds since 1970.
#[derive(Serialize)]
struct Data<'a> {
    from: i64,
    to: i64,
    step: i64,
    /// When the first step begins, and the words for the time of each.
    first: i64,
    times: Vec<String>,
    by: &'static str,
    lang: &'a str,
    values: Option<&'a str>,
    beside: Option<&'a str>,
    rest: &'a str,
    nights: Vec<[i64; 2]>,
    borders: Vec<i64>,
    ticks: Vec<(i64, &'a str)>,
    marks: Vec<(&'static str, i64, i64, &'a str)>,
}

type Times = (DateTime<Utc>, DateTime<Utc>);

impl Paper {
    pub(super) fn of(scope: &Scope, marks: &[Mark], links: &Links) -> Self {
        let by_hour = scope.span.is_by_hour();
        let times = (scope.span.from, scope.span.to);
        let (view, timezone) = (&scope.view, scope.view.zone(scope.place.life.timezone));
        let across = match by_hour {
            true => Across { from: times.0, to: times.1 },
            false => across_days(links.days),
        };
        let (nights, borders, ticks) = if by_hour {
            let place = (scope.place.site.latitude, scope.place.site.longitude);
            let ticks = ticks::of_hours(times, timezone, view.language());
            (nights(place, times), ticks::midnights(times, timezone), ticks)
        } else {
            (Vec::new(), Vec::new(), ticks::of_days(links.days, view.language()))
        };
        let of_kind = |kind: Kind| {
            marks.iter().filter(move |mark| mark.kind == kind).map(|mark| (mark.from, mark.to))
        };
        let share =
            |tick: &Tick| (across.share(tick.time) * 100.0, tick.label.clone(), tick.is_minor);
        Self {
            across,
            nights: across.bands(nights.iter().copied()),
            borders: across.borders(borders.iter().copied()),
            holes: across.bands(of_kind(Kind::Hole)),
            frozen: across.bands(of_kind(Kind::Frozen)),
            ticks: ticks.iter().map(share).collect(),
            data: data(scope, (marks, links), (&across, &nights, &borders, &ticks)),
        }
    }
}

fn data(
    scope: &Scope,
    (marks, links): (&[Mark], &Links),
    (across, nights, borders, ticks): (&Across, &[Times], &[DateTime<Utc>], &[Tick]),
) -> String {
    let by_hour = scope.span.is_by_hour();
    let hour_s = scope.place.site.interval_minutes.max(60) * 60;
    let step = if by_hour { hour_s } else { 86_400 };
    let steps = across.steps(TimeDelta::seconds(step));
    let data = Data {
        from: across.from.timestamp(),
        to: across.to.timestamp(),
        step,
        first: steps.first().map(DateTime::timestamp).unwrap_or_default(),
        times: steps.iter().map(|time| words(*time, scope)).collect(),
        by: if by_hour { "hour" } else { "day" },
        lang: scope.view.tag(),
        values: links.values.as_deref(),
        beside: links.values_beside.as_deref(),
        rest: &links.rest,
        nights: nights.iter().map(|(from, to)| [from.timestamp(), to.timestamp()]).collect(),
        borders: borders.iter().map(DateTime::timestamp).collect(),
        ticks: ticks.iter().map(|tick| (tick.time.timestamp(), tick.label.as_str())).collect(),
        marks: marks
            .iter()
            .map(|mark| {
                (mark.kind.name(), mark.from.timestamp(), mark.to.timestamp(), mark.words.as_str())
            })
            .collect(),
    };
    serde_json::to_string(&data).unwrap_or_default()
}

/// An hour by the reader's clocks, with its zone where there are two of that name; or a day.
fn words(time: DateTime<Utc>, scope: &Scope) -> String {
    let language = scope.view.language();
    if !scope.span.is_by_hour() {
        return language.day(time.date_naive());
    }
    let timezone = scope.view.zone(scope.place.life.timezone);
    let local = time.with_timezone(&timezone).naive_local();
    match timezone.from_local_datetime(&local) {
        MappedLocalTime::Ambiguous(..) => {
            format!("{} {}", language.hour(local), zone(time, timezone))
        }
        _ => language.hour(local),
    }
}
