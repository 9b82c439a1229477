//! The map: each site where it is, or, of many, each cell of a grid with its count. A picture of the server's, whose
//! circles are links; equirectangular, in units of a tenth of a degree from 180° west and 90° north.

use super::order::{Change, OverviewQuery};
use super::scale::Quantity;
use crate::serve::page::recent::SiteNow;
use crate::serve::page::view::View;

mod frame;
mod labels;

use frame::Frame;
use labels::{Label, Room};

/// More sites than these are shown by the cells of a grid.
const MOST_SITES: usize = 300;

/// Columns and rows of the grid.
const COLUMNS: f64 = 24.0;
const ROWS: f64 = 12.0;

/// Of more sites than these no value stands beside the circle.
const MOST_LABELS: usize = 80;

/// Boxes narrower than this have the finer outlines, in units.
const FINE_UNITS: f64 = 400.0;

/// Members of a cell that are less apart than this, in units, are not drawn apart by any box: their list is.
const ONE_POINT_UNITS: f64 = 0.001;

/// The map, drawn.
pub(super) struct Map {
    pub(super) quantity: Quantity,
    pub(super) view_box: String,
    /// The size of a letter, by which circles are measured too.
    pub(super) letter: String,
    /// The picture of the land, and where it stands: twice, if the box goes over 180°.
    pub(super) land: &'static str,
    pub(super) lands: Vec<i64>,
    pub(super) dots: Vec<Dot>,
    /// Whether they are cells, whose counts stand in them.
    pub(super) is_cells: bool,
    /// The link to the whole map, if this is a part of it.
    pub(super) whole: Option<String>,
}

/// A circle.
pub(super) struct Dot {
    pub(super) x: String,
    pub(super) y: String,
    /// In letters.
    pub(super) radius: &'static str,
    pub(super) class: &'static str,
    pub(super) label: String,
    /// Whether the label has no room on a phone.
    pub(super) is_roomy: bool,
    pub(super) title: String,
    pub(super) link: String,
}

/// A site on the map.
#[derive(Clone, Copy)]
struct Spot<'a> {
    site: &'a SiteNow,
    x: f64,
    y: f64,
}

/// What the circles are made with.
struct Pen<'a> {
    query: &'a OverviewQuery,
    root: &'a str,
    t: &'a View,
    quantity: Quantity,
}

impl Map {
    /// Of these sites; none, where none has a place.
    pub(super) fn of(
        sites: &[&SiteNow],
        query: &OverviewQuery,
        root: &str,
        t: &View,
    ) -> Option<Self> {
        let mut spots: Vec<_> = sites.iter().filter_map(|site| Spot::of(site)).collect();
        let points: Vec<_> = spots.iter().map(|spot| (spot.x, spot.y)).collect();
        let frame = match query.bbox() {
            Some(bbox) => Frame::of_box(bbox.edges()),
            None => Frame::around(&points)?,
        };
        for spot in &mut spots {
            spot.x = frame.unwrapped(spot.x);
        }
        let quantity = query.quantity();
        let pen = Pen { query, root, t, quantity };
        let is_cells = spots.len() > MOST_SITES;
        Some(Self {
            quantity,
            view_box: frame.view_box(),
            letter: format!("{:.2}", frame.letter()),
            land: if frame.width < FINE_UNITS { "land-50m.svg" } else { "land-110m.svg" },
            lands: frame.worlds(),
            dots: if is_cells {
                pen.cells(&spots, &frame)
            } else {
                pen.sites(&spots, frame.letter())
            },
            is_cells,
            whole: query.bbox().map(|_| query.link(root, t, Change::Box(None))),
        })
    }
}

impl<'a> Spot<'a> {
    fn of(site: &'a SiteNow) -> Option<Self> {
        let place = site.place?;
        let (x, y) = ((place.longitude() + 180.0) * 10.0, (90.0 - place.latitude()) * 10.0);
        Some(Self { site, x, y })
    }
}

