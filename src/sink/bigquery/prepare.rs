//! What has to be there before rows are sent: datasets, tables and views, made by REST as the
//! definitions say, and looked at before anything is written.

use gcp_bigquery_client::model::clustering::Clustering;
use gcp_bigquery_client::model::dataset::Dataset;
use gcp_bigquery_client::model::field_type::FieldType;
use gcp_bigquery_client::model::table::Table as RestTable;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use gcp_bigquery_client::model::table_schema::TableSchema;
use gcp_bigquery_client::model::time_partitioning::TimePartitioning;
use reqwest::Method;
use serde_json::{Value, json};

use super::views::{VIEWS, View, ViewColumn};
use super::{BigQuery, Names, expiry};
use crate::domain::tables::{Column, Kind, TABLES, Table};
use crate::farmhash::fingerprint64;
use crate::sink::{Prepared, SinkError, Warning, insist};

/// The label that says how many of our columns a table was given: those beyond are new, those
/// within that are missing were dropped by hand.
const COLUMNS_LABEL: &str = "weather_columns";

/// The label that says by which definition a view was made.
const DEFINITION_LABEL: &str = "weather_definition";

fn view_schema(view: &View) -> TableSchema {
    let field = |column: &ViewColumn| {
        let data_type = serde_json::from_value(column.data_type.into());
        let mut field = TableFieldSchema::new(column.name, data_type.unwrap_or(FieldType::String));
        field.description = Some(column.description.into());
        field
    };
    TableSchema::new(view.columns.iter().map(field).collect())
}

/// The columns as BigQuery describes them.
pub(super) fn schema(table: &Table) -> TableSchema {
    TableSchema::new(table.columns.iter().map(field).collect())
}

/// The type of a column, as the API names it.
pub(super) fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "STRING",
        Kind::Integer => "INTEGER",
        Kind::Real { .. } => "FLOAT",
        Kind::Time => "TIMESTAMP",
        Kind::Date => "DATE",
    }
}

/// A column of that type.
fn new_field(name: &str, type_name: &str) -> TableFieldSchema {
    let data_type = serde_json::from_value(type_name.into());
    TableFieldSchema::new(name, data_type.unwrap_or(FieldType::String))
}

fn field(column: &Column) -> TableFieldSchema {
    let mut field = new_field(column.name, type_name(column.kind));
    field.mode = Some(if column.is_required { "REQUIRED" } else { "NULLABLE" }.into());
    field.description = Some(column.description.into());
    field
}

/// The table as it is made.
fn definition(names: &Names, table: &Table) -> RestTable {
    let mut made = RestTable::new(&names.project, &names.dataset, table.name, schema(table))
        .description(table.description)
        .label(COLUMNS_LABEL, &table.columns.len().to_string());
    if let Some(day_of) = table.day_of {
        made = made.time_partitioning(TimePartitioning::per_day().field(day_of));
    }
    let has = |name: &&str| table.column(name).is_some();
    let clustered: Vec<String> =
        ["site_id", "source"].into_iter().filter(has).map(str::to_owned).collect();
    if table.day_of.is_some() && !clustered.is_empty() {
        made = made.clustering(Clustering { fields: Some(clustered) });
    }
    made
}

impl BigQuery {
    /// Each thing is made by itself, again if its trouble may pass: of twenty calls one always fails
    /// where one in ten does.
    pub(super) async fn prepare_all(&self) -> Result<Prepared, SinkError> {
        let Prepared { mut made, mut warnings } = Prepared::default();
        for name in self.datasets() {
            match insist(async || self.find_dataset(name).await).await? {
                Some(found) => warnings.extend(expiry::of_dataset(&self.dataset(name), &found)),
                None => made.extend(insist(async || self.create_dataset(name).await).await?),
            }
        }
        // All are looked at before one is touched.
        let (changes, of_tables) = self.changes().await?;
        warnings.extend(of_tables);
        warnings.extend(self.forget_lost(&missing(&changes)).await?);
        for (table, change) in changes {
            made.extend(insist(async || self.carry_out(table, &change).await).await?);
        }
        for view in &VIEWS {
            made.extend(insist(async || self.prepare_view(view).await).await?);
        }
        Ok(Prepared { made, warnings })
    }

    /// What of datasets and tables is missing (views are of no account), and whether jobs may be run
    /// and the tables be written: BigQuery answers that for a statement that is not carried out.
    pub(super) async fn check_all(&self) -> Result<Prepared, SinkError> {
        let Prepared { mut made, mut warnings } = Prepared::default();
        for name in self.datasets() {
            match insist(async || self.find_dataset(name).await).await? {
                Some(found) => warnings.extend(expiry::of_dataset(&self.dataset(name), &found)),
                None => made.push(format!("dataset {name}")),
            }
        }
        if made.is_empty() {
            let (changes, of_tables) = self.changes().await?;
            warnings.extend(of_tables);
            warnings.extend(self.warn_of_lost(&missing(&changes)).await?);
            made.extend(changes.iter().filter_map(|(table, change)| change.describe(table)));
        }
        if made.is_empty() {
            for table in TABLES {
                let target = self.names.public(table.name);
                let column = table.key[0];
                let write = format!("update {target} set {column} = {column} where false");
                insist(async || self.dry_run(&self.names.public_table(table.name), &write).await)
                    .await?;
            }
        } else {
            insist(async || {
                self.dry_run(&format!("project {}", self.names.project), "select 1").await
            })
            .await?;
        }
        Ok(Prepared { made, warnings })
    }

