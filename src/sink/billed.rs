//! What jobs in the sink were billed, and what that costs at list price.

use std::fmt;

/// BigQuery, queries on demand, a TiB in the US: 6.25 USD, in millionths of it
/// (<https://cloud.google.com/bigquery/pricing>, November 2026). Other regions cost up to half as much
/// again; the first TiB of each month is free, and who has reserved capacity pays for that.
const MICRO_USD_PER_TIB: u128 = 6_250_000;

const TIB: u128 = 1 << 40;

/// Bytes that were billed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Billed {
    /// How many.
    pub bytes: u64,
}

impl Billed {
    /// What they cost at list price, in millionths of a US dollar, rounded up.
    #[must_use]
    pub fn micro_usd(self) -> u64 {
        let cost = (u128::from(self.bytes) * MICRO_USD_PER_TIB).div_ceil(TIB);
        cost.try_into().unwrap_or(u64::MAX)
    }
}

/// In words: `20 MiB, USD 0.0002 at list price`.
impl fmt::Display for Billed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.bytes == 0 {
            return f.write_str("nothing");
        }
        let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
        match units.into_iter().find(|(_, shift)| self.bytes >> shift > 0) {
            Some((unit, shift)) => {
                let tenths = (u128::from(self.bytes) * 10) >> shift;
                let (whole, tenth) = (tenths / 10, tenths % 10);
                let tenth = if tenth == 0 { String::new() } else { format!(".{tenth}") };
                write!(f, "{whole}{tenth} {unit}")?;
            }
            None => write!(f, "{} B", self.bytes)?,
        }
        let hundredths_of_a_cent = self.micro_usd().div_ceil(100);
        let (usd, rest) = (hundredths_of_a_cent / 10_000, hundredths_of_a_cent % 10_000);
        write!(f, ", USD {usd}.{rest:04} at list price")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_with_what_they_cost() {
        for (bytes, micro_usd, words) in [
            (0, 0, "nothing"),
            (1, 1, "1 B, USD 0.0001 at list price"),
            (10 << 20, 60, "10 MiB, USD 0.0001 at list price"),
            (20 << 20, 120, "20 MiB, USD 0.0002 at list price"),
            (3 << 29, 9156, "1.5 GiB, USD 0.0092 at list price"),
            (1 << 40, 6_250_000, "1 TiB, USD 6.2500 at list price"),
            (u64::MAX, 104_857_600_000_000, "16777215.9 TiB, USD 104857600.0000 at list price"),
        ] {
            let billed = Billed { bytes };
            assert_eq!((billed.micro_usd(), &*billed.to_string()), (micro_usd, words));
        }
    }
}
