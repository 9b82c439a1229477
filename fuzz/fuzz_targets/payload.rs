//! No bytes panic the transform, and what it accepts is within range and has one fingerprint.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weather_data_product::domain::{SiteId, row_hash};
use weather_data_product::source::open_meteo;
use weather_data_product::source::openweathermap::{Units, transform};

fuzz_target!(|body: &[u8]| {
    let Some(site_id) = SiteId::parse("site") else { return };
    for units in [Units::Metric, Units::Standard, Units::Imperial] {
        match transform(&site_id, units, body) {
            Ok(observation) => {
                let values = &observation.values;
                assert!(values.temperature_c.is_none_or(|t| (-95.0..=65.0).contains(&t)));
                assert!(values.wind_direction_deg.is_none_or(|d| (0..=360).contains(&d)));
                assert_eq!(row_hash(&observation), row_hash(&observation.clone()));
            }
            Err(fault) => assert_eq!(fault.to_string().lines().count(), 1, "{fault}"),
        }
    }
    match open_meteo::transform(&site_id, body) {
        Ok(observation) => {
            let values = &observation.values;
            assert!(values.snow_1h_mm.is_none_or(|mm| (0.0..=500.0).contains(&mm)));
            assert_eq!(row_hash(&observation), row_hash(&observation.clone()));
        }
        Err(fault) => assert_eq!(fault.to_string().lines().count(), 1, "{fault}"),
    }
});
