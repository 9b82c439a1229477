//! Views and the function beside them: they follow their definition, whatever was made of them.

use reqwest::Method;
use serde_json::{Value, json};

use super::{fields, reference, with};
use crate::domain::views::{VIEWS, View, ViewColumn};
use crate::farmhash::fingerprint64;
use crate::sink::bigquery::{BigQuery, Names, functions, views};
use crate::sink::{SinkError, with_retries};

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

/// What is said of a view and its columns.
pub(super) fn view_text(view: &View) -> String {
    format!("{}{}", view_schema(view, &Value::Null), view.description)
}

impl BigQuery {
    /// Views and functions, once the roll-ups that they show are filled; what was made.
    pub(in crate::sink::bigquery) async fn prepare_views(&self) -> Result<Vec<String>, SinkError> {
        let mut made = Vec::new();
        for view in VIEWS {
            made.extend(with_retries(async || self.prepare_view(view).await).await?);
        }
        made.extend(with_retries(async || self.prepare_function().await).await?);
        Ok(made)
    }

    /// The function beside `missing_hours`. Its description ends with the mark of what it was made of.
    async fn prepare_function(&self) -> Result<Option<String>, SinkError> {
        let Names { project, dataset, .. } = &self.names;
        let what = format!("function {project}.{dataset}.{}", functions::NAME);
        let routines = format!("datasets/{dataset}/routines");
        let path = format!("{routines}/{}", functions::NAME);
        let found = self.find(&what, &path).await?;
        let description = found.as_ref().and_then(|found| found["description"].as_str());
        if description.is_some_and(|text| text.ends_with(&functions::mark(&self.names))) {
            return Ok(None);
        }
        let (method, at) = match found {
            None => (Method::POST, &routines),
            Some(_) => (Method::PUT, &path),
        };
        match self.rest(&what, method, at, Some(&functions::routine(&self.names))).await? {
            Err(refusal) if refusal.is(409) => {}
            made => drop(made.map_err(|refusal| self.refused(&what, refusal))?),
        }
        Ok(Some(what))
    }

    /// A view is ours: what it says and what is said of it follow the definition. The label comes
    /// last, so that a view that was made half is made again.
    async fn prepare_view(&self, view: &View) -> Result<Option<String>, SinkError> {
        let Names { project, dataset, .. } = &self.names;
        let what = format!("view {project}.{dataset}.{}", view.name);
        let query = views::query(view, &self.names);
        let text = format!("{query}{}", view_text(view));
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
}
