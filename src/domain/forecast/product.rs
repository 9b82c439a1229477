//! Products: the kinds of answers that forecasts come in.

use std::fmt;

/// One kind of answer of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    /// OpenWeatherMap, 40 steps of 3 hours (`/data/2.5/forecast`).
    Owm3h,
    /// OpenWeatherMap, 48 hours of One Call 3.0.
    OwmOneCall1h,
    /// Open-Meteo, 168 hours of one model.
    OmHourly,
}

/// Every product, the default first.
pub const PRODUCTS: [Product; 3] = [Product::Owm3h, Product::OwmOneCall1h, Product::OmHourly];

impl Product {
    /// The name in tables and settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owm3h => "owm-3h",
            Self::OwmOneCall1h => "owm-onecall-1h",
            Self::OmHourly => "om-hourly",
        }
    }

    /// The source that it is of.
    #[must_use]
    pub const fn source(self) -> &'static str {
        match self {
            Self::Owm3h | Self::OwmOneCall1h => "openweathermap",
            Self::OmHourly => "open-meteo",
        }
    }

    /// The product of this name.
    ///
    /// # Errors
    /// The names that there are.
    pub fn parse(text: &str) -> Result<Self, String> {
        let known = PRODUCTS.into_iter().find(|product| product.as_str() == text);
        known.ok_or_else(|| {
            let names = PRODUCTS.map(Self::as_str).join(", ");
            format!("`{text}` is no forecast product: expected {names}")
        })
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
