//! What the transforms make of known answers, beside the version that they are stamped with: who changes
//! what comes out raises `TRANSFORM_VERSION`, so that old rows are told from new ones.

use std::fmt::Write as _;

use weather_data_product::domain::{SiteId, TRANSFORM_VERSION};
use weather_data_product::source::{open_meteo, openweathermap};

/// The version, and the digest of what comes of [`answers`] at it. With a new version its digest, which the
/// test prints, takes the place of this one.
const MADE: (u16, i64) = (1, -3_463_653_677_583_799_946);

/// Answers as the services give them, each with a value for every field that is read, and with few.
const OPENWEATHERMAP: [&str; 4] = [
    r#"{"coord":{"lon":-3.7038,"lat":40.4168},"weather":[{"id":501,"main":"Rain","description":"moderate rain"}],"main":{"temp":9.456,"feels_like":7.504,"temp_min":8.09,"temp_max":10.51,"pressure":1012.6,"sea_level":1013.04,"grnd_level":938.96,"humidity":81.26},"visibility":9999.6,"wind":{"speed":5.144,"deg":359.6,"gust":9.205},"rain":{"1h":2.346,"3h":4.015},"snow":{"1h":0.005,"3h":1.5},"clouds":{"all":75.55},"dt":1764057723}"#,
    r#"{"main":{"temp":-0.004,"pressure":1000},"wind":{"speed":0},"dt":1764057723.9}"#,
    r#"{"weather":[],"main":{"temp":21},"clouds":{"all":0},"rain":{},"dt":1764057723}"#,
    r#"{"cod":"404","message":"city not found"}"#,
];

const OPEN_METEO: [&str; 2] = [
    r#"{"latitude":40.4375,"longitude":-3.6875,"current_units":{"time":"unixtime","temperature_2m":"°C","apparent_temperature":"°C","relative_humidity_2m":"%","pressure_msl":"hPa","surface_pressure":"hPa","wind_speed_10m":"m/s","wind_gusts_10m":"m/s","wind_direction_10m":"°","cloud_cover":"%","visibility":"m","weather_code":"wmo code","uv_index":"","dew_point_2m":"°C"},"current":{"time":1764057600,"temperature_2m":9.46,"apparent_temperature":7.5,"relative_humidity_2m":81,"pressure_msl":1013.04,"surface_pressure":938.96,"wind_speed_10m":5.144,"wind_gusts_10m":9.2,"wind_direction_10m":213,"cloud_cover":75,"visibility":24140,"weather_code":61,"uv_index":1.35,"dew_point_2m":6.4},"minutely_15_units":{"time":"unixtime","rain":"mm","showers":"mm","snowfall":"cm"},"minutely_15":{"time":[1764054900,1764055800,1764056700,1764057600],"rain":[0.1,0.2,0,0.3],"showers":[0,0.05,0,0],"snowfall":[0.07,0,0.14,0]}}"#,
    r#"{"latitude":1,"longitude":2,"current_units":{"time":"unixtime","temperature_2m":"°C"},"current":{"time":1764057600,"temperature_2m":9.46},"minutely_15_units":{"time":"unixtime"},"minutely_15":{"time":[]}}"#,
];

#[test]
fn what_comes_out_is_what_came_out_at_this_version() {
    let site = SiteId::parse("site").unwrap();
    let mut made = String::new();
    for body in OPENWEATHERMAP {
        for units in [
            openweathermap::Units::Metric,
            openweathermap::Units::Standard,
            openweathermap::Units::Imperial,
        ] {
            let observation = openweathermap::transform(&site, units, body.as_bytes());
            writeln!(made, "{observation:?}").unwrap();
        }
    }
    for body in OPEN_METEO {
        writeln!(made, "{:?}", open_meteo::transform(&site, body.as_bytes())).unwrap();
    }
    assert!(
        made.contains("temperature_c: Some(9.46)") && made.contains("rain_1h_mm: Some(0.65)"),
        "{made}"
    );
    let digest = weather_data_product::farmhash::fingerprint64(made.as_bytes()).cast_signed();
    assert_eq!(
        (TRANSFORM_VERSION, digest),
        MADE,
        "a transform makes other values of the same answer: raise TRANSFORM_VERSION, and take both into \
         MADE; `weather replay` reads what is kept anew"
    );
}
