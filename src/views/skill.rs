//! How good the forecasts were: site by site the pairs, and of all of them the scores.
//!
//! The truth of a forecast is what a source observed; which one stands in every line. A source that is held against its
//! own observations flatters itself, so lines with an independent truth come first.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::domain::forecast::LeadBucket;
use crate::domain::skill::{
    Hits, Interval, Pair, Said, Tally, Truths, VARIABLES, Variable, brier, diebold_mariano,
    of_daily_means, pair, window_sum,
};
use crate::store::{ObservedValue, Reads, ScoredValue, StoreError};

/// Under so many days with pairs an interval says nothing.
const LEAST_DAYS: usize = 30;

/// Directions count where both winds blow at least so, m/s.
const LEAST_WIND_MS: f64 = 2.0;

/// It rains from so much on, millimetres in a window.
const AMOUNTS_MM: [f64; 3] = [0.2, 2.5, 10.0];

/// What a forecast is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// What was observed when the forecast was available.
    Persistence,
    /// What was observed 24 hours before the time it is for.
    Persistence24h,
}

impl Against {
    /// The name in settings and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Persistence => "persistence",
            Self::Persistence24h => "persistence-24h",
        }
    }
}

/// Which pairs.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Only this site; `None`: all.
    pub site_id: Option<String>,
    /// Only this variable; `None`: all.
    pub variable: Option<Variable>,
    /// The bucket of leads.
    pub bucket: LeadBucket,
    /// Only this truth; `None`: every source.
    pub truth: Option<String>,
    /// What is compared with.
    pub against: Against,
    /// Times from here.
    pub from: DateTime<Utc>,
    /// Times before this.
    pub to: DateTime<Utc>,
}

/// The scores of a variable.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields of an answer, see docs/PROTOCOLS.md")]
pub struct SkillRow {
    pub source: String,
    pub model: String,
    pub product: String,
    pub variable: &'static str,
    pub lead_bucket: String,
    pub truth_source: String,
    pub independent: bool,
    pub sites: usize,
    pub days: usize,
    pub n: u64,
    pub mae: f64,
    pub mae_low: Option<f64>,
    pub mae_high: Option<f64>,
    pub bias: f64,
    pub bias_low: Option<f64>,
    pub bias_high: Option<f64>,
    pub rmse: f64,
    pub crps: Option<f64>,
    pub pinball_10: Option<f64>,
    pub pinball_50: Option<f64>,
    pub pinball_90: Option<f64>,
    pub coverage_80: Option<f64>,
    pub against: &'static str,
    pub n_common: u64,
    /// 1 − MAE ÷ MAE of the reference, over the common pairs.
    pub skill: Option<f64>,
    pub dm_statistic: Option<f64>,
    pub dm_p_value: Option<f64>,
}

/// How well rain was said.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields of an answer, see docs/PROTOCOLS.md")]
pub struct RainRow {
    pub source: String,
    pub model: String,
    pub product: String,
    pub lead_bucket: String,
    pub truth_source: String,
    pub independent: bool,
    pub amount_mm: f64,
    pub n: u64,
    pub pod: Option<f64>,
    pub far: Option<f64>,
    pub csi: Option<f64>,
    pub frequency_bias: Option<f64>,
    /// Of the probability that at least the smallest amount falls.
    pub brier: Option<f64>,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Skill {
    /// Independent truths first, then by source, model, product and variable.
    pub variables: Vec<SkillRow>,
    /// The same of rain and snow.
    pub precipitation: Vec<RainRow>,
}

/// Whose forecasts, and by which truth: independent ones first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    is_own_truth: bool,
    source: String,
    model: String,
    product: String,
    truth: String,
}

/// The pairs of a variable, added up.
#[derive(Default)]
struct Group {
    sites: usize,
    all: Tally,
    /// The common pairs of the forecast and of its reference.
    common: Tally,
    reference: Tally,
}

#[derive(Default)]
struct Groups {
    variables: BTreeMap<(Key, usize), Group>,
    amounts: BTreeMap<Key, Vec<(f64, f64)>>,
    probabilities: BTreeMap<Key, Vec<(f64, bool)>>,
}

/// Scores what was said by what came, holding one site's rows at a time.
///
/// # Errors
/// When the store cannot be read.
pub async fn skill(reads: &Reads, asked: &Asked) -> Result<Skill, StoreError> {
    let sites = reads.list_sites().await?;
    let is_asked = |id: &&str| asked.site_id.as_deref().is_none_or(|only| only == *id);
    let mut groups = Groups::default();
    for site_id in sites.iter().map(|site| site.site_id.as_str()).filter(is_asked) {
        let said = reads.list_scored(site_id, (asked.from, asked.to), asked.bucket).await?;
        if said.is_empty() {
            continue;
        }
        // A reference may look back as far as the longest lead.
        let before = asked.from - TimeDelta::days(17);
        let observed =
            reads.list_observed(site_id, (before, asked.to + TimeDelta::hours(1))).await?;
        groups.add_site(&said, &observed, asked);
    }
    Ok(groups.finish(asked))
}

