//! What the rows of the lake come to, computed from the files and never from what a commit says of them;
//! and where they differ from other rows, value by value.
//!
//! A file that is gone or cut has no rows: its day differs, and a warning names table, day and path.

use std::collections::{BTreeMap, BTreeSet};

use super::fault::Fault;
use super::key;
use super::log::Log;
use super::rows::{Rows, Seen};
use super::snapshot::DataFile;
use super::write::{files_of, open};
use crate::columnar::{Row, Value};
use crate::domain::tables::{Kind, Table};
use crate::domain::{Day, DaySum, DaySums, Days, measure};
use crate::sink::Difference;

/// So many rows of a day are named.
const NAMED: usize = 20;

/// What the rows of each of some days come to.
pub(super) async fn sum_days(log: &Log, days: &[Days]) -> Result<DaySums, Fault> {
    let snapshot = log.read_there().await?;
    let mut sums = DaySums::new();
    for (day, files) in files_of(&snapshot, days) {
        sums.insert(day, sum_of(log, day, &files).await?);
    }
    Ok(sums)
}

async fn sum_of(log: &Log, day: Day, files: &[&DataFile]) -> Result<DaySum, Fault> {
    let (mut sum, mut keys) = (DaySum::default(), Seen::default());
    let columns = key::columns(log.table);
    for file in files {
        each_row(log, day, file, |row| {
            sum.add(row.fingerprint());
            keys.add(&key::of_row(&columns, row));
        })
        .await?;
    }
    Ok(DaySum { keys: keys.count(), ..sum })
}

/// Every row of a file; one that is not as it was written has none from where it breaks off.
async fn each_row(
    log: &Log,
    day: Day,
    file: &DataFile,
    mut see: impl FnMut(Row<'_>),
) -> Result<(), Fault> {
    let read = async {
        let reader = open(log, file).await?;
        for group in 0..reader.groups() {
            for batch in reader.read_group(group, None).await? {
                Row::all(log.table, &batch).for_each(&mut see);
            }
        }
        Ok(())
    };
    match read.await {
        Err(fault @ Fault::Damaged { .. }) => {
            let day = day.map(|day| day.to_string());
            tracing::warn!(table = log.table.name, day, path = file.path(), "{fault}");
            Ok(())
        }
        read => read,
    }
}

/// Where the rows of some days and the lake's differ, in the order of days and keys; some of each day.
pub(super) async fn differences(
    log: &Log,
    days: Days,
    rows: &Rows,
) -> Result<Vec<Difference>, Fault> {
    let snapshot = log.read_there().await?;
    let wanted = [days];
    let lake: BTreeMap<Day, Vec<&DataFile>> = files_of(&snapshot, &wanted).collect();
    let all: BTreeSet<Day> = lake.keys().chain(rows.days.keys()).copied().collect();
    let mut differences = Vec::new();
    for day in all {
        let files = lake.get(&day).map_or(&[][..], Vec::as_slice);
        differences.extend(of_day(log, day, files, rows).await?);
    }
    Ok(differences)
}

async fn of_day(
    log: &Log,
    day: Day,
    files: &[&DataFile],
    rows: &Rows,
) -> Result<Vec<Difference>, Fault> {
    let table = log.table;
    let columns = key::columns(table);
    let ours = rows.days.get(&day);
    let (mut found, mut seen) = (BTreeMap::new(), BTreeSet::new());
    for file in files {
        each_row(log, day, file, |row| {
            let key = key::of_row(&columns, row);
            let what = match ours.and_then(|ours| ours.by_key.get(&key)) {
                _ if seen.contains(&key) => Some("the sink has it more than once".into()),
                None => Some("only the sink has it".into()),
                Some(place) => differing(table, rows.row(*place), row),
            };
            if let Some(what) = what {
                found.insert(key.clone(), (key::in_words(&columns, row), what));
            }
            seen.insert(key);
        })
        .await?;
    }
    let lacking =
        ours.into_iter().flat_map(|ours| &ours.by_key).filter(|(key, _)| !seen.contains(*key));
    for (key, place) in lacking {
        let words = key::in_words(&columns, rows.row(*place));
        found.insert(key.clone(), (words, "the sink lacks it".into()));
    }
    let named = found.into_values().take(NAMED);
    Ok(named.map(|(key, what)| Difference { day, key, what }).collect())
}

/// The columns that differ, if any do; a number counts with the decimals that it has.
fn differing(table: &Table, one: Row<'_>, other: Row<'_>) -> Option<String> {
    let differs = |index: usize, kind: Kind| match (one.value(index), other.value(index), kind) {
        (Some(Value::Real(one)), Some(Value::Real(other)), Kind::Real { decimals }) => {
            measure::scaled(one, decimals) != measure::scaled(other, decimals)
        }
        (one, other, _) => one != other,
    };
    let columns = table.columns.iter().enumerate();
    let names = columns.filter(|(index, column)| differs(*index, column.kind));
    let names: Vec<_> = names.map(|(_, column)| column.name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