/// A hundredth of a degree.
fn written(units: f64) -> String {
    let text = format!("{units:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

impl Pen<'_> {
    fn sites(&self, spots: &[Spot<'_>], letter: f64) -> Vec<Dot> {
        let mut dots: Vec<_> = spots.iter().map(|spot| self.site(*spot)).collect();
        if spots.len() > MOST_LABELS {
            dots.iter_mut().for_each(|dot| dot.label.clear());
        }
        let label = |(spot, dot): (&Spot<'_>, &Dot)| Label {
            x: spot.x,
            y: spot.y,
            characters: dot.label.chars().count(),
        };
        let all: Vec<_> = spots.iter().zip(&dots).map(label).collect();
        for (dot, room) in dots.iter_mut().zip(labels::rooms(&all, letter)) {
            dot.is_roomy = room == Room::WideOnly;
            if room == Room::Nowhere {
                dot.label.clear();
            }
        }
        dots
    }

    fn site(&self, Spot { site, x, y }: Spot<'_>) -> Dot {
        let (t, quantity) = (self.t, self.quantity);
        let value = site.fresh_values().and_then(|values| quantity.of(values));
        let class = match value {
            Some(value) => quantity.class(quantity.step(value)),
            None if quantity == Quantity::Freshness && site.is_fresh() => "fresh",
            None => "stale",
        };
        let said = match value {
            Some(value) => quantity.written(t, value),
            None if site.is_fresh() => t.say("map-fresh").to_string(),
            None => t.say("map-stale").to_string(),
        };
        let label = value.map(|value| quantity.short(t, value));
        Dot {
            x: written(x),
            y: written(y),
            radius: ".55em",
            class,
            label: label.unwrap_or_default(),
            is_roomy: false,
            title: format!("{}: {said}", site.name),
            link: format!("{}/sites/{}", self.root, site.id()),
        }
    }

    /// The cells of the grid that have sites.
    fn cells(&self, spots: &[Spot<'_>], frame: &Frame) -> Vec<Dot> {
        let mut cells: std::collections::BTreeMap<(i64, i64), Vec<Spot<'_>>> = Default::default();
        for spot in spots {
            cells.entry(frame.cell((spot.x, spot.y), (COLUMNS, ROWS))).or_default().push(*spot);
        }
        cells.values().map(|members| self.cell(members)).collect()
    }

    /// A cell: at the middle of its members, coloured by their mean; of freshness by the worst.
    fn cell(&self, members: &[Spot<'_>]) -> Dot {
        let (t, quantity) = (self.t, self.quantity);
        let stale = members.iter().filter(|spot| !spot.site.is_fresh()).count();
        let values = members.iter().filter_map(|spot| quantity.of(spot.site.fresh_values()?));
        let mean = mean(values);
        let class = match mean {
            Some(mean) => quantity.class(quantity.step(mean)),
            None if quantity == Quantity::Freshness && stale == 0 => "fresh",
            None => "stale",
        };
        let written_mean = mean.map(|mean| quantity.written(t, mean)).unwrap_or_default();
        let key = if mean.is_some() { "map-cell" } else { "map-cell-counts" };
        let title = t.say(key).with("sites", members.len()).with("mean", written_mean);
        Dot {
            x: written(mean_of(members, |spot| spot.x)),
            y: written(mean_of(members, |spot| spot.y)),
            radius: radius(members.len()),
            class,
            label: t.number(as_number(members.len()), 0),
            is_roomy: false,
            title: title.with("stale", stale).to_string(),
            link: self.into(members),
        }
    }

    /// The link into a cell: its box; the list of those that no box would draw apart.
    fn into(&self, members: &[Spot<'_>]) -> String {
        let bounds = Bounds::of(members);
        let link = self.query.link(self.root, self.t, Change::Box(Some(&bounds.text())));
        if bounds.is_one_point() { format!("{link}#sites") } else { link }
    }
}

/// The edges of a cell's members, in units.
struct Bounds {
    x: (f64, f64),
    y: (f64, f64),
}

impl Bounds {
    fn of(members: &[Spot<'_>]) -> Self {
        let range = |value: fn(&Spot<'_>) -> f64| {
            let values = || members.iter().map(value);
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
        };
        Self { x: range(|spot| spot.x), y: range(|spot| spot.y) }
    }

    fn is_one_point(&self) -> bool {
        self.x.1 - self.x.0 < ONE_POINT_UNITS && self.y.1 - self.y.0 < ONE_POINT_UNITS
    }

    /// As it is asked for, in degrees to the sixth decimal, which is 11 cm; outwards, for each member to be in it.
    fn text(&self) -> String {
        let longitude = |x: f64| if x > 3600.0 { x / 10.0 - 540.0 } else { x / 10.0 - 180.0 };
        let down = |degrees: f64| (degrees * 1e6 - 0.1).floor() / 1e6;
        let up = |degrees: f64| (degrees * 1e6 + 0.1).ceil() / 1e6;
        let (west, east) = (down(longitude(self.x.0)), up(longitude(self.x.1)));
        let (south, north) = (down(90.0 - self.y.1 / 10.0), up(90.0 - self.y.0 / 10.0));
        let (west, east) = (west.max(-180.0), east.min(180.0));
        format!("{west},{},{east},{}", south.max(-90.0), north.min(90.0))
    }
}

#[expect(clippy::cast_precision_loss, reason = "sites of a company")]
fn as_number(count: usize) -> f64 {
    count as f64
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / as_number(count))
}

fn mean_of(members: &[Spot<'_>], value: fn(&Spot<'_>) -> f64) -> f64 {
    mean(members.iter().map(value)).unwrap_or_default()
}

/// The more sites, the larger.
fn radius(count: usize) -> &'static str {
    match count {
        ..10 => ".7em",
        10..100 => ".9em",
        100..1000 => "1.1em",
        _ => "1.35em",
    }
}
