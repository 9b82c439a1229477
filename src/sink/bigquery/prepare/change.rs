//! What has to be done with a table: what is there beside what is wanted.

use serde_json::{Value, json};

use super::wanted::{Wanted, definition};
use super::{COLUMNS_LABEL, fields, with};
use crate::domain::tables::Table;
use crate::sink::SinkError;
use crate::sink::bigquery::BigQuery;

impl BigQuery {
    /// What has to be done with a table.
    pub(super) fn change(
        &self,
        table: &Wanted,
        found: Option<&Value>,
    ) -> Result<Change, SinkError> {
        let Some(found) = found else {
            return Ok(Change::Create(definition(&self.names, table)));
        };
        let altered = |(problem, remedy): (String, String)| SinkError::Altered {
            table: format!("{}.{}.{}", self.names.project, self.names.dataset, table.name),
            problem,
            remedy,
        };
        let by = found["timePartitioning"]["field"].as_str();
        if by != table.day_of {
            let day_of = table.day_of.unwrap_or("nothing");
            let problem = format!("it is not partitioned by the day of {day_of}");
            return Err(altered((problem, table.remedy.into())));
        }
        let Columns { fields, added } = columns(table, found).map_err(altered)?;
        let is_described = found["description"].as_str() == Some(table.description);
        if is_described && fields == self::fields(found) {
            return Ok(Change::Nothing);
        }
        // What others have said of the table and its columns goes back as it came.
        let mut schema = found["schema"].clone();
        schema["fields"] = fields.into();
        let columns = table.fields.len().to_string();
        let patch = json!({
            "description": table.description,
            "labels": with(&found["labels"], COLUMNS_LABEL, &columns),
            "schema": schema,
        });
        Ok(Change::Patch(patch, added))
    }
}

/// The tables that are not there.
pub(super) fn missing(changes: &[(&'static Table, Change)]) -> Vec<&'static Table> {
    let missing = changes.iter().filter(|(_, change)| matches!(change, Change::Create(_)));
    missing.map(|(table, _)| *table).collect()
}

/// The tables that lack a column which rows of before have a value of.
pub(super) fn backfilled(changes: &[(&'static Table, Change)]) -> Vec<&'static Table> {
    let is_backfilled = |table: &Table, added: &[&str]| {
        added.iter().filter_map(|name| table.column(name)).any(|column| column.is_backfilled)
    };
    let lacking = changes.iter().filter(|(table, change)| match change {
        Change::Patch(_, added) => is_backfilled(table, added),
        Change::Nothing | Change::Create(_) => false,
    });
    lacking.map(|(table, _)| *table).collect()
}

/// The columns of a table as they came, with our descriptions and those that are new.
struct Columns {
    fields: Vec<Value>,
    /// The names of the new ones.
    added: Vec<&'static str>,
}

/// The columns as they should be.
///
/// # Errors
/// The problem and its remedy, when one of the product's columns is not as it was made.
fn columns(table: &Wanted, found: &Value) -> Result<Columns, (String, String)> {
    let mut fields = fields(found).to_vec();
    let known = found["labels"][COLUMNS_LABEL].as_str();
    let known = known.and_then(|count| count.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let mut added = Vec::new();
    for (index, column) in table.fields.iter().enumerate() {
        let (name, wanted) = (column.name, &column.data_type);
        match fields.iter_mut().find(|field| field["name"] == name) {
            Some(there) if !is_same_type(&there["type"], wanted) => {
                let data_type = there["type"].as_str().unwrap_or("nothing");
                let problem = format!("column {name} is {data_type}, not {wanted}");
                return Err((problem, table.remedy.into()));
            }
            Some(there) => there["description"] = column.description.into(),
            None if index < known => {
                return Err((
                    format!("column {name} is gone"),
                    format!(
                        "add it again (`alter table … add column {name} …`), then `weather repair` fills it"
                    ),
                ));
            }
            None => {
                added.push(name);
                let mut new = column.described.clone();
                // A column that rows are there without cannot be required.
                new["mode"] = "NULLABLE".into();
                fields.push(new);
            }
        }
    }
    Ok(Columns { fields, added })
}

pub(super) enum Change {
    Nothing,
    Create(Value),
    /// What changes of the description, and the columns that are new in it.
    Patch(Value, Vec<&'static str>),
}

impl Change {
    /// What of a table is missing.
    pub(super) fn describe(&self, table: &Table) -> Option<String> {
        match self {
            Self::Create(_) => Some(format!("table {}", table.name)),
            Self::Patch(_, added) if !added.is_empty() => {
                Some(format!("columns {} of table {}", added.join(", "), table.name))
            }
            Self::Nothing | Self::Patch(..) => None,
        }
    }
}

/// The API has two names for some types.
fn is_same_type(there: &Value, wanted: &str) -> bool {
    match there.as_str() {
        Some("INT64") => wanted == "INTEGER",
        Some("FLOAT64") => wanted == "FLOAT",
        Some("BOOL") => wanted == "BOOLEAN",
        there => there == Some(wanted),
    }
}
