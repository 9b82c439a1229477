//! Makes what is missing of a lake, and sees whether it is one: the mark of the folder, the tables, their columns.

use serde::{Deserialize, Serialize};

use super::Lake;
use super::action::{Action, Protocol};
use super::fault::Fault;
use super::log::{Log, txn};
use super::schema::{self, Change};
use super::snapshot::Snapshot;
use super::state::{self, TableState};
use crate::domain::tables::Table;
use crate::objects::ObjectsError;
use crate::sink::{Prepared, SinkError};

/// Says that a folder is a lake, and of which form.
const FORMAT: &str = "_weather/format.json";

/// Whom the weather is from.
const LICENCE: &str = "_weather/LICENCE.txt";
const LICENCE_TEXT: &str = include_str!("licence.txt");

/// The one form that there is.
const FORM: u32 = 1;

/// A form's text at most.
const MAX_FORMAT: u64 = 64 << 10;

/// What a folder says that it is.
#[derive(Serialize, Deserialize)]
struct Format {
    format: u32,
}

impl Lake {
    /// Passes a folder that is a lake, or nothing yet.
    async fn check_format(&self) -> Result<bool, SinkError> {
        let altered = |problem: String| SinkError::Altered {
            table: self.objects.name().into(),
            problem,
            remedy: "set LAKE_URL to a folder of its own, which is empty or a lake".into(),
        };
        match self.objects.get(FORMAT, MAX_FORMAT).await {
            Ok(text) => match serde_json::from_slice(&text) {
                Ok(Format { format: FORM }) => Ok(true),
                Ok(Format { format }) => Err(altered(format!(
                    "it is a lake of the form {format}, which a later version has made"
                ))),
                Err(error) => Err(altered(format!("{FORMAT} cannot be read: {error}"))),
            },
            Err(ObjectsError::Missing { .. }) => {
                let found = self.objects.list_after("", None).await?;
                match found.iter().find(|object| !object.path.starts_with("_weather/")) {
                    None => Ok(false),
                    Some(other) => Err(altered(format!("it holds something else: {}", other.path))),
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn prepare_all(&self, may_write: bool) -> Result<Prepared, SinkError> {
        let mut prepared = Prepared::default();
        let mut is_there = self.check_format().await?;
        self.objects.below("_weather").check_put().await?;
        if !is_there {
            prepared.made.push(format!("lake {}", self.objects.name()));
            if may_write {
                self.put_format().await?;
                is_there = true;
            }
        }
        if is_there {
            self.check_created_once().await?;
        }
        for log in &self.logs {
            let made = prepare(log, may_write).await.map_err(|fault| fault.of_table(log.table))?;
            prepared.made.extend(made);
        }
        Ok(prepared)
    }

    /// Passes a storage where each object is created once: to create one that is there writes nothing.
    async fn check_created_once(&self) -> Result<(), SinkError> {
        match self.objects.put_new(FORMAT, format_text()).await {
            Err(ObjectsError::Exists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
            Ok(()) => Err(SinkError::Altered {
                table: self.objects.name().into(),
                problem: "an object could be created twice: of two writers both would win".into(),
                remedy: "the storage has to know `If-None-Match: *` (S3) or `x-goog-if-generation-match: 0` (Google): take another one".into(),
            }),
        }
    }

    async fn put_format(&self) -> Result<(), SinkError> {
        self.objects.put_once(FORMAT, format_text()).await?;
        Ok(self.objects.put_once(LICENCE, LICENCE_TEXT).await?)
    }

    /// Whether every table is there, as this program makes it.
    pub(super) async fn is_as_made(&self) -> Result<bool, SinkError> {
        for log in &self.logs {
            let read = log.read().await.map_err(|fault| fault.of_table(log.table))?;
            let meta_data = read.as_ref().and_then(|snapshot| snapshot.meta_data.as_ref());
            let is_made = meta_data.is_some_and(|meta_data| {
                schema::compare(log.table, meta_data) == Ok(Change::Nothing)
            });
            if !is_made {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn format_text() -> String {
    serde_json::json!({ "format": FORM }).to_string()
}

/// Makes a table, or gives it the columns that are new; says what was done or would be.
async fn prepare(log: &Log, may_write: bool) -> Result<Option<String>, Fault> {
    let table = log.table;
    let Some(found) = log.read().await? else {
        if may_write {
            create(log).await?;
        }
        return Ok(Some(format!("table {}", table.name)));
    };
    let meta_data =
        found.meta_data.as_ref().ok_or_else(|| Fault::Log("it says not what it is".into()))?;
    let Change::Describe(_, added) = schema::compare(table, meta_data).map_err(Fault::Log)? else {
        return Ok(None);
    };
    if may_write {
        log.commit_by("SET TABLE PROPERTIES", async |snapshot| {
            describe(table, snapshot, log.now())
        })
        .await?;
    }
    let words = match added.as_slice() {
        [] => format!("descriptions of {}", table.name),
        columns => format!("columns of {}: {}", table.name, columns.join(", ")),
    };
    Ok(Some(words))
}

/// Version 0. Another start that makes it meanwhile makes the same.
async fn create(log: &Log) -> Result<(), Fault> {
    let actions = vec![
        Action::Protocol(Protocol::ours()),
        Action::MetaData(schema::describe(log.table, log.now())),
    ];
    let nothing = Snapshot { version: -1, ..Snapshot::default() };
    log.try_commit(&nothing, "CREATE TABLE", actions).await.map(drop)
}

/// The table with new columns or descriptions. Where rows of before have a value in a new column, all of
/// them come again.
fn describe(
    table: &'static Table,
    snapshot: &Snapshot,
    now: i64,
) -> Result<Option<Vec<Action>>, Fault> {
    let meta_data =
        snapshot.meta_data.as_ref().ok_or_else(|| Fault::Log("it says not what it is".into()))?;
    let Change::Describe(after, added) = schema::compare(table, meta_data).map_err(Fault::Log)?
    else {
        return Ok(None);
    };
    let mut actions = vec![Action::MetaData(*after)];
    if added.iter().filter_map(|name| table.column(name)).any(|column| column.is_backfilled) {
        for store_id in state::stores(snapshot) {
            let Some(found) = TableState::find(snapshot, store_id)? else { continue };
            let again = TableState { epoch: found.epoch + 1, progress: None, ..found };
            actions.extend([txn(store_id, again.epoch, now), again.action(store_id)?]);
        }
    }
    Ok(Some(actions))
}
