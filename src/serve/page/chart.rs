//! Charts as SVG: axes, grid and lines by the crate `plotters`; under them bands for what is missing or
//! stands still, over them rings for what was healed, and for each hour a field that tells its value.
//!
//! The crate writes colours as attributes, and never a style: the sheet overrules them for the dark.

use chrono::{DateTime, TimeDelta, Utc};
use plotters::coord::Shift;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use super::local::Tick;

/// Size of a chart, in its own units.
pub(super) const WIDTH: u32 = 480;
pub(super) const HEIGHT: u32 = 200;

const GRID: RGBColor = RGBColor(0xE3, 0xE9, 0xEE);
const SOFT: RGBColor = RGBColor(0x50, 0x60, 0x6F);
const INKS: [RGBColor; 2] = [RGBColor(0x0B, 0x5C, 0xAB), RGBColor(0xB3, 0x5C, 0x00)];

/// What a chart is drawn of.
pub(super) struct Plan<'a> {
    /// From when to when.
    pub(super) times: (DateTime<Utc>, DateTime<Utc>),
    pub(super) ticks: &'a [Tick],
    /// How long a value holds.
    pub(super) step: TimeDelta,
    /// The lines, or the bars: unbroken pieces of points.
    pub(super) lines: Vec<Pieces>,
    pub(super) is_bars: bool,
    /// The least that the axis spans, and whether it begins at 0.
    pub(super) least: f64,
    pub(super) from_zero: bool,
}

/// Points that follow one another without a hole.
pub(super) type Pieces = Vec<Vec<(DateTime<Utc>, f64)>>;

/// A chart, drawn.
pub(super) struct Drawn {
    /// Elements of SVG, without anything that anybody gave.
    pub(super) inner: String,
    frame: Frame,
    times: (DateTime<Utc>, DateTime<Utc>),
}

/// Where the plot stands in the chart, and its range of values.
#[derive(Clone, Copy)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    low: f64,
    high: f64,
}

/// A part of the plot's width.
pub(super) struct Band {
    pub(super) x: f64,
    pub(super) width: f64,
    pub(super) top: f64,
    pub(super) height: f64,
}

type Failure = DrawingAreaErrorKind<std::io::Error>;
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Context<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<TimeAxis, RangedCoordf64>>;

/// Time in seconds, with marks by the site's clocks, which no axis of the crate knows.
struct TimeAxis {
    from: f64,
    to: f64,
    ticks: Vec<Tick>,
}

impl Ranged for TimeAxis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "within the chart")]
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.from) / (self.to - self.from);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(time, _)| seconds(*time)).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for TimeAxis {
    fn format_ext(&self, value: &f64) -> String {
        let tick = self.ticks.iter().find(|(time, _)| (seconds(*time) - value).abs() < 1.0);
        tick.map(|(_, label)| label.clone()).unwrap_or_default()
    }
}

impl Plan<'_> {
    pub(super) fn draw(&self) -> Result<Drawn, Failure> {
        let mut text = String::new();
        let frame = {
            let root = SVGBackend::with_string(&mut text, (WIDTH, HEIGHT)).into_drawing_area();
            let frame = self.draw_on(&root)?;
            root.present()?;
            frame
        };
        // What is around the elements is written by the page.
        let inner = text.split_once('\n').map_or("", |(_, inner)| inner);
        let inner = inner.trim_end().trim_end_matches("</svg>").to_owned();
        Ok(Drawn { inner, frame, times: self.times })
    }

    fn draw_on(&self, root: &Area<'_>) -> Result<Frame, Failure> {
        let (low, high) = self.range();
        let (from, to) = (seconds(self.times.0), seconds(self.times.1));
        let axis = TimeAxis { from, to, ticks: self.ticks.to_vec() };
        let mut chart = ChartBuilder::on(root)
            .margin_top(10)
            .margin_right(14)
            .x_label_area_size(26)
            .y_label_area_size(48)
            .build_cartesian_2d(axis, low..high)?;
        self.mesh(&mut chart)?;
        self.values(&mut chart)?;
        let ((left, top), (right, bottom)) =
            (chart.backend_coord(&(from, high)), chart.backend_coord(&(to, low)));
        let [left, right, top, bottom] = [left, right, top, bottom].map(f64::from);
        Ok(Frame { left, right, top, bottom, low, high })
    }

    fn mesh(&self, chart: &mut Context<'_, '_>) -> Result<(), Failure> {
        let style = ("sans-serif", 16).into_font().color(&SOFT);
        chart
            .configure_mesh()
            .y_labels(5)
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(SOFT)
            .x_label_style(style.clone())
            .y_label_style(style)
            .y_label_formatter(&|value| format!("{value}"))
            .draw()
    }

    fn values(&self, chart: &mut Context<'_, '_>) -> Result<(), Failure> {
        let points = |piece: &[(DateTime<Utc>, f64)]| -> Vec<(f64, f64)> {
            piece.iter().map(|(time, value)| (seconds(*time + self.step / 2), *value)).collect()
        };
        for (pieces, ink) in self.lines.iter().zip(INKS) {
            for piece in pieces.iter().map(|piece| points(piece)) {
                match (self.is_bars, piece.as_slice()) {
                    (true, piece) => chart.draw_series(self.bars(piece, ink))?,
                    (_, [alone]) => chart.draw_series([Circle::new(*alone, 2, ink.filled())])?,
                    _ => chart.draw_series(LineSeries::new(piece, ink.stroke_width(2)))?,
                };
            }
        }
        Ok(())
    }

    fn bars(&self, piece: &[(f64, f64)], ink: RGBColor) -> Vec<Rectangle<(f64, f64)>> {
        #[expect(clippy::cast_precision_loss, reason = "seconds of an hour")]
        let half = self.step.num_seconds() as f64 * 0.45;
        let bars = piece.iter().filter(|(_, value)| *value > 0.0);
        bars.map(|(at, value)| {
            Rectangle::new([(at - half, *value), (at + half, 0.0)], ink.filled())
        })
        .collect()
    }

    /// From the lowest to the highest value and a little more, so that no line runs along the edge.
    fn range(&self) -> (f64, f64) {
        let values = || self.lines.iter().flatten().flatten().map(|(_, value)| *value);
        let (low, high) = values()
            .fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low > high { (0.0, self.least) } else { (low, high) };
        let spare = ((high - low) * 0.08).max((self.least - (high - low)) / 2.0);
        match self.from_zero {
            true => (0.0, (high * 1.08).max(self.least)),
            false => (low - spare, high + spare),
        }
    }
}

impl Drawn {
    /// The part of the plot from one time to another.
    pub(super) fn band(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Band {
        let (x, end) = (self.x(from), self.x(to));
        let Frame { top, bottom, .. } = self.frame;
        Band { x, width: (end - x).max(0.0), top, height: bottom - top }
    }

    pub(super) fn x(&self, time: DateTime<Utc>) -> f64 {
        let (from, to) = (seconds(self.times.0), seconds(self.times.1));
        let share = ((seconds(time) - from) / (to - from)).clamp(0.0, 1.0);
        self.frame.left + share * (self.frame.right - self.frame.left)
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let Frame { top, bottom, low, high, .. } = self.frame;
        bottom - (value - low) / (high - low) * (bottom - top)
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to the year 285 million")]
fn seconds(time: DateTime<Utc>) -> f64 {
    time.timestamp() as f64
}
