//! `weather explain`: a value, and what it came from.

use chrono::{DateTime, TimeDelta, Utc};

use super::error::UsageError;
use super::exit::Exit;
use super::output::{self, Column, Line as TableLine, OutputFormat};
use super::selection::{check_ids, parse_site_id};
use super::sources;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{Days, Month, SiteId, When};
use crate::replay::explain::{Explained, explain};
use crate::store::{Reads, SiteRow, StoreSettings};
use crate::vault::VaultSettings;
use crate::views::gaps::{self, GapRow, Selection};

/// Show a value and what it came from: row, slot, run, and the answer as it came
///
/// The slot is the one that holds the time; its run is the one that wrote it last. The answer is shown where
/// it was kept (VAULT_URL), with what was asked for. Where there is no such slot, it is said which are the
/// nearest, or why it is missing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather explain mad-retiro 2026-11-29T14:00:00Z\n  \
    weather explain mad-retiro 3h --source open-meteo\n  \
    weather explain mad-retiro 2026-11-29T14:20:00Z --output json | jq -r .line.body | jq .")]
pub(super) struct Args {
    /// The site
    #[arg(value_name = "SITE", value_parser = parse_site_id)]
    site: SiteId,

    /// A moment of the slot: a time of RFC 3339, or so many hours ago (3h)
    #[arg(value_name = "TIME")]
    time: When,

    /// The source whose slot it is [default: every source that was asked]
    #[arg(long, value_name = "NAME", value_parser = sources::NAMES)]
    source: Option<String>,

    /// Form of what goes to stdout
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    vault: VaultSettings,

    #[command(flatten)]
    store: StoreSettings,
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    if args.output == OutputFormat::Csv {
        return Err(UsageError::new("what explains a value is no row")
            .hint("--output json has all of it")
            .into());
    }
    let vault = args.vault.open()?;
    let reads = args.store.open_ready().await?.reads;
    let sites = reads.list_sites().await?;
    check_ids(std::slice::from_ref(&args.site), &sites)?;
    let site = sites.iter().find(|site| site.site_id == args.site.as_str());
    let interval = TimeDelta::minutes(site.map_or(60, |site| site.interval_minutes));
    let time = args.time.start(SystemClock.now());
    let asked = reads.list_asked_sources(args.site.as_str()).await?;
    let sources: Vec<String> = match &args.source {
        Some(source) => vec![source.clone()],
        None => asked.into_iter().map(|asked| asked.source).collect(),
    };
    let mut found = Vec::new();
    for source in &sources {
        let slot = (args.site.as_str(), source.as_str());
        found.extend(explain(&reads, vault.as_ref(), slot, time, interval).await?);
    }
    if found.is_empty() {
        return Err(missing(&reads, &args.site, &sources, time).await?.into());
    }
    match args.output {
        OutputFormat::Json if found.len() == 1 => output::document(&found[0])?,
        OutputFormat::Json => output::document(&found)?,
        _ => found.iter().try_for_each(|found| show(site, found))?,
    }
    Ok(Exit::Done)
}

/// Why there is no such slot, and which are the nearest.
async fn missing(
    reads: &Reads,
    site: &SiteId,
    sources: &[String],
    time: DateTime<Utc>,
) -> anyhow::Result<UsageError> {
    let minute = |time: &DateTime<Utc>| time.format("%FT%H:%MZ").to_string();
    let month = Month::of(time.date_naive());
    if reads.list_closed_months().await?.contains(&month) {
        let problem =
            format!("{month} is archived: the slot at {} has left the store", minute(&time));
        return Ok(UsageError::new(problem)
            .hint("its row is in the lake: `weather lake ddl` shows how to read it"));
    }
    let mut nearest = Vec::new();
    for source in sources {
        let slots = reads.nearest_slots((site.as_str(), source), time).await?;
        nearest.extend(slots.iter().map(minute));
    }
    let mut lives = reads.list_lives().await?;
    lives.retain(|life| life.site_id == *site);
    let day = Some(time.date_naive());
    let selection =
        Selection { source: None, days: Days { from: day, to: day }, now: SystemClock.now() };
    let mut why = Vec::new();
    gaps::list(reads, &lives, selection, |gap| {
        let row = GapRow::from(gap);
        let interval = TimeDelta::minutes(i64::from(row.interval_minutes));
        if (row.first_slot..row.last_slot + interval).contains(&time) {
            let of = row.source.map(|source| format!(" of {source}")).unwrap_or_default();
            let message = row.error_message.map(|said| format!(": {said}")).unwrap_or_default();
            why.push(format!("{}{of}{message}", row.reason.replace('_', " ")));
        }
        anyhow::Ok(())
    })
    .await?;
    let why = if why.is_empty() { "none was expected".to_owned() } else { why.join("; ") };
    let problem = format!("{site} has no slot at {}: {why}", minute(&time));
    nearest.dedup();
    Ok(UsageError::new(problem).hint(match nearest.is_empty() {
        true => "no slot of it was tried yet: `weather gaps` lists what is missing".to_owned(),
        false => format!("the nearest slots are {}", nearest.join(" and ")),
    }))
}

const COLUMNS: [Column; 3] = [Column::text(""), Column::text(""), Column::words("")];

/// Longest body that is shown to a person whole.
const MAX_BODY_CHARS: usize = 4_000;

/// From the value to the answer.
fn show(site: Option<&SiteRow>, found: &Explained) -> anyhow::Result<()> {
    let mut lines = Vec::new();
    let name = site.map(|site| site.name.clone()).unwrap_or_default();
    lines.push(vec!["site".into(), found.slot.site_id.clone(), name]);
    add(&mut lines, "slot", &serde_json::to_value(&found.slot)?);
    for (head, run) in [("run", &found.run), ("row's run", &found.row_run)] {
        if let Some(run) = run {
            add(&mut lines, head, &serde_json::to_value(run)?);
        }
    }
    if let Some(line) = &found.line {
        let mut line = serde_json::to_value(line)?;
        let body = line.as_object_mut().and_then(|line| line.remove("body"));
        add(&mut lines, "answer", &line);
        let body = body.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        let cut: String = body.chars().take(MAX_BODY_CHARS).collect();
        lines.push(vec!["body".into(), format!("{} characters", body.chars().count()), cut]);
    }
    if let Some(missing) = &found.missing {
        lines.push(vec!["answer".into(), "–".into(), missing.clone()]);
    }
    let lines = lines.into_iter().map(TableLine::from);
    output::painted(&output::table(&COLUMNS, lines, output::stdout_width()))
}

/// A line for each field that says something; the groups within come after its own fields.
fn add(lines: &mut Vec<Vec<String>>, head: &str, object: &serde_json::Value) {
    let Some(object) = object.as_object() else { return };
    let (groups, fields): (Vec<_>, Vec<_>) =
        object.iter().partition(|(name, _)| ["row", "values"].contains(&name.as_str()));
    let mut head = head.to_owned();
    for (name, value) in fields {
        let text = match value {
            serde_json::Value::Null => continue,
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        lines.push(vec![std::mem::take(&mut head), name.clone(), text]);
    }
    for (name, value) in groups {
        add(lines, name.trim_end_matches('s'), value);
    }
}
