//! What has to be there before rows are sent: datasets, tables and views, made by REST as the
//! definitions say, and looked at before anything is written.

use gcp_bigquery_client::model::clustering::Clustering;
use gcp_bigquery_client::model::field_type::FieldType;
use gcp_bigquery_client::model::table_field_schema::TableFieldSchema;
use gcp_bigquery_client::model::table_reference::TableReference;
use gcp_bigquery_client::model::table_schema::TableSchema;
use gcp_bigquery_client::model::time_partitioning::TimePartitioning;
use reqwest::Method;
use serde_json::{Value, json};

use super::{BigQuery, Names, expiry, script, views};
use crate::domain::tables::{Column, Kind, TABLES, Table};
use crate::domain::views::{VIEWS, View, ViewColumn};
use crate::farmhash::fingerprint64;
use crate::sink::{Prepared, SinkError, Warning, with_retries};

/// The label that says how many of our columns a table was given: those beyond are new, those
/// within that are missing were dropped by hand.
const COLUMNS_LABEL: &str = "weather_columns";

/// The label that says by which definition a view was made.
const DEFINITION_LABEL: &str = "weather_definition";

/// The columns of a view, as what came describes them (BigQuery says it once the view is there; an
/// emulator may not), with our descriptions.
fn view_schema(view: &View, came: &Value) -> Value {
    let field = |column: &ViewColumn| {
        let there = fields(came).iter().find(|field| field["name"] == column.name).cloned();
        let mut field = there
            .unwrap_or_else(|| json!({"name": column.name, "type": views::type_name(column.kind)}));
        field["description"] = column.description.into();
        field
    };
    json!({"fields": view.columns.iter().map(field).collect::<Vec<_>>()})
}

/// The columns of a table or view, as it came.
fn fields(came: &Value) -> &[Value] {
    came["schema"]["fields"].as_array().map_or(&[], Vec::as_slice)
}

/// The columns as BigQuery describes them.
pub(super) fn schema(table: &Table) -> TableSchema {
    TableSchema::new(table.columns.iter().map(field).collect())
}

