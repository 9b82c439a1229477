//! The charts of a site, drawn, and what the script gets of each.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::marks;
use super::measured::{DIRECTION, KINDS, Kind, Look, Scale, Shown};
use super::series::{Sample, Series, pieces, running};
use crate::serve::page::chart::{Across, Piece, Up};
use crate::serve::page::view::View;
use crate::views::Hour;

/// So many arrows stand beside each other at most.
const ARROWS: usize = 12;

/// A chart, and what stands around it.
pub(super) struct Figure {
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) unit: &'static str,
    /// What it shows, in words.
    pub(super) words: String,
    /// Its lines: look, and name in words.
    pub(super) legend: Vec<(&'static str, String)>,
    pub(super) grid: String,
    pub(super) band: String,
    pub(super) bars: String,
    /// Look and path.
    pub(super) lines: Vec<(&'static str, String)>,
    pub(super) sum: String,
    pub(super) beside: String,
    pub(super) dots: String,
    /// Marks of the values: share from above, in percent, and words.
    pub(super) marks: Vec<(f64, String)>,
    /// Those of the sum, on the other side.
    pub(super) sums: Vec<(f64, String)>,
    /// Share from the left, in percent, and where the wind goes, in degrees.
    pub(super) arrows: Vec<(f64, i64)>,
    /// What the script draws it by, as JSON.
    pub(super) data: String,
}

/// What all charts of a page have in common.
pub(super) struct Sheet<'a> {
    pub(super) across: Across,
    pub(super) series: &'a Series,
    /// What is drawn beside it.
    pub(super) beside: Option<&'a Series>,
    pub(super) view: View,
}

/// What the script draws a chart by.
#[derive(Serialize)]
struct Data<'a> {
    unit: &'a str,
    decimals: usize,
    /// By what a stored value is multiplied, and what is added.
    factor: f64,
    offset: f64,
    #[serde(skip_serializing_if = "<[f64]>::is_empty")]
    steps: &'a [f64],
    /// Marks of the axis, the lowest first: value and words.
    marks: Vec<Mark>,
    /// Those of the sum.
    sums: Vec<Mark>,
    lines: Vec<LineData<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    band: Option<[&'static str; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arrows: Option<&'static str>,
}

/// A mark of an axis: value and words.
type Mark = (f64, String);

#[derive(Serialize)]
struct LineData<'a> {
    field: &'static str,
    look: &'static str,
    name: &'a str,
}

/// A chart for each kind of which there are values.
pub(super) fn all(sheet: &Sheet<'_>) -> Vec<Figure> {
    KINDS.iter().filter_map(|kind| Drawing::of(kind, sheet).map(Drawing::figure)).collect()
}

/// A chart that is being drawn.
struct Drawing<'a> {
    kind: &'static Kind,
    sheet: &'a Sheet<'a>,
    scale: Scale,
    /// The values of each line that has some, in the reader's unit.
    lines: Vec<(&'static Shown, Vec<Sample>)>,
    band: Vec<Vec<(DateTime<Utc>, f64, f64)>>,
    beside: Vec<Sample>,
    up: Up,
}

impl<'a> Drawing<'a> {
    fn of(kind: &'static Kind, sheet: &'a Sheet<'a>) -> Option<Self> {
        let scale = kind.scale(sheet.view.units());
        let lines = kind.shown.iter().map(|shown| (shown, read(sheet.series, shown, scale)));
        let lines: Vec<_> = lines.filter(|(_, samples)| !samples.is_empty()).collect();
        let first = kind.shown.first();
        let beside = first.zip(sheet.beside).map(|(shown, other)| read(other, shown, scale));
        let (beside, band) = (beside.unwrap_or_default(), band(kind, sheet.series, scale));
        let values = lines.iter().flat_map(|(_, samples)| samples.iter()).chain(&beside);
        let values = values.map(|(.., value)| *value);
        let edges = band.iter().flatten().flat_map(|(_, low, high)| [*low, *high]);
        let least = scale.of_difference(kind.least);
        let up = Up::of(values.chain(edges), least, kind.from_zero)?;
        // What is beside alone makes no chart of this site.
        (!lines.is_empty()).then_some(Self { kind, sheet, scale, lines, band, beside, up })
    }

