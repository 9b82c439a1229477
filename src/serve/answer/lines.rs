//! Rows that have a type of their own as text: JSON objects, one a line or in a list, or comma-separated
//! values.

use std::io::Write as _;

use serde::Serialize;
use serde_json::Value;

use super::format::Format;
use crate::domain::csv_cell::text_cell;

/// Writes rows.
pub(crate) struct Lines {
    format: Format,
    /// The fields of a row, in order.
    fields: Vec<&'static str>,
    bytes: Vec<u8>,
    is_first: bool,
}

impl Lines {
    /// Begins with what stands before the rows; `name` is what a list of them is called.
    pub(crate) fn begin(
        format: Format,
        name: &str,
        fields: Vec<&'static str>,
    ) -> std::io::Result<Self> {
        let mut bytes = Vec::new();
        match format {
            Format::Json => write!(bytes, "{{\"{name}\":[")?,
            Format::Csv => write!(bytes, "{}\r\n", fields.join(","))?,
            _ => {}
        }
        Ok(Self { format, fields, bytes, is_first: true })
    }

    pub(crate) fn row(&mut self, row: &impl Serialize) -> std::io::Result<()> {
        match self.format {
            Format::Csv => return self.csv(row),
            Format::Json if !std::mem::take(&mut self.is_first) => self.bytes.push(b','),
            _ => {}
        }
        serde_json::to_writer(&mut self.bytes, row)?;
        if self.format == Format::Ndjson {
            self.bytes.push(b'\n');
        }
        Ok(())
    }

    /// What stands after the rows.
    pub(crate) fn end(&mut self) {
        if self.format == Format::Json {
            self.bytes.extend_from_slice(b"]}");
        }
    }

    /// What was written since this was last called.
    pub(crate) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }

    fn csv(&mut self, row: &impl Serialize) -> std::io::Result<()> {
        let row = serde_json::to_value(row)?;
        let mut form = csv::WriterBuilder::new();
        form.terminator(csv::Terminator::CRLF);
        let mut line = form.from_writer(&mut self.bytes);
        line.write_record(self.fields.iter().map(|field| cell(row.get(field))))?;
        line.flush()
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

    fn written(format: Format) -> String {
        let mut lines = Lines::begin(format, "days", vec!["name", "rain_mm", "missing"]).unwrap();
        lines.row(&json!({"missing": {}, "name": "a, b", "rain_mm": 5.0})).unwrap();
        lines.row(&json!({"missing": {"timeout": 2}, "name": null, "rain_mm": -0.25})).unwrap();
        lines.row(&json!({"missing": {}, "name": "-1\u{1b}", "rain_mm": -1})).unwrap();
        lines.end();
        String::from_utf8(lines.take()).unwrap()
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