impl Groups {
    fn add_site(&mut self, said: &[ScoredValue], observed: &[ObservedValue], asked: &Asked) {
        let truths: BTreeSet<&str> = observed.iter().map(|row| row.source.as_str()).collect();
        let is_series = |a: &ScoredValue, b: &ScoredValue| {
            (&a.source, &a.model, &a.product) == (&b.source, &b.model, &b.product)
        };
        for said in said.chunk_by(is_series) {
            for truth in &truths {
                if asked.truth.as_deref().is_none_or(|only| only == *truth) {
                    self.add_series(said, observed, truth, asked);
                }
            }
        }
    }

    fn add_series(
        &mut self,
        said: &[ScoredValue],
        observed: &[ObservedValue],
        truth: &str,
        asked: &Asked,
    ) {
        let Some(first) = said.first() else { return };
        let key = Key {
            is_own_truth: first.source == truth,
            source: first.source.clone(),
            model: first.model.clone(),
            product: first.product.clone(),
            truth: truth.to_owned(),
        };
        // What was healed by the forecast's own source is its model again, and no truth.
        let is_truth = |row: &&ObservedValue| {
            let is_healed = row.value_kind.as_deref() == Some("backfill");
            row.source == truth && !(key.is_own_truth && is_healed)
        };
        let observed: Vec<&ObservedValue> = observed.iter().filter(is_truth).collect();
        for (number, variable) in VARIABLES.into_iter().enumerate() {
            if asked.variable.is_none_or(|only| only == variable) {
                self.add_variable((key.clone(), number), variable, said, &observed, asked.against);
            }
        }
        self.add_rain(&key, said, &observed);
    }

    fn add_variable(
        &mut self,
        key: (Key, usize),
        variable: Variable,
        said: &[ScoredValue],
        observed: &[&ObservedValue],
        against: Against,
    ) {
        let truths: Truths = observed
            .iter()
            .filter_map(|row| Some((row.observation_time, observed_value(variable, row)?)))
            .collect();
        let values: Vec<(DateTime<Utc>, Said)> = said
            .iter()
            .filter_map(|row| Some((row.available_at, said_value(variable, row)?)))
            .collect();
        let pairs: Vec<Pair> = pair(values.iter().map(|(_, said)| *said), &truths).collect();
        if pairs.is_empty() {
            return;
        }
        let available: BTreeMap<DateTime<Utc>, DateTime<Utc>> =
            values.iter().map(|(available_at, said)| (said.valid_at, *available_at)).collect();
        let group = self.variables.entry(key).or_default();
        group.sites += 1;
        for pair in pairs {
            group.all.add(variable, &pair);
            let time = match against {
                Against::Persistence => available.get(&pair.valid_at).copied(),
                Against::Persistence24h => Some(pair.valid_at - TimeDelta::hours(24)),
            };
            if let Some(value) = time.and_then(|time| truths.nearest(time)) {
                group.common.add(variable, &pair);
                group.reference.add(variable, &Pair { forecast: value, spread: None, ..pair });
            }
        }
    }

    /// An hour that was observed without rain had none.
    fn add_rain(&mut self, key: &Key, said: &[ScoredValue], observed: &[&ObservedValue]) {
        let fallen = |row: &&ObservedValue| {
            row.rain_1h_mm.unwrap_or_default() + row.snow_1h_mm.unwrap_or_default()
        };
        let hours: Truths =
            observed.iter().map(|row| (row.observation_time, fallen(row))).collect();
        for row in said {
            let Some(truth) = window_sum(&hours, row.valid_at, row.window_minutes) else {
                continue;
            };
            let amount = row.precipitation_mm.unwrap_or_default();
            self.amounts.entry(key.clone()).or_default().push((amount, truth));
            if let Some(percent) = row.precipitation_probability_pct {
                let probability = (percent / 100.0, truth >= AMOUNTS_MM[0]);
                self.probabilities.entry(key.clone()).or_default().push(probability);
            }
        }
    }

    fn finish(self, asked: &Asked) -> Skill {
        let rows = self
            .variables
            .iter()
            .filter_map(|((key, number), group)| row(key, VARIABLES[*number], group, asked));
        let variables = rows.collect();
        let precipitation = self.amounts.iter().flat_map(|(key, pairs)| {
            let probabilities = self.probabilities.get(key).map(Vec::as_slice).unwrap_or_default();
            AMOUNTS_MM.map(|amount| rain_row(key, asked, amount, pairs, probabilities))
        });
        Skill { variables, precipitation: precipitation.collect() }
    }
}