    fn figure(self) -> Figure {
        let Self { kind, sheet, up, .. } = &self;
        let (across, view) = (&sheet.across, &sheet.view);
        let sum = self.sum();
        Figure {
            id: kind.id,
            title: view.say(&format!("site-chart-{}", kind.id)).to_string(),
            unit: self.scale.symbol(),
            words: self.words(),
            legend: self.legend(),
            grid: up.grid(),
            band: up.band(across, &self.band),
            bars: self.bars(),
            lines: self.paths(),
            sum: sum
                .as_ref()
                .map(|(up, points)| up.line(across, std::slice::from_ref(points)))
                .unwrap_or_default(),
            beside: up.line(across, &pieces(&self.beside)),
            dots: up.dots(across, &self.healed()),
            marks: from_above(up, view),
            sums: sum.as_ref().map(|(up, _)| from_above(up, view)).unwrap_or_default(),
            arrows: if kind.has_arrows { arrows(sheet.series.hours(), across) } else { Vec::new() },
            data: self.data(sum.map(|(up, _)| marks_of(&up, view)).unwrap_or_default()),
        }
    }

    fn name(&self, shown: &Shown) -> String {
        self.sheet.view.say(&format!("site-of-{}", shown.key)).to_string()
    }

    fn legend(&self) -> Vec<(&'static str, String)> {
        let view = &self.sheet.view;
        let mut legend: Vec<_> =
            self.lines.iter().map(|(shown, _)| (shown.look.name(), self.name(shown))).collect();
        if !self.band.is_empty() {
            legend.push(("band", view.say("site-of-band").to_string()));
        }
        if self.kind.has_sum {
            legend.push(("sum", view.say("site-of-sum").to_string()));
        }
        if legend.len() == 1 { Vec::new() } else { legend }
    }

    fn paths(&self) -> Vec<(&'static str, String)> {
        let lines = self.lines.iter().filter(|(shown, _)| shown.look != Look::Bars);
        let path = |samples: &[Sample]| self.up.line(&self.sheet.across, &pieces(samples));
        lines.map(|(shown, samples)| (shown.look.name(), path(samples))).collect()
    }

    fn bars(&self) -> String {
        let bars = self.lines.iter().filter(|(shown, _)| shown.look == Look::Bars);
        bars.map(|(_, samples)| self.up.bars(&self.sheet.across, samples)).collect()
    }

    /// What the values come to, with an axis of its own.
    fn sum(&self) -> Option<(Up, Piece)> {
        let (_, samples) = self.lines.first().filter(|_| self.kind.has_sum)?;
        let points = running(samples);
        let values = points.iter().map(|(_, sum)| *sum);
        Some((Up::of(values, self.scale.of_difference(self.kind.least), true)?, points))
    }

    /// The values that were filled later.
    fn healed(&self) -> Vec<(DateTime<Utc>, f64)> {
        let value = self.kind.shown.first().and_then(|shown| shown.hour);
        let half = self.sheet.series.step() / 2;
        let hours = self.sheet.series.hours().iter().filter(|hour| marks::is_healed(hour));
        let point = |hour: &Hour| {
            let (_, value) = value?;
            Some((hour.hour + half, self.scale.of(value(hour)?)))
        };
        hours.filter_map(point).collect()
    }

