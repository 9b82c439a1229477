//! The WMO weather interpretation codes that the service uses, with its words
//! (<https://open-meteo.com/en/docs#weather_variable_documentation>).

/// Group and words of a code; `None` for one that the service does not document. The groups are
/// the words that OpenWeatherMap groups its conditions by, so that they can be compared.
pub(super) fn find(code: i64) -> Option<(&'static str, &'static str)> {
    Some(match code {
        0 => ("Clear", "clear sky"),
        1 => ("Clouds", "mainly clear"),
        2 => ("Clouds", "partly cloudy"),
        3 => ("Clouds", "overcast"),
        45 => ("Fog", "fog"),
        48 => ("Fog", "depositing rime fog"),
        51 => ("Drizzle", "light drizzle"),
        53 => ("Drizzle", "moderate drizzle"),
        55 => ("Drizzle", "dense drizzle"),
        56 => ("Drizzle", "light freezing drizzle"),
        57 => ("Drizzle", "dense freezing drizzle"),
        61 => ("Rain", "slight rain"),
        63 => ("Rain", "moderate rain"),
        65 => ("Rain", "heavy rain"),
        66 => ("Rain", "light freezing rain"),
        67 => ("Rain", "heavy freezing rain"),
        71 => ("Snow", "slight snow fall"),
        73 => ("Snow", "moderate snow fall"),
        75 => ("Snow", "heavy snow fall"),
        77 => ("Snow", "snow grains"),
        80 => ("Rain", "slight rain showers"),
        81 => ("Rain", "moderate rain showers"),
        82 => ("Rain", "violent rain showers"),
        85 => ("Snow", "slight snow showers"),
        86 => ("Snow", "heavy snow showers"),
        95 => ("Thunderstorm", "slight or moderate thunderstorm"),
        96 => ("Thunderstorm", "thunderstorm with slight hail"),
        99 => ("Thunderstorm", "thunderstorm with heavy hail"),
        _ => return None,
    })
}
