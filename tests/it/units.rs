//! Conversions of units, compared with those of pint.

use std::io::Write as _;
use std::process::{Command, Stdio};

use weather_data_product::domain::Dimension;

use crate::support::program::repository_path;

/// Values of each pair of units.
const VALUES: u32 = 1000;

/// The lowest and the highest stored value.
fn range(dimension: Dimension) -> (f64, f64) {
    match dimension {
        Dimension::Temperature => (-95.0, 65.0),
        Dimension::Wind => (0.0, 150.0),
        Dimension::Rain => (0.0, 1000.0),
        Dimension::Pressure => (300.0, 1100.0),
        Dimension::Visibility => (0.0, 100_000.0),
    }
}

/// The lines that `scripts/check-units` reads. Wind force is a scale of its own, which pint does not know.
fn lines() -> Vec<String> {
    let mut lines = Vec::new();
    for dimension in Dimension::ALL {
        let (low, high) = range(dimension);
        for unit in dimension.units().iter().filter(|unit| unit.code != "bft") {
            for number in 0..VALUES {
                let value = low + (high - low) * f64::from(number) / f64::from(VALUES - 1);
                let (name, code) = (dimension.name(), unit.code);
                lines.push(format!("{name} {code} {value} {}\n", unit.of(value)));
                if dimension == Dimension::Temperature {
                    lines
                        .push(format!("difference {code} {value} {}\n", unit.of_difference(value)));
                }
            }
        }
    }
    lines
}

#[test]
fn every_conversion_is_that_of_pint() {
    let mut script = Command::new(repository_path("scripts/check-units"));
    script.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = script.spawn().unwrap();
    // A judge that has found a fault reads no further; what it says is looked at below.
    let _ = child.stdin.take().unwrap().write_all(lines().concat().as_bytes());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compared = String::from_utf8(output.stdout).unwrap();
    let pairs =
        Dimension::ALL.map(|dimension| dimension.units().len()).iter().sum::<usize>() - 1 + 3;
    assert_eq!(compared.lines().count(), pairs, "{compared}");
    assert!(compared.lines().all(|line| line.ends_with(" 1000")), "{compared}");
}