    fn datasets(&self) -> [&str; 2] {
        [&self.names.dataset, &self.names.internal]
    }

    /// A dataset, as people name it.
    fn dataset(&self, name: &str) -> String {
        format!("dataset {}.{name}", self.names.project)
    }

    /// What has to be done with each table, and which of them have an end.
    async fn changes(&self) -> Result<(Vec<(&'static Table, Change)>, Vec<Warning>), SinkError> {
        let (mut changes, mut warnings) = (Vec::new(), Vec::new());
        for table in TABLES {
            let found = insist(async || self.find_table(table.name).await).await?;
            if let Some(found) = &found {
                let partitions = found.time_partitioning.as_ref();
                warnings.extend(expiry::of_table(
                    &self.names.public_table(table.name),
                    found.expiration_time.as_deref(),
                    partitions.and_then(|by| by.expiration_ms.as_deref()),
                ));
            }
            changes.push((table, self.change(table, found.as_ref())?));
        }
        Ok((changes, warnings))
    }

    /// A view is ours: what it says and what is said of it follow the definition. The label comes
    /// last, so that a view that was made half is made again.
    async fn prepare_view(&self, view: &View) -> Result<Option<String>, SinkError> {
        let Names { project, dataset, .. } = &self.names;
        let what = format!("view {project}.{dataset}.{}", view.name);
        let query = view.query(&self.names);
        let schema = view_schema(view);
        let described = serde_json::to_string(&schema).unwrap_or_default();
        let text = format!("{query}{}{described}", view.description);
        let mark = format!("{:016x}", fingerprint64(text.as_bytes()));
        let tables = format!("datasets/{dataset}/tables");
        let path = format!("{tables}/{}", view.name);
        let found = match self.rest(&what, Method::GET, &path, None).await? {
            Ok(found) => Some(found),
            Err(refusal) if refusal.is(404) => None,
            Err(refusal) => return Err(self.refused(&what, refusal)),
        };
        let label = |found: &Value| found["labels"][DEFINITION_LABEL].as_str() == Some(&mark);
        if found.as_ref().is_some_and(label) {
            return Ok(None);
        }
        let reference = json!({"projectId": project, "datasetId": dataset, "tableId": view.name});
        let made = json!({
            "tableReference": reference,
            "description": view.description,
            "view": {"query": query, "useLegacySql": false},
        });
        let (method, at) = match found {
            None => (Method::POST, &tables),
            Some(_) => (Method::PATCH, &path),
        };
        match self.rest(&what, method, at, Some(&made)).await? {
            Err(refusal) if !refusal.is(409) => return Err(self.refused(&what, refusal)),
            _ => {}
        }
        // A view takes its columns' descriptions only once it is there.
        let described = json!({"schema": schema, "labels": {DEFINITION_LABEL: mark}});
        let described = self.rest(&what, Method::PATCH, &path, Some(&described)).await?;
        described.map_err(|refusal| self.refused(&what, refusal))?;
        Ok(Some(what))
    }

    async fn create_dataset(&self, name: &str) -> Result<Option<String>, SinkError> {
        let project = &self.names.project;
        let what = self.dataset(name);
        let mut dataset = Dataset::new(project, name);
        dataset.location.clone_from(&self.location);
        match self.call(&what, self.client.dataset().create(dataset)).await? {
            Ok(_) => Ok(Some(what)),
            Err(refusal) if refusal.is(409) => Ok(None),
            Err(refusal) => Err(self.refused(&what, refusal)),
        }
    }

    /// The dataset, if it is there and where it should be.
    async fn find_dataset(&self, name: &str) -> Result<Option<Value>, SinkError> {
        let what = self.dataset(name);
        match self.rest(&what, Method::GET, &format!("datasets/{name}"), None).await? {
            Ok(found) => {
                self.check_location(&what, &found)?;
                Ok(Some(found))
            }
            Err(refusal) if refusal.is(404) => Ok(None),
            Err(refusal) => Err(self.refused(&what, refusal)),
        }
    }

    fn check_location(&self, what: &str, found: &Value) -> Result<(), SinkError> {
        let found = found["location"].as_str().unwrap_or_default();
        match &self.location {
            Some(asked) if !found.is_empty() && !asked.eq_ignore_ascii_case(found) => {
                Err(SinkError::Altered {
                    table: what.into(),
                    problem: format!("it is in {found}, and BIGQUERY_LOCATION is {asked}"),
                    remedy: format!(
                        "set BIGQUERY_LOCATION={found}, or name another dataset: a dataset does not move"
                    ),
                })
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn find_table(&self, name: &str) -> Result<Option<RestTable>, SinkError> {
        let Names { project, dataset, .. } = &self.names;
        let what = self.names.public_table(name);
        match self.call(&what, self.client.table().get(project, dataset, name, None)).await? {
            Ok(table) => Ok(Some(table)),
            Err(refusal) if refusal.is(404) => Ok(None),
            Err(refusal) => Err(self.refused(&what, refusal)),
        }
    }

    /// What has to be done with a table.
    fn change(
        &self,
        table: &'static Table,
        found: Option<&RestTable>,
    ) -> Result<Change, SinkError> {
        let wanted = definition(&self.names, table);
        let Some(found) = found else { return Ok(Change::Create(Box::new(wanted))) };
        let altered = |problem: String, remedy: String| SinkError::Altered {
            table: format!("{}.{}.{}", self.names.project, self.names.dataset, table.name),
            problem,
            remedy,
        };
        if found.time_partitioning.as_ref().and_then(|by| by.field.as_deref()) != table.day_of {
            return Err(altered(
                format!(
                    "it is not partitioned by the day of {}",
                    table.day_of.unwrap_or("nothing")
                ),
                "rename it; the next `weather sync` makes it anew and fills it from the store"
                    .into(),
            ));
        }
        let mut fields = found.schema.fields.clone().unwrap_or_default();
        let known = found.labels.as_ref().and_then(|labels| labels.get(COLUMNS_LABEL));
        let known = known.and_then(|count| count.parse::<usize>().ok()).unwrap_or(usize::MAX);
        let mut is_changed = found.description.as_deref() != Some(table.description);
        let mut added = Vec::new();
        for (index, column) in table.columns.iter().enumerate() {
            let wanted = field(column);
            match fields.iter_mut().find(|field| field.name == column.name) {
                Some(there) if !is_same_type(&there.r#type, &wanted.r#type) => {
                    return Err(altered(
                        format!("column {} is {:?}, not {:?}", column.name, there.r#type, wanted.r#type),
                        "rename the table; the next `weather sync` makes it anew and fills it from the store".into(),
                    ));
                }
                Some(there) => {
                    is_changed |= there.description != wanted.description;
                    there.description = wanted.description;
                }
                None if index < known => {
                    return Err(altered(
                        format!("column {} is gone", column.name),
                        format!(
                            "add it again (`alter table … add column {} …`), then `weather repair` fills it",
                            column.name
                        ),
                    ));
                }
                None => {
                    added.push(column.name);
                    // A column that rows are there without cannot be required.
                    fields.push(TableFieldSchema { mode: Some("NULLABLE".into()), ..wanted });
                }
            }
        }
        if added.is_empty() && !is_changed {
            return Ok(Change::Nothing);
        }
        Ok(Change::Patch(Box::new(RestTable { schema: TableSchema::new(fields), ..wanted }), added))
    }

    async fn carry_out(
        &self,
        table: &'static Table,
        change: &Change,
    ) -> Result<Option<String>, SinkError> {
        let Names { project, dataset, .. } = &self.names;
        let what = self.names.public_table(table.name);
        match change {
            Change::Nothing => Ok(None),
            Change::Create(wanted) => {
                match self.call(&what, self.client.table().create((**wanted).clone())).await? {
                    Ok(_) => {
                        self.keep(dataset, table.name, table.day_of).await?;
                        Ok(Some(what))
                    }
                    Err(refusal) if refusal.is(409) => Ok(None),
                    Err(refusal) => Err(self.refused(&what, refusal)),
                }
            }
            Change::Patch(patch, added) => {
                let patch =
                    RestTable { time_partitioning: None, clustering: None, ..(**patch).clone() };
                let patched = self.client.table().patch(project, dataset, table.name, patch);
                let patched = self.call(&what, patched).await?;
                patched.map_err(|refusal| self.refused(&what, refusal))?;
                Ok((!added.is_empty()).then(|| format!("{what}: columns {}", added.join(", "))))
            }
        }
    }
}

/// The tables that are not there.
fn missing(changes: &[(&'static Table, Change)]) -> Vec<&'static Table> {
    let missing = changes.iter().filter(|(_, change)| matches!(change, Change::Create(_)));
    missing.map(|(table, _)| *table).collect()
}

enum Change {
    Nothing,
    Create(Box<RestTable>),
    /// The whole description, and the columns that are new in it.
    Patch(Box<RestTable>, Vec<&'static str>),
}

impl Change {
    /// What of a table is missing.
    fn describe(&self, table: &Table) -> Option<String> {
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
fn is_same_type(one: &FieldType, other: &FieldType) -> bool {
    let name = |data_type: &FieldType| match data_type {
        FieldType::Int64 => FieldType::Integer,
        FieldType::Float64 => FieldType::Float,
        other => other.clone(),
    };
    format!("{:?}", name(one)) == format!("{:?}", name(other))
}
