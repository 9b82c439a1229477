//! The table function beside `missing_hours`: the same SQL, of the slots between two times. A view reads
//! every partition whatever days are asked for; what a function is called with is known before it reads.

use serde_json::{Value, json};

use super::Names;
use super::views::{self, Asked, MISSING_HOURS};
use crate::farmhash::fingerprint64;

/// Its name. A routine and a view may share one, but a reader could not tell them apart.
pub(super) const NAME: &str = "missing_hours_between";

const DESCRIPTION: &str = "missing_hours of the slots that start from from_time on and before to_time (UTC): it reads the partitions of those days only.";

/// The function as it is made
/// (<https://cloud.google.com/bigquery/docs/reference/rest/v2/routines#Routine>). Its columns are those of
/// its query.
pub(super) fn routine(names: &Names) -> Value {
    let argument = |name: &str| json!({"name": name, "dataType": {"typeKind": "TIMESTAMP"}});
    json!({
        "routineReference":
            {"projectId": names.project, "datasetId": names.dataset, "routineId": NAME},
        "routineType": "TABLE_VALUED_FUNCTION",
        "language": "SQL",
        "arguments": [argument("from_time"), argument("to_time")],
        "definitionBody": query(names),
        "description": format!("{DESCRIPTION} {}", mark(names)),
    })
}

/// The end of its description, which says what it was made of.
pub(super) fn mark(names: &Names) -> String {
    let text = format!("{}{DESCRIPTION}", query(names));
    format!("[{:016x}]", fingerprint64(text.as_bytes()))
}

/// A slot is a day long at most: a run that was stopped within one began no more than that later.
fn query(names: &Names) -> String {
    let is_between = "slot_time >= from_time and slot_time < to_time";
    let asked = Asked {
        stretches: "[struct(from_time as since, to_time as until)]".into(),
        is_asked_for: "t.slot_time >= from_time and t.slot_time < to_time".into(),
        slots: Some(is_between.into()),
        runs: Some(
            "started_at >= from_time and started_at < timestamp_add(to_time, interval 1 day)"
                .into(),
        ),
        ..Asked::everything("current_timestamp()")
    };
    views::rendered(MISSING_HOURS, names, &asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_function_reads_slots_and_runs_only_of_its_times() {
        let names = Names { project: "p".into(), dataset: "d".into(), internal: "i".into() };
        let sql = query(&names);
        for table in ["collection_slots", "ingestion_runs"] {
            let bare = sql.replace(&format!("(select * from `p.d.{table}` where ("), "");
            assert!(!bare.contains(table), "{bare}");
        }
        assert!(sql.contains("slot_time >= from_time and slot_time < to_time"), "{sql}");
        // A column of that name would be taken for the parameter.
        assert!(!sql.contains("as from_time") && !sql.contains("as to_time"), "{sql}");
    }
}
