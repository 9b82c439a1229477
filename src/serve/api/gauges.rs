//! `/metrics/weather`: the weather now, as figures for Prometheus.
//!
//! Apart from `/metrics`, which says how the collecting stands and stays small: this has a figure for each site and
//! value. A value that is not fresh is absent, never the old one, so that an alert by Prometheus goes by what is.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use futures::TryStreamExt as _;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric as _};
use prometheus_client::metrics::MetricType::Gauge;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use crate::columnar::{Row, Value as Cell};
use crate::domain::tables::WEATHER_OBSERVATIONS as OBSERVATIONS;
use crate::domain::values::VALUES;
use crate::domain::{Quantity, source_time};
use crate::serve::answer::format::Format;
use crate::serve::answer::parameters::Query;
use crate::serve::answer::problem::Problem;
use crate::serve::answer::query::{Answering, Content, EndpointQuery, Until};
use crate::serve::answer::reader::Reader;
use crate::serve::answer::refusals::RefusalsOfOne;
use crate::serve::answer::selection::{Listed, Selection};
use crate::store::{Rows, SiteRow};
use crate::views::freshness;

/// Shows the weather now, for Prometheus.
///
/// A gauge for each quantity of the latest observations that are fresh, by site and source, in the OpenMetrics text
/// format, of the sites that are selected: `weather_temperature_celsius` and so on, `weather_observation_timestamp_seconds`, and `weather_site_info` with
/// each site's name, country and coordinates. What is not fresh or was not said is absent.
#[utoipa::path(
    get, path = "/metrics/weather", tag = "metrics", operation_id = "showWeatherMetrics",
    params(Selection),
    responses(
        (status = 200, description = "The figures.", body = String, content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (status = 304, description = "The client has it."),
        RefusalsOfOne,
    )
)]
pub(super) async fn show(
    Query(selection): Query<Selection>,
    headers: HeaderMap,
    State(answering): State<Arc<Answering>>,
    State(reader): State<Reader>,
) -> Result<Response, Problem> {
    let until = Until::Minute(reader.now());
    let query =
        EndpointQuery::new(&answering, "gauges", &selection, Format::OpenMetrics, until).await?;
    query.answer(&headers, async { read(&reader, &selection).await?.text() }).await
}

/// What is shown.
#[derive(Debug)]
struct Weather {
    quantities: Vec<Quantity>,
    sites: Vec<SiteLabels>,
    observed: Vec<Observed>,
}

/// What is known of a site.
type SiteLabels = [(&'static str, String); 5];

/// A fresh observation.
#[derive(Debug)]
struct Observed {
    labels: [(&'static str, String); 2],
    time_s: f64,
    /// In the order of the quantities.
    values: Vec<Option<f64>>,
}

async fn read(reader: &Reader, selection: &Selection) -> Result<Weather, Problem> {
    let now = reader.now();
    let (series, _) = freshness::sites(&reader.store, reader.sources, now).await?;
    let fresh = series.into_iter().filter(|one| one.fresh).map(|one| (one.site_id, one.source));
    let fresh: HashSet<_> = fresh.collect();
    let quantities: Vec<_> = VALUES
        .iter()
        .filter(|value| value.is_latest())
        .filter_map(|value| value.quantity)
        .collect();
    let sites = selection.sites(reader, Listed::InFile).await?;
    let chosen: HashSet<_> = sites.iter().map(|site| site.site_id.clone()).collect();
    let rows = Rows::Latest { site_id: None, until: source_time::last_believed(now) };
    let mut batches = reader.store.read_rows(&OBSERVATIONS, &rows);
    let mut observed = Vec::new();
    while let Some(batch) = batches.try_next().await? {
        let all = Row::all(&OBSERVATIONS, &batch).filter_map(|row| Observed::of(row, &quantities));
        observed.extend(all.filter(|one| {
            let series = one.series();
            chosen.contains(&series.0) && fresh.contains(&series)
        }));
    }
    let sites = sites.into_iter().map(labels).collect();
    Ok(Weather { quantities, sites, observed })
}

fn labels(site: SiteRow) -> SiteLabels {
    [
        ("site_id", site.site_id),
        ("name", site.name),
        ("country", site.country.unwrap_or_default()),
        ("latitude", site.latitude.to_string()),
        ("longitude", site.longitude.to_string()),
    ]
}

impl Observed {
    fn of(row: Row<'_>, quantities: &[Quantity]) -> Option<Self> {
        let labels = [
            ("site_id", row.text("site_id")?.to_owned()),
            ("source", row.text("source")?.to_owned()),
        ];
        let values = quantities.iter().map(|quantity| number(row, quantity.name())).collect();
        #[expect(clippy::cast_precision_loss, reason = "times are far below 2^53")]
        let time_s = row.time("observation_time")?.timestamp() as f64;
        Some(Self { labels, time_s, values })
    }

    fn series(&self) -> (String, String) {
        let [(_, site_id), (_, source)] = &self.labels;
        (site_id.clone(), source.clone())
    }
}

fn number(row: Row<'_>, name: &str) -> Option<f64> {
    match row.value(OBSERVATIONS.index_of(name)?)? {
        Cell::Real(number) => Some(number),
        #[expect(clippy::cast_precision_loss, reason = "directions and percentages")]
        Cell::Integer(number) => Some(number as f64),
        _ => None,
    }
}

impl Weather {
    fn text(self) -> Result<Content, Problem> {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        encode(&mut text, &registry).map_err(|error| Problem::unwritable(&error))?;
        Ok(Content::Whole(text.into_bytes()))
    }
}

/// The figures of one name stand together, as the format wants it.
impl Collector for Weather {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let help = "What is known of a site.";
        let mut figure = encoder.encode_descriptor("weather_site_info", help, None, Gauge)?;
        for labels in &self.sites {
            ConstGauge::new(1_i64).encode(figure.encode_family(labels)?)?;
        }
        let help = "The source's time of the latest observation.";
        let (name, unit) = ("weather_observation_timestamp", Unit::Seconds);
        let mut figure = encoder.encode_descriptor(name, help, Some(&unit), Gauge)?;
        for one in &self.observed {
            ConstGauge::new(one.time_s).encode(figure.encode_family(&one.labels)?)?;
        }
        for (index, quantity) in self.quantities.iter().enumerate() {
            self.encode_quantity(index, *quantity, &mut encoder)?;
        }
        Ok(())
    }
}

impl Weather {
    fn encode_quantity(
        &self,
        index: usize,
        quantity: Quantity,
        encoder: &mut DescriptorEncoder<'_>,
    ) -> std::fmt::Result {
        let name = format!("weather_{}", quantity.bare_name());
        let unit = Some(quantity.unit.in_metrics).filter(|unit| !unit.is_empty());
        let unit = unit.map(|unit| Unit::Other(unit.to_owned()));
        let help = format!("{}.", quantity.label);
        let mut figure = encoder.encode_descriptor(&name, &help, unit.as_ref(), Gauge)?;
        for one in &self.observed {
            if let Some(Some(value)) = one.values.get(index) {
                ConstGauge::new(*value).encode(figure.encode_family(&one.labels)?)?;
            }
        }
        Ok(())
    }
}
