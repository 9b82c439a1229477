//! A checkpoint: a version of a table in one Parquet file, an action a row, so that nobody has to read all
//! commits before it ("V1", the form that every reader knows).

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use arrow_array::cast::AsArray as _;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{
    Array as _, ArrayRef, BooleanArray, Int32Array, Int64Array, RecordBatch, StringArray,
    StructArray,
};
use arrow_schema::{DataType, Field, Fields};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::action::{Action, Add, DomainMetadata, Format, MetaData, Protocol, Remove, Txn};
use super::fault::Fault;
use super::snapshot::Snapshot;
use super::vacuum::KEPT;

type Map<V> = BTreeMap<String, V>;

/// The file, and how many rows it has; `now` in milliseconds. What was removed long ago is left out.
pub(super) fn write(snapshot: &Snapshot, now: i64) -> Result<(Vec<u8>, u64), Fault> {
    let actions = actions(snapshot, now);
    let batch = batch(&actions)?;
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    Ok((writer.into_inner()?, actions.len() as u64))
}

/// What a version comes to, as actions.
fn actions(snapshot: &Snapshot, now: i64) -> Vec<Action> {
    let mut actions = Vec::new();
    actions.extend(snapshot.protocol.clone().map(Action::Protocol));
    actions.extend(snapshot.meta_data.clone().map(Action::MetaData));
    actions.extend(snapshot.txns.values().cloned().map(Action::Txn));
    actions.extend(snapshot.domains.iter().map(|(domain, configuration)| {
        let (domain, configuration) = (domain.clone(), configuration.clone());
        Action::DomainMetadata(DomainMetadata { domain, configuration, removed: false })
    }));
    let add = |add: &Add| Action::Add(Add { data_change: false, ..add.clone() });
    actions.extend(snapshot.files.values().map(|file| add(&file.add)));
    let oldest = now - KEPT.num_milliseconds();
    let is_young = |remove: &&Remove| remove.deletion_timestamp.is_some_and(|at| at >= oldest);
    let remove = |remove: &Remove| Action::Remove(Remove { data_change: false, ..remove.clone() });
    actions.extend(snapshot.removes.values().filter(is_young).map(remove));
    actions
}

/// A column for each kind of action; of each row one is set.
fn batch(actions: &[Action]) -> Result<RecordBatch, Fault> {
    let columns = [
        (
            "protocol",
            protocols(&of_kind(actions, |action| match action {
                Action::Protocol(protocol) => Some(protocol),
                _ => None,
            }))?,
        ),
        (
            "metaData",
            meta_data(&of_kind(actions, |action| match action {
                Action::MetaData(meta_data) => Some(meta_data),
                _ => None,
            }))?,
        ),
        (
            "txn",
            txns(&of_kind(actions, |action| match action {
                Action::Txn(txn) => Some(txn),
                _ => None,
            }))?,
        ),
        (
            "domainMetadata",
            domains(&of_kind(actions, |action| match action {
                Action::DomainMetadata(domain) => Some(domain),
                _ => None,
            }))?,
        ),
        (
            "add",
            adds(&of_kind(actions, |action| match action {
                Action::Add(add) => Some(add),
                _ => None,
            }))?,
        ),
        (
            "remove",
            removes(&of_kind(actions, |action| match action {
                Action::Remove(remove) => Some(remove),
                _ => None,
            }))?,
        ),
    ];
    Ok(RecordBatch::try_from_iter_with_nullable(
        columns.map(|(name, column)| (name, column, true)),
    )?)
}

fn of_kind<T>(actions: &[Action], of: impl Fn(&Action) -> Option<&T>) -> Vec<Option<&T>> {
    actions.iter().map(of).collect()
}

fn protocols(all: &[Option<&Protocol>]) -> Result<ArrayRef, Fault> {
    structure(
        all,
        vec![
            ("minReaderVersion", ints(all, |of| Some(of.min_reader_version))),
            ("minWriterVersion", ints(all, |of| Some(of.min_writer_version))),
            ("readerFeatures", lists(all, |of| of.reader_features.as_deref())),
            ("writerFeatures", lists(all, |of| of.writer_features.as_deref())),
        ],
    )
}

