//! The roll-ups: tables of hours and local days, kept by the script that writes the rows, in the same
//! transaction, so that no reader ever sees them apart.
//!
//! What an hour and a day are is said once, by the files in `rollups/`: a query over all rows. The script
//! puts in the place of the days that it touches what that query gives of them, and the query reads no
//! more than it needs for exactly the same answer: literal days of slots, and of observations those from
//! the oldest one that fills such a slot on. How old that is, is known only to the warehouse: it is read into
//! a variable of the script first. BigQuery prunes partitions by a condition whose value it knows before
//! it reads, as it knows a literal or a variable
//! (<https://cloud.google.com/bigquery/docs/querying-partitioned-tables>, "use a constant expression"),
//! and not by one that is a subquery.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::Names;
use super::views::{self, Asked};
use crate::domain::views::{
    OBSERVATIONS_BY_DAY, OBSERVATIONS_BY_HOUR, ROLL_UPS, RollUpTable, SOURCES_ASKED,
};
use crate::farmhash::fingerprint64;

mod bounds;
mod compare;
mod reach;
mod statements;

pub(super) use statements::{declarations, statements};

/// The definition of each roll-up.
const FILES: [(&RollUpTable, &str); ROLL_UPS.len()] = [
    (&SOURCES_ASKED, include_str!("rollups/sources_asked.sql")),
    (&OBSERVATIONS_BY_HOUR, include_str!("rollups/observations_by_hour.sql")),
    (&OBSERVATIONS_BY_DAY, include_str!("rollups/observations_by_day.sql")),
];

/// More sites than these are as good as all: they would not fit into a statement.
pub(super) const MAX_SITES: usize = 1000;

/// What of `sites` the roll-ups are made of.
const RULES: [&str; 5] = ["timezone", "country", "active_from", "active_until", "spans"];

/// What a script has to roll up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The days (UTC) that were written: those of slots, and each from an observation's to that of the slot
    /// that it fills. `None`: everything is rolled up.
    pub touched: Option<BTreeSet<NaiveDate>>,
    /// Up to when the roll-ups reach that are there.
    pub since: Option<DateTime<Utc>>,
    /// Up to when they are to reach.
    pub as_of: DateTime<Utc>,
    /// Sites of which all days are rolled up: their zone, interval, spans or life changed. More than
    /// a thousand: everything is.
    pub sites: Vec<String>,
}

/// The definition of the roll-ups in short: where it is another one, everything is rolled up again.
pub(super) fn definition() -> String {
    let names = Names { project: String::new(), dataset: String::new(), internal: String::new() };
    let texts = ROLL_UPS.map(|rollup| query(rollup, &names, &Asked::everything("")));
    format!("{:016x}", fingerprint64(texts.concat().as_bytes()))
}

/// The sites whose staged row differs from the one that is there in what the roll-ups are made of, as a
/// query.
pub(super) fn moved_sites(names: &Names, staging: &str) -> String {
    let (staging, sites) = (names.internal(staging), names.public("sites"));
    let differs = RULES.map(|name| format!("s.{name} is distinct from t.{name}")).join(" or ");
    format!(
        "select s.site_id from {staging} s left join {sites} t on t.site_id = s.site_id\nwhere {differs}\norder by site_id"
    )
}

/// Its columns, with commas between.
fn columns(rollup: &RollUpTable) -> String {
    rollup.columns().map(|column| column.name).collect::<Vec<_>>().join(", ")
}

/// What the definition gives of what is asked for, the columns by name.
fn query(rollup: &RollUpTable, names: &Names, asked: &Asked) -> String {
    let file = FILES.iter().find(|(of, _)| of.name == rollup.name).map_or("", |(_, sql)| sql);
    let query = views::rendered(file, names, asked);
    // What it says in words is for who reads the file.
    let lines = query.lines().filter(|line| !line.trim_start().starts_with("--"));
    let query = lines.collect::<Vec<_>>().join("\n");
    format!("select {} from (\n{query}\n)", columns(rollup))
}
