//! `weather skill`: how good the forecasts were.

use chrono::{DateTime, TimeDelta, Utc};
use clap::ValueEnum;

use super::exit::Exit;
use super::output::{self, Column, OutputFormat, Row};
use super::selection::{check_ids, parse_site_id};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::SiteId;
use crate::domain::forecast::LeadBucket;
use crate::domain::skill::Variable;
use crate::store::StoreSettings;
use crate::views::skill::{self, Asked, RainRow, SkillRow};

/// Show how good the forecasts were, by what came
///
/// Each line is a source's forecast of a variable, held against what a source observed within 15 minutes: the truth is
/// named, one of another source comes first, and a source's own observation says "not independent". Errors are
/// forecast minus truth. The interval is of 95 %, over days, and needs 30 of them; so does p, the probability that the
/// reference is as good (Diebold and Mariano).
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather skill\n  \
    weather skill --variable temperature_c --lead 24-48 --days 365\n  \
    weather skill --site mad-retiro --truth open-meteo\n  \
    weather skill --what precipitation\n  \
    weather skill --output json | jq '.variables[] | select(.independent)'")]
pub(super) struct Args {
    /// Only this site
    #[arg(long, value_name = "ID", value_parser = parse_site_id)]
    site: Option<SiteId>,

    /// Only this variable, such as temperature_c
    #[arg(long, value_name = "VARIABLE", value_parser = Variable::parse)]
    variable: Option<Variable>,

    /// Bucket of leads in hours, such as 0-1, 6-12, 24-48
    #[arg(long, value_name = "HOURS", default_value = "12-24", value_parser = LeadBucket::parse)]
    lead: LeadBucket,

    /// Only what this source observed
    #[arg(long, value_name = "SOURCE")]
    truth: Option<String>,

    /// What the forecast is compared with: the value at the time at which it was available, or that of the day before
    #[arg(long, value_name = "REFERENCE", default_value = "persistence")]
    against: Reference,

    /// So many days up to now
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=36_500))]
    days: u32,

    /// What is listed; JSON has both
    #[arg(long, value_name = "WHAT", default_value = "variables")]
    what: What,

    /// Form of the rows
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    output: OutputFormat,

    #[command(flatten)]
    store: StoreSettings,
}

/// What a forecast is compared with.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Reference {
    /// The value at the time at which the forecast was available.
    Persistence,
    /// The value 24 hours before.
    #[value(name = "persistence-24h")]
    Persistence24h,
}

/// What is listed.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum What {
    /// Temperature, pressure, wind and the like.
    Variables,
    /// Rain and snow, and their probability.
    Precipitation,
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map(|value| format!("{value:.decimals$}")).unwrap_or_default()
}

fn truth(source: &str, independent: bool) -> String {
    if independent { source.to_owned() } else { format!("{source} (not independent)") }
}

impl Row for SkillRow {
    const COLUMNS: &[Column] = &[
        Column::text("product"),
        Column::text("model").leaves(7),
        Column::text("variable"),
        Column::text("truth"),
        Column::number("n"),
        Column::number("days").leaves(5),
        Column::number("MAE"),
        Column::number("95 %").leaves(3),
        Column::number("bias"),
        Column::number("RMSE").leaves(4),
        Column::number("skill").leaves(1),
        Column::number("p").leaves(2),
    ];

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        let interval = match self.mae_low.zip(self.mae_high) {
            Some((low, high)) => format!("{low:.2} to {high:.2}"),
            None => "too few".to_owned(),
        };
        vec![
            self.product.clone(),
            self.model.clone(),
            self.variable.to_owned(),
            truth(&self.truth_source, self.independent),
            output::grouped(self.n),
            self.days.to_string(),
            number(Some(self.mae), 2),
            interval,
            number(Some(self.bias), 2),
            number(Some(self.rmse), 2),
            number(self.skill, 2),
            number(self.dm_p_value, 3),
        ]
    }
}

impl Row for RainRow {
    const COLUMNS: &[Column] = &[
        Column::text("product"),
        Column::text("truth"),
        Column::number("mm"),
        Column::number("n"),
        Column::number("POD"),
        Column::number("FAR"),
        Column::number("CSI"),
        Column::number("frequency").leaves(1),
        Column::number("Brier").leaves(2),
    ];

    fn cells(&self, _now: DateTime<Utc>) -> Vec<String> {
        vec![
            self.product.clone(),
            truth(&self.truth_source, self.independent),
            format!("{}", self.amount_mm),
            output::grouped(self.n),
            number(self.pod, 2),
            number(self.far, 2),
            number(self.csi, 2),
            number(self.frequency_bias, 2),
            number(self.brier, 3),
        ]
    }
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let reads = args.store.open_ready().await?.reads;
    if let Some(site) = &args.site {
        check_ids(std::slice::from_ref(site), &reads.list_sites().await?)?;
    }
    let now = SystemClock.now();
    let asked = Asked {
        site_id: args.site.map(|site| site.to_string()),
        variable: args.variable,
        bucket: args.lead,
        truth: args.truth,
        against: match args.against {
            Reference::Persistence => skill::Against::Persistence,
            Reference::Persistence24h => skill::Against::Persistence24h,
        },
        from: now - TimeDelta::days(args.days.into()),
        to: now,
    };
    let found = skill::skill(&reads, &asked).await?;
    match (args.output, args.what) {
        (OutputFormat::Json, _) => output::document(&found)?,
        (format, What::Variables) => output::rows(format, &found.variables)?,
        (format, What::Precipitation) => output::rows(format, &found.precipitation)?,
    }
    if found.variables.is_empty() {
        output::say(&format!(
            "no forecast of {} hours has an observation yet: `weather forecast` and `weather etl` collect both",
            args.lead
        ));
    }
    Ok(Exit::Done)
}