fn meta_data(all: &[Option<&MetaData>]) -> Result<ArrayRef, Fault> {
    let formats: Vec<_> = all.iter().map(|of| of.map(|of| &of.format)).collect();
    let format = structure(
        &formats,
        vec![
            ("provider", texts(&formats, |of| Some(&of.provider))),
            ("options", maps(&formats, |of| Some(some(&of.options)))?),
        ],
    )?;
    structure(
        all,
        vec![
            ("id", texts(all, |of| Some(&of.id))),
            ("name", texts(all, |of| of.name.as_deref())),
            ("description", texts(all, |of| of.description.as_deref())),
            ("format", format),
            ("schemaString", texts(all, |of| Some(&of.schema_string))),
            ("partitionColumns", lists(all, |of| Some(&of.partition_columns))),
            ("createdTime", longs(all, |of| of.created_time)),
            ("configuration", maps(all, |of| Some(some(&of.configuration)))?),
        ],
    )
}

fn txns(all: &[Option<&Txn>]) -> Result<ArrayRef, Fault> {
    structure(
        all,
        vec![
            ("appId", texts(all, |of| Some(&of.app_id))),
            ("version", longs(all, |of| Some(of.version))),
            ("lastUpdated", longs(all, |of| of.last_updated)),
        ],
    )
}

fn domains(all: &[Option<&DomainMetadata>]) -> Result<ArrayRef, Fault> {
    structure(
        all,
        vec![
            ("domain", texts(all, |of| Some(&of.domain))),
            ("configuration", texts(all, |of| Some(&of.configuration))),
            ("removed", flags(all, |of| Some(of.removed))),
        ],
    )
}

fn adds(all: &[Option<&Add>]) -> Result<ArrayRef, Fault> {
    structure(
        all,
        vec![
            ("path", texts(all, |of| Some(&of.path))),
            ("partitionValues", maps(all, |of| Some(of.partition_values.clone()))?),
            ("size", longs(all, |of| Some(of.size))),
            ("modificationTime", longs(all, |of| Some(of.modification_time))),
            ("dataChange", flags(all, |of| Some(of.data_change))),
            ("stats", texts(all, |of| of.stats.as_deref())),
            ("tags", maps(all, |of| of.tags.clone())?),
        ],
    )
}

fn removes(all: &[Option<&Remove>]) -> Result<ArrayRef, Fault> {
    structure(
        all,
        vec![
            ("path", texts(all, |of| Some(&of.path))),
            ("deletionTimestamp", longs(all, |of| of.deletion_timestamp)),
            ("dataChange", flags(all, |of| Some(of.data_change))),
            ("extendedFileMetadata", flags(all, |of| of.extended_file_metadata)),
            ("partitionValues", maps(all, |of| of.partition_values.clone())?),
            ("size", longs(all, |of| of.size)),
        ],
    )
}

fn some(map: &Map<String>) -> Map<Option<String>> {
    map.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect()
}

fn structure<T>(all: &[Option<T>], columns: Vec<(&str, ArrayRef)>) -> Result<ArrayRef, Fault> {
    let field =
        |(name, column): &(&str, ArrayRef)| Field::new(*name, column.data_type().clone(), true);
    let fields: Fields = columns.iter().map(field).collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    let is_there: Vec<bool> = all.iter().map(Option::is_some).collect();
    Ok(Arc::new(StructArray::try_new(fields, columns, Some(is_there.into()))?))
}

fn texts<'a, T>(all: &[Option<&'a T>], of: impl Fn(&'a T) -> Option<&'a str>) -> ArrayRef {
    Arc::new(all.iter().map(|each| each.and_then(&of)).collect::<StringArray>())
}

fn longs<T>(all: &[Option<&T>], of: impl Fn(&T) -> Option<i64>) -> ArrayRef {
    Arc::new(all.iter().map(|each| each.and_then(&of)).collect::<Int64Array>())
}

fn ints<T>(all: &[Option<&T>], of: impl Fn(&T) -> Option<i32>) -> ArrayRef {
    Arc::new(all.iter().map(|each| each.and_then(&of)).collect::<Int32Array>())
}

fn flags<T>(all: &[Option<&T>], of: impl Fn(&T) -> Option<bool>) -> ArrayRef {
    Arc::new(all.iter().map(|each| each.and_then(&of)).collect::<BooleanArray>())
}

