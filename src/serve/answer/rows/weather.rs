//! Hours and days, in the order of the columns of their views.

use std::sync::LazyLock;

use super::{Cell, Row, ToCell as _};
use crate::domain::views::{OBSERVATIONS_DAILY, OBSERVATIONS_HOURLY, ViewColumn};
use crate::serve::answer::values::Columns;
use crate::views::{Day, Hour};

static HOURLY: LazyLock<Vec<ViewColumn>> =
    LazyLock::new(|| OBSERVATIONS_HOURLY.fields().copied().collect());
static DAILY: LazyLock<Vec<ViewColumn>> =
    LazyLock::new(|| OBSERVATIONS_DAILY.fields().copied().collect());

/// The cells of these fields.
macro_rules! cells {
    ($row:ident: $($field:ident)+) => {
        [$($row.$field.cell(),)+]
    };
}

impl Columns for Hour {
    const KEY: &'static [&'static str] = &["site_id", "source", "hour"];

    fn columns() -> &'static [ViewColumn] {
        &HOURLY
    }
}

impl Row for Hour {
    type Columns = Self;

    fn cells<'a>(&'a self, cells: &mut Vec<Cell<'a>>) {
        cells.extend(cells! {
            self: site_id source hour slot_time local_time local_date site_name country timezone
            observation_time value_kind value_source available_at staleness_minutes
        });
        cells.extend(self.values.hourly().map(|(_, cell)| Cell::from(cell)));
    }
}

impl Columns for Day {
    const KEY: &'static [&'static str] = &["site_id", "source", "local_date"];

    fn columns() -> &'static [ViewColumn] {
        &DAILY
    }
}

impl Row for Day {
    type Columns = Self;

    fn cells<'a>(&'a self, cells: &mut Vec<Cell<'a>>) {
        cells.extend(cells! {
            self: site_id source local_date site_name country timezone temperature_min_c
            temperature_mean_c temperature_max_c humidity_mean_pct pressure_msl_mean_hpa
            wind_speed_mean_ms wind_speed_max_ms wind_gust_max_ms cloud_cover_mean_pct rain_sum_mm
            snow_sum_mm slots_present slots_expected coverage_pct heating_degree_days
            cooling_degree_days missing
        });
    }
}
