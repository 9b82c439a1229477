//! Whether the schema in the database is the one this program knows.

use sqlx::migrate::Migrator;

use super::StoreError;

/// The migrations that have been applied, and whether each was carried through. Same in both
/// dialects; the table is the migrator's own.
pub(super) const APPLIED: &str = "select version, success from _sqlx_migrations order by version";

/// The versions that `migrator` has and the database lacks, oldest first.
///
/// # Errors
/// When the database has one that the program lacks, or one that ended half-way.
pub(super) fn pending(
    migrator: &Migrator,
    applied: &[(i64, bool)],
) -> Result<Vec<i64>, StoreError> {
    if let Some((version, _)) = applied.iter().find(|(_, success)| !success) {
        return Err(StoreError::SchemaHalfDone { version: *version });
    }
    let versions: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
    let known = versions.last().copied().unwrap_or_default();
    if let Some((found, _)) = applied.iter().find(|(version, _)| *version > known) {
        return Err(StoreError::SchemaTooNew { found: *found, known });
    }
    let is_applied = |version: &i64| applied.iter().any(|(applied, _)| applied == version);
    Ok(versions.into_iter().filter(|version| !is_applied(version)).collect())
}
