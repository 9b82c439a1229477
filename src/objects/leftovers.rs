//! What killed puts leave in a folder: the library writes `<name>#<number>` and then gives it its name. No list
//! has such a file, and no reader takes it for an object.

use std::fs::DirEntry;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Objects;

/// The rest of a put that was killed.
#[derive(Debug)]
pub struct Leftover {
    file: PathBuf,
    /// How long it is.
    pub bytes: u64,
}

impl Objects {
    /// The leftovers that were last written to before a time; of a bucket, none.
    #[must_use]
    pub fn list_leftovers(&self, before: DateTime<Utc>) -> Vec<Leftover> {
        let mut found = Vec::new();
        let mut folders: Vec<PathBuf> = self.folder.iter().cloned().collect();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    Ok(kind) if kind.is_file() => found.extend(leftover(&entry, before)),
                    _ => {}
                }
            }
        }
        found
    }
}

impl Leftover {
    /// Deletes it.
    ///
    /// # Errors
    /// What the system says.
    pub fn delete(&self) -> std::io::Result<()> {
        std::fs::remove_file(&self.file)
    }
}

fn leftover(entry: &DirEntry, before: DateTime<Utc>) -> Option<Leftover> {
    let (file, meta) = (entry.path(), entry.metadata().ok()?);
    let is_old = DateTime::<Utc>::from(meta.modified().ok()?) < before;
    (is_old && is_of_a_put(&file)).then_some(Leftover { file, bytes: meta.len() })
}

fn is_of_a_put(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str());
    let number = name.and_then(|name| name.rsplit_once('#')).map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}