fn lists<'a, T>(all: &[Option<&'a T>], of: impl Fn(&'a T) -> Option<&'a [String]>) -> ArrayRef {
    let element = Field::new("element", DataType::Utf8, true);
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(element);
    for each in all {
        match each.and_then(&of) {
            Some(list) => builder.append_value(list.iter().map(Some)),
            None => builder.append_null(),
        }
    }
    Arc::new(builder.finish())
}

fn maps<T>(
    all: &[Option<&T>],
    of: impl Fn(&T) -> Option<Map<Option<String>>>,
) -> Result<ArrayRef, Fault> {
    let [entry, key, value] = ["key_value", "key", "value"].map(str::to_owned);
    let names = MapFieldNames { entry, key, value };
    let mut builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for each in all {
        let map = each.and_then(&of);
        for (name, value) in map.iter().flatten() {
            builder.keys().append_value(name);
            builder.values().append_option(value.as_deref());
        }
        builder.append(map.is_some())?;
    }
    Ok(Arc::new(builder.finish()))
}

/// The actions of a checkpoint.
///
/// # Errors
/// When the file is cut, or not a checkpoint.
pub(super) fn read(file: Bytes) -> Result<Vec<Action>, Fault> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
    let mut actions = Vec::new();
    for batch in reader {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let action = action(&batch, row);
            actions.push(action.ok_or_else(|| Fault::Malformed("no action in a row".into()))?);
        }
    }
    Ok(actions)
}

fn action(batch: &RecordBatch, row: usize) -> Option<Action> {
    let of = |name: &str| {
        let cells = batch.column_by_name(name)?.as_struct_opt()?;
        cells.is_valid(row).then_some(Cells { cells, row })
    };
    None.or_else(|| Some(Action::Add(of("add")?.add()?)))
        .or_else(|| Some(Action::Remove(of("remove")?.remove()?)))
        .or_else(|| Some(Action::DomainMetadata(of("domainMetadata")?.domain()?)))
        .or_else(|| Some(Action::Txn(of("txn")?.txn()?)))
        .or_else(|| Some(Action::MetaData(of("metaData")?.meta_data()?)))
        .or_else(|| Some(Action::Protocol(of("protocol")?.protocol()?)))
}

/// The cells of one action.
#[derive(Clone, Copy)]
struct Cells<'a> {
    cells: &'a StructArray,
    row: usize,
}