/// The type of a column, as the API names it.
pub(super) fn type_name(kind: Kind) -> String {
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

/// The table as it is made.
fn definition(names: &Names, table: &Table) -> Value {
    let mut made = json!({
        "tableReference": reference(names, table.name),
        "description": table.description,
        "labels": {COLUMNS_LABEL: table.columns.len().to_string()},
        "schema": schema(table),
    });
    let Some(day_of) = table.day_of else { return made };
    made["timePartitioning"] = json!(TimePartitioning::per_day().field(day_of));
    let has = |name: &&str| table.column(name).is_some();
    let clustered = ["site_id", "source"].into_iter().filter(has).map(str::to_owned);
    let clustered: Vec<String> = clustered.collect();
    if !clustered.is_empty() {
        made["clustering"] = json!(Clustering { fields: Some(clustered) });
    }
    made
}

fn reference(names: &Names, table: &str) -> TableReference {
    TableReference::new(&names.project, &names.dataset, table)
}

impl BigQuery {
    /// Each thing is made by itself, again if its trouble may pass: of twenty calls one always fails
    /// where one in ten does.
    pub(super) async fn prepare_all(&self) -> Result<Prepared, SinkError> {
        let Prepared { mut made, mut warnings } = Prepared::default();
        for name in self.datasets() {
            match with_retries(async || self.find_dataset(name).await).await? {
                Some(found) => warnings.extend(expiry::of_dataset(&self.dataset(name), &found)),
                None => made.extend(with_retries(async || self.create_dataset(name).await).await?),
            }
        }
        // All are looked at before one is touched.
        let (changes, of_tables) = self.changes().await?;
        warnings.extend(of_tables);
        warnings.extend(self.forget_lost(&missing(&changes)).await?);
        self.send_again(&backfilled(&changes)).await?;
        for (table, change) in changes {
            made.extend(with_retries(async || self.carry_out(table, &change).await).await?);
        }
        for view in VIEWS {
            made.extend(with_retries(async || self.prepare_view(view).await).await?);
        }
        Ok(Prepared { made, warnings })
    }

    /// What of datasets and tables is missing (views are of no account), and whether jobs may be run
    /// and the tables be written: BigQuery answers that for a statement that is not carried out.
    pub(super) async fn check_all(&self) -> Result<Prepared, SinkError> {
        let Prepared { mut made, mut warnings } = Prepared::default();
        for name in self.datasets() {
            match with_retries(async || self.find_dataset(name).await).await? {
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
                let write = script::no_write(&self.names, table);
                with_retries(async || {
                    self.dry_run(&self.names.public_table(table.name), &write).await
                })
                .await?;
            }
        } else {
            let project = format!("project {}", self.names.project);
            with_retries(async || self.dry_run(&project, "select 1").await).await?;
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
            let found = with_retries(async || self.find_table(table.name).await).await?;
            let what = self.names.public_table(table.name);
            warnings.extend(found.as_ref().and_then(|found| expiry::of_table(&what, found)));
            changes.push((table, self.change(table, found.as_ref())?));
        }
        Ok((changes, warnings))
    }

    /// A view is ours: what it says and what is said of it follow the definition. The label comes
    /// last, so that a view that was made half is made again.
    async fn prepare_view(&self, view: &View) -> Result<Option<String>, SinkError> {
        let Names { project, dataset, .. } = &self.names;
        let what = format!("view {project}.{dataset}.{}", view.name);
        let query = views::query(view, &self.names);
        let described = view_schema(view, &Value::Null).to_string();
        let text = format!("{query}{}{described}", view.description);
        let mark = format!("{:016x}", fingerprint64(text.as_bytes()));
        let tables = format!("datasets/{dataset}/tables");
        let path = format!("{tables}/{}", view.name);
        let found = self.find(&what, &path).await?;
        let label = |found: &Value| found["labels"][DEFINITION_LABEL].as_str() == Some(&mark);
        if found.as_ref().is_some_and(label) {
            return Ok(None);
        }
        let made = json!({
            "tableReference": reference(&self.names, view.name),
            "description": view.description,
            "view": {"query": query, "useLegacySql": false},
        });
        let (method, at) = match found {
            None => (Method::POST, &tables),
            Some(_) => (Method::PATCH, &path),
        };
        let came = match self.rest(&what, method, at, Some(&made)).await? {
            Err(refusal) if refusal.is(409) => Value::Null,
            Err(refusal) => return Err(self.refused(&what, refusal)),
            Ok(came) => came,
        };
        // A view takes its columns' descriptions only once it is there.
        let labels = with(&came["labels"], DEFINITION_LABEL, &mark);
        let described = json!({"schema": view_schema(view, &came), "labels": labels});
        let described = self.rest(&what, Method::PATCH, &path, Some(&described)).await?;
        described.map_err(|refusal| self.refused(&what, refusal))?;
        Ok(Some(what))
    }

    async fn create_dataset(&self, name: &str) -> Result<Option<String>, SinkError> {
        let project = &self.names.project;
        let what = self.dataset(name);
        let mut dataset = json!({"datasetReference": {"projectId": project, "datasetId": name}});
        if let Some(location) = &self.location {
            dataset["location"] = location.as_str().into();
        }
        self.create(what, "datasets", &dataset).await
    }

    /// Makes a thing; `None`: somebody else has made it meanwhile.
    async fn create(
        &self,
        what: String,
        path: &str,
        wanted: &Value,
    ) -> Result<Option<String>, SinkError> {
        match self.rest(&what, Method::POST, path, Some(wanted)).await? {
            Ok(_) => Ok(Some(what)),
            Err(refusal) if refusal.is(409) => Ok(None),
            Err(refusal) => Err(self.refused(&what, refusal)),
        }
    }

    /// The dataset, if it is there and where it should be.
    async fn find_dataset(&self, name: &str) -> Result<Option<Value>, SinkError> {
        let what = self.dataset(name);
        let found = self.find(&what, &format!("datasets/{name}")).await?;
        if let Some(found) = &found {
            self.check_location(&what, found["location"].as_str().unwrap_or_default())?;
        }
        Ok(found)
    }

    fn check_location(&self, what: &str, found: &str) -> Result<(), SinkError> {
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

    pub(super) async fn find_table(&self, name: &str) -> Result<Option<Value>, SinkError> {
        let path = format!("datasets/{}/tables/{name}", self.names.dataset);
        self.find(&self.names.public_table(name), &path).await
    }

    /// What has to be done with a table.
    fn change(&self, table: &'static Table, found: Option<&Value>) -> Result<Change, SinkError> {
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
            let remedy =
                "rename it; the next `weather sync` makes it anew and fills it from the store";
            return Err(altered((problem, remedy.into())));
        }
        let Columns { fields, added } = columns(table, found).map_err(altered)?;
        let is_described = found["description"].as_str() == Some(table.description);
        if is_described && fields == self::fields(found) {
            return Ok(Change::Nothing);
        }
        // What others have said of the table and its columns goes back as it came.
        let mut schema = found["schema"].clone();
        schema["fields"] = fields.into();
        let columns = table.columns.len().to_string();
        let patch = json!({
            "description": table.description,
            "labels": with(&found["labels"], COLUMNS_LABEL, &columns),
            "schema": schema,
        });
        Ok(Change::Patch(patch, added))
    }

    async fn carry_out(
        &self,
        table: &'static Table,
        change: &Change,
    ) -> Result<Option<String>, SinkError> {
        let what = self.names.public_table(table.name);
        let tables = format!("datasets/{}/tables", self.names.dataset);
        match change {
            Change::Nothing => Ok(None),
            Change::Create(wanted) => {
                let made = self.create(what, &tables, wanted).await?;
                if made.is_some() {
                    self.keep(&self.names.dataset, table.name, table.day_of).await?;
                }
                Ok(made)
            }
            Change::Patch(patch, added) => {
                let path = format!("{tables}/{}", table.name);
                let patched = self.rest(&what, Method::PATCH, &path, Some(patch)).await?;
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

/// The tables that lack a column which rows of before have a value of.
fn backfilled(changes: &[(&'static Table, Change)]) -> Vec<&'static Table> {
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
fn columns(table: &Table, found: &Value) -> Result<Columns, (String, String)> {
    let mut fields = fields(found).to_vec();
    let known = found["labels"][COLUMNS_LABEL].as_str();
    let known = known.and_then(|count| count.parse::<usize>().ok()).unwrap_or(usize::MAX);
    let mut added = Vec::new();
    for (index, column) in table.columns.iter().enumerate() {
        let (name, wanted) = (column.name, type_name(column.kind));
        match fields.iter_mut().find(|field| field["name"] == name) {
            Some(there) if !is_same_type(&there["type"], &wanted) => {
                let data_type = there["type"].as_str().unwrap_or("nothing");
                return Err((
                    format!("column {name} is {data_type}, not {wanted}"),
                    "rename the table; the next `weather sync` makes it anew and fills it from the store".into(),
                ));
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
                let mut new = json!(field(column));
                // A column that rows are there without cannot be required.
                new["mode"] = "NULLABLE".into();
                fields.push(new);
            }
        }
    }
    Ok(Columns { fields, added })
}

/// The labels as they came, with the product's own.
fn with(labels: &Value, name: &str, value: &str) -> Value {
    let mut labels = labels.clone();
    labels[name] = value.into();
    labels
}

enum Change {
    Nothing,
    Create(Value),
    /// What changes of the description, and the columns that are new in it.
    Patch(Value, Vec<&'static str>),
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
fn is_same_type(there: &Value, wanted: &str) -> bool {
    match there.as_str() {
        Some("INT64") => wanted == "INTEGER",
        Some("FLOAT64") => wanted == "FLOAT",
        there => there == Some(wanted),
    }
}
