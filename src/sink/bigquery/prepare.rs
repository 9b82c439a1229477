//! What has to be there before rows are sent: datasets, tables and views, made by REST as the
//! definitions say, and looked at before anything is written.

use gcp_bigquery_client::model::table_reference::TableReference;
use reqwest::Method;
use serde_json::{Value, json};

use super::{BigQuery, Names, expiry, functions, script, views};
use crate::domain::tables::{TABLES, Table};
use crate::domain::views::{ROLL_UPS, VIEWS};
use crate::sink::{Prepared, SinkError, Warning, with_retries};

mod change;
mod shown;
mod wanted;

pub(super) use wanted::schema;

use change::{Change, backfilled, missing};
use shown::view_text;
use wanted::{Wanted, definition};

/// The label that says how many of our columns a table was given: those beyond are new, those
/// within that are missing were dropped by hand.
const COLUMNS_LABEL: &str = "weather_columns";

/// All definitions of tables and views, as one text.
pub(super) fn definitions(names: &Names) -> String {
    let tables = TABLES.into_iter().map(Wanted::from).chain(ROLL_UPS.into_iter().map(Wanted::from));
    let tables = tables.map(|table| definition(names, &table).to_string());
    let views = VIEWS.map(|view| format!("{}{}", views::query(view, names), view_text(view)));
    tables.chain(views).chain([functions::mark(names)]).collect()
}

fn reference(names: &Names, table: &str) -> TableReference {
    TableReference::new(&names.project, &names.dataset, table)
}

/// The columns of a table or view, as it came.
fn fields(came: &Value) -> &[Value] {
    came["schema"]["fields"].as_array().map_or(&[], Vec::as_slice)
}

/// The labels as they came, with the product's own.
fn with(labels: &Value, name: &str, value: &str) -> Value {
    let mut labels = labels.clone();
    labels[name] = value.into();
    labels
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
        let tables = with_retries(async || self.internal_tables().await).await?;
        self.take_over_old_states(&tables).await?;
        let rollups = self.roll_up_changes().await?;
        // A roll-up that is made anew is empty; one of rows that are gone would keep theirs.
        let is_missing = |change: &Change| matches!(change, Change::Create(_));
        let of_rows = changes.iter().map(|(_, change)| change);
        if of_rows.chain(rollups.iter().map(|(_, change)| change)).any(is_missing) {
            self.forget_roll_ups().await?;
        }
        warnings.extend(self.forget_lost(&missing(&changes)).await?);
        self.send_again(&backfilled(&changes)).await?;
        for (table, change) in changes {
            let wanted = Wanted::from(table);
            made.extend(with_retries(async || self.carry_out(&wanted, &change).await).await?);
        }
        for (wanted, change) in rollups {
            made.extend(with_retries(async || self.carry_out(&wanted, &change).await).await?);
        }
        self.drop_old_staging(&tables).await;
        Ok(Prepared { made, warnings })
    }

    /// What has to be done with the tables of the roll-ups.
    async fn roll_up_changes(&self) -> Result<Vec<(Wanted, Change)>, SinkError> {
        let mut changes = Vec::new();
        for rollup in ROLL_UPS {
            let wanted = Wanted::from(rollup);
            let found = with_retries(async || self.find_table(wanted.name).await).await?;
            let change = self.change(&wanted, found.as_ref())?;
            changes.push((wanted, change));
        }
        Ok(changes)
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
            changes.push((table, self.change(&Wanted::from(table), found.as_ref())?));
        }
        Ok((changes, warnings))
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

    async fn carry_out(
        &self,
        table: &Wanted,
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
