//! The two files that `init` writes: both, or none.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::cli::error::UsageError;
use crate::cli::sources::SourcesSettings;

/// The sites file.
pub(super) const SITES: &str = "sites.json";

/// The settings.
pub(super) const DOTENV: &str = ".env";

/// What `DOTENV` may be read by: it holds the key.
const OWNER_ONLY: u32 = 0o600;

/// What a file may be read by that is no secret; the process's mask takes from it.
const EVERYBODY: u32 = 0o666;

/// The files, and the settings that the second one gets.
pub(super) struct Files {
    settings: Vec<(&'static str, SecretString)>,
}

impl Files {
    /// Files for sites that are collected as these settings say: those which are not as by default are kept.
    pub(super) fn of(sources: &SourcesSettings) -> Self {
        let openweather = sources.openweather();
        let default = "https://api.openweathermap.org/";
        let base_url = openweather.openweather_base_url.as_str();
        let settings = [
            ("SITES_FILE", Some(SITES.to_owned())),
            ("SOURCES", sources.named()),
            (
                "OPENWEATHER_API_KEY",
                openweather.key().map(|key| key.expose_secret().trim().to_owned()),
            ),
            ("OPENWEATHER_BASE_URL", Some(base_url.to_owned()).filter(|url| url != default)),
        ];
        let set = settings.into_iter().filter_map(|(name, value)| Some((name, value?.into())));
        Self { settings: set.collect() }
    }

    /// Passes where nothing is there that would be overwritten.
    pub(super) fn may_be_written(&self, force: bool) -> anyhow::Result<()> {
        let mut faults = Vec::new();
        for file in [SITES, DOTENV] {
            if Path::new(file).is_dir() {
                faults.push(format!("{file} is a folder"));
            }
        }
        if !force && Path::new(SITES).is_file() {
            faults.push(format!("{SITES} is there already"));
        }
        let other = Dotenv::read()?.find("SITES_FILE").map(str::to_owned);
        if let Some(other) = other.filter(|other| !force && other != SITES) {
            faults.push(format!("{DOTENV} names another sites file, {other}"));
        }
        if faults.is_empty() {
            return Ok(());
        }
        Err(UsageError::new(faults.join("; "))
            .hint("--force overwrites; --dry-run prints; or start in another folder. Nothing was written")
            .into())
    }

    /// Writes both files, each beside its place first.
    pub(super) fn write(&self, sites: &str, force: bool) -> anyhow::Result<()> {
        let mut dotenv = Dotenv::read()?;
        for (name, value) in &self.settings {
            dotenv.set(name, value.expose_secret(), force);
        }
        let had_sites = Path::new(SITES).exists();
        let new_sites = Beside::write(SITES, sites, EVERYBODY)?;
        let new_dotenv = Beside::write(DOTENV, &dotenv.text, OWNER_ONLY)?;
        new_sites.put()?;
        new_dotenv.put().inspect_err(|_| {
            // One without the other is half of it.
            if !had_sites {
                let _ = fs::remove_file(SITES);
            }
        })
    }
}

/// A file that is written beside its place, and goes with this value unless it is put there.
struct Beside {
    path: PathBuf,
    place: &'static str,
}

impl Beside {
    fn write(place: &'static str, text: &str, mode: u32) -> anyhow::Result<Self> {
        let beside = Self { path: format!(".{place}.{}", std::process::id()).into(), place };
        let written = create(&beside.path, mode).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.with_context(|| format!("{place} cannot be written"))?;
        Ok(beside)
    }

    fn put(self) -> anyhow::Result<()> {
        let put = fs::rename(&self.path, self.place);
        put.with_context(|| format!("{} cannot be written", self.place))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path); // gone already once it is put
    }
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let _ = fs::remove_file(path);
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// The text of the settings. Lines of other settings stay as they are.
struct Dotenv {
    text: String,
}

impl Dotenv {
    fn read() -> anyhow::Result<Self> {
        match fs::read_to_string(DOTENV) {
            Ok(text) => Ok(Self { text }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Self { text: String::new() })
            }
            // That it is a folder is said elsewhere.
            Err(error) if error.kind() == io::ErrorKind::IsADirectory => {
                Ok(Self { text: String::new() })
            }
            Err(error) => Err(error).with_context(|| format!("{DOTENV} cannot be read")),
        }
    }

    /// What a setting is; an empty one is none.
    fn find(&self, name: &str) -> Option<&str> {
        let value = self.text.lines().rev().find_map(|line| value_of(line, name))?;
        Some(value).filter(|value| !value.is_empty())
    }

    /// Sets it, unless it is set and stays.
    fn set(&mut self, name: &str, value: &str, force: bool) {
        if self.find(name).is_some() && !force {
            return;
        }
        let kept = self.text.lines().filter(|line| value_of(line, name).is_none());
        let mut text: String = kept.map(|line| format!("{line}\n")).collect();
        text.push_str(&format!("{name}={}\n", quoted(value)));
        self.text = text;
    }
}

/// What a line sets `name` to, if it does.
fn value_of<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let line = line.trim_start();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let value = line.strip_prefix(name)?.trim_start().strip_prefix('=')?.trim();
    Some(value.trim_matches(['"', '\'']))
}

/// A value as a line of settings has it.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./:@%+,-".contains(c);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
    format!("\"{}\"", escaped.replace('\n', "\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_added_or_takes_the_place_of_an_empty_one() {
        let text = "# ours\nSITES_FILE=\nexport LOG_LEVEL=debug\n#SOURCES=x";
        let mut dotenv = Dotenv { text: text.into() };
        dotenv.set("SITES_FILE", "sites.json", false);
        dotenv.set("LOG_LEVEL", "info", false);
        dotenv.set("SOURCES", "open-meteo", false);
        assert_eq!(
            dotenv.text,
            "# ours\nexport LOG_LEVEL=debug\n#SOURCES=x\nSITES_FILE=sites.json\nSOURCES=open-meteo\n"
        );
        dotenv.set("LOG_LEVEL", "info", true);
        assert_eq!(dotenv.find("LOG_LEVEL"), Some("info"));
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        for value in ["0123456789abcdef", "a b", "a#b", "a$b", "a\"b'c", "a\\b", "a=b", "é"] {
            let text = format!("KEY={}\n", quoted(value));
            let read: Vec<_> =
                dotenvy::from_read_iter(text.as_bytes()).map(Result::unwrap).collect();
            assert_eq!(read, [("KEY".to_owned(), value.to_owned())], "{text}");
        }
    }
}