impl<'a> Cells<'a> {
    fn column(self, name: &str) -> Option<&'a ArrayRef> {
        self.cells.column_by_name(name).filter(|column| column.is_valid(self.row))
    }

    fn text(self, name: &str) -> Option<String> {
        Some(self.column(name)?.as_string_opt::<i32>()?.value(self.row).to_owned())
    }

    fn long(self, name: &str) -> Option<i64> {
        Some(self.column(name)?.as_primitive_opt::<Int64Type>()?.value(self.row))
    }

    fn int(self, name: &str) -> Option<i32> {
        Some(self.column(name)?.as_primitive_opt::<Int32Type>()?.value(self.row))
    }

    fn flag(self, name: &str) -> Option<bool> {
        Some(self.column(name)?.as_boolean_opt()?.value(self.row))
    }

    fn list(self, name: &str) -> Option<Vec<String>> {
        let list = self.column(name)?.as_list_opt::<i32>()?.value(self.row);
        Some(list.as_string_opt::<i32>()?.iter().flatten().map(str::to_owned).collect())
    }

    fn map(self, name: &str) -> Option<Map<Option<String>>> {
        let entries = self.column(name)?.as_map_opt()?.value(self.row);
        let (keys, values) = (entries.column(0), entries.column(1));
        let (keys, values) = (keys.as_string_opt::<i32>()?, values.as_string_opt::<i32>()?);
        let pairs = keys.iter().zip(values.iter());
        Some(
            pairs
                .filter_map(|(key, value)| Some((key?.to_owned(), value.map(str::to_owned))))
                .collect(),
        )
    }

    fn full_map(self, name: &str) -> Map<String> {
        let map = self.map(name).unwrap_or_default().into_iter();
        map.filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn add(self) -> Option<Add> {
        Some(Add {
            path: self.text("path")?,
            partition_values: self.map("partitionValues").unwrap_or_default(),
            size: self.long("size")?,
            modification_time: self.long("modificationTime")?,
            data_change: self.flag("dataChange")?,
            stats: self.text("stats"),
            tags: self.map("tags"),
        })
    }

    fn remove(self) -> Option<Remove> {
        Some(Remove {
            path: self.text("path")?,
            deletion_timestamp: self.long("deletionTimestamp"),
            data_change: self.flag("dataChange")?,
            extended_file_metadata: self.flag("extendedFileMetadata"),
            partition_values: self.map("partitionValues"),
            size: self.long("size"),
        })
    }

    fn domain(self) -> Option<DomainMetadata> {
        Some(DomainMetadata {
            domain: self.text("domain")?,
            configuration: self.text("configuration")?,
            removed: self.flag("removed")?,
        })
    }

    fn txn(self) -> Option<Txn> {
        Some(Txn {
            app_id: self.text("appId")?,
            version: self.long("version")?,
            last_updated: self.long("lastUpdated"),
        })
    }

    fn meta_data(self) -> Option<MetaData> {
        let cells = self.column("format")?.as_struct_opt()?;
        let format = Cells { cells, row: self.row };
        Some(MetaData {
            id: self.text("id")?,
            name: self.text("name"),
            description: self.text("description"),
            format: Format {
                provider: format.text("provider")?,
                options: format.full_map("options"),
            },
            schema_string: self.text("schemaString")?,
            partition_columns: self.list("partitionColumns")?,
            configuration: self.full_map("configuration"),
            created_time: self.long("createdTime"),
        })
    }

    fn protocol(self) -> Option<Protocol> {
        Some(Protocol {
            min_reader_version: self.int("minReaderVersion")?,
            min_writer_version: self.int("minWriterVersion")?,
            reader_features: self.list("readerFeatures"),
            writer_features: self.list("writerFeatures"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tables::WEATHER_OBSERVATIONS;
    use crate::sink::lake::schema;

    const NOW: i64 = 1_795_910_400_000;

    fn snapshot() -> Snapshot {
        let mut snapshot = Snapshot::default();
        let add = |path: &str| Add {
            path: path.into(),
            partition_values: [("day".into(), Some("2026-11-28".into()))].into(),
            size: 7,
            modification_time: NOW,
            data_change: true,
            stats: Some("{\"numRecords\":2}".into()),
            tags: None,
        };
        let txn = Txn { app_id: "weather/x".into(), version: 3, last_updated: Some(NOW) };
        let domain = DomainMetadata {
            domain: "weather.sync.x".into(),
            configuration: "{}".into(),
            removed: false,
        };
        let actions = vec![
            Action::Protocol(Protocol::ours()),
            Action::MetaData(schema::describe(&WEATHER_OBSERVATIONS, NOW)),
            Action::DomainMetadata(domain),
            Action::Txn(txn),
            Action::Add(add("a")),
            Action::Add(add("b")),
            Action::Add(add("c")),
            Action::Remove(Remove::of(&add("b"), NOW, true)),
            Action::Remove(Remove::of(&add("c"), NOW - 8 * 24 * 3_600_000, true)),
        ];
        snapshot.apply(41, actions).unwrap();
        snapshot
    }

    #[test]
    fn a_version_is_read_as_it_was_written_without_what_was_removed_long_ago() {
        let before = snapshot();
        let (file, rows) = write(&before, NOW).unwrap();
        assert_eq!(rows, 6);
        let mut after = Snapshot::default();
        after.apply(41, read(file.into()).unwrap()).unwrap();
        assert_eq!((after.protocol, after.meta_data), (before.protocol, before.meta_data));
        assert_eq!((after.domains, after.txns), (before.domains, before.txns));
        assert_eq!(after.files.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(after.files["a"].add.stats, before.files["a"].add.stats);
        assert_eq!(after.removes.keys().collect::<Vec<_>>(), ["b"]);
    }

    #[test]
    fn a_checkpoint_that_is_cut_is_none() {
        let (file, _) = write(&snapshot(), NOW).unwrap();
        for length in [0, 4, file.len() / 2, file.len() - 1] {
            assert!(read(Bytes::copy_from_slice(&file[..length])).is_err(), "{length} bytes");
        }
    }
}
