//! Where an export goes: stdout, or a file that has its name when it is whole.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use axum::BoxError;
use axum::body::BodyDataStream;
use futures::TryStreamExt as _;

use crate::cli::error::UsageError;
use crate::cli::output::{grouped, say};
use crate::store::StoreError;

/// Where an export goes.
pub(super) enum Output {
    Stdout,
    File { file: File, part: PathBuf, whole: PathBuf },
}

impl Output {
    /// Begins; a file under another name.
    pub(super) fn begin(out: Option<&Path>) -> anyhow::Result<Self> {
        let Some(whole) = out else { return Ok(Self::Stdout) };
        let mut part = OsString::from(whole);
        part.push(".part");
        let part = PathBuf::from(part);
        let file = File::create(&part).map_err(|error| {
            let problem = format!("--out: {} cannot be written: {error}", part.display());
            UsageError::new(problem).hint("name a file in a folder that is there")
        })?;
        Ok(Self::File { file, part, whole: whole.to_owned() })
    }

    /// Writes all of it. A reader of stdout that has gone away is no error.
    pub(super) async fn write(mut self, mut rows: BodyDataStream) -> anyhow::Result<()> {
        let mut count = Count::default();
        loop {
            let bytes = match rows.try_next().await {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return self.end(count),
                Err(error) => return Err(cut_off(error.into()).context(self.how_far(count))),
            };
            match self.put(&bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(anyhow::Error::from(error).context(self.how_far(count))),
                Ok(()) => count.add(&bytes),
            }
        }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().write_all(bytes),
            Self::File { file, .. } => file.write_all(bytes),
        }
    }

    /// The file gets its name once the disk has all of it.
    fn end(self, count: Count) -> anyhow::Result<()> {
        let Self::File { file, part, whole } = self else { return Ok(io::stdout().flush()?) };
        let named = file.sync_all().and_then(|()| std::fs::rename(&part, &whole));
        named.with_context(|| format!("{} cannot become {}", part.display(), whole.display()))?;
        say(&format!("{}: {count}", whole.display()));
        Ok(())
    }

    /// The words for an export that does not come to its end.
    fn how_far(&self, count: Count) -> String {
        match self {
            Self::Stdout => format!("the export is cut off after {count}"),
            Self::File { part, .. } => {
                format!("the export is cut off: {} has {count}", part.display())
            }
        }
    }
}

/// How far an export came.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    bytes: u64,
}

impl Count {
    fn add(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", grouped(self.bytes))
    }
}

/// What the store said, out of the layers of a body.
fn cut_off(error: BoxError) -> anyhow::Error {
    let error = match error.downcast::<axum::Error>() {
        Ok(layer) => return cut_off(layer.into_inner()),
        Err(other) => other,
    };
    let error = match error.downcast::<io::Error>() {
        Ok(of_stream) => of_stream.downcast::<StoreError>().map_err(BoxError::from),
        Err(other) => Err(other),
    };
    error.map_or_else(|other| anyhow::anyhow!(other), anyhow::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use futures::stream;

    fn rows(parts: Vec<Result<&'static str, io::Error>>) -> BodyDataStream {
        Body::from_stream(stream::iter(parts)).into_data_stream()
    }

    #[tokio::test]
    async fn a_file_has_its_name_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, part) = (folder.path().join("a.csv"), folder.path().join("a.csv.part"));
        let output = Output::begin(Some(&whole)).unwrap();
        assert!(part.exists() && !whole.exists());
        output.write(rows(vec![Ok("a,b\r\n"), Ok("1,2\r\n")])).await.unwrap();
        assert!(!part.exists());
        assert_eq!(std::fs::read_to_string(whole).unwrap(), "a,b\r\n1,2\r\n");
    }

    #[tokio::test]
    async fn a_part_of_a_file_is_kept_as_a_part_and_said_to_be_one() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, part) = (folder.path().join("a.csv"), folder.path().join("a.csv.part"));
        let gone = io::Error::other(StoreError::Settings("away".into()));
        let output = Output::begin(Some(&whole)).unwrap();
        let error = output.write(rows(vec![Ok("a,b\r\n"), Err(gone)])).await.unwrap_err();
        let words = format!("{error:#}");
        assert!(words.contains("a.csv.part has 5 bytes: ") && words.contains("away"), "{words}");
        assert!(error.downcast_ref::<StoreError>().is_some());
        assert!(!whole.exists());
        assert_eq!(std::fs::read_to_string(part).unwrap(), "a,b\r\n");
        assert!(Output::begin(Some(Path::new("/nowhere/a.csv"))).is_err());
    }
}