fn row(key: &Key, variable: Variable, group: &Group, asked: &Asked) -> Option<SkillRow> {
    let scores = group.all.scores()?;
    let (daily_mae, daily_bias) = (group.all.daily_mae(), group.all.daily_bias());
    let interval = |daily: &[f64]| match daily.len() {
        LEAST_DAYS.. => of_daily_means(daily),
        _ => None,
    };
    let (mae, bias) = (interval(&daily_mae), interval(&daily_bias));
    let (low, high) = (|each: Interval| each.low, |each: Interval| each.high);
    let common = group.common.scores().zip(group.reference.scores());
    let skill = common.filter(|(_, reference)| reference.mae > 0.0);
    let compared = compared(group, asked.bucket);
    let spread = scores.spread;
    Some(SkillRow {
        source: key.source.clone(),
        model: key.model.clone(),
        product: key.product.clone(),
        variable: variable.name,
        lead_bucket: asked.bucket.to_string(),
        truth_source: key.truth.clone(),
        independent: !key.is_own_truth,
        sites: group.sites,
        days: daily_mae.len(),
        n: scores.n,
        mae: scores.mae,
        mae_low: mae.map(low),
        mae_high: mae.map(high),
        bias: scores.bias,
        bias_low: bias.map(low),
        bias_high: bias.map(high),
        rmse: scores.rmse,
        crps: spread.map(|spread| spread.crps),
        pinball_10: spread.map(|spread| spread.pinball[0]),
        pinball_50: spread.map(|spread| spread.pinball[1]),
        pinball_90: spread.map(|spread| spread.pinball[2]),
        coverage_80: spread.map(|spread| spread.coverage_80),
        against: asked.against.as_str(),
        n_common: common.map_or(0, |(own, _)| own.n),
        skill: skill.map(|(own, reference)| 1.0 - own.mae / reference.mae),
        dm_statistic: compared.map(|(statistic, _)| statistic),
        dm_p_value: compared.map(|(_, p_value)| p_value),
    })
}

/// By daily means of the absolute errors, over the common pairs; too few days say nothing.
fn compared(group: &Group, bucket: LeadBucket) -> Option<(f64, f64)> {
    let (own, reference) = (group.common.daily_mae(), group.reference.daily_mae());
    if own.len() < LEAST_DAYS {
        return None;
    }
    let differences: Vec<f64> = own.iter().zip(reference).map(|(own, other)| own - other).collect();
    let horizon = usize::try_from(bucket.days()).unwrap_or(1);
    let comparison = diebold_mariano(&differences, horizon)?;
    Some((comparison.statistic, comparison.p_value))
}

fn rain_row(
    key: &Key,
    asked: &Asked,
    amount_mm: f64,
    pairs: &[(f64, f64)],
    probabilities: &[(f64, bool)],
) -> RainRow {
    let hits = Hits::of(pairs, amount_mm);
    let is_smallest = amount_mm <= AMOUNTS_MM[0];
    RainRow {
        source: key.source.clone(),
        model: key.model.clone(),
        product: key.product.clone(),
        lead_bucket: asked.bucket.to_string(),
        truth_source: key.truth.clone(),
        independent: !key.is_own_truth,
        amount_mm,
        n: pairs.len() as u64,
        pod: hits.pod(),
        far: hits.far(),
        csi: hits.csi(),
        frequency_bias: hits.frequency_bias(),
        brier: brier(probabilities).filter(|_| is_smallest),
    }
}

#[expect(clippy::cast_precision_loss, reason = "0 to 360")]
fn degrees(direction: Option<i64>, speed_ms: Option<f64>) -> Option<f64> {
    let direction = direction.filter(|_| speed_ms.is_some_and(|speed| speed >= LEAST_WIND_MS));
    direction.map(|degrees| degrees as f64)
}

fn observed_value(variable: Variable, row: &ObservedValue) -> Option<f64> {
    match variable.name {
        "temperature_c" => row.temperature_c,
        "dew_point_c" => row.dew_point_c,
        "humidity_pct" => row.humidity_pct,
        "pressure_msl_hpa" => row.pressure_msl_hpa,
        "wind_speed_ms" => row.wind_speed_ms,
        "wind_gust_ms" => row.wind_gust_ms,
        "cloud_cover_pct" => row.cloud_cover_pct,
        _ => degrees(row.wind_direction_deg, row.wind_speed_ms),
    }
}

fn said_value(variable: Variable, row: &ScoredValue) -> Option<Said> {
    let (value, spread) = match variable.name {
        "temperature_c" => (row.temperature_c, row.temperature_spread_c),
        "dew_point_c" => (row.dew_point_c, row.dew_point_spread_c),
        "humidity_pct" => (row.humidity_pct, None),
        "pressure_msl_hpa" => (row.pressure_msl_hpa, row.pressure_msl_spread_hpa),
        "wind_speed_ms" => (row.wind_speed_ms, row.wind_speed_spread_ms),
        "wind_gust_ms" => (row.wind_gust_ms, None),
        "cloud_cover_pct" => (row.cloud_cover_pct, None),
        _ => (degrees(row.wind_direction_deg, row.wind_speed_ms), None),
    };
    Some(Said { valid_at: row.valid_at, value: value?, spread })
}
