//! Rows that have a type of their own.

use std::io;

use serde::Serialize;
use serde_json::Value;

use super::Row;
use crate::domain::csv_cell::text_cell;

/// A row, and its fields in order.
pub(crate) struct Record<'a, T> {
    pub(crate) row: &'a T,
    pub(crate) fields: &'a [&'static str],
}

impl<T: Serialize> Row for Record<'_, T> {
    fn json(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        Ok(serde_json::to_writer(bytes, self.row)?)
    }

    fn csv(&self, record: &mut csv::Writer<&mut Vec<u8>>) -> io::Result<()> {
        let row = serde_json::to_value(self.row)?;
        Ok(record.write_record(self.fields.iter().map(|field| cell(row.get(field))))?)
    }
}

/// Absent is an empty cell; what has parts is JSON.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text_cell(text),
        Some(Value::Number(number)) if number.is_f64() => {
            number.as_f64().unwrap_or_default().to_string()
        }
        Some(value) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::serve::answer::format::Format;
    use crate::serve::answer::rows::Writer;

    fn written(format: Format) -> String {
        let fields = &["name", "rain_mm", "missing"];
        let mut writer = Writer::begin(format, "days", *fields);
        for row in [
            json!({"missing": {}, "name": "a, b", "rain_mm": 5.0}),
            json!({"missing": {"timeout": 2}, "name": null, "rain_mm": -0.25}),
            json!({"missing": {}, "name": "-1\u{1b}", "rain_mm": -1}),
        ] {
            writer.row(&Record { row: &row, fields }).unwrap();
        }
        writer.end();
        String::from_utf8(writer.take()).unwrap()
    }

    #[test]
    fn rows_are_a_list_a_line_each_or_values_by_commas() {
        let rows = [
            r#"{"missing":{},"name":"a, b","rain_mm":5.0}"#,
            r#"{"missing":{"timeout":2},"name":null,"rain_mm":-0.25}"#,
            r#"{"missing":{},"name":"-1\u001b","rain_mm":-1}"#,
        ];
        assert_eq!(written(Format::Json), format!(r#"{{"days":[{}]}}"#, rows.join(",")));
        assert_eq!(written(Format::Ndjson), format!("{}\n", rows.join("\n")));
        let csv = "name,rain_mm,missing\r\n\"a, b\",5,{}\r\n,-0.25,\"{\"\"timeout\"\":2}\"\r\n'-1,-1,{}\r\n";
        assert_eq!(written(Format::Csv), csv);
    }
}
