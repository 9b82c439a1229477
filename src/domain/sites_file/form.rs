//! The forms that a sites file may have, each known by the ending of its name. Every one becomes the same
//! JSON ([`Json`](super::json::Json)), with the lines where its keys stand; so their faults are the same.

pub(super) mod csv;
pub(super) mod toml;
pub(super) mod yaml;

use std::io::{self, BufReader, Read};
use std::path::Path;

use super::fault::{Place, SitesFileFaults, Wrong};
use crate::domain::site::Site;

/// Bytes of a file that is held whole while it is read, as YAML and TOML are; ten thousand sites take
/// three million.
const MAX_BYTES: u64 = 32 * 1024 * 1024;

/// The form of a sites file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// An object with the list `sites`.
    Json,
    /// A line of heads, then a line for each site.
    Csv,
    /// As JSON.
    Yaml,
    /// As JSON; each site is a table `[[sites]]`.
    Toml,
}

impl Form {
    /// The endings, and what each says.
    pub const ENDINGS: [(&str, Self); 5] = [
        ("json", Self::Json),
        ("csv", Self::Csv),
        ("yaml", Self::Yaml),
        ("yml", Self::Yaml),
        ("toml", Self::Toml),
    ];

    /// The form that the ending of a file's name says; JSON where it has none, as a secret or a pipe.
    ///
    /// # Errors
    /// The ending, if it is another.
    pub fn of(file: &Path) -> Result<Self, String> {
        let Some(ending) = file.extension() else { return Ok(Self::Json) };
        let known = Self::ENDINGS.iter().find(|(known, _)| ending.eq_ignore_ascii_case(known));
        known.map(|(_, form)| *form).ok_or_else(|| ending.to_string_lossy().into_owned())
    }
}

/// Reads the whole text of a file, unless it is too long for a form that is held whole.
pub(super) fn whole(
    file: impl Read,
    read: fn(&str) -> Result<Vec<Site>, SitesFileFaults>,
) -> io::Result<Result<Vec<Site>, SitesFileFaults>> {
    let mut text = Vec::new();
    BufReader::new(file).take(MAX_BYTES + 1).read_to_end(&mut text)?;
    if text.len() as u64 <= MAX_BYTES {
        let text = String::from_utf8(text).map_err(io::Error::other)?;
        return Ok(read(&text));
    }
    let wrong = Wrong::new(
        format!("is longer than {} MiB", MAX_BYTES / 1024 / 1024),
        "expected JSON or CSV for so many sites: they are read as they come",
    );
    Ok(Err(SitesFileFaults(vec![wrong.at(Place::FILE, None)])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_says_the_form() {
        for (file, form) in [
            ("sites.json", Ok(Form::Json)),
            ("a.b/SITES.CSV", Ok(Form::Csv)),
            ("sites.yml", Ok(Form::Yaml)),
            ("sites.yaml", Ok(Form::Yaml)),
            ("sites.toml", Ok(Form::Toml)),
            ("/dev/stdin", Ok(Form::Json)),
            ("sites.xlsx", Err("xlsx".to_owned())),
            ("sites.json.gz", Err("gz".to_owned())),
        ] {
            assert_eq!(Form::of(Path::new(file)), form, "{file}");
        }
    }
}
