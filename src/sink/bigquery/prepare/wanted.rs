//! A table as it is made, and how BigQuery describes its columns.

use gcp_bigquery_client::model::clustering::Clustering;
use gcp_bigquery_client::model::field_type::FieldType;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use gcp_bigquery_client::model::table_schema::TableSchema;
use gcp_bigquery_client::model::time_partitioning::TimePartitioning;
use serde_json::{Value, json};

use super::{COLUMNS_LABEL, reference};
use crate::domain::tables::{Column, Kind, Table};
use crate::domain::views::{RollUpTable, ViewColumn};
use crate::sink::bigquery::{Names, views};

/// The columns as BigQuery describes them.
pub(in crate::sink::bigquery) fn schema(table: &Table) -> TableSchema {
    TableSchema::new(table.columns.iter().map(field).collect())
}

/// The type of a column, as the API names it.
fn type_name(kind: Kind) -> String {
    json!(field_type(kind)).as_str().unwrap_or_default().to_owned()
}

fn field_type(kind: Kind) -> FieldType {
    match kind {
        Kind::Text => FieldType::String,
        Kind::Integer => FieldType::Integer,
        Kind::Real { .. } => FieldType::Float,
        Kind::Time => FieldType::Timestamp,
        Kind::Date => FieldType::Date,
    }
}

fn field(column: &Column) -> TableFieldSchema {
    let mode = if column.is_required { "REQUIRED" } else { "NULLABLE" };
    let mut field = TableFieldSchema::new(column.name, field_type(column.kind));
    field.mode = Some(mode.into());
    field.description = Some(column.description.into());
    field
}

/// A table that is made: a mirrored one, or a roll-up.
pub(super) struct Wanted {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) day_of: Option<&'static str>,
    pub(super) is_by_month: bool,
    pub(super) fields: Vec<WantedField>,
    /// What gets it back where somebody has altered it.
    pub(super) remedy: &'static str,
}

pub(super) struct WantedField {
    pub(super) name: &'static str,
    pub(super) data_type: String,
    pub(super) described: Value,
    pub(super) description: &'static str,
}

impl From<&'static Table> for Wanted {
    fn from(table: &'static Table) -> Self {
        let field = |column: &'static Column| WantedField {
            name: column.name,
            data_type: type_name(column.kind),
            described: json!(field(column)),
            description: column.description,
        };
        Self {
            name: table.name,
            description: table.description,
            day_of: table.day_of,
            is_by_month: false,
            fields: table.columns.iter().map(field).collect(),
            remedy: "rename it; the next `weather sync` makes it anew and fills it from the store",
        }
    }
}

impl From<&'static RollUpTable> for Wanted {
    /// Only what a partition goes by is required: a row that lacks something must not stop the sync.
    fn from(rollup: &'static RollUpTable) -> Self {
        let field = |column: &'static ViewColumn| {
            let (name, description) = (column.name, column.description);
            let data_type = views::type_name(column.kind).to_owned();
            let is_required = rollup.day_of == Some(name) || name == "site_id";
            let mode = if is_required { "REQUIRED" } else { "NULLABLE" };
            let described =
                json!({"name": name, "type": data_type, "mode": mode, "description": description});
            WantedField { name, data_type, described, description }
        };
        Self {
            name: rollup.name,
            description: rollup.description,
            day_of: rollup.day_of,
            is_by_month: rollup.is_by_month,
            fields: rollup.columns().map(field).collect(),
            remedy: "drop it; the next `weather sync` makes it anew and fills it from the other tables",
        }
    }
}

/// The table as it is made.
pub(super) fn definition(names: &Names, table: &Wanted) -> Value {
    let fields: Vec<_> = table.fields.iter().map(|field| field.described.clone()).collect();
    let mut made = json!({
        "tableReference": reference(names, table.name),
        "description": table.description,
        "labels": {COLUMNS_LABEL: table.fields.len().to_string()},
        "schema": {"fields": fields},
    });
    let Some(day_of) = table.day_of else { return made };
    let per = match table.is_by_month {
        true => TimePartitioning::per_month(),
        false => TimePartitioning::per_day(),
    };
    made["timePartitioning"] = json!(per.field(day_of));
    let has = |name: &&str| table.fields.iter().any(|field| field.name == *name);
    let clustered = ["site_id", "source"].into_iter().filter(has).map(str::to_owned);
    let clustered: Vec<String> = clustered.collect();
    if !clustered.is_empty() {
        made["clustering"] = json!(Clustering { fields: Some(clustered) });
    }
    made
}
