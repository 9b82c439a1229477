//! Where objects are: a folder, or a bucket and what all paths in it begin with.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// The forms that work, for people.
const FORMS: &str =
    "expected file:./folder, file:///srv/folder, s3://bucket/prefix or gs://bucket/prefix";

/// Where objects are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObjectsUrl {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket of S3, or of what speaks as S3 does.
    S3 {
        /// The bucket.
        bucket: String,
        /// What paths begin with; may be empty.
        prefix: String,
    },
    /// A bucket of Google Cloud Storage.
    Gcs {
        /// The bucket.
        bucket: String,
        /// What paths begin with; may be empty.
        prefix: String,
    },
}

impl ObjectsUrl {
    /// Whether it is a folder of this machine.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        matches!(self, Self::Folder(_))
    }
}

impl FromStr for ObjectsUrl {
    type Err = String;

    /// # Errors
    /// What is wrong, and the forms that work.
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(['?', '#']) || text.chars().any(char::is_control) {
            return Err(format!("no query and no fragment may be in it; {FORMS}"));
        }
        if let Some(path) = text.strip_prefix("file:") {
            return folder(path);
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            return bucket(rest).map(|(bucket, prefix)| Self::S3 { bucket, prefix });
        }
        if let Some(rest) = text.strip_prefix("gs://") {
            return bucket(rest).map(|(bucket, prefix)| Self::Gcs { bucket, prefix });
        }
        Err(FORMS.into())
    }
}

fn folder(path: &str) -> Result<ObjectsUrl, String> {
    let path = match path.strip_prefix("//") {
        Some(path) if path.starts_with('/') => path,
        Some(_) => return Err(format!("a host has no folder here; {FORMS}")),
        None => path,
    };
    if path.trim_matches('/').is_empty() {
        return Err(format!("it names no folder; {FORMS}"));
    }
    Ok(ObjectsUrl::Folder(path.into()))
}

fn bucket(rest: &str) -> Result<(String, String), String> {
    let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    if bucket.is_empty() || !bucket.chars().all(is_name) {
        return Err(format!("it names no bucket; {FORMS}"));
    }
    let prefix = prefix.trim_end_matches('/');
    let is_part = |part: &str| !part.is_empty() && part != "." && part != "..";
    if !prefix.is_empty() && !prefix.split('/').all(is_part) {
        return Err(format!("its path has an empty part; {FORMS}"));
    }
    Ok((bucket.into(), prefix.into()))
}

impl fmt::Display for ObjectsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, bucket, prefix) = match self {
            Self::Folder(path) => return write!(f, "file:{}", path.display()),
            Self::S3 { bucket, prefix } => ("s3", bucket, prefix),
            Self::Gcs { bucket, prefix } => ("gs", bucket, prefix),
        };
        write!(f, "{scheme}://{bucket}")?;
        if prefix.is_empty() { Ok(()) } else { write!(f, "/{prefix}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_and_a_bucket_are_read_and_written_alike() {
        for text in [
            "file:./lake",
            "file:lake",
            "file:/srv/lake",
            "s3://bucket",
            "s3://bucket/a/b",
            "gs://my.bucket_1/x",
        ] {
            assert_eq!(text.parse::<ObjectsUrl>().map(|url| url.to_string()), Ok(text.into()));
        }
        let folder = ObjectsUrl::Folder("/srv/lake".into());
        assert_eq!("file:///srv/lake".parse(), Ok(folder));
        assert_eq!("s3://bucket/".parse::<ObjectsUrl>().unwrap().to_string(), "s3://bucket");
    }

    #[test]
    fn another_form_is_refused_with_those_that_work() {
        for text in [
            "",
            "lake",
            "/srv/lake",
            "https://bucket/x",
            "hdfs://x/y",
            "file:",
            "file:///",
            "file://host/lake",
            "s3://",
            "s3:///prefix",
            "s3://bucket/a?versionId=1",
            "s3://bucket/a#b",
            "s3://key:secret@bucket/a",
            "gs://bucket//a",
            "gs://bucket/../a",
            "gs://Bucket",
        ] {
            let error = text.parse::<ObjectsUrl>().unwrap_err();
            assert!(error.contains("s3://bucket/prefix"), "{text}: {error}");
        }
    }
}
