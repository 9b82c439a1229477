//! The folders that a demo writes into: each demo makes them anew, as it does its store.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::super::error::UsageError;

/// What marks a folder as a demo's.
const MARK: &str = "_weather/demo.txt";

const MARK_TEXT: &str = "made by `weather demo`, which may delete this folder\n";

/// Makes the folder that this flag names, or makes it anew where it is a demo's.
///
/// # Errors
/// [`UsageError`] for a folder that holds anything else.
pub(super) fn make(folder: &Path, flag: &str) -> anyhow::Result<()> {
    let refused = |why: &str| {
        let hint =
            "name a folder that is empty, is not there, or is a demo's: each demo makes it anew";
        UsageError::new(format!("{flag} {}: {why}", folder.display())).hint(hint)
    };
    let is_empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return Err(refused(&error.to_string()).into()),
    };
    if !is_empty && !folder.join(MARK).exists() {
        return Err(refused("it holds something else").into());
    }
    let what = || format!("cannot make {} anew", folder.display());
    if !is_empty {
        fs::remove_dir_all(folder).with_context(what)?;
    }
    let mark = folder.join(MARK);
    mark.parent().map_or(Ok(()), fs::create_dir_all).with_context(what)?;
    fs::write(mark, MARK_TEXT).with_context(what)
}
