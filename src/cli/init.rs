//! `weather init`: from a list of places to a sites file and settings that the other commands start with.
//!
//! Everything is found and checked in memory; then the files are written, whole or not at all.

use std::path::PathBuf;

use super::error::UsageError;
use super::exit::Exit;
use super::output;
use super::quota::plan;
use super::sites;
use super::sources::SourcesSettings;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::cost::Cost;
use crate::domain::sites_file::{Draft, Drafts, Fault, write};
use crate::domain::{Site, zone_at};
use crate::store::StoreSettings;

mod files;
mod look_up;

use files::Files;
use look_up::LookedUp;

/// Make a sites file and settings of a list of places
///
/// Writes sites.json and .env (readable by its owner only) into this folder. Each place gets an id of its
/// name and the time zone of its coordinates, unless the list has them. Where coordinates are missing,
/// OpenWeatherMap is asked for the place, a call each, which counts as every call. A place of which several
/// are known, more than 50 km apart, is listed and not guessed.
///
/// The heads of the file are known by name: name; latitude, lat; longitude, lon, lng; timezone, country, id,
/// tags and the other keys of a site. Other columns are passed over. Cells are separated by commas,
/// semicolons or tabs; with the latter two numbers may have a decimal comma.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    weather init Madrid,ES Oslo,NO \"Springfield,Illinois,US\"\n  \
    weather init --from places.csv\n  \
    weather init --from places.csv --dry-run | less")]
pub(super) struct Args {
    /// Places by name: a city, perhaps its state (of the United States), and its country
    #[arg(value_name = "PLACE", required_unless_present = "from")]
    places: Vec<String>,

    /// File with places, as CSV
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// Of several places that go by one name take the first, which is the best known
    #[arg(long)]
    first: bool,

    /// Overwrite sites.json, and in .env the settings that are written
    #[arg(long)]
    force: bool,

    /// Print the sites file and write nothing; coordinates that are missing are looked up
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    sources: SourcesSettings,
    #[command(flatten)]
    store: StoreSettings,
}

pub(super) async fn run(args: Args) -> anyhow::Result<Exit> {
    let files = Files::of(&args.sources);
    if !args.dry_run {
        files.may_be_written(args.force)?;
    }
    let mut drafts = read(&args)?;
    let looked_up = look_up::fill(&args, &mut drafts).await?;
    let passed_over = std::mem::take(&mut drafts.passed_over);
    let sites = complete(&args, drafts)?;
    let text = write(&sites)?;
    if args.dry_run {
        output::text(&text)?;
        say_findings(&passed_over, &looked_up);
        output::say(&format!("nothing is written: {}", cost(&sites, &args)));
        return Ok(Exit::Done);
    }
    files.write(&text, args.force)?;
    say_findings(&passed_over, &looked_up);
    output::line(&format!("{} and {} are written", files::SITES, files::DOTENV))?;
    output::line(&cost(&sites, &args))?;
    next_steps(&args).iter().try_for_each(|step| output::line(step))?;
    Ok(Exit::Done)
}

/// The places of the file and of the command line, held to the rules of a sites file.
fn read(args: &Args) -> anyhow::Result<Drafts> {
    let mut drafts = match &args.from {
        Some(file) => sites::read_places(file)?,
        None => Drafts::default(),
    };
    // Of `Madrid,ES` the name is Madrid.
    let name = |place: &String| place.split(',').next().unwrap_or_default().trim().to_owned();
    let named = args.places.iter().map(|place| Draft::named(&name(place)).asked_as(place));
    drafts
        .places
        .extend(Drafts::of(named.collect()).map_err(|faults| refused(args, faults.iter()))?.places);
    Ok(drafts)
}

/// Gives each place what can be computed.
fn complete(args: &Args, mut drafts: Drafts) -> anyhow::Result<Vec<Site>> {
    drafts.give_ids();
    for draft in drafts.places.iter_mut().filter(|draft| draft.lacks_zone()) {
        if let Some(zone) = draft.coordinates().and_then(zone_at) {
            draft.set_zone(zone);
        }
    }
    Ok(drafts.into_sites().map_err(|faults| refused(args, faults.iter()))?)
}

/// Everything that is wrong with the places; lines are those of the file.
fn refused<'f>(
    args: &Args,
    faults: impl IntoIterator<Item = &'f Fault, IntoIter: Clone>,
) -> UsageError {
    let file = args.from.as_ref().map(|file| format!("{}: ", file.display()));
    let problem = file.unwrap_or_default() + &sites::listed(faults);
    UsageError::new(problem).hint("nothing was written: correct the list and start again")
}

fn cost(sites: &[Site], args: &Args) -> String {
    let calls_per_minute = args.sources.openweather().limits.calls_per_minute();
    plan::headline(&Cost::of(sites, SystemClock.now(), calls_per_minute))
}

/// What was passed over, and which places were found: somebody has to see that they are the right ones.
fn say_findings(passed_over: &[String], looked_up: &[LookedUp]) {
    if !passed_over.is_empty() {
        output::say(&format!("columns passed over: {}", passed_over.join(", ")));
    }
    looked_up.iter().for_each(|found| output::say(&found.to_string()));
}

fn next_steps(args: &Args) -> Vec<String> {
    let mut steps = Vec::new();
    if args.sources.check().is_err() {
        steps.push(format!(
            "next: put OPENWEATHER_API_KEY=… into {} (free: https://home.openweathermap.org/api_keys), or \
             SOURCES=open-meteo, which needs no key (free for non-commercial use only)",
            files::DOTENV
        ));
    }
    steps.push("next: weather sites check, then weather etl, then weather status".into());
    steps
}