    /// From the lowest to the highest; of what falls, what it comes to.
    fn words(&self) -> String {
        let (view, scale) = (&self.sheet.view, self.scale);
        let written = |value: f64| view.number(value, scale.decimals());
        let unit = scale.symbol();
        if self.kind.has_sum {
            let sum: f64 =
                self.lines.iter().flat_map(|(_, samples)| samples).map(|(.., value)| value).sum();
            return view
                .say("site-in-all")
                .with("value", format!("{}\u{a0}{unit}", written(sum)))
                .to_string();
        }
        let band = self.band.iter().flatten().flat_map(|(_, low, high)| [*low, *high]);
        let first = self.lines.first().map(|(_, samples)| samples.iter()).into_iter().flatten();
        let values = first.map(|(.., value)| *value).chain(band);
        let (low, high) = values
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        view.say("site-low-high")
            .with("low", written(low))
            .with("high", format!("{}\u{a0}{unit}", written(high)))
            .to_string()
    }

    fn data(&self, sums: Vec<Mark>) -> String {
        let (scale, series) = (self.scale, self.sheet.series);
        let names: Vec<_> = self.lines.iter().map(|(shown, _)| self.name(shown)).collect();
        let lines = self.lines.iter().zip(&names).filter_map(|((shown, _), name)| {
            Some(LineData { field: series.field(shown)?, look: shown.look.name(), name })
        });
        let (factor, offset) = scale.line();
        let band = self.kind.band.filter(|_| !self.band.is_empty());
        let has_arrows = self.kind.has_arrows && !series.hours().is_empty();
        let data = Data {
            unit: scale.symbol(),
            decimals: scale.decimals(),
            factor,
            offset,
            steps: scale.steps(),
            marks: marks_of(&self.up, &self.sheet.view),
            sums,
            lines: lines.collect(),
            band: band.map(|((low, _), (high, _))| [low, high]),
            arrows: has_arrows.then_some(DIRECTION),
        };
        serde_json::to_string(&data).unwrap_or_default()
    }
}

/// The values of one kind in the reader's unit.
fn read(series: &Series, shown: &Shown, scale: Scale) -> Vec<Sample> {
    let samples = series.samples(shown).into_iter();
    samples.map(|(from, to, value)| (from, to, scale.of(value))).collect()
}

/// The lowest and the highest of each day; a piece ends where one is missing.
fn band(kind: &Kind, series: &Series, scale: Scale) -> Vec<Vec<(DateTime<Utc>, f64, f64)>> {
    let Some(((_, low), (_, high))) = kind.band else { return Vec::new() };
    let noon = TimeDelta::hours(12);
    let points = series.days().iter().filter_map(|day| {
        let time = crate::serve::answer::values::midnight(day.local_date) + noon;
        Some((time, scale.of(low(day)?), scale.of(high(day)?)))
    });
    let points: Vec<_> = points.collect();
    let follows = |one: &(DateTime<Utc>, f64, f64), other: &(DateTime<Utc>, f64, f64)| {
        other.0 - one.0 <= TimeDelta::days(1)
    };
    points.chunk_by(follows).map(<[_]>::to_vec).collect()
}

fn marks_of(up: &Up, view: &View) -> Vec<Mark> {
    let decimals = up.decimals();
    up.marks().map(|value| (value, view.number(value, decimals))).collect()
}

/// The marks by how far each is from above, in percent.
fn from_above(up: &Up, view: &View) -> Vec<(f64, String)> {
    let marks = marks_of(up, view).into_iter();
    marks.map(|(value, words)| (up.share(value) * 100.0, words)).collect()
}

/// An arrow for every so manieth hour: it points to where the wind goes, which is named by where it comes from.
fn arrows(hours: &[Hour], across: &Across) -> Vec<(f64, i64)> {
    let every = hours.len().div_ceil(ARROWS).max(1);
    let arrow = |hour: &Hour| {
        let degrees = hour.values.wind_direction_deg?;
        Some((across.share(hour.hour + TimeDelta::minutes(30)) * 100.0, (degrees + 180) % 360))
    };
    hours.iter().step_by(every).filter_map(arrow).collect()
}
