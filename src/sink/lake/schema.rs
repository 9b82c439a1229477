//! A table as Delta describes it, made of [`domain::tables`](crate::domain::tables).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::action::{Format, MetaData};
use crate::domain::tables::{Column, Kind, Table};

/// The partition column: the day (UTC) of a row. No file has it inside.
pub(super) const DAY: &str = "day";

/// What a new table is; `now` in milliseconds.
pub(super) fn describe(table: &Table, now: i64) -> MetaData {
    MetaData {
        id: Uuid::now_v7().to_string(),
        name: Some(table.name.into()),
        description: Some(table.description.into()),
        format: Format { provider: "parquet".into(), options: BTreeMap::new() },
        schema_string: schema_string(table),
        partition_columns: partition_columns(table),
        configuration: BTreeMap::new(),
        created_time: Some(now),
    }
}

fn partition_columns(table: &Table) -> Vec<String> {
    table.day_of.map(|_| DAY.to_owned()).into_iter().collect()
}

fn schema_string(table: &Table) -> String {
    let mut fields: Vec<_> = table.columns.iter().map(field).collect();
    if let Some(day_of) = table.day_of {
        let comment = format!("The day (UTC) of {day_of}.");
        fields.push(json!({"name": DAY, "type": "date", "nullable": false,
            "metadata": {"comment": comment}}));
    }
    json!({"type": "struct", "fields": fields}).to_string()
}

fn field(column: &Column) -> Value {
    json!({
        "name": column.name,
        "type": type_name(column.kind),
        "nullable": !column.is_required,
        "metadata": {"comment": column.description},
    })
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "string",
        Kind::Integer => "long",
        Kind::Real { .. } => "double",
        Kind::Time => "timestamp",
        Kind::Date => "date",
    }
}

/// What is to be done with a table that is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    Nothing,
    /// It gets these columns; none: only descriptions are other ones.
    Describe(Box<MetaData>, Vec<&'static str>),
}

/// The table that is wanted beside the one that was found.
///
/// # Errors
/// What is not as this program makes it.
pub(super) fn compare(table: &Table, found: &MetaData) -> Result<Change, String> {
    if found.format.provider != "parquet" {
        return Err(format!("its files are {}, not Parquet", found.format.provider));
    }
    if found.partition_columns != partition_columns(table) {
        return Err(format!("it is partitioned by {:?}", found.partition_columns));
    }
    let wanted = schema_string(table);
    if found.schema_string == wanted {
        return Ok(Change::Nothing);
    }
    let added = added(table, &fields(&found.schema_string)?, &fields(&wanted)?)?;
    let after = MetaData { schema_string: wanted, ..found.clone() };
    Ok(Change::Describe(Box::new(after), added))
}

/// Type and nullability of each column, by name.
type Fields = BTreeMap<String, (Value, bool)>;

fn fields(schema: &str) -> Result<Fields, String> {
    let schema: Value =
        serde_json::from_str(schema).map_err(|error| format!("its schema: {error}"))?;
    let fields = schema["fields"].as_array().ok_or("its schema has no fields")?;
    let field = |field: &Value| {
        let name = field["name"].as_str()?.to_owned();
        Some((name, (field["type"].clone(), field["nullable"].as_bool()?)))
    };
    fields
        .iter()
        .map(|each| field(each).ok_or("a field of its schema lacks its name".into()))
        .collect()
}

fn added(table: &Table, found: &Fields, wanted: &Fields) -> Result<Vec<&'static str>, String> {
    for (name, is) in found {
        match wanted.get(name) {
            None => return Err(format!("this program does not know its column {name}")),
            Some(wanted) if wanted != is => {
                let (found, wanted) = (&is.0, &wanted.0);
                return Err(format!("its column {name} is {found}, not {wanted}, or is nullable"));
            }
            Some(_) => {}
        }
    }
    let missing = table.columns.iter().filter(|column| !found.contains_key(column.name));
    let missing = missing.map(|column| match column.is_required {
        true => Err(format!("it lacks the column {}, which every row has", column.name)),
        false => Ok(column.name),
    });
    missing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tables::{TABLES, WEATHER_OBSERVATIONS};

    /// The table as it was before a column came, or with another text in its schema.
    fn found(edit: impl FnOnce(&mut Vec<Value>)) -> MetaData {
        let found = describe(&WEATHER_OBSERVATIONS, 1);
        let mut schema: Value = serde_json::from_str(&found.schema_string).unwrap();
        edit(schema["fields"].as_array_mut().unwrap());
        MetaData { schema_string: schema.to_string(), ..found }
    }

    #[test]
    fn what_this_program_has_made_is_as_it_wants_it() {
        for table in TABLES {
            assert_eq!(compare(table, &describe(table, 1)), Ok(Change::Nothing), "{}", table.name);
        }
    }

    #[test]
    fn a_column_that_came_later_is_added_under_the_same_id() {
        let before = found(|fields| fields.retain(|field| field["name"] != "value_kind"));
        let Ok(Change::Describe(after, added)) = compare(&WEATHER_OBSERVATIONS, &before) else {
            panic!("a change");
        };
        assert_eq!((after.id, added), (before.id, vec!["value_kind"]));
        let reworded = found(|fields| fields[0]["metadata"]["comment"] = "x".into());
        let change = compare(&WEATHER_OBSERVATIONS, &reworded);
        assert!(matches!(change, Ok(Change::Describe(_, added)) if added.is_empty()));
    }

    #[test]
    fn another_type_another_column_and_a_missing_key_are_named() {
        for (found, words) in [
            (found(|fields| fields[2]["type"] = "string".into()), "observation_time"),
            (
                found(|fields| fields.push(json!({"name": "x", "type": "long", "nullable": true}))),
                "column x",
            ),
            (
                found(|fields| {
                    fields.remove(0);
                }),
                "site_id",
            ),
            (
                MetaData { partition_columns: Vec::new(), ..describe(&WEATHER_OBSERVATIONS, 1) },
                "partitioned",
            ),
        ] {
            let error = compare(&WEATHER_OBSERVATIONS, &found).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
